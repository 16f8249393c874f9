//! Conditions: what an order must be for a flow to take it, or for a stage to be left out.
//!
//! A new condition is one entry in `list`: how it is judged, how it reads in a sentence, how its values are
//! checked and how it is documented all come out of that entry.

mod customer;
mod explain;
mod formula;
mod list;
mod look;
mod operator;
mod order;
mod run;

use jiff::{Timestamp, tz::TimeZone};
use std::{borrow::Cow, fmt};

use crate::{
    cart::CartView,
    customer::CustomerView,
    fact::OrderSnapshot,
    order::OrderView,
    place::{Destination, Ground},
    reason::Reason,
    rules::Rules,
    run::Run,
};
pub use customer::Satisfaction;
pub use explain::Judged;
pub use formula::{Formula, Known};
pub use list::{About, Condition, Listed};
use look::{Flaws, Holds, Judge, Which, Words};
pub use operator::{
    Amount, BadCountry, Choice, City, CityName, CitySeen, Country, Each, Elapsed, Family, Flaw, FlowName,
    Folded, Hour, MAX_TEXT, MAX_VALUES, Measure, Member, Number, Operator, Pattern, Set, Text, Verdict,
    Whole, Word,
};
pub use order::Platform;

/// What conditions are judged on, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The order, where it is about one.
    pub order: Option<&'a OrderView>,
    /// The customer, where one is known.
    pub customer: Option<&'a CustomerView>,
    /// The cart, where it is about one.
    pub cart: Option<&'a CartView>,
    /// The run, where one has begun.
    pub run: Option<&'a Run>,
    /// The subject's other runs, where they have been read.
    pub runs: &'a [Run],
    /// What the store has set.
    pub rules: &'a Rules,
    /// The same, as places are looked up in it.
    pub ground: &'a Ground,
    /// Where the order goes.
    pub destination: &'a Destination,
    /// The store's time zone.
    pub zone: &'a TimeZone,
    /// The time.
    pub now: Timestamp,
}

impl<'a> Circumstances<'a> {
    /// The shop's state of the order.
    pub fn snapshot(&self) -> Option<&'a OrderSnapshot> {
        self.order?.snapshot.as_ref()
    }
}

impl Condition {
    /// The most conditions and groups that one place of a flow may hold.
    pub const MAX_COUNT: usize = 50;
    /// How deep groups may lie in one another; a condition alone is 1 deep.
    pub const MAX_DEPTH: usize = 5;

    /// The conditions of a group, with its name in the flow language.
    fn group(&self) -> Option<(&'static str, &[Self])> {
        match self {
            Self::All(inner) => Some(("all", inner)),
            Self::Any(inner) => Some(("any", inner)),
            Self::None(inner) => Some(("none", inner)),
            _ => None,
        }
    }

    /// The entry of a single condition in [`Condition::LIST`]; `None` for a group.
    pub fn listed(&self) -> Option<&'static Listed> {
        self.look(Which)
    }

    /// Whether it holds. Allocates nothing, but for an expression.
    pub fn holds(&self, on: Circumstances<'_>) -> bool {
        self.is_so(&on)
    }

    fn is_so(&self, on: &Circumstances<'_>) -> bool {
        match self {
            Self::All(inner) => inner.iter().all(|condition| condition.is_so(on)),
            Self::Any(inner) => inner.iter().any(|condition| condition.is_so(on)),
            Self::None(inner) => !inner.iter().any(|condition| condition.is_so(on)),
            single => single.look(Holds(on)).unwrap_or(false),
        }
    }

    /// Whether the subject's runs have to be known to judge it.
    pub fn looks_at_runs(&self) -> bool {
        match self.group() {
            Some((_, inner)) => inner.iter().any(Self::looks_at_runs),
            None => self.listed().is_some_and(|listed| listed.about == About::Runs),
        }
    }

    /// Holds, or says which condition did not and what the order had instead.
    ///
    /// # Errors
    /// [`Reason::ConditionFailed`] for the first one that failed.
    pub fn check(&self, on: Circumstances<'_>) -> Result<(), Reason> {
        if self.holds(on) {
            return Ok(());
        }
        let actual = match self {
            // Each has to hold, so the one that does not is the whole reason.
            Self::All(inner) => return inner.iter().try_for_each(|condition| condition.check(on)),
            Self::Any(inner) => match inner.first().map(|condition| condition.check(on)) {
                Some(Err(Reason::ConditionFailed { actual, .. })) => actual,
                _ => "nothing of it".to_owned(),
            },
            Self::None(inner) => match inner.iter().find(|condition| condition.holds(on)) {
                Some(held) => held.actual(on),
                None => "so".to_owned(),
            },
            single => single.actual(on),
        };
        Err(Reason::ConditionFailed { condition: self.to_string(), actual })
    }

    /// How a single condition comes out, with the value that was found; `None` for a group, and where
    /// the order does not say.
    pub fn judge(&self, on: Circumstances<'_>) -> Option<Verdict> {
        self.look(Judge(&on)).flatten()
    }

    /// What was found, in words.
    fn actual(&self, on: Circumstances<'_>) -> String {
        let otherwise = if self.group().is_some() { "so" } else { "not known" };
        self.judge(on).map_or_else(|| otherwise.to_owned(), |verdict| verdict.actual)
    }

    /// How many conditions and groups it is made of, and how deep: both are limited.
    pub fn size(&self) -> (usize, usize) {
        let inner = self.group().map(|(_, inner)| inner).unwrap_or_default();
        let sizes = inner.iter().map(Self::size);
        sizes.fold((1, 1), |(count, depth), (c, d)| (count + c, depth.max(d + 1)))
    }

    /// What is wrong with how it is written: for each flaw its path, which begins with `path`, and
    /// why. Covers empty groups and lists, values over the limits, and ranges that hold nothing; not
    /// the size.
    pub fn flaws(&self, path: &str) -> Vec<(String, Cow<'static, str>)> {
        match self.group() {
            Some((name, [])) => {
                vec![(format!("{path}.{name}"), "is empty; put at least one condition in it".into())]
            }
            Some((name, inner)) => {
                let numbered = inner.iter().enumerate();
                numbered.flat_map(|(i, condition)| condition.flaws(&format!("{path}.{name}[{i}]"))).collect()
            }
            None => self.look(Flaws(path)).unwrap_or_default(),
        }
    }
}

impl fmt::Display for Condition {
    /// A clause that goes after "because" or "only when": `payment is cod and the total is at least 1500`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A group within a group is bracketed, so that its "and" and "or" stay its own.
        let clause = |inner: &Self| match inner.group() {
            Some((_, [_, _, ..])) => format!("({inner})"),
            _ => inner.to_string(),
        };
        let join = |inner: &[Self], with: &str| inner.iter().map(clause).collect::<Vec<_>>().join(with);
        match self {
            Self::All(inner) => f.write_str(&join(inner, " and ")),
            Self::Any(inner) if inner.len() > 1 => write!(f, "either {}", join(inner, " or ")),
            Self::Any(inner) => f.write_str(&join(inner, "")),
            Self::None(inner) if inner.len() > 1 => write!(f, "neither {}", join(inner, " nor ")),
            Self::None(inner) => write!(f, "not ({})", join(inner, "")),
            single => f.write_str(&single.look(Words).unwrap_or_default()),
        }
    }
}
