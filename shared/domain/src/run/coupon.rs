//! A coupon that a run has made.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A coupon that a run has made: what its later messages can speak of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// What the customer types.
    pub code: String,
    /// Till when it counts.
    pub ends_at: Timestamp,
}
