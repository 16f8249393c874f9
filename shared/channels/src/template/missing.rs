//! Which variables of a template can have no value in a flow, by what its trigger is about.

use std::fmt;

use harkara_domain::{Trigger, occurrence::Kind};

use super::Template;

/// A variable that never has a value in a flow, and has no `default` that would take its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The template's name.
    pub template: String,
    /// The language in whose text or subject it stands.
    pub language: String,
    /// One of [`VARIABLES`](super::VARIABLES).
    pub variable: &'static str,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { template, language, variable } = self;
        write!(
            f,
            "the template {template} says {variable} in `{language}`, which this trigger knows nothing of; \
             give it a `default`, or take another template"
        )
    }
}

/// The variables of a template that can have no value in a flow of this trigger: those of an order in a
/// flow about birthdays. Each is told once a language.
pub fn missing_for(template: &Template, trigger: &Trigger) -> Vec<Missing> {
    let kind = trigger.kind();
    let there = |variable: &str| is_there(variable, kind);
    let mut missing = Vec::new();
    for version in &template.inner.versions {
        for variable in version.outputs().filter_map(|output| output.missing(there)) {
            let language = version.language.clone();
            let found = Missing { template: template.name().to_owned(), language, variable };
            if !missing.contains(&found) {
                missing.push(found);
            }
        }
    }
    missing
}

/// Whether a variable can have a value in a flow that such an occurrence starts. What a customer says may be
/// about an order or not, and another flow's run about anything.
fn is_there(variable: &str, kind: Kind) -> bool {
    let anything = kind == Kind::StartedBy || matches!(kind, Kind::MessageReported(_));
    match variable.split('.').next() {
        Some("order") => anything || kind.is_of_orders(),
        Some("cart") => anything || kind == Kind::CartAbandoned,
        Some("subscription") => kind == Kind::SubscriptionRenewal,
        _ => true,
    }
}
