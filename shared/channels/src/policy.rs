//! What to do about a provider's error. The mapping of codes is each provider's; these are the moves.

use std::time::Duration;

/// The moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// A failed attempt: try again on the retry ladder.
    Retry,
    /// The provider asks to slow down: go back with this delay, and do not count it as an attempt.
    Throttled(Duration),
    /// The same, for the whole sender: hold all its messages that long.
    PauseSender(Duration),
    /// Outside the 24-hour window: send the registered template instead of free text, at once.
    UseTemplate,
    /// This channel cannot reach this customer: try the stage's next one, at once.
    NextChannel,
    /// The customer wants no more marketing: record it, and end the stage.
    OptedOut,
    /// It will never be taken.
    Permanent,
    /// It will never be taken, nor will the next of its kind: alert the team about the template.
    PauseFlow,
    /// The account is at fault: hold the channel and alert the team.
    StopAccount,
}
