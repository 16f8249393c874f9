//! The loop of a dry run, on a stand-in that knows one order.

use harkara_domain::{
    Fact, Flow, FlowId, Occurrence, OrderView, Point, Reason, Run, Subject,
    decide::Scene,
    fact::OrderAction,
    flow::action::Effect,
    order,
    rehearse::{Asks, End, Event, Happening, Known, Meanwhile, Outcome, Performed, Rehearsal, StandIn, play},
    run::{RunStart, StageStatus},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::make::{acted, at, created, flow, hours, on, store, view};

/// One order, whose actions are folded straight in.
struct One {
    order: OrderView,
    flow: Flow,
    zone: TimeZone,
    subject: Subject,
}

impl StandIn for One {
    type Shown = usize;

    fn scene<'a>(&'a self, run: &'a Run, _: u16, now: Timestamp) -> Scene<'a> {
        let hours = hours(&self.zone);
        Scene { run, flow: &self.flow, on: on(&self.order, None, now), hours, class: None }
    }

    fn hours(&self) -> harkara_domain::calendar::Hours<'_> {
        hours(&self.zone)
    }

    fn perform(&mut self, run: &Run, stage: u16, now: Timestamp) -> Performed<usize> {
        let actions = self.flow.stage(stage).unwrap().workflow.clone();
        let fact = |action: OrderAction| Fact { occurred_at: now, ..acted(0, action) };
        let facts = actions.iter().filter_map(|action| match action.effect(&run.id) {
            Effect::Order(action) => Some(fact(action)),
            _ => None,
        });
        Performed {
            end: End::Sent,
            facts: facts.collect(),
            coupon: None,
            counted: None,
            shown: actions.len(),
        }
    }

    fn learn(&mut self, run: &mut Run, facts: &[Fact], now: Timestamp) -> bool {
        for fact in facts {
            self.order = order::fold(Some(&self.order), fact, &self.order.id).view;
        }
        if self.order.status().is_terminal() {
            let reason = Reason::OrderEnded { status: self.order.status() };
            run.cancel(&reason, now);
        }
        run.listens
    }

    fn facts_of(&self, happening: &Happening, now: Timestamp) -> Vec<Fact> {
        let store = store();
        let order = Some(&self.order);
        Known { store: &store, subject: &self.subject, order, customer: None, cart: None }
            .told(happening, now)
    }
}

/// Rehearses a flow on an order that was just placed; `meanwhile` counts in minutes.
fn rehearse(text: &str, meanwhile: &[(i64, &str)]) -> Rehearsal<usize> {
    let (flow, order) = (flow(text), view(&[created()]));
    let zone = TimeZone::get("Asia/Karachi").unwrap();
    let subject = Subject::Order(order.id.clone());
    let (store, id, occurrence) = (store(), FlowId::new("f"), Occurrence::Order(Point::Created));
    let start = RunStart {
        store: &store,
        subject: &subject,
        status: Some(order.status()),
        flow: &id,
        version: 1,
        zone: None,
        occurrence: &occurrence,
        at: at(0),
        priority: false,
    };
    let run = Run::begin(start, &flow, hours(&zone));
    let assumed = meanwhile.iter().map(|(minute, what)| (at(*minute), what.parse().unwrap())).collect();
    let mut one = One { order, flow: flow.clone(), zone, subject };
    play(&mut one, &flow, run, Vec::new(), assumed)
}

/// What came of each stage, with its minute.
fn told(rehearsal: &Rehearsal<usize>) -> Vec<(i64, String, Outcome)> {
    let minute = |time: Timestamp| time.duration_since(at(0)).as_mins();
    rehearsal
        .stages()
        .map(|(time, stage)| (minute(time), stage.name.clone(), stage.outcome.clone()))
        .collect()
}

const WAITS: &str = "
name: Waits
trigger: order_created
stages:
  - name: Answer
    wait_for: [{ until: { status: dispatched }, stages: [{ name: Thank, workflow: [{ set_flag: told }] }] }]
    timeout: 2h
    otherwise: [{ name: Call, workflow: [{ set_flag: call }] }]
  - { name: Later, after: 3h, skip_if: { flags: { contains: told } }, workflow: [{ add_note: x }] }
";

#[test]
fn time_goes_from_one_moment_to_the_next() {
    let silent = rehearse(WAITS, &[]);
    let takes = |arm, name: &str| Outcome::Takes { arm, arm_name: name.to_owned() };
    let expected = vec![
        (0, "Answer".to_owned(), Outcome::Listens { until: at(120) }),
        (120, "Answer".to_owned(), takes(1, "the time was up")),
        (120, "Call".to_owned(), Outcome::Sent),
        (180, "Later".to_owned(), Outcome::Sent),
    ];
    assert_eq!(told(&silent), expected);
    assert!(!silent.cut);
}

#[test]
fn what_is_assumed_is_what_the_run_then_sees() {
    let left = rehearse(WAITS, &[(30, "dispatched")]);
    let skipped = Reason::SkipIf { condition: "the flags contain told".to_owned() };
    let outcomes = told(&left);
    assert_eq!(outcomes[1].0, 30);
    assert!(matches!(outcomes[1].2, Outcome::Takes { arm: 0, .. }));
    assert_eq!(outcomes[2], (30, "Thank".to_owned(), Outcome::Sent));
    assert!(
        matches!(&outcomes[3], (180, _, Outcome::Skipped { reason: Reason::SkipIf { .. } })),
        "{skipped:?}"
    );
    let asked = left.stages().last().unwrap().1.judged.clone();
    assert_eq!((asked[0].asks, asked[0].judged[0].held), (Asks::SkipIf, true));
    // It was assumed, and it is said.
    let assumed =
        left.moments.iter().filter(|moment| matches!(moment.event, Event::Assumed { applies: true, .. }));
    assert_eq!(assumed.count(), 1);
}

#[test]
fn an_order_that_ends_ends_the_rehearsal() {
    let ended = rehearse(WAITS, &[(10, "cancelled"), (20, "delivered")]);
    assert!(matches!(
        ended.moments.last().unwrap().event,
        Event::Ended { reason: Reason::OrderEnded { .. } }
    ));
    let run = ended.run.unwrap();
    assert!(run.stages.iter().all(|stage| stage.status == StageStatus::Cancelled));
}

#[test]
fn of_one_moment_the_stage_comes_first() {
    let same = rehearse(WAITS, &[(120, "dispatched")]);
    assert!(matches!(told(&same)[1].2, Outcome::Takes { arm: 1, .. }), "{:?}", told(&same));
}

#[test]
fn assumptions_are_read_as_they_are_written() {
    let lines = [
        "10m confirm",
        "1d cancel",
        "2h wrote where is it?",
        "1h30m delivered",
        "3d returned",
        "5m attempted",
        "5m paid",
        "5m refunded",
        "5m flag urgent",
        "5m unflag urgent",
        "5m ordered",
        "5m return_to_sender",
        "5m cancellation_requested",
        "2026-11-22T09:00:00Z dispatched",
    ];
    for line in lines {
        let read: Meanwhile = line.parse().unwrap();
        assert_eq!(String::from(read.clone()).parse::<Meanwhile>().unwrap(), read, "{line}");
    }
    for happening in Happening::all() {
        let line = format!("10m {}", happening.word());
        assert_eq!(line.parse::<Meanwhile>().unwrap().what, happening, "{line}");
    }
    for bad in [
        "",
        "confirm",
        "10m",
        "10m fly",
        "soon confirm",
        "10m wrote",
        "10m flag",
        "10m paid twice",
        "5m pending",
    ] {
        assert!(bad.parse::<Meanwhile>().is_err(), "{bad}");
    }
}
