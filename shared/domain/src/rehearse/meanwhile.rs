//! What a rehearsal assumes to happen meanwhile: `10m confirm`, `1d delivered`, `2h wrote where is it?`.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::{fact::Choice, flow::Delay, shipment::ShipmentStatus, status::OrderStatus};

/// Something that is assumed to happen. As text its time comes first: a wait since the trigger, or a time
/// such as `2026-11-22T14:00:00+05:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Meanwhile {
    /// When.
    pub at: Moment,
    /// What.
    pub what: Happening,
}

/// When something is assumed to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// So long after the trigger.
    After(Delay),
    /// At this time.
    At(Timestamp),
}

/// What can be assumed to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The customer taps a button: `confirm`, `cancel`, `satisfied`, `dissatisfied`.
    Tapped(Choice),
    /// The customer writes: `wrote`, and what.
    Wrote(String),
    /// The order gets this far, by its parcel, its shop or its team: the words of `order_status`.
    Status(OrderStatus),
    /// The parcel comes to this status, of those that move no order: `return_to_sender`.
    Parcel(ShipmentStatus),
    /// A delivery is tried, and fails: `attempted`.
    Attempted,
    /// The shop has the money: `paid`.
    Paid,
    /// Money goes back: `refunded`.
    Refunded,
    /// The customer asks to cancel what is on its road already: `cancellation_requested`.
    CancellationRequested,
    /// Somebody of the team sets a flag, or clears it: `flag`, `unflag`, and its name.
    Flag(String, bool),
    /// The customer places another order: `ordered`.
    Ordered,
}

/// The text is no assumption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadMeanwhile(String);

/// The parcel statuses that move no order, so that they are assumed by themselves.
const PARCEL: [ShipmentStatus; 3] =
    [ShipmentStatus::AvailableForPickup, ShipmentStatus::ReturnToSender, ShipmentStatus::Failure];

/// All that can stand behind the time, in one line.
fn words() -> String {
    Happening::all().iter().map(Happening::word).collect::<Vec<_>>().join(", ")
}

impl Moment {
    /// The time, for a trigger at `began`.
    pub fn time(self, began: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::After(delay) => delay.from(began, zone),
            Self::At(at) => at,
        }
    }
}

impl FromStr for Meanwhile {
    type Err = BadMeanwhile;

    fn from_str(text: &str) -> Result<Self, BadMeanwhile> {
        let bad = |what: String| BadMeanwhile(format!("“{text}”: {what}"));
        let (when, what) = text.trim().split_once(char::is_whitespace).ok_or_else(|| {
            bad(format!("say when and what, such as `10m confirm`; what is one of: {}", words()))
        })?;
        let at = when
            .parse::<Delay>()
            .map(Moment::After)
            .or_else(|_| when.parse::<Timestamp>().map(Moment::At))
            .map_err(|_| bad(format!("“{when}” is neither a wait such as 10m nor a time")))?;
        let what = what.trim().parse().map_err(bad)?;
        Ok(Self { at, what })
    }
}

impl FromStr for Happening {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let rest = rest.trim();
        let named = |what: &str| {
            let given = (!rest.is_empty()).then(|| rest.to_owned());
            given.ok_or_else(|| format!("say {what} behind `{word}`"))
        };
        match word {
            "wrote" => return named("what").map(Self::Wrote),
            "flag" => return named("which flag").map(|flag| Self::Flag(flag, true)),
            "unflag" => return named("which flag").map(|flag| Self::Flag(flag, false)),
            _ if !rest.is_empty() => return Err(format!("nothing can stand behind `{word}`")),
            _ => {}
        }
        let plain = Self::all().into_iter().find(|happening| happening.word() == word);
        plain.ok_or_else(|| format!("`{word}` is none of: {}", words()))
    }
}

impl TryFrom<String> for Meanwhile {
    type Error = BadMeanwhile;
    fn try_from(text: String) -> Result<Self, BadMeanwhile> {
        text.parse()
    }
}

impl From<Meanwhile> for String {
    fn from(meanwhile: Meanwhile) -> Self {
        let when = match meanwhile.at {
            Moment::After(delay) => delay.to_string().replace(' ', ""),
            Moment::At(at) => at.to_string(),
        };
        format!("{when} {}", meanwhile.what.word())
    }
}

impl Happening {
    /// All that can be assumed, with `…` for what the one who assumes it has to say.
    pub fn all() -> Vec<Self> {
        let choices = [Choice::Confirm, Choice::Cancel, Choice::Satisfied, Choice::Dissatisfied];
        // No order goes back to where it began.
        let statuses = OrderStatus::ALL.into_iter().skip(1);
        let mut all: Vec<Self> = choices.into_iter().map(Self::Tapped).collect();
        all.push(Self::Wrote("…".to_owned()));
        all.extend(statuses.map(Self::Status));
        all.extend(PARCEL.map(Self::Parcel));
        all.extend([Self::Attempted, Self::Paid, Self::Refunded, Self::CancellationRequested]);
        all.extend([true, false].map(|on| Self::Flag("…".to_owned(), on)));
        all.push(Self::Ordered);
        all
    }

    /// As it is written: `confirm`, `wrote where is it?`.
    pub fn word(&self) -> String {
        match self {
            Self::Tapped(choice) => choice.as_str().to_owned(),
            Self::Wrote(text) => format!("wrote {text}"),
            Self::Status(status) => status.as_str().to_owned(),
            Self::Parcel(status) => status.as_str().to_owned(),
            Self::Attempted => "attempted".to_owned(),
            Self::Paid => "paid".to_owned(),
            Self::Refunded => "refunded".to_owned(),
            Self::CancellationRequested => "cancellation_requested".to_owned(),
            Self::Flag(flag, on) => format!("{} {flag}", if *on { "flag" } else { "unflag" }),
            Self::Ordered => "ordered".to_owned(),
        }
    }
}

impl fmt::Display for Happening {
    /// A sentence without its full stop: `the customer taps confirm`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tapped(choice) => write!(f, "the customer taps {}", choice.as_str()),
            Self::Wrote(text) => write!(f, "the customer writes “{text}”"),
            Self::Status(status) => write!(f, "the order becomes {status}"),
            Self::Parcel(status) => write!(f, "the parcel comes to {}", status.as_str().replace('_', " ")),
            Self::Attempted => f.write_str("a delivery is tried, and fails"),
            Self::Paid => f.write_str("the payment is received"),
            Self::Refunded => f.write_str("money goes back"),
            Self::CancellationRequested => f.write_str("the customer asks to cancel"),
            Self::Flag(flag, true) => write!(f, "the flag {flag} is set"),
            Self::Flag(flag, false) => write!(f, "the flag {flag} is cleared"),
            Self::Ordered => f.write_str("the customer places another order"),
        }
    }
}
