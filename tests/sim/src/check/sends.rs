//! Messages at the provider: one a stage, and each known of.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::AddAssign,
};

use harkara_domain::{
    Run,
    reference::StageRef,
    run::{Outcome, StageRun, StageStatus},
};
use harkara_engine::port::Key;

use crate::{
    outside::{Call, Outside},
    stores::Kind,
};

/// What became of the messages that WhatsApp took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sends {
    /// So many messages.
    pub taken: u64,
    /// Of these, whose answer was lost on the way.
    pub ambiguous: u64,
    /// Of these, which a report has settled since.
    pub reconciled: u64,
    /// Messages beyond a stage's first: an answer was lost, and the flow sends again.
    pub again: u64,
}

impl AddAssign for Sends {
    fn add_assign(&mut self, more: Self) {
        self.taken += more.taken;
        self.ambiguous += more.ambiguous;
        self.reconciled += more.reconciled;
        self.again += more.again;
    }
}

/// Counts them. Those for one stage are one, but for tries whose answer was lost.
pub(super) fn count(outside: &Outside, runs: &[(Key, Run)]) -> (Sends, Vec<String>) {
    let mut sends = Sends::default();
    for call in outside.calls().into_iter().filter(|call| call.wamid.is_some()) {
        sends.taken += 1;
        sends.ambiguous += u64::from(!call.told);
        let state = state_of(&call.stage, runs);
        let tries = state.into_iter().flat_map(|state| &state.attempts);
        let known = tries
            .filter(|attempt| attempt.number == call.stage.attempt)
            .any(|attempt| matches!(attempt.outcome, Outcome::Accepted(_)));
        sends.reconciled += u64::from(!call.told && known);
    }
    let (again, doubled) = doubled(outside, runs);
    (Sends { again, ..sends }, doubled)
}

fn state_of<'a>(stage: &StageRef, runs: &'a [(Key, Run)]) -> Option<&'a StageRun> {
    let of = |run: &Run| run.id == stage.run && run.subject == stage.subject;
    let (_, run) = runs.iter().find(|(_, run)| of(run))?;
    run.stages.get(usize::from(stage.stage))
}

fn doubled(outside: &Outside, runs: &[(Key, Run)]) -> (u64, Vec<String>) {
    let mut taken: BTreeMap<(String, String, u16), (StageRef, usize)> = BTreeMap::new();
    let calls = outside.calls().into_iter().filter(Call::arrives).map(|call| call.stage);
    let mails = outside.mails().into_iter().filter_map(|(_, mail)| mail.reference?.parse::<StageRef>().ok());
    for stage in calls.chain(mails) {
        let place = (stage.subject.to_string(), stage.run.to_string(), stage.stage);
        taken.entry(place).or_insert((stage, 0)).1 += 1;
    }
    let (mut again, mut found) = (0, Vec::new());
    for ((subject, run, stage), (of, count)) in taken {
        again += count as u64 - 1;
        let state = state_of(&of, runs);
        let Some(state) = state else {
            found.push(format!("{subject} {run} {stage}: a message of a run that is not there"));
            continue;
        };
        let unsure = state.attempts.iter().filter(|attempt| attempt.outcome == Outcome::Ambiguous).count();
        if count > 1 + unsure {
            let tries = &state.attempts;
            found.push(format!(
                "{subject} {run}: stage {stage} was sent {count} times, {unsure} unsure: {tries:?}"
            ));
        }
        if state.status != StageStatus::Sent && unsure == 0 {
            found.push(format!("{subject} {run}: stage {stage} was sent, and is {}", state.status.as_str()));
        }
    }
    (again, found)
}

/// A flow that rather holds than sends twice has not sent twice, until a person says so.
pub(super) fn not_held(outside: &Outside) -> Vec<String> {
    let mut taken: BTreeSet<(String, u16)> = BTreeSet::new();
    let calls = outside.calls().into_iter().filter(Call::arrives);
    let holds = |run: &str| Kind::HOLDS.iter().any(|flow| run.starts_with(&format!("{flow}~")));
    let held = calls.filter(|call| holds(call.stage.run.as_str()));
    held.filter(|call| {
        !taken.insert((format!("{} {}", call.stage.subject, call.stage.run), call.stage.stage))
    })
    .map(|call| format!("{}: sent twice, though the flow holds what is unsure", call.reference))
    .collect()
}

/// Where WhatsApp echoes our reference, each message that it took is known to have been taken.
pub(super) fn unheard(outside: &Outside, runs: &[(Key, Run)]) -> Vec<String> {
    let mut found = Vec::new();
    for call in outside.calls().into_iter().filter(|call| call.wamid.is_some() && outside.echoes()) {
        let number = call.stage.attempt;
        let state = state_of(&call.stage, runs);
        let known = state.is_some_and(|state| state.receipts.iter().any(|receipt| receipt.attempt == number));
        if !known {
            found.push(format!("{}: nobody knows of the reports on try {number} at it", call.reference));
        }
    }
    found
}
