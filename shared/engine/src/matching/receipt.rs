//! Receipts: what became of a message after the provider took it. They settle sends whose answer
//! was lost, and bring back messages that failed on their way.

use harkara_channels::{Policy, whatsapp};
use harkara_domain::{
    Fact, FactBody, FactId, Occurrence, Reason, Run,
    fact::{ProviderError, Receipt, ReceiptStatus},
    flow::{Channel, Flow},
    occurrence::Report,
    reference::StageRef,
    run::{Attempt, Outcome, ReceiptMark, StageRun, StageStatus},
};
use jiff::Timestamp;

use super::{Matcher, open_stages, tally::Tally};
use crate::{
    catalog::Shelf,
    count::Receipts,
    customers,
    fault::Fault,
    hand_on::{Onward, job_of},
    job::{FactsJob, FailureJob, Job},
    keys, ladder,
    port::{Key, Outgoing, QueueName},
    record::{Stored, load},
    runs::{self, RunPlace},
};

impl Matcher {
    /// Takes a receipt in.
    pub(super) async fn receipt(&self, shelf: &Shelf, fact: &Fact, tally: &mut Tally) -> Result<(), Fault> {
        let FactBody::Receipt(receipt) = &fact.body else { return Ok(()) };
        let Some(reference) = &receipt.stage else {
            self.counters.receipts.add(Receipts::NotOurs);
            tally.ignored += 1;
            return Ok(());
        };
        let key = keys::run(&fact.store, &reference.subject, &reference.run);
        let Some(stored) = load::<Run>(&*self.table, &key).await? else {
            self.counters.receipts.add(Receipts::NotOurs);
            tally.ignored += 1;
            return Ok(());
        };
        let run = &stored.value;
        // Before it is noted, so that a crash in between loses nothing; one told twice counts once.
        self.tell(shelf, run, receipt, fact).await?;
        let version = self.catalog.version(&run.store, &run.flow, run.version).await?;
        let flow = version.ok_or_else(|| Fault::NoFlow(run.flow.clone()))?;
        let now = self.clock.now();
        let place = RunPlace { store: &fact.store, subject: &reference.subject, run: &reference.run };
        let stand =
            |run: &Run| run.stages.get(usize::from(reference.stage)).map(|state| (state.status, state.due));
        let mut moved = false;
        let changed = runs::change(&*self.table, place, Some(stored.clone()), |run| {
            let before = stand(run);
            take(run, &flow, receipt, reference, now).then(|| {
                moved = stand(run) != before;
                run.advance(&flow, now, shelf.hours(&shelf.zone_of(run)));
                Vec::new()
            })
        })
        .await?;
        let Some(run) = changed else {
            tally.duplicate += 1;
            return if receipt.status == ReceiptStatus::Failed {
                self.after_note(&key, reference).await
            } else {
                Ok(())
            };
        };
        self.counters.receipts.add(Receipts::Applied);
        tally.applied += 1;
        self.counters.run_moved(stored.value.status, run.status);
        tracing::info!(run = %run.id, stage = reference.stage, moved, "a receipt was noted");
        if moved { self.after_receipt(&run, reference).await } else { Ok(()) }
    }

    /// A failure that is noted already: whoever noted it may have died before they told of it, and their message
    /// be gone with another copy of it. The run is as it is now, not as it was before they noted it.
    async fn after_note(&self, key: &Key, reference: &StageRef) -> Result<(), Fault> {
        let Some(Stored { value: run, .. }) = load::<Run>(&*self.table, key).await? else { return Ok(()) };
        let state = run.stages.get(usize::from(reference.stage));
        if state.is_some_and(|state| is_latest(state, reference)) {
            self.after_receipt(&run, reference).await?;
        }
        Ok(())
    }

    /// Hands on whatever the receipt made due, and files what it showed to have failed.
    async fn after_receipt(&self, run: &Run, reference: &StageRef) -> Result<(), Fault> {
        let onward = Onward { queue: &*self.queue, scheduler: &*self.scheduler, clock: &*self.clock };
        let Some(state) = run.stages.get(usize::from(reference.stage)) else { return Ok(()) };
        match (&state.status, &state.reason) {
            (StageStatus::Failed, Some(reason)) => {
                let job = FailureJob { stage: job_of(run, reference.stage), reason: reason.clone() };
                let message = vec![Outgoing::now(Job::Failure(job).body())];
                self.queue.send(QueueName::Failures, message).await?;
            }
            (StageStatus::Skipped, Some(Reason::OptedOut)) => {
                customers::opt_out(&*self.table, &run.store, &run.subject, self.clock.now()).await?;
            }
            _ => {}
        }
        let places: Vec<_> = run.to_give_back().collect();
        customers::give_back(&*self.table, &run.store, &run.subject, &places).await?;
        onward.stages(run, &open_stages(run, self.clock.now())).await?;
        Ok(())
    }

    /// Tells of a report on a message, where a flow waits for the like. A message that a report has set off
    /// is reported no further: two flows could go on answering each other.
    async fn tell(&self, shelf: &Shelf, run: &Run, receipt: &Receipt, fact: &Fact) -> Result<(), Fault> {
        let report = match receipt.status {
            ReceiptStatus::Sent => return Ok(()),
            ReceiptStatus::Delivered => Report::Delivered,
            ReceiptStatus::Read => Report::Read,
            ReceiptStatus::Failed => Report::Failed,
            ReceiptStatus::Clicked => Report::Clicked,
        };
        let Some(stage) = receipt.stage.clone() else { return Ok(()) };
        let occurrence = Occurrence::MessageReported { stage, report };
        let by_report = matches!(run.occurrence, Occurrence::MessageReported { .. });
        if by_report || shelf.flows_for(&occurrence).next().is_none() {
            return Ok(());
        }
        let id = FactId::new(format!("report/{}/{}", run.id, occurrence.key()));
        let body = FactBody::Occurred { subject: run.subject.clone(), occurrence };
        let facts = vec![Fact { id, body, occurred_at: receipt.at, ..fact.clone() }];
        let message = vec![Outgoing::now(Job::Facts(FactsJob { facts }).body())];
        Ok(self.queue.send(QueueName::Events, message).await?)
    }
}

/// Notes a receipt at its stage; whether it said anything new.
fn take(run: &mut Run, flow: &Flow, receipt: &Receipt, reference: &StageRef, now: Timestamp) -> bool {
    let channels = flow
        .stage(reference.stage)
        .and_then(|stage| stage.message.as_ref())
        .map_or(&[][..], |message| message.channels.as_slice());
    let Some(state) = run.stages.get_mut(usize::from(reference.stage)) else { return false };
    let accepted = |attempt: &Attempt| {
        attempt.number == reference.attempt && matches!(attempt.outcome, Outcome::Accepted(_))
    };
    // What the provider's answer has said already is worth no write.
    if receipt.status == ReceiptStatus::Sent && state.attempts.iter().any(accepted) {
        return false;
    }
    let mark = ReceiptMark {
        status: receipt.status,
        at: receipt.at,
        attempt: reference.attempt,
        error: receipt.error.clone(),
    };
    if !state.take_receipt(mark) {
        return false;
    }
    if !is_latest(state, reference) {
        return true;
    }
    // A stage that was held, given up or dropped while its answer was lost has arrived after all: there is
    // nothing to replay any more.
    if state.settled_by_receipt() && state.status != StageStatus::Sent {
        settle(state, receipt, now);
    } else if receipt.status == ReceiptStatus::Failed && state.status == StageStatus::Sent {
        // `delivered` can follow `failed`; where it came first, the message has arrived.
        let arrived =
            |held: &ReceiptMark| held.attempt == reference.attempt && held.status >= ReceiptStatus::Delivered;
        if !state.receipts.iter().any(arrived) {
            bring_back(state, channels, receipt, now);
        }
    }
    true
}

/// Whether a stage was not tried again since.
fn is_latest(state: &StageRun, reference: &StageRef) -> bool {
    state.attempts.last().is_some_and(|attempt| attempt.number == reference.attempt)
}

/// The answer was lost, the receipt shows that the provider had taken the message.
fn settle(state: &mut StageRun, receipt: &Receipt, now: Timestamp) {
    if let Some(attempt) = state.attempts.last_mut() {
        attempt.outcome = Outcome::Accepted(receipt.message.clone());
    }
    // Somebody may be at the next try already, and may have sent it.
    state.let_go();
    state.end(StageStatus::Sent, None, now);
}

/// The message was taken and failed later: what its error says to do.
fn bring_back(state: &mut StageRun, channels: &[Channel], receipt: &Receipt, now: Timestamp) {
    // A failure without a cause is nobody's to mend by itself: a person sees it among the dead letters.
    let unsaid =
        || ProviderError { code: -1, message: "it failed, and the provider does not say why".to_owned() };
    let error = receipt.error.clone().unwrap_or_else(unsaid);
    let channel = channels.get(usize::from(state.channel)).copied().unwrap_or(Channel::Whatsapp);
    let spent = state.tries >= ladder::MAX_RECEIVES;
    let refused = Reason::Refused { channel: channel.to_string(), error: error.clone() };
    match whatsapp::receipt_policy(error.code) {
        Policy::NextChannel if usize::from(state.channel) + 1 < channels.len() => {
            state.channel += 1;
            state.reopen(now);
        }
        Policy::UseTemplate if !state.as_template => {
            state.as_template = true;
            state.reopen(now);
        }
        Policy::OptedOut => state.end(StageStatus::Skipped, Some(Reason::OptedOut), now),
        Policy::Throttled(wait) | Policy::PauseSender(wait) if !spent => state.reopen(now + wait),
        Policy::Retry if !spent => state.reopen(now + ladder::wait(state.tries)),
        _ => state.end(StageStatus::Failed, Some(refused), now),
    }
}
