//! Conditions: what an order must be for a flow to take it, or for a stage to be left out.
//!
//! A new condition is one variant with its doc line, and one arm in `Condition::look`: how it is
//! judged, how it reads in a sentence and how its values are checked all come out of that arm.

mod operator;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::{
    customer::CustomerView,
    fact::PaymentMethod,
    order::{Confirmation, OrderView},
    reason::Reason,
    status::OrderStatus,
};
pub use operator::{Amount, Choice, Number, Text};
use operator::{Operator, Verdict};

/// What conditions are judged on, as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The order.
    pub order: &'a OrderView,
    /// Its customer, where one is known.
    pub customer: Option<&'a CustomerView>,
    /// The time.
    pub now: Timestamp,
}

/// A condition, or a group of them. Of what the order does not say, no condition holds: an order
/// without an address is neither in Karachi nor in "anything but Karachi".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Every one holds.
    All(Vec<Condition>),
    /// At least one holds.
    Any(Vec<Condition>),
    /// Not one holds.
    None(Vec<Condition>),
    /// How the order is paid: `cod` or `prepaid`.
    PaymentMethod(Choice<PaymentMethod>),
    /// The city that the order goes to; compared without regard to case.
    City(Text),
    /// What the order costs, in its own currency.
    OrderTotal(Amount),
    /// Whether this is the customer's first order.
    FirstTimeCustomer(bool),
    /// Whether the customer wants it: `pending`, `confirmed`, `cancelled`, `not_needed`.
    Confirmation(Choice<Confirmation>),
    /// Where the order stands.
    OrderStatus(Choice<OrderStatus>),
}

impl Condition {
    /// The most conditions and groups that one place of a flow may hold.
    pub const MAX_COUNT: usize = 50;
    /// How deep groups may lie in one another; a condition alone is 1 deep.
    pub const MAX_DEPTH: usize = 5;

    /// Shows a single condition to `look`: its field in the flow language, its words in a sentence,
    /// its operator, and where the order says it. `None` for a group.
    fn look<'a, L: Look<'a>>(&self, look: L) -> Option<L::Seen> {
        Some(match self {
            Self::All(_) | Self::Any(_) | Self::None(_) => return None,
            Self::PaymentMethod(choice) => {
                look.see("payment_method", "payment", choice, |on| Some(on.order.snapshot.as_ref()?.payment))
            }
            Self::City(text) => look.see("city", "the city", text, |on| {
                Some(on.order.snapshot.as_ref()?.address.as_ref()?.city.as_str())
            }),
            Self::OrderTotal(amount) => look
                .see("order_total", "the total", amount, |on| Some(on.order.snapshot.as_ref()?.total.amount)),
            Self::FirstTimeCustomer(wanted) => {
                look.see("first_time_customer", "the customer's first order", wanted, |on| {
                    Some(on.customer.is_none_or(|customer| customer.orders <= 1))
                })
            }
            Self::Confirmation(choice) => {
                look.see("confirmation", "confirmation", choice, |on| Some(on.order.confirmation()))
            }
            Self::OrderStatus(choice) => {
                look.see("order_status", "the order", choice, |on| Some(on.order.status()))
            }
        })
    }

    /// The conditions of a group, with its name in the flow language.
    fn group(&self) -> Option<(&'static str, &[Self])> {
        match self {
            Self::All(inner) => Some(("all", inner)),
            Self::Any(inner) => Some(("any", inner)),
            Self::None(inner) => Some(("none", inner)),
            _ => None,
        }
    }

    /// Whether it holds.
    pub fn holds(&self, on: Circumstances<'_>) -> bool {
        match self {
            Self::All(inner) => inner.iter().all(|condition| condition.holds(on)),
            Self::Any(inner) => inner.iter().any(|condition| condition.holds(on)),
            Self::None(inner) => !inner.iter().any(|condition| condition.holds(on)),
            single => single.judge(on).is_some_and(|verdict| verdict.held),
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
                Some(held) => held.judge(on).map_or_else(|| "so".to_owned(), |verdict| verdict.actual),
                None => "so".to_owned(),
            },
            single => single.judge(on).map_or_else(|| "not known".to_owned(), |verdict| verdict.actual),
        };
        Err(Reason::ConditionFailed { condition: self.to_string(), actual })
    }

    /// `None` for a group, and where the order does not say.
    fn judge(&self, on: Circumstances<'_>) -> Option<Verdict> {
        self.look(Judge(on)).flatten()
    }

    /// How many conditions and groups it is made of, and how deep: both are limited.
    pub fn size(&self) -> (usize, usize) {
        let inner = self.group().map(|(_, inner)| inner).unwrap_or_default();
        let sizes = inner.iter().map(Self::size);
        sizes.fold((1, 1), |(count, depth), (c, d)| (count + c, depth.max(d + 1)))
    }

    /// What is wrong with how it is written: for each flaw its path, which begins with `path`, and
    /// why. Covers empty groups and lists, and ranges that hold nothing; not the size.
    pub fn flaws(&self, path: &str) -> Vec<(String, &'static str)> {
        match self.group() {
            Some((name, [])) => {
                vec![(format!("{path}.{name}"), "is empty; put at least one condition in it")]
            }
            Some((name, inner)) => {
                let numbered = inner.iter().enumerate();
                numbered.flat_map(|(i, condition)| condition.flaws(&format!("{path}.{name}[{i}]"))).collect()
            }
            None => self.look(Flaw(path)).flatten().into_iter().collect(),
        }
    }
}

/// Something that looks at a single condition.
trait Look<'a> {
    /// What it finds.
    type Seen;
    /// `field` is its name in the flow language, `words` what a sentence calls it; `actual` gets from
    /// an order what `operator` is about.
    fn see<A, O: Operator<A>>(
        self,
        field: &'static str,
        words: &'static str,
        operator: &O,
        actual: impl FnOnce(Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen;
}

/// Judges it.
struct Judge<'a>(Circumstances<'a>);

impl<'a> Look<'a> for Judge<'a> {
    type Seen = Option<Verdict>;
    fn see<A, O: Operator<A>>(
        self,
        _: &'static str,
        _: &'static str,
        operator: &O,
        actual: impl FnOnce(Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        actual(self.0).map(|actual| operator.judge(actual))
    }
}

/// Puts it in words.
struct Words;

impl<'a> Look<'a> for Words {
    type Seen = String;
    fn see<A, O: Operator<A>>(
        self,
        _: &'static str,
        words: &'static str,
        operator: &O,
        _: impl FnOnce(Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        operator.words(words)
    }
}

/// Finds what is wrong with how it is written, at this path.
struct Flaw<'p>(&'p str);

impl<'a> Look<'a> for Flaw<'_> {
    type Seen = Option<(String, &'static str)>;
    fn see<A, O: Operator<A>>(
        self,
        field: &'static str,
        _: &'static str,
        operator: &O,
        _: impl FnOnce(Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        operator.flaw().map(|(name, why)| (format!("{}.{field}.{name}", self.0), why))
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
