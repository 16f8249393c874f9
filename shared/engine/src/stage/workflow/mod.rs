//! Performs a stage's workflow: what is safe to repeat first, mails last. What is done is noted, so that
//! a try after a partial failure does the rest alone. No action stands in another's way: when one fails,
//! the others are done all the same.

mod call;
mod coupon;
pub(super) mod facts;
pub(super) mod mail;
mod task;

use futures::future::join_all;
use harkara_domain::{
    Reason,
    fact::Deed,
    flow::{
        Action,
        action::{Effect, Repeat},
    },
    run::Coupon,
};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

use super::{Loaded, Performed, StageRunner};
use crate::{count::Work, job::StageJob};

/// What an action came to.
enum Came {
    /// It is done, or there is nothing to do; the timeline says so, where there is something to say.
    Done(Option<Deed>),
    /// A failed try.
    Again(String),
    /// Not a try: come back then.
    Later(Timestamp, Reason),
    /// It never will be.
    Never(Reason),
}

/// How far the actions of a stage are.
struct Progress {
    /// Those that are done, and said to be.
    acted: BTreeSet<u16>,
    /// Those that are done, with what the timeline is still to say of them.
    fresh: Vec<(u16, Option<Deed>)>,
    /// What keeps the stage from its end: the first failed try, else the first refusal for good.
    trouble: Option<Came>,
}

/// What is left of a claim's lease when no other mail or message is begun: more than one takes.
const SPARE: SignedDuration = SignedDuration::from_secs(25);

impl StageRunner {
    /// Performs the actions that are not done yet.
    pub(super) async fn workflow(
        &self,
        loaded: &mut Loaded,
        job: &StageJob,
        performed: Performed,
    ) -> Performed {
        let flow = loaded.flow.clone();
        let actions = flow.stage(job.stage).map_or(&[][..], |stage| stage.workflow.as_slice());
        let mut progress = Progress::of(loaded, job, actions);
        self.say_facts(loaded, job, actions, &mut progress).await;
        self.keyed(loaded, job, actions, &mut progress).await;
        self.say_deeds(loaded, job, &mut progress).await;
        for (place, action) in progress.left(actions, Repeat::Doubles) {
            if self.is_late(loaded, job) {
                progress.take(place, Came::Again(TOO_LATE.to_owned()));
                break;
            }
            let came = self.mail(loaded, job, (place, action), &progress.acted).await;
            // It cannot be taken back because the timeline cannot be told of it.
            progress.acted.extend(matches!(came, Came::Done(_)).then_some(place));
            progress.take(place, came);
        }
        self.say_deeds(loaded, job, &mut progress).await;
        self.came_to(loaded, job, progress, performed)
    }

    /// Performs what its receiver can tell from its repetition, all at once.
    async fn keyed(&self, loaded: &mut Loaded, job: &StageJob, actions: &[Action], progress: &mut Progress) {
        let left = progress.left(actions, Repeat::Keyed);
        let held = &*loaded;
        // Coupons first: what is called may be told of them.
        let mut made = None;
        for (place, action) in &left {
            if let Effect::Coupon(offer) = action.effect(&job.run) {
                let came = self.coupon(held, job, *place, offer, &mut made).await;
                progress.take(*place, came);
            }
        }
        if let Some(coupon) = made {
            loaded.run.value.coupon = Some(coupon);
        }
        let held = &*loaded;
        let calls = left.iter().filter_map(|(place, action)| match action.effect(&job.run) {
            Effect::Call(webhook) => {
                Some(async move { (*place, self.call_webhook(held, job, *place, webhook).await) })
            }
            _ => None,
        });
        for (place, came) in join_all(calls).await {
            progress.take(place, came);
        }
    }

    fn came_to(
        &self,
        loaded: &Loaded,
        job: &StageJob,
        progress: Progress,
        mut performed: Performed,
    ) -> Performed {
        performed.coupon = loaded.run.value.coupon.clone();
        performed.acted = progress.acted;
        match progress.trouble {
            None | Some(Came::Done(_)) => {
                performed.workflow_done = true;
                self.counters.workflows.add(Work::Done);
                let speaks = loaded.stage(job).is_some_and(|(_, stage)| stage.message.is_some());
                if speaks && self.is_late(loaded, job) {
                    return performed.not_done(loaded.now, TOO_LATE.to_owned());
                }
                performed
            }
            Some(Came::Again(problem)) => performed.not_done(loaded.now, problem),
            Some(Came::Later(until, reason)) => performed.later(until, reason),
            Some(Came::Never(reason)) => performed.failed(reason),
        }
    }

    /// Whether the claim may end before another mail or message has come to its end.
    fn is_late(&self, loaded: &Loaded, job: &StageJob) -> bool {
        let claim = loaded.stage(job).and_then(|(state, _)| state.claim.as_ref());
        claim.is_some_and(|claim| self.clock.now() > claim.until - self.clock.real(SPARE))
    }
}

const TOO_LATE: &str = "the other actions took too long; the rest follows";

impl Progress {
    fn of(loaded: &Loaded, job: &StageJob, actions: &[Action]) -> Self {
        let state = loaded.stage(job).map(|(state, _)| state);
        let mut progress = Self {
            acted: state.map(|state| state.acted.clone()).unwrap_or_default(),
            fresh: Vec::new(),
            trouble: None,
        };
        // Whoever held the stage last is gone, and this mail may have gone, too: not a second time.
        let mailing = state.and_then(|state| state.mailing).filter(|place| !progress.acted.contains(place));
        if let Some(place) = mailing {
            let to = actions.get(usize::from(place)).and_then(mail::to);
            progress.fresh.push((place, to.map(|to| Deed::Mailed { to: to.to_owned(), unsure: true })));
            progress.acted.insert(place);
        }
        progress
    }

    /// What is still to be done of a kind.
    fn left<'a>(&self, actions: &'a [Action], repeat: Repeat) -> Vec<(u16, &'a Action)> {
        let left = |(place, action): &(u16, &Action)| action.repeat() == repeat && !self.is_done(*place);
        (0..).zip(actions).filter(left).collect()
    }

    fn is_done(&self, place: u16) -> bool {
        self.acted.contains(&place) || self.fresh.iter().any(|(fresh, _)| *fresh == place)
    }

    /// Notes what an action came to.
    fn take(&mut self, place: u16, came: Came) {
        match came {
            Came::Done(deed) => self.fresh.push((place, deed)),
            // Nothing is given up while something may still come to its end.
            Came::Never(_) if self.trouble.is_some() => {}
            came if matches!(self.trouble, None | Some(Came::Never(_))) => self.trouble = Some(came),
            _ => {}
        }
    }
}

/// The run's coupon, if it has made one.
fn coupon_of(loaded: &Loaded) -> Option<&Coupon> {
    loaded.run.value.coupon.as_ref()
}
