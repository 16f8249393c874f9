//! Runs and decisions: what is done, when, and at most once.

use harkara_domain::{
    Flow, Occurrence, OrderStatus, OrderView, Point, Reason, Run,
    decide::{Decision, Scene, decide},
    fact::{OrderAction, ReceiptStatus},
    flow::Channel,
    order::{self, Confirmation},
    run::{Attempt, Claim, Outcome, ReceiptMark, RunStart, RunStatus, StageStatus},
    shipment::ShipmentStatus,
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use proptest::prelude::*;

use crate::make::{
    InZone, acted, at, cancelled, confirmed, created, flow, hours, on, order, refunded, shipped, store, view,
};

fn zone() -> TimeZone {
    TimeZone::get("Asia/Karachi").unwrap()
}

/// A run with its flow and its order, driven as the engine drives it.
struct World {
    flow: Flow,
    run: Run,
    order: OrderView,
    now: i64,
}

impl World {
    /// `stages` as a list in flow style.
    fn new(trigger: &str, stages: &str) -> Self {
        let flow = flow(&format!("name: A\ntrigger: {trigger}\nstages:\n{stages}"));
        let point = Point::ALL.into_iter().find(|point| point.as_str() == trigger).unwrap();
        let start = RunStart {
            store: &store(),
            subject: &order().into(),
            status: point.status(),
            zone: None,
            flow: &flow.id(),
            version: 1,
            occurrence: &Occurrence::Order(point),
            at: at(0),
            priority: false,
        };
        let run = Run::begin(start, &flow, hours(&zone()));
        Self { flow, run, order: view(&[created()]), now: 0 }
    }

    fn decide(&self, index: u16) -> Decision {
        self.decide_series(index, self.run.stages[usize::from(index)].series)
    }

    fn decide_series(&self, index: u16, series: u32) -> Decision {
        let zone = zone();
        let (run, flow, order) = (&self.run, &self.flow, &self.order);
        let on = on(order, None, at(self.now));
        decide(Scene { run, flow, on, hours: hours(&zone), class: None }, index, series)
    }

    fn claim(&mut self, index: usize) {
        let state = &mut self.run.stages[index];
        state.claim = Some(Claim { at: at(self.now), until: at(self.now + 2) });
        state.tries += 1;
    }

    fn end(&mut self, index: usize, status: StageStatus, reason: Option<Reason>) -> Vec<(u16, Timestamp)> {
        self.run.stages[index].end(status, reason, at(self.now));
        self.run.advance(&self.flow, at(self.now), hours(&zone()))
    }

    fn replay(&mut self, index: usize) {
        self.run.stages[index].series += 1;
        self.run.stages[index].reopen(at(self.now));
        self.run.advance(&self.flow, at(self.now), hours(&zone()));
    }

    fn tell(&mut self, fact: &harkara_domain::Fact) {
        self.order = order::fold(Some(&self.order), fact, &order()).view;
    }
}

const TWO: &str = "  - { name: a, workflow: [{ add_note: a }] }\n  - { name: b, after: 30m, workflow: [{ add_note: b }] }\n";
const ASK: &str =
    "  - { name: a, message: { channels: [whatsapp], template: t, buttons: [confirm, cancel] } }\n";

#[test]
fn a_stage_acts_once_and_makes_the_next_one_due() {
    let mut world = World::new("order_created", TWO);
    assert_eq!(world.run.next_due(), Some(at(0)));
    assert_eq!(world.decide(0), Decision::Act);
    world.claim(0);
    assert_eq!(world.decide(0), Decision::Wait(at(2), None));
    world.now = 1;
    assert_eq!(world.end(0, StageStatus::Sent, None), [(1, at(30))]);
    assert_eq!(world.decide(0), Decision::Void);
    assert_eq!(world.decide(1), Decision::Wait(at(30), None));
    assert_eq!(world.run.status, RunStatus::Running);
    world.now = 30;
    assert_eq!(world.decide(1), Decision::Act);
    assert_eq!(world.end(1, StageStatus::Sent, None), []);
    assert_eq!((world.run.status, world.run.next_due()), (RunStatus::Finished, None));
    assert_eq!(world.decide_series(7, 0), Decision::Void);
}

#[test]
fn a_stage_that_is_not_due_yet_does_not_act_for_a_stray_job() {
    let world = World::new("order_created", TWO);
    assert_eq!(world.run.stages[1].due, None);
    assert_eq!(world.decide(1), Decision::Void);
}

#[test]
fn a_stage_waits_for_the_first_try_before_it_or_for_its_end() {
    let stages = format!("{TWO}  - {{ name: c, after_previous: 10m, workflow: [cancel_pending] }}\n");
    let mut world = World::new("order_created", &stages);
    // The first try fails: the reminder need not wait for the retries.
    world.claim(0);
    assert_eq!(world.run.advance(&world.flow, at(1), hours(&zone())), [(1, at(30))]);
    assert_eq!(world.run.advance(&world.flow, at(1), hours(&zone())), []);
    // But what counts from the end waits for the end.
    world.now = 31;
    world.claim(1);
    assert_eq!(world.run.advance(&world.flow, at(31), hours(&zone())), []);
    world.now = 33;
    assert_eq!(world.end(1, StageStatus::Failed, None), [(2, at(43))]);
}

#[test]
fn a_claim_that_runs_out_lets_somebody_else_try() {
    let mut world = World::new("order_created", TWO);
    world.claim(0);
    world.now = 2;
    assert!(world.run.stages[0].has_stale_claim(at(2)) && !world.run.stages[0].is_claimed(at(2)));
    assert_eq!(world.decide(0), Decision::Act);
}

#[test]
fn a_terminal_status_cancels() {
    let returned = refunded("r", 5, 3);
    for (fact, status) in [(cancelled(5), OrderStatus::Cancelled), (returned, OrderStatus::Returned)] {
        let mut world = World::new("order_created", TWO);
        world.tell(&fact);
        assert_eq!(world.decide(0), Decision::Cancel(Reason::OrderEnded { status }));
        // Even while the claim of a lost holder lies on it, once that has run out.
        world.claim(0);
        assert_eq!(world.decide(0), Decision::Wait(at(2), None));
        world.now = 2;
        assert_eq!(world.decide(0), Decision::Cancel(Reason::OrderEnded { status }));
    }
}

#[test]
fn a_terminal_status_does_not_cancel_what_it_started() {
    let mut world = World::new("order_cancelled", TWO);
    world.tell(&cancelled(0));
    assert_eq!(world.decide(0), Decision::Act);
    // The order comes back as well: that is further on.
    world.tell(&refunded("r", 5, 3));
    assert_eq!(world.decide(0), Decision::Cancel(Reason::OrderEnded { status: OrderStatus::Returned }));
    let mut world = World::new("order_returned", TWO);
    world.tell(&refunded("r", 5, 3));
    world.tell(&cancelled(9));
    assert_eq!(world.decide(0), Decision::Act);
}

#[test]
fn cancelling_ends_what_is_pending_and_leaves_what_is_being_sent_to_its_holder() {
    let reason = Reason::CancelledBy { who: "a@shop.example".into() };
    let mut world = World::new("order_created", TWO);
    world.claim(0);
    world.run.advance(&world.flow, at(0), hours(&zone()));
    assert!(world.run.cancel(&reason, at(1)));
    assert_eq!(
        (world.run.stages[0].status, world.run.stages[1].status),
        (StageStatus::Queued, StageStatus::Cancelled)
    );
    assert_eq!(world.run.status, RunStatus::Running);
    assert!(!world.run.cancel(&reason, at(1)));
    // The holder never came back: nobody sends it a second time.
    world.now = 2;
    assert_eq!(world.decide(0), Decision::Cancel(reason.clone()));
    world.end(0, StageStatus::Cancelled, Some(reason.clone()));
    assert_eq!((world.run.status, world.run.next_due()), (RunStatus::Cancelled, None));

    let mut done = World::new("order_created", ASK);
    done.end(0, StageStatus::Sent, None);
    assert!(!done.run.cancel(&reason, at(1)));
    assert_eq!((done.run.status, done.run.cancelled), (RunStatus::Finished, None));
}

/// The holder sent it and died; then the order was cancelled.
#[test]
fn what_a_lost_holder_sent_is_not_called_cancelled() {
    let mark = |attempt| ReceiptMark { status: ReceiptStatus::Delivered, at: at(1), attempt, error: None };
    let reason = Reason::CancelledBy { who: "the team".to_owned() };
    for (receipt, status) in [(Some(mark(1)), StageStatus::Sent), (None, StageStatus::Cancelled)] {
        let mut world = World::new("order_created", ASK);
        world.claim(0);
        world.run.stages[0].receipts.extend(receipt);
        assert!(world.run.cancel(&reason, at(5)));
        let state = &world.run.stages[0];
        assert_eq!(state.status, status);
        assert_eq!(state.attempts.len(), 1, "the try that was lost is told of");
        assert_eq!(state.attempts[0].outcome, Outcome::Ambiguous);
    }
}

/// A try that was taken for lost, whose holder tells what came of it after all, is one try.
#[test]
fn a_try_is_recorded_once() {
    let mut world = World::new("order_created", ASK);
    world.claim(0);
    let state = &mut world.run.stages[0];
    state.lose_claim(at(5));
    let outcome = Outcome::Accepted("wamid.1".to_owned());
    state.record(Attempt {
        number: 1,
        at: at(5),
        channel: Some(Channel::Whatsapp),
        outcome: outcome.clone(),
    });
    assert_eq!(state.attempts.iter().map(|attempt| &attempt.outcome).collect::<Vec<_>>(), [&outcome]);
}

#[test]
fn a_question_that_is_settled_is_not_asked() {
    for (fact, confirmation) in [
        (confirmed(1), Confirmation::Confirmed),
        (shipped(1, ShipmentStatus::Booked), Confirmation::NotNeeded),
    ] {
        let mut world = World::new("order_created", ASK);
        assert_eq!(world.decide(0), Decision::Act);
        world.tell(&fact);
        assert_eq!(world.decide(0), Decision::Skip(Reason::NothingToConfirm { confirmation }));
    }
}

#[test]
fn skip_if_is_judged_when_the_stage_is_due() {
    let stages =
        "  - { name: a, after: 5m, skip_if: { confirmation: { is_not: pending } }, workflow: [cancel] }\n";
    let mut world = World::new("order_created", stages);
    world.tell(&confirmed(1));
    assert_eq!(world.decide(0), Decision::Wait(at(5), None));
    world.now = 5;
    let Decision::Skip(reason) = world.decide(0) else { panic!("not skipped") };
    assert_eq!(reason.to_string(), "skipped because confirmation is not pending");
}

#[test]
fn a_late_try_waits_for_the_window() {
    // The story begins at ten in the morning.
    let stages = "  - { name: a, not_before: '09:00', not_after: '21:00', workflow: [confirm] }\n";
    let mut world = World::new("order_created", stages);
    assert_eq!(world.decide(0), Decision::Act);
    world.now = 12 * 60;
    assert_eq!(world.decide(0), Decision::Wait(at(23 * 60), Some(Reason::OutsideWindow)));
}

#[test]
fn a_replay_voids_older_jobs_and_says_nothing_stale() {
    let mut world = World::new("order_created", TWO);
    world.end(0, StageStatus::Failed, None);
    world.replay(0);
    assert_eq!(world.decide_series(0, 0), Decision::Void);
    assert_eq!(world.decide_series(0, 2), Decision::Void);
    assert_eq!(world.decide_series(0, 1), Decision::Act);
    world.tell(&shipped(5, ShipmentStatus::Dispatched));
    assert_eq!(world.decide_series(0, 1), Decision::Skip(Reason::Overtaken { by: OrderStatus::Dispatched }));
    // The first time round, the flow's own conditions decide what is stale.
    assert_eq!(world.decide(1), Decision::Wait(at(30), None));
    world.now = 30;
    assert_eq!(world.decide(1), Decision::Act);
}

#[test]
fn a_replayed_message_is_left_out_once_a_later_one_was_sent() {
    const BOTH: &str = "  - { name: a, message: { channels: [whatsapp], template: t } }\n  - { name: b, after: 30m, message: { channels: [whatsapp], template: t } }\n";
    let mut world = World::new("order_created", BOTH);
    world.end(0, StageStatus::Failed, None);
    world.replay(0);
    assert_eq!(world.decide(0), Decision::Act);
    world.end(1, StageStatus::Sent, None);
    assert_eq!(world.decide(0), Decision::Skip(Reason::Superseded { by: "b".to_owned() }));
}

/// What can happen around a run.
#[derive(Clone, Debug)]
enum Happening {
    /// Time passes, in minutes.
    Pass(i64),
    /// A job for a stage is delivered, of the current series or of another.
    Job(u16, u32),
    /// The holder of a stage's claim comes back: sent, failed or to be tried again.
    Outcome(usize, u8),
    Confirmed,
    Dispatched,
    Cancelled,
    /// A person cancels what is pending.
    CancelRun,
    /// A person replays a failed stage.
    Replay(usize),
}

fn any_happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (0i64..90).prop_map(Happening::Pass),
        10 => (0u16..5, prop::sample::select(vec![0, 0, 0, 1, 2])).prop_map(|(stage, series)| Happening::Job(stage, series)),
        8 => (0usize..4, 0u8..3).prop_map(|(stage, outcome)| Happening::Outcome(stage, outcome)),
        1 => Just(Happening::Confirmed),
        1 => Just(Happening::Dispatched),
        1 => Just(Happening::Cancelled),
        1 => Just(Happening::CancelRun),
        2 => (0usize..4).prop_map(Happening::Replay),
    ]
}

fn any_stages() -> impl Strategy<Value = String> {
    let stage = |index: usize| {
        let window = prop::option::weighted(0.3, Just("not_before: '12:00', not_after: '18:00', "));
        let skip = prop::option::weighted(0.3, Just("skip_if: { confirmation: { is_not: pending } }, "));
        (0i64..40, any::<bool>(), window, skip).prop_map(move |(wait, follows, window, skip)| {
            let wait = if follows && index > 0 {
                format!("after_previous: {wait}m, ")
            } else {
                format!("after: {}m, ", index * 300 + 1)
            };
            let (window, skip) = (window.unwrap_or_default(), skip.unwrap_or_default());
            format!("  - {{ name: s{index}, {wait}{window}{skip}workflow: [{{ add_note: x }}] }}\n")
        })
    };
    (stage(0), stage(1), stage(2), stage(3), 1usize..5)
        .prop_map(|(a, b, c, d, count)| [a, b, c, d][..count].concat())
}

impl World {
    fn happen(&mut self, happening: &Happening) -> Result<(), TestCaseError> {
        let count = self.run.stages.len();
        match *happening {
            Happening::Pass(minutes) => self.now += minutes,
            Happening::Job(index, series) => self.deliver(index, series)?,
            Happening::Outcome(index, outcome)
                if index < count && self.run.stages[index].is_claimed(at(self.now)) =>
            {
                match outcome {
                    0 => drop(self.end(index, StageStatus::Sent, None)),
                    1 => drop(self.end(index, StageStatus::Failed, None)),
                    _ => {
                        self.run.stages[index].claim = None;
                        self.run.stages[index].due = Some(at(self.now + 2));
                        self.run.advance(&self.flow, at(self.now), hours(&zone()));
                    }
                }
            }
            Happening::Confirmed => self.tell(&confirmed(1)),
            Happening::Dispatched => self.tell(&shipped(1, ShipmentStatus::Dispatched)),
            Happening::Cancelled => self.tell(&acted(1, OrderAction::Reach(Point::Cancelled))),
            Happening::CancelRun => {
                self.run.cancel(&Reason::CancelledBy { who: "p".into() }, at(self.now));
            }
            Happening::Replay(index)
                if index < count && self.run.stages[index].status == StageStatus::Failed =>
            {
                self.replay(index);
            }
            Happening::Outcome(..) | Happening::Replay(_) => {}
        }
        Ok(())
    }

    /// What must hold whenever a stage acts; then acts, or does what else was decided.
    fn deliver(&mut self, index: u16, series: u32) -> Result<(), TestCaseError> {
        let decision = self.decide_series(index, series);
        let Some(state) = self.run.stages.get(usize::from(index)) else {
            prop_assert_eq!(decision, Decision::Void);
            return Ok(());
        };
        if !state.is_open() || state.series != series {
            prop_assert_eq!(&decision, &Decision::Void);
        }
        match decision {
            Decision::Act => {
                prop_assert!(
                    state.is_open() && !state.is_claimed(at(self.now)),
                    "acts on what is over or claimed"
                );
                prop_assert!(state.due.is_some_and(|due| due <= at(self.now)), "acts before it is due");
                prop_assert!(self.run.cancelled.is_none(), "acts after a cancellation");
                prop_assert!(!self.order.status().is_terminal(), "acts on an order that is over");
                let stage = &self.flow.stages[usize::from(index)];
                prop_assert_eq!(
                    stage.opening(at(self.now), &zone()),
                    at(self.now),
                    "acts outside its window"
                );
                let before = self.run.stages[..usize::from(index)].last();
                prop_assert!(
                    before.is_none_or(|stage| !stage.is_open() || stage.tries > 0),
                    "overtakes the one before"
                );
                self.claim(usize::from(index));
            }
            Decision::Skip(reason) => drop(self.end(usize::from(index), StageStatus::Skipped, Some(reason))),
            Decision::Cancel(reason) => {
                drop(self.end(usize::from(index), StageStatus::Cancelled, Some(reason)));
            }
            Decision::Take(_) | Decision::Listen(_) | Decision::Leave(_) => {
                prop_assert!(false, "forks without a fork");
            }
            Decision::Wait(until, _) => prop_assert!(until > at(self.now), "waits for the past"),
            Decision::Void => {}
        }
        Ok(())
    }

    /// Delivers what is due, as the sweep would, until nothing is left.
    fn drain(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..200 {
            let Some(due) = self.run.next_due() else { return Ok(()) };
            let index =
                self.run.stages.iter().position(|stage| stage.is_open() && stage.due == Some(due)).unwrap();
            if self.run.stages[index].is_claimed(at(self.now)) {
                self.end(index, StageStatus::Sent, None);
                continue;
            }
            self.now = self.now.max((due.duration_since(at(0)) + SignedDuration::from_secs(59)).as_mins());
            let before = self.run.clone();
            self.deliver(u16::try_from(index).unwrap(), before.stages[index].series)?;
            if self.run == before {
                // Only the window or a claim can have put it off.
                let stage = &self.flow.stages[index];
                let opening = stage.opening(at(self.now), &zone());
                prop_assert!(opening > at(self.now), "nothing came of {index}: {before:?}");
                self.now = opening.duration_since(at(0)).as_mins();
            }
        }
        Err(TestCaseError::fail("it never ends"))
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_a_stage_acts_rightly_and_nothing_is_stuck(
        stages in any_stages(),
        happenings in prop::collection::vec(any_happening(), 0..60),
    ) {
        let mut world = World::new("order_created", &stages);
        let mut seen = world.run.clone();
        for happening in &happenings {
            world.happen(happening)?;
            for (index, (before, after)) in seen.stages.iter().zip(&world.run.stages).enumerate() {
                // What is over stays over, but for a replay.
                let again = after.series > before.series;
                prop_assert!(before.is_open() || again || before == after, "stage {index} came back");
                prop_assert!(after.due.is_none() || after.is_open(), "stage {index} is over and due");
            }
            // Open, but without a time: then it waits for an earlier one that has a time.
            let mut timed = false;
            for stage in &world.run.stages {
                timed |= stage.is_open() && stage.due.is_some();
                prop_assert!(!stage.is_open() || timed, "stuck: {:?}", world.run);
            }
            let json = serde_json::to_string(&world.run).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Run>(&json).unwrap(), &world.run);
            seen = world.run.clone();
        }
        world.drain()?;
        prop_assert!(world.run.status != RunStatus::Running);
        prop_assert!(world.run.stages.iter().all(|stage| !stage.is_open() && stage.ended_at.is_some()));
    }

    #[test]
    fn without_accidents_every_stage_acts_exactly_once(stages in any_stages(), jobs in prop::collection::vec((0i64..200, 0u16..5), 0..60)) {
        let mut world = World::new("order_created", &stages);
        let mut acts = vec![0; world.run.stages.len()];
        let mut work = |world: &mut World, index: u16| {
            if world.decide_series(index, 0) == Decision::Act {
                acts[usize::from(index)] += 1;
                world.claim(usize::from(index));
                assert!(matches!(world.decide_series(index, 0), Decision::Wait(..)));
                world.end(usize::from(index), StageStatus::Sent, None);
            }
        };
        for (minutes, index) in jobs {
            world.now += minutes;
            work(&mut world, index);
            work(&mut world, index);
        }
        for _ in 0..60 {
            world.now += 6 * 60;
            (0..4).for_each(|index| work(&mut world, index));
        }
        prop_assert!(acts.iter().all(|&times| times == 1), "{acts:?}");
        prop_assert_eq!(world.run.status, RunStatus::Finished);
    }
}
