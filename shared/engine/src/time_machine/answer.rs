//! The report, of what was counted.

use harkara_domain::{
    Flow, Reason, Run,
    run::{RunStatus, StageRun, StageStatus},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use super::{
    About, Asked, Journey,
    page::page,
    report::{Busiest, Collisions, Cost, Counted, Messages, Near, Priced, Report, Runs, StageReport},
    tally::Tally,
    words,
    world::World,
};
use crate::catalog::Shelf;

/// Counts by reason, the most frequent first.
fn counted(all: BTreeMap<String, u64>) -> Vec<Counted> {
    let mut all: Vec<Counted> = all.into_iter().map(|(reason, count)| Counted { reason, count }).collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.reason.cmp(&b.reason)));
    all
}

impl Journey {
    /// What it came to.
    pub(super) fn answer(&self, world: &World, about: About) -> Report {
        let Asked { loaded, text, from, to, .. } = &self.asked;
        let tally = &world.tally;
        let runs: Vec<&Run> = world.runs_of(&loaded.head.id).collect();
        let (stages, held_back) = stages(&loaded.flow, &runs, *from);
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut report = Report {
            flow: loaded.head.id.clone(),
            name: loaded.flow.name.clone(),
            text: text.clone(),
            from: *from,
            to: *to,
            journal_from: about.first,
            timezone: self.shelf.settings.timezone.clone(),
            facts: tally.facts,
            orders: number(tally.orders.len()),
            runs: by_status(&runs, *from),
            passed_over: counted(tally.passed_over.clone()),
            messages: messages(tally, *to),
            cost: cost(tally, &self.shelf),
            stages,
            actions: tally.actions.clone(),
            collisions: Collisions {
                deferred: counted(tally.deferred()),
                held_back,
                near: self.near(tally, *from),
                others_capped: tally.others_capped(),
            },
            incomplete: about.incomplete,
            notes: Vec::new(),
            page: String::new(),
        };
        report.notes = self.notes(&report);
        report.page = page(&report, &self.shelf.zone);
        report
    }

    fn near(&self, tally: &Tally, from: Timestamp) -> Vec<Near> {
        let name = |id| {
            let loaded = self.shelf.flows.iter().find(|loaded| loaded.head.id == id);
            loaded.map_or_else(|| id.to_string(), |loaded| loaded.flow.name.clone())
        };
        let near = tally.sends.near(from).into_iter();
        let mut near: Vec<Near> = near
            .map(|(flow, (messages, customers))| Near { name: name(flow.clone()), flow, messages, customers })
            .collect();
        near.sort_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.flow.cmp(&b.flow)));
        near
    }

    /// What has to be known to read the numbers.
    fn notes(&self, report: &Report) -> Vec<String> {
        let mut notes = Vec::new();
        let slack = SignedDuration::from_hours(1);
        match report.journal_from {
            None => notes.push("The journal holds nothing of these days.".to_owned()),
            Some(first) if first > report.from + slack => notes.push(format!(
                "The journal begins at {}: what was before it is not counted.",
                first.to_zoned(self.shelf.zone.clone()).strftime("%Y-%m-%d %H:%M")
            )),
            Some(first) if first > report.from - SignedDuration::from_hours(24 * 7) => notes.push(
                "The journal begins with the days that are counted: runs that had begun before are missing in the \
                 first of them."
                    .to_owned(),
            ),
            Some(_) => {}
        }
        if report.incomplete.count > 0 {
            notes.push(format!(
                "{} orders were there before the journal began; of them only what was said since is known.",
                report.incomplete.count
            ));
        }
        notes.push(
            "Every message that has an address is taken to be accepted at once; answers are those that customers \
             gave then."
                .to_owned(),
        );
        if report.cost.unpriced > 0 {
            notes.push(format!("{} messages have no price (setting prices).", report.cost.unpriced));
        }
        notes
    }
}

fn by_status(runs: &[&Run], from: Timestamp) -> Runs {
    let mut counted = Runs::default();
    for run in runs.iter().filter(|run| run.started_at >= from) {
        counted.begun += 1;
        *match run.status {
            RunStatus::Running => &mut counted.running,
            RunStatus::Finished => &mut counted.finished,
            RunStatus::Failed => &mut counted.failed,
            RunStatus::Cancelled => &mut counted.cancelled,
        } += 1;
    }
    counted
}

/// The stages, and the messages that were held back by caps, consent and STOP.
fn stages(flow: &Flow, runs: &[&Run], from: Timestamp) -> (Vec<StageReport>, Vec<Counted>) {
    let mut held_back: BTreeMap<String, u64> = BTreeMap::new();
    let stage = |(index, place): (u16, harkara_domain::flow::Place<'_>)| {
        let states: Vec<&StageRun> =
            runs.iter().filter_map(|run| run.stages.get(usize::from(index))).collect();
        let ended = || states.iter().filter(|state| state.ended_at.is_some_and(|at| at >= from));
        let of = |status: StageStatus| {
            let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
            for state in ended().filter(|state| state.status == status) {
                let reason = state.reason.as_ref().map_or_else(String::new, words::reason);
                *reasons.entry(reason).or_default() += 1;
            }
            reasons
        };
        for state in ended().filter(|state| state.status == StageStatus::Skipped) {
            if let Some(reason @ (Reason::Capped { .. } | Reason::NoConsent | Reason::OptedOut)) =
                &state.reason
            {
                *held_back.entry(words::reason(reason)).or_default() += 1;
            }
        }
        let mut arms: BTreeMap<String, u64> = BTreeMap::new();
        for arm in ended().filter_map(|state| state.arm) {
            *arms.entry(place.stage.arm_name(arm)).or_default() += 1;
        }
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        StageReport {
            stage: index,
            name: place.stage.name.clone(),
            depth: place.depth,
            sent: of(StageStatus::Sent).values().sum(),
            skipped: counted(of(StageStatus::Skipped)),
            cancelled: counted(of(StageStatus::Cancelled)),
            failed: counted(of(StageStatus::Failed)),
            queued: number(states.iter().filter(|state| state.is_open()).count()),
            arms,
        }
    };
    let stages = (0..).zip(flow.places()).map(stage).collect();
    (stages, counted(held_back))
}

fn messages(tally: &Tally, to: Timestamp) -> Messages {
    let mut by_channel = BTreeMap::new();
    for ((channel, _), count) in &tally.by_price {
        *by_channel.entry(*channel).or_default() += count;
    }
    // Of several that are as busy, the first.
    let busiest = tally.by_minute.iter().rev().max_by_key(|(_, count)| **count);
    Messages {
        total: tally.by_price.values().sum(),
        by_day: tally.days(to),
        by_hour: tally.by_hour.to_vec(),
        by_channel,
        by_template: tally.by_template.clone(),
        busiest: busiest.and_then(|(minute, messages)| {
            let at = Timestamp::from_second(minute.checked_mul(60)?).ok()?;
            Some(Busiest { at, messages: *messages })
        }),
    }
}

fn cost(tally: &Tally, shelf: &Shelf) -> Cost {
    let prices = &shelf.settings.prices;
    let part = |(&(channel, class), &messages): (&(_, _), &u64)| Priced {
        channel,
        class,
        messages,
        price: prices.of(channel, class),
    };
    let parts: Vec<Priced> = tally.by_price.iter().map(part).collect();
    let costs = parts.iter().filter_map(|part| part.price?.checked_mul(Decimal::from(part.messages)));
    Cost {
        currency: (!prices.is_empty()).then_some(prices.currency),
        total: costs.sum(),
        unpriced: parts.iter().filter(|part| part.price.is_none()).map(|part| part.messages).sum(),
        parts,
    }
}
