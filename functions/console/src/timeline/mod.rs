//! An order's timeline: what was said of it and done about it, and what its flows sent, left out or
//! are still to do, merged by the time at which Harkara worked on each.

mod stages;

use harkara_domain::{
    FlowId, RunId,
    fact::Said,
    history::{Entry, What},
    occurrence::{Occurrence, Transition},
};
use harkara_engine::{catalog::Shelf, read::OrderStory};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::words;

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) at: Timestamp,
    /// When it had happened, where Harkara heard of it later.
    pub(crate) happened: Option<Timestamp>,
    /// A class of the style sheet.
    pub(crate) tone: &'static str,
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
}

/// Beyond it, the time of hearing and the time of happening are worth telling apart.
const LATE: SignedDuration = SignedDuration::from_mins(2);

/// The timeline, the earliest first; what is still to come is at its end.
pub(crate) fn of(story: &OrderStory, shelf: &Shelf) -> Vec<Moment> {
    let names = Names { story, shelf };
    let mut moments: Vec<Moment> = story.history.iter().map(|entry| names.moment(entry)).collect();
    for run in &story.runs {
        moments.extend(stages::moments(run));
    }
    // Stable: what a fact set off in the same millisecond stays behind it.
    moments.sort_by_key(|moment| moment.at);
    moments
}

struct Names<'a> {
    story: &'a OrderStory,
    shelf: &'a Shelf,
}

impl Names<'_> {
    fn run(&self, id: &RunId) -> String {
        let known = self.story.runs.iter().find(|story| story.run.id == *id);
        known.map_or_else(|| id.to_string(), |story| story.flow.clone())
    }

    fn flow(&self, id: &FlowId) -> String {
        let known = self.shelf.flows.iter().find(|loaded| loaded.head.id == *id);
        known.map_or_else(|| id.to_string(), |loaded| loaded.flow.name.clone())
    }

    fn moment(&self, entry: &Entry) -> Moment {
        let (title, tone, mut lines) = said(entry, &self.shelf.zone);
        lines.extend(entry.transitions.iter().map(transition));
        lines.extend(entry.started.iter().map(|run| format!("Started {}", self.run(run))));
        let passed = entry.passed_over.iter();
        lines.extend(passed.map(|(flow, reason)| format!("Passed over {}: {reason}", self.flow(flow))));
        lines.extend(
            entry.cancelled.iter().map(|run| format!("Cancelled what was pending of {}", self.run(run))),
        );
        let late = entry.at.duration_since(entry.occurred_at).abs() > LATE;
        let happened = late.then_some(entry.occurred_at);
        Moment { at: entry.at, happened, tone, title, lines }
    }
}

fn transition(transition: &Transition) -> String {
    match (&transition.occurrence, transition.overtaken_by) {
        (occurrence, None) => words::occurrence(occurrence),
        (Occurrence::Order(point), Some(status)) => {
            let came = words::capital(&words::came_to(*point));
            format!("{came} – too late to start flows, the order is already {status}")
        }
        (other, Some(status)) => {
            let came = words::capital(&other.to_string());
            format!("{came} – too late to start flows, the order is already {status}")
        }
    }
}

fn said(entry: &Entry, zone: &TimeZone) -> (String, &'static str, Vec<String>) {
    let source = words::source(&entry.source);
    match &entry.what {
        What::Order { status } => {
            let title = if entry.transitions.is_empty() { "updated the order" } else { "sent the order" };
            let lines = if entry.transitions.is_empty() {
                vec![format!("It stands at: {status}")]
            } else {
                Vec::new()
            };
            (format!("{source} {title}"), "info", lines)
        }
        What::Shipment(update) if update.attempted && update.status.is_none() => {
            ("A delivery was tried and failed".to_owned(), "warn", Vec::new())
        }
        What::Shipment(update) => {
            let tracking = update.tracking.iter();
            let lines = tracking.filter_map(|tracking| {
                let parts = [tracking.company.as_deref(), tracking.number.as_deref()];
                let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
                (!text.is_empty()).then_some(text)
            });
            (words::parcel(update.status).to_owned(), "info", lines.collect())
        }
        What::Customer(said) => (words::customer(said), "info", Vec::new()),
        What::Cart { closed: true, .. } => ("The cart is closed".to_owned(), "info", Vec::new()),
        What::Cart { pieces, .. } => {
            let pieces = words::count(usize::try_from(*pieces).unwrap_or(usize::MAX), "piece", "pieces");
            (format!("{pieces} in the cart"), "info", Vec::new())
        }
        What::Occurred(occurrence) => (words::capital(&occurrence.to_string()), "info", Vec::new()),
        What::Refund { returned } => {
            let pieces = words::count(usize::try_from(*returned).unwrap_or(usize::MAX), "piece", "pieces");
            (format!("{pieces} came back"), "warn", Vec::new())
        }
        What::Reply(Said::Tapped { label, .. }) => {
            (format!("The customer tapped “{label}”"), "talk", Vec::new())
        }
        What::Reply(Said::Wrote(text)) => (format!("The customer wrote: “{text}”"), "talk", Vec::new()),
        What::Done { deed, by } => {
            (format!("{} {}", words::actor(by), words::deed(deed, zone)), "team", Vec::new())
        }
        What::Action { action, by } => {
            (format!("{} {}", words::actor(by), words::action(action)), "team", Vec::new())
        }
    }
}
