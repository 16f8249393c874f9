//! Operators on an hour of the day.

use serde::{Deserialize, Serialize};

use super::{Flaw, Operator, Whole, list_flaw, row};

/// Operators on an hour of the day, from 0 to 23; 9 is from 9:00 to 9:59.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Hour {
    /// It is this hour.
    Is(Whole),
    /// It is one of these hours.
    In(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<Whole>),
    /// It is none of these hours.
    NotIn(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = super::MAX_VALUES)))] Vec<Whole>),
    /// It is from the first hour to the second, both included; `[22, 6]` spans midnight.
    Between(Whole, Whole),
}

impl Operator<i8> for Hour {
    fn holds(&self, actual: i8) -> bool {
        let is = |hour: &Whole| i64::from(hour.0) == i64::from(actual);
        match self {
            Self::Is(hour) => is(hour),
            Self::In(hours) => hours.iter().any(is),
            Self::NotIn(hours) => !hours.iter().any(is),
            Self::Between(from, to) => {
                let (from, to, actual) = (i64::from(from.0), i64::from(to.0), i64::from(actual));
                if from <= to { (from..=to).contains(&actual) } else { actual >= from || actual <= to }
            }
        }
    }

    fn spoken(&self, actual: i8) -> String {
        actual.to_string()
    }

    fn words(&self, subject: &str) -> String {
        let join = |hours: &[Whole]| row(hours.iter().map(ToString::to_string));
        match self {
            Self::Is(hour) => format!("{subject} is {hour}"),
            Self::In(hours) => format!("{subject} is one of {}", join(hours)),
            Self::NotIn(hours) => format!("{subject} is none of {}", join(hours)),
            Self::Between(from, to) => format!("{subject} is between {from} and {to}"),
        }
    }

    fn flaws(&self) -> Vec<Flaw> {
        let beyond = |at: String, hour: &Whole| {
            (hour.0 > 23).then(|| Flaw::new(at, format!("{hour} is not an hour; hours are 0 to 23")))
        };
        let each = |at: &'static str, hours: &[Whole]| {
            let hours = hours.iter().enumerate();
            hours.filter_map(|(i, hour)| beyond(format!("{at}[{i}]"), hour)).collect::<Vec<_>>()
        };
        match self {
            Self::Is(hour) => beyond("is".to_owned(), hour).into_iter().collect(),
            Self::In(hours) => list_flaw("in", hours).into_iter().chain(each("in", hours)).collect(),
            Self::NotIn(hours) => {
                list_flaw("not_in", hours).into_iter().chain(each("not_in", hours)).collect()
            }
            Self::Between(from, to) => each("between", &[*from, *to]),
        }
    }
}
