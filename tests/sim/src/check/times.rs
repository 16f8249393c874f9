//! In time: no message before its wait is over or outside its hours, and none late where nothing went wrong.
//! What a flow says is read here once more, for shops in a zone whose clocks nobody changes.

use harkara_domain::{
    Flow, Occurrence, Run,
    fact::ReceiptStatus,
    flow::{Delay, Place, Stage, TimeOfDay},
    run::{ReceiptMark, StageStatus},
};
use harkara_engine::{catalog::FlowVersion, keys, port::Key};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::TimeZone,
};

use super::runs;
use crate::{outside::Call, world::World};

/// How far two machines' clocks are apart at most, and a bit.
const SKEW: SignedDuration = SignedDuration::from_secs(5);
/// From when a stage is decided on to its message: what a function lives.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);
/// From a due time to the message, where nothing goes wrong.
const PROMPT: SignedDuration = SignedDuration::from_mins(2);
/// From what time brings about to the run, where nothing goes wrong: webhooks that came late have come again at
/// those times, and some dates are looked for every nine hours.
const BROUGHT_ABOUT: SignedDuration = SignedDuration::from_hours(18);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The messages of any world that came too early, or at a bad time of the day.
pub(super) fn early(world: &World) -> Vec<String> {
    each(world, |call, run, flow| {
        let (stage, due) = promised(run, flow, call.stage.stage)?;
        if call.at < due - SKEW {
            return Some(format!("a message went out before {due}"));
        }
        let zone = zone(run);
        let open = |at| opening(at, stage, &zone) == at;
        let when = [call.at - UNDER_WAY - SKEW, call.at, call.at + SKEW];
        (!when.into_iter().any(open)).then(|| "a message went out outside its hours".to_owned())
    })
}

/// What came late in a world in which nothing went wrong: messages, and runs that time starts.
pub(crate) fn late(undisturbed: &World) -> Vec<String> {
    let mut found = each(undisturbed, |call, run, flow| {
        let (stage, due) = promised(run, flow, call.stage.stage)?;
        let state = run.stages.get(usize::from(call.stage.stage))?;
        // One that failed on its way, in the world that these webhooks are from, is sent again later.
        let failed =
            |mark: &ReceiptMark| mark.status == ReceiptStatus::Failed && mark.attempt < call.stage.attempt;
        if state.receipts.iter().any(failed) {
            return None;
        }
        let spread = nominal(stage.spread);
        // A message keeps its distance from one before it that had to wait for its hours.
        let kept = kept(run, flow, call.stage.stage).map_or(due, |kept| opening(kept, stage, &zone(run)));
        (call.at > due.max(kept) + spread + PROMPT)
            .then(|| format!("undisturbed, a message was due at {due} and went out at {}", call.at))
    });
    for (key, run) in runs(&undisturbed.table.items()) {
        let due = match run.occurrence {
            Occurrence::CartAbandoned { after, touched_at } => touched_at + after.nominal(),
            Occurrence::CustomerInactive { after, since } => since + after.nominal(),
            _ => continue,
        };
        if !(due..due + BROUGHT_ABOUT).contains(&run.started_at) {
            found.push(format!(
                "{} {}: undisturbed, it came about at {due}, and began at {}",
                key.pk, run.id, run.started_at
            ));
        }
    }
    found
}

/// What `say` says of each call, with its run and the version of its flow.
fn each(world: &World, say: impl Fn(&Call, &Run, &Flow) -> Option<String>) -> Vec<String> {
    let calls = world.outside.calls();
    let said = calls.iter().filter_map(|call| {
        let run: Run = world.read(&keys::run(&World::store(), &call.stage.subject, &call.stage.run))?;
        let version: FlowVersion = world.read(&version_of(&run))?;
        Some(format!("{}: {}", call.reference, say(call, &run, version.flow.as_ref()?)?))
    });
    said.collect()
}

fn version_of(run: &Run) -> Key {
    keys::flow_version(&World::store(), &run.flow, run.version)
}

fn zone(run: &Run) -> TimeZone {
    TimeZone::get(run.zone.as_deref().unwrap_or("Asia/Karachi")).unwrap_or(TimeZone::UTC)
}

fn nominal(delay: Option<Delay>) -> SignedDuration {
    delay.map_or(SignedDuration::ZERO, Delay::nominal)
}

/// A stage, and from when on it was to act, by the words of its flow; nothing for one that waits for another.
fn promised<'a>(run: &Run, flow: &'a Flow, index: u16) -> Option<(&'a Stage, Timestamp)> {
    let places = flow.places();
    let Place { stage, within, .. } = *places.get(usize::from(index))?;
    if stage.after_previous.is_some() {
        return None;
    }
    let base = match within {
        None => run.started_at,
        Some((fork, _)) => run.stages.get(usize::from(fork))?.ended_at?,
    };
    let (wait, zone) = (nominal(stage.after), zone(run));
    let over = base + wait;
    let due = stage.at.map(time).map_or(Some(over), |at| {
        // So many days after is at that time of that day, whatever the hour that they count from.
        let from = if wait >= DAY && wait.as_secs() % DAY.as_secs() == 0 { base } else { over };
        let day = zone.to_datetime(over).date();
        let mut days = [day, day.tomorrow().ok()?].into_iter();
        days.find_map(|day| moment(day, at, &zone).filter(|at| *at >= from))
    })?;
    Some((stage, opening(due, stage, &zone)))
}

/// When it keeps its distance from the message before it.
fn kept(run: &Run, flow: &Flow, index: u16) -> Option<Timestamp> {
    let places = flow.places();
    let place = places.get(usize::from(index))?;
    let previous = usize::from(place.previous?);
    let (before, state) = (places.get(previous)?.stage, run.stages.get(previous)?);
    let sent = state.ended_at.filter(|_| state.status == StageStatus::Sent)?;
    Some(sent + (nominal(place.stage.after) - nominal(before.after)))
}

/// The first moment from `at` on that lies within a stage's hours.
fn opening(at: Timestamp, stage: &Stage, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at);
    let (first, last) = (stage.not_before.map_or(Time::MIN, time), stage.not_after.map_or(Time::MAX, time));
    let day = match local.time() {
        now if now < first => Ok(local.date()),
        now if now > last => local.date().tomorrow(),
        _ => return at,
    };
    day.ok().and_then(|day| moment(day, first, zone)).unwrap_or(at)
}

fn moment(day: Date, at: Time, zone: &TimeZone) -> Option<Timestamp> {
    Some(day.to_datetime(at).to_zoned(zone.clone()).ok()?.timestamp())
}

fn time(of: TimeOfDay) -> Time {
    let text = of.to_string();
    let parts =
        text.split_once(':').and_then(|(hour, minute)| Some((hour.parse().ok()?, minute.parse().ok()?)));
    parts.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok()).unwrap_or(Time::MIN)
}
