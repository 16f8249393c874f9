//! The state of one stage of a run: its tries, its claim, its receipts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use super::attempt::{Attempt, Outcome};
use crate::{
    fact::{ProviderError, ReceiptStatus},
    flow::Class,
    reason::Reason,
};

/// The state of one stage of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageRun {
    /// Where it stands.
    pub status: StageStatus,
    /// When it is due; `None` while it waits for the stage before, and once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it was skipped, cancelled, failed, or is waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Who holds it: set before an effect, cleared with its outcome.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// How often it was tried, in all series.
    #[serde(default)]
    pub tries: u32,
    /// Counts up with each replay; a job of an older series is void.
    #[serde(default)]
    pub series: u32,
    /// Tries before the current series began.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub tries_before: u32,
    /// The index into the message's channels that is in use.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub channel: u16,
    /// The workflow part is done; only the message is still to be sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workflow_done: bool,
    /// The actions of the workflow that are done, by their places, while others are still to be: they are
    /// not done again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub acted: BTreeSet<u16>,
    /// When it was first tried in its series: what counts from there is the same for every try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The action whose mail is being sent: found by the next holder of the stage, it may have gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mailing: Option<u16>,
    /// A fork that waits: it is due when its time is up, and looked at when something happens.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listens: bool,
    /// Its message has a place under a cap: as it was counted at the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<(Timestamp, Class)>,
    /// The arm that the run went on in, of a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<u16>,
    /// The last [`StageRun::MAX_ATTEMPTS`] attempts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Send the registered template even inside the 24-hour window: the provider said that it is closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_template: bool,
    /// What the provider reported since, each status of an attempt once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<ReceiptMark>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_zero(n: &u16) -> bool {
    *n == 0
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_none_yet(n: &u32) -> bool {
    *n == 0
}

/// Where a stage stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// To come.
    Queued,
    /// The provider accepted the message; the workflow is done.
    Sent,
    /// Failed for good; there is a dead letter.
    Failed,
    /// What was pending was cancelled.
    Cancelled,
    /// Left out, with a reason.
    Skipped,
}

impl StageStatus {
    /// As in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// A hold on a stage. It ends by itself, so that a crash does not hold it for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// When it was taken.
    pub at: Timestamp,
    /// Until when nobody else may act.
    pub until: Timestamp,
}

/// One report of a provider on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptMark {
    /// How far it got.
    pub status: ReceiptStatus,
    /// When.
    pub at: Timestamp,
    /// Which attempt it is about.
    pub attempt: u32,
    /// The provider's error, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ProviderError>,
}

impl StageRun {
    /// Attempts kept in the record.
    pub const MAX_ATTEMPTS: usize = 12;

    /// One whose turn has not come.
    pub fn waiting() -> Self {
        Self {
            status: StageStatus::Queued,
            due: None,
            ended_at: None,
            reason: None,
            claim: None,
            tries: 0,
            series: 0,
            tries_before: 0,
            channel: 0,
            workflow_done: false,
            acted: BTreeSet::new(),
            since: None,
            mailing: None,
            listens: false,
            counted: None,
            arm: None,
            attempts: Vec::new(),
            as_template: false,
            receipts: Vec::new(),
        }
    }

    /// Still to come.
    pub fn is_open(&self) -> bool {
        self.status == StageStatus::Queued
    }

    /// Somebody may be sending it right now.
    pub fn is_claimed(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.until > now)
    }

    /// A claim that ran out without an outcome: whoever held it may have sent.
    pub fn has_stale_claim(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.until <= now)
    }

    /// Records a try. One that was taken for lost while its holder was still at it is known now.
    pub fn record(&mut self, attempt: Attempt) {
        self.attempts.pop_if(|held| held.number == attempt.number && held.is_lost());
        if self.attempts.len() >= Self::MAX_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
    }

    /// Whether a receipt shows that the provider had taken the try whose answer was lost.
    pub fn settled_by_receipt(&self) -> bool {
        let lost = self.attempts.last().filter(|attempt| attempt.outcome == Outcome::Ambiguous);
        lost.is_some_and(|attempt| {
            let reported = self.receipts.iter().filter(|receipt| receipt.attempt == attempt.number);
            reported.map(|receipt| receipt.status).any(|status| status != ReceiptStatus::Failed)
        })
    }

    /// The last try's answer was lost. One of an earlier series does not count: whoever replays it has
    /// decided to send again.
    pub fn is_ambiguous(&self) -> bool {
        let last = self.attempts.last().filter(|attempt| attempt.number > self.tries_before);
        last.is_some_and(|attempt| attempt.outcome == Outcome::Ambiguous)
    }

    /// Takes a receipt in; whether it says something new.
    pub fn take_receipt(&mut self, mark: ReceiptMark) -> bool {
        let known = |held: &ReceiptMark| held.attempt == mark.attempt && held.status == mark.status;
        if self.receipts.iter().any(known) {
            return false;
        }
        if self.receipts.len() >= Self::MAX_ATTEMPTS {
            self.receipts.remove(0);
        }
        self.receipts.push(mark);
        true
    }

    /// How far the message of the latest attempt got, as reported.
    pub fn furthest_receipt(&self) -> Option<&ReceiptMark> {
        self.receipts.iter().max_by_key(|receipt| (receipt.attempt, receipt.status))
    }

    /// The place under a cap that it has and no longer needs: it is over, and its message never went out.
    /// One whose answer was lost may have.
    pub fn to_give_back(&self) -> Option<(Timestamp, Class)> {
        let unsent = !self.is_open() && self.status != StageStatus::Sent && !self.is_ambiguous();
        self.counted.filter(|_| unsent)
    }

    /// Makes it due once more after it was over: a replay, or a message that failed after it was sent.
    pub fn reopen(&mut self, due: Timestamp) {
        if self.to_give_back().is_some() {
            self.counted = None;
        }
        self.status = StageStatus::Queued;
        self.due = Some(due);
        self.ended_at = None;
        self.reason = None;
        self.claim = None;
        self.since = None;
    }

    /// Takes note that a claim ran out without an outcome: the try may have been taken, or not.
    pub fn lose_claim(&mut self, now: Timestamp) {
        if self.has_stale_claim(now) {
            self.let_go();
        }
    }

    /// Takes a claim away whose holder has not told yet what came of it: the try may have been taken, or not.
    pub fn let_go(&mut self) {
        if let Some(claim) = self.claim.take() {
            let outcome = Outcome::Ambiguous;
            self.record(Attempt { number: self.tries, at: claim.at, channel: None, outcome });
        }
    }

    /// Ends what is not to be done any more. Whoever held it and is gone may have sent it all the same: a
    /// receipt shows that, now or later.
    pub fn drop_it(&mut self, status: StageStatus, reason: &Reason, now: Timestamp) {
        self.lose_claim(now);
        if self.settled_by_receipt() {
            self.end(StageStatus::Sent, None, now);
        } else {
            self.end(status, Some(reason.clone()), now);
        }
    }

    /// Ends it.
    pub fn end(&mut self, status: StageStatus, reason: Option<Reason>, now: Timestamp) {
        self.status = status;
        self.reason = reason;
        self.due = None;
        self.claim = None;
        self.ended_at = Some(now);
    }
}
