//! What a stage does now: send or act, go on in an arm, skip, wait or cancel. Pure, so that a dry run
//! is the same call with the effects printed.

use jiff::Timestamp;

use crate::{
    calendar::Hours,
    fact::Choice,
    flow::{Channel, Class, Flow, Message, Stage, condition::Circumstances, draw},
    order::Confirmation,
    reason::Reason,
    rules::{Over, Stop},
    run::{Run, StageRun, StageStatus},
};

/// What a stage is decided on, all of it as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The run.
    pub run: &'a Run,
    /// The version of the flow that the run began with.
    pub flow: &'a Flow,
    /// What the run is about, and the time.
    pub on: Circumstances<'a>,
    /// The store's hours, in the recipient's time zone.
    pub hours: Hours<'a>,
    /// What the stage's message is for; `None` for a stage without one.
    pub class: Option<Class>,
}

/// What to do about a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Claim it, then perform it.
    Act,
    /// Go on in this arm.
    Take(u16),
    /// It is a fork that has begun to wait: come back then, or when something happens.
    Listen(Timestamp),
    /// Leave it out.
    Skip(Reason),
    /// End it: the order is over.
    Cancel(Reason),
    /// End all that is pending of the run.
    Leave(Reason),
    /// Come back then.
    Wait(Timestamp, Option<Reason>),
    /// Nothing: it is over, or was replayed since.
    Void,
}

/// Decides stage `index` of a run; `series` is the replay series that the job belongs to.
pub fn decide(scene: Scene<'_>, index: u16, series: u32) -> Decision {
    let Some((state, stage)) = scene.run.stage(scene.flow, index) else { return Decision::Void };
    if !state.is_open() || state.series != series {
        return Decision::Void;
    }
    let now = scene.on.now;
    if let Some(claim) = state.claim.as_ref().filter(|claim| claim.until > now) {
        return Decision::Wait(claim.until, None);
    }
    if let Some(reason) = scene.run.cancelled.clone().or_else(|| ended(scene)) {
        return Decision::Cancel(reason);
    }
    if let Some(reason) = leaves(scene) {
        return Decision::Leave(reason);
    }
    // Without a time it waits for the stage before it: a stray job must not overtake that.
    let Some(due) = state.due else { return Decision::Void };
    if state.listens {
        return listen(scene, stage, due);
    }
    if due > now {
        return Decision::Wait(due, None);
    }
    if let Some(reason) = left_out(scene, stage).or_else(|| stale_replay(scene, state, index)) {
        return Decision::Skip(reason);
    }
    let opening = stage.when().opening(now, scene.hours);
    if opening > now {
        let closed = stage.when().why_not(now, scene.hours).map_or(Reason::OutsideWindow, Reason::from);
        return Decision::Wait(opening, Some(closed));
    }
    if stage.is_fork() {
        return fork(scene, stage, index);
    }
    let alone = stage.workflow.is_empty() || state.workflow_done;
    let unwanted = stage.message.as_ref().filter(|_| alone).and_then(|message| unwanted(scene, message));
    if let Some(reason) = unwanted {
        return Decision::Skip(reason);
    }
    // What has its place already is not in its own way.
    match scene.class.filter(|_| state.counted.is_none()).map(|class| capped(scene, class)) {
        Some(Err(decision)) => decision,
        _ => Decision::Act,
    }
}

/// Why the customer may not be sent a message by any of its channels, if that is so. A stage that is a
/// workflow, too, does that and leaves the message out.
pub fn unwanted(scene: Scene<'_>, message: &Message) -> Option<Reason> {
    let class = scene.class?;
    let stopped = scene.on.customer.is_some_and(|customer| customer.opted_out);
    if stopped && (class == Class::Marketing || scene.on.rules.stop == Stop::Everything) {
        return Some(Reason::OptedOut);
    }
    let mut channels = message.channels.iter();
    (!channels.any(|channel| may_use(scene, class, *channel))).then_some(Reason::NoConsent)
}

/// Whether a message of a class may go by a channel: marketing needs the customer's consent to it.
pub fn may_use(scene: Scene<'_>, class: Class, channel: Channel) -> bool {
    let agreed = || scene.on.customer.is_some_and(|customer| customer.wants_marketing(channel));
    class != Class::Marketing || !scene.on.rules.marketing_needs_consent || agreed()
}

/// Why the flow's `exit_if` ends the run, if it does.
pub fn leaves(scene: Scene<'_>) -> Option<Reason> {
    let exit = scene.flow.exit_if.as_ref().filter(|condition| condition.holds(scene.on))?;
    Some(Reason::LeftFlow { condition: exit.to_string() })
}

/// A terminal status ends every run but those that began in it.
fn ended(scene: Scene<'_>) -> Option<Reason> {
    let status = scene.on.order?.status();
    (status.is_terminal() && scene.run.began_in() < status).then_some(Reason::OrderEnded { status })
}

fn left_out(scene: Scene<'_>, stage: &Stage) -> Option<Reason> {
    if let Some(condition) = stage.skip_if.as_ref().filter(|condition| condition.holds(scene.on)) {
        return Some(Reason::SkipIf { condition: condition.to_string() });
    }
    if let Some(Err(reason)) = stage.only_if.as_ref().map(|condition| condition.check(scene.on)) {
        return Some(reason);
    }
    let asks = stage.message.as_ref().is_some_and(|message| message.buttons.contains(&Choice::Confirm));
    let confirmation = scene.on.order.map(|order| order.confirmation());
    confirmation
        .filter(|confirmation| asks && *confirmation != Confirmation::Pending)
        .map(|confirmation| Reason::NothingToConfirm { confirmation })
}

/// A stage that is run again on purpose spoke of a moment: once the order has moved past that moment,
/// or a later message of the run has gone out, saying it would be stale.
fn stale_replay(scene: Scene<'_>, state: &StageRun, index: u16) -> Option<Reason> {
    if state.series == 0 {
        return None;
    }
    if let Some(status) = scene.on.order.map(|order| order.status()).filter(|s| *s > scene.run.began_in()) {
        return Some(Reason::Overtaken { by: status });
    }
    let places = scene.flow.places();
    let is_message = |stage: &Stage| stage.message.is_some();
    places.get(usize::from(index)).filter(|place| is_message(place.stage))?;
    let mut later = scene.run.stages.iter().zip(&places).skip(usize::from(index) + 1);
    let sent = later.find(|(state, place)| state.status == StageStatus::Sent && is_message(place.stage));
    sent.map(|(_, place)| Reason::Superseded { by: place.stage.name.clone() })
}

fn fork(scene: Scene<'_>, stage: &Stage, index: u16) -> Decision {
    let otherwise = |arms: usize| Decision::Take(u16::try_from(arms).unwrap_or(u16::MAX));
    if !stage.split.is_empty() {
        let whom = format!("{}/{}/{}/{index}", scene.run.store, scene.run.subject, scene.run.id);
        return draw(&stage.split, &whom).map_or_else(|| otherwise(stage.split.len()), Decision::Take);
    }
    if !stage.branches.is_empty() {
        let held = stage.branches.iter().position(|arm| arm.when.holds(scene.on));
        return otherwise(held.unwrap_or(stage.branches.len()));
    }
    let timeout = stage.timeout.map_or(scene.on.now, |timeout| timeout.from(scene.on.now, scene.hours.zone));
    match come(scene, stage) {
        Some(arm) => Decision::Take(arm),
        None => Decision::Listen(timeout),
    }
}

fn listen(scene: Scene<'_>, stage: &Stage, due: Timestamp) -> Decision {
    if let Some(arm) = come(scene, stage) {
        return Decision::Take(arm);
    }
    if due > scene.on.now {
        return Decision::Wait(due, None);
    }
    Decision::Take(u16::try_from(stage.wait_for.len()).unwrap_or(u16::MAX))
}

fn come(scene: Scene<'_>, stage: &Stage) -> Option<u16> {
    let mut arms = stage.wait_for.iter();
    let arm = arms.position(|arm| arm.until.has_come(scene.on, scene.run.started_at))?;
    u16::try_from(arm).ok()
}

/// Whether the customer has had as many messages of the class as the store lets them have.
fn capped(scene: Scene<'_>, class: Class) -> Result<(), Decision> {
    let (Some(cap), Some(customer)) = (scene.on.rules.caps.get(&class), scene.on.customer) else {
        return Ok(());
    };
    let now = scene.on.now;
    let room = customer.room_at(class, cap.most, cap.per.nominal(), now);
    if room <= now {
        return Ok(());
    }
    let reason = Reason::Capped { class, most: cap.most, per: cap.per };
    Err(match cap.then {
        Over::Skip => Decision::Skip(reason),
        Over::Defer => Decision::Wait(room, Some(reason)),
    })
}
