//! Coupons that a flow makes.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::flow::{Action, Delay, Flow, Stage, condition::Number};

/// A coupon that a flow makes, with a code of its own for each run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(transform = crate::flow::schema::offer))]
#[serde(deny_unknown_fields)]
pub struct CouponOffer {
    /// So many per cent of the items' prices: more than 0, at most 100. This or `amount`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<Number>,
    /// So much off an order, in the shop's currency. This or `percent`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Number>,
    /// How long it counts; with a day or more, until the end of the last day.
    pub expires: Delay,
    /// What its code begins with, in letters and digits; nothing, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(max = Self::MAX_PREFIX), regex(pattern = "^[A-Za-z0-9]+$")))]
    pub prefix: Option<String>,
    /// It is taken once. With `false` it is taken as often as it is typed while it counts.
    #[serde(default = "yes")]
    pub once_per_customer: bool,
}

fn yes() -> bool {
    true
}

/// What a coupon takes off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// So many per cent.
    Percent(Decimal),
    /// So much.
    Amount(Decimal),
}

impl fmt::Display for Worth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{}% off", percent.normalize()),
            Self::Amount(amount) => write!(f, "{} off", amount.normalize()),
        }
    }
}

impl CouponOffer {
    /// The most characters of its code's beginning.
    pub const MAX_PREFIX: usize = 20;
    /// From this wait on it counts in days.
    const A_DAY: SignedDuration = SignedDuration::from_hours(24);

    /// What it takes off; `None` where the flow says neither or both, which saving does not let pass.
    pub fn worth(&self) -> Option<Worth> {
        match (self.percent, self.amount) {
            (Some(percent), None) => Some(Worth::Percent(percent.0)),
            (None, Some(amount)) => Some(Worth::Amount(amount.0)),
            _ => None,
        }
    }

    /// Till when one that is made at `at` counts.
    pub fn ends_at(&self, at: Timestamp, zone: &TimeZone) -> Timestamp {
        let end = self.expires.from(at, zone);
        if self.expires.nominal() < Self::A_DAY {
            return end;
        }
        // A message tells the day, so the day counts whole.
        let last = civil::time(23, 59, 59, 0);
        let day = end.to_zoned(zone.clone()).date();
        day.to_datetime(last).to_zoned(zone.clone()).map_or(end, |last| last.timestamp())
    }
}

impl Flow {
    /// For each stage, in the order of [`Flow::places`]: whether a coupon has been made for certain when its
    /// message is written, whichever arms the run went through. Stages that are left out count as done.
    pub fn coupon_is_there(&self) -> Vec<bool> {
        let mut there = Vec::new();
        walk(&self.stages, false, &mut there);
        there
    }
}

/// Whether there is a coupon after these stages.
fn walk(stages: &[Stage], before: bool, there: &mut Vec<bool>) -> bool {
    let mut made = before;
    for stage in stages {
        made |= stage.workflow.iter().any(|action| matches!(action, Action::CreateCoupon(_)));
        there.push(made);
        let arms: Vec<bool> = stage.arms().into_iter().map(|arm| walk(arm, made, there)).collect();
        made |= !arms.is_empty() && arms.into_iter().all(|made| made);
    }
    made
}
