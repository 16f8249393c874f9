//! When a stage is due and may act.

mod when;
mod words;

pub use when::{Closed, When};
pub use words::{BadTime, Delay, TimeOfDay};
