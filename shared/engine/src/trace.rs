//! What the lines of a log are about: a span around each piece of work, so that one search for an order finds
//! its road through all functions. A span has an error's level only so that no filter parts lines from it.
//! Nothing personal is in a span or a line: no name, no address, no text, no provider's or parser's words.

use harkara_domain::{Reason, RunId, StoreId, Subject};
use serde_json::error::Category;
use tracing::{Span, field::display};

use crate::{
    job::{AlertJob, BadJob, Job, RefusalsJob, ReplayJob, SilenceJob, StageJob},
    port::Delivery,
};

/// What a piece of work is about, as far as that is known when it begins.
#[derive(Default)]
struct About {
    store: Option<StoreId>,
    subject: Option<Subject>,
    run: Option<RunId>,
    stage: Option<u16>,
}

impl About {
    fn job(job: &Job) -> Self {
        match job {
            Job::Facts(job) => job.facts.first().map_or_else(Self::default, |fact| Self {
                store: Some(fact.store.clone()),
                subject: fact.subject(),
                ..Self::default()
            }),
            Job::Stage(job) => Self::stage(job),
            Job::Failure(job) => Self::stage(&job.stage),
            Job::Alert(AlertJob { store })
            | Job::Replay(ReplayJob { store, .. })
            | Job::Silence(SilenceJob { store, .. })
            | Job::Refusals(RefusalsJob { store, .. }) => {
                Self { store: Some(store.clone()), ..Self::default() }
            }
            // What it wraps says whose it is.
            Job::Message(job) => match Job::read(&job.body) {
                Ok(inner @ (Job::Facts(_) | Job::Stage(_))) => Self::job(&inner),
                _ => Self::default(),
            },
        }
    }

    fn stage(job: &StageJob) -> Self {
        Self {
            store: Some(job.store.clone()),
            subject: Some(job.subject.clone()),
            run: Some(job.run.clone()),
            stage: Some(job.stage),
        }
    }
}

/// A span with the names that all of them use. All that is known is said at once: to add to a span later is
/// dearer than to make it.
macro_rules! span {
    ($name:literal, $about:expr $(, $($more:tt)*)?) => {{
        let About { store, subject, run, stage } = &$about;
        let (order, customer, cart) = match subject {
            Some(Subject::Order(order)) => (Some(display(order)), None, None),
            Some(Subject::Customer(customer)) => (None, Some(display(customer)), None),
            Some(Subject::Cart(cart)) => (None, None, Some(display(cart))),
            None => (None, None, None),
        };
        let (store, run) = (store.as_ref().map(display), run.as_ref().map(display));
        tracing::error_span!($name, $($($more)*,)? store, order, customer, cart, run, stage)
    }};
}

/// The span of a message of a queue.
pub(crate) fn of_delivery(function: &'static str, delivery: &Delivery, job: &Result<Job, BadJob>) -> Span {
    let about = job.as_ref().map(About::job).unwrap_or_default();
    let kind = job.as_ref().map(Job::kind).ok();
    span!("delivery", about, function, job = kind, delivery = %delivery.id, receives = delivery.receives)
}

/// The span of work that came by no queue.
pub(crate) fn of_work(function: &'static str) -> Span {
    tracing::error_span!("work", function)
}

/// The span of what such work comes upon.
pub(crate) fn of_subject(store: &StoreId, subject: Option<&Subject>) -> Span {
    span!("subject", About { store: Some(store.clone()), subject: subject.cloned(), ..About::default() })
}

/// What the work at hand turns out to be about.
pub(crate) fn turns_out(subject: &Subject) {
    let span = Span::current();
    match subject {
        Subject::Order(order) => span.record("order", display(order)),
        Subject::Customer(_) | Subject::Cart(_) => &span,
    };
}

/// A reason's kind, as it is stored: its words can quote a provider, and a provider a customer.
pub(crate) fn kind(reason: &Reason) -> String {
    let written = serde_json::to_value(reason).unwrap_or_default();
    written.get("why").and_then(serde_json::Value::as_str).unwrap_or("unknown").to_owned()
}

/// Where something cannot be read, and not what stands there: the parser's own words quote it, and it may be
/// a customer's name or a secret.
pub fn misfit(error: &serde_json::Error) -> String {
    let fault = match error.classify() {
        Category::Data => "it has an unexpected shape",
        Category::Eof => "it ends too early",
        Category::Syntax | Category::Io => "it is not JSON",
    };
    // A field of ours that is missing is named.
    let words = error.to_string();
    let field = words.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let missing = field.map_or_else(String::new, |field| format!(", the field {field} is missing"));
    format!("{fault} at line {}, column {}{missing}", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Kept {
        count: u32,
        way: Way,
    }

    #[derive(Debug, Deserialize)]
    enum Way {}

    #[test]
    fn what_cannot_be_read_is_not_repeated() {
        for body in [
            r#"{"count":"Ayesha Siddiqui"}"#,
            r#"{"count":3001234567890}"#,
            r#"{"count":1,"way":"Ayesha Siddiqui"}"#,
            r#"["Ayesha Siddiqui"]"#,
            "Ayesha Siddiqui",
        ] {
            let error = serde_json::from_str::<Kept>(body).unwrap_err();
            let words = misfit(&error);
            assert!(!words.contains("Ayesha") && !words.contains("30012"), "{words}");
            assert!(words.contains("at line 1, column"), "{words}");
        }
        let words = misfit(&serde_json::from_str::<Kept>(r#"{"way":1}"#).unwrap_err());
        assert!(!words.contains("missing"), "{words}");
        let words = misfit(&serde_json::from_str::<Kept>("{}").unwrap_err());
        assert_eq!(words, "it has an unexpected shape at line 1, column 2, the field count is missing");
    }

    #[test]
    fn a_reason_is_told_by_its_kind() {
        assert_eq!(kind(&Reason::OptedOut), "opted_out");
        assert_eq!(kind(&Reason::Fault { problem: "Ayesha".to_owned() }), "fault");
    }
}
