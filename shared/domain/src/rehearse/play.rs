//! The loop: from one moment at which something may happen to the next.

use jiff::Timestamp;
use std::collections::VecDeque;

use super::{Asked, AtStage, Event, Followed, Happening, Moment, Rehearsal, StandIn, follow};
use crate::{
    decide::{Decision, decide},
    fact::Fact,
    flow::Flow,
    run::{Run, RunStatus},
};

/// The most moments of a rehearsal: more than any flow has stages, waits and assumed facts.
pub const MAX_MOMENTS: usize = 400;

/// Plays a run from its beginning to its end. `judged` are the flow's own conditions; `meanwhile` is what
/// is assumed to happen, each at its time. Of what is due at the same moment, stages come first.
pub fn play<W: StandIn>(
    stand_in: &mut W,
    flow: &Flow,
    run: Run,
    judged: Vec<Asked>,
    mut meanwhile: Vec<(Timestamp, Happening)>,
) -> Rehearsal<W::Shown> {
    meanwhile.sort_by_key(|(at, _)| *at);
    let (occurrence, at) = (run.occurrence.clone(), run.started_at);
    let mut play =
        Play { stand_in, flow, now: run.started_at, run, meanwhile: meanwhile.into(), moments: Vec::new() };
    let cut = !play.play_out();
    Rehearsal {
        flow: flow.name.clone(),
        occurrence,
        at,
        passed_over: None,
        judged,
        moments: play.moments,
        run: Some(play.run),
        cut,
    }
}

struct Play<'w, W: StandIn> {
    stand_in: &'w mut W,
    flow: &'w Flow,
    run: Run,
    now: Timestamp,
    meanwhile: VecDeque<(Timestamp, Happening)>,
    moments: Vec<Moment<W::Shown>>,
}

impl<W: StandIn> Play<'_, W> {
    /// Whether it came to its end within the bound.
    fn play_out(&mut self) -> bool {
        // A wait that ends at once makes no moment, so turns are counted, too.
        for _ in 0..2 * MAX_MOMENTS {
            if self.moments.len() >= MAX_MOMENTS {
                return false;
            }
            if self.run.status != RunStatus::Running {
                return true;
            }
            let assumed = self.meanwhile.front().map(|(at, _)| *at);
            match (self.run.next_due(), assumed) {
                (None, None) => return true,
                (Some(due), assumed) if assumed.is_none_or(|at| due <= at) => {
                    self.now = self.now.max(due);
                    self.due();
                }
                _ => self.assume(),
            }
        }
        false
    }

    /// Looks at the first stage that is due.
    fn due(&mut self) {
        let open = (0..).zip(&self.run.stages).filter(|(_, state)| state.is_open());
        let first = open.filter_map(|(index, state)| Some((state.due?, index))).min();
        if let Some((_, index)) = first {
            self.look_at(index);
        }
    }

    fn assume(&mut self) {
        let Some((at, happening)) = self.meanwhile.pop_front() else { return };
        self.now = self.now.max(at);
        let facts = self.stand_in.facts_of(&happening, self.now);
        let event = Event::Assumed { what: happening.to_string(), applies: !facts.is_empty() };
        self.moments.push(Moment { at: self.now, event });
        self.learn(facts);
    }

    /// Folds facts in, those of each subject as one, and looks again where the run waits for them.
    fn learn(&mut self, mut facts: Vec<Fact>) {
        facts.sort_by_key(Fact::subject);
        for facts in facts.chunk_by(|a, b| a.subject() == b.subject()) {
            let before = self.run.cancelled.is_some();
            let woken = self.stand_in.learn(&mut self.run, facts, self.now);
            if let Some(reason) = self.run.cancelled.clone().filter(|_| !before) {
                self.moments.push(Moment { at: self.now, event: Event::Ended { reason } });
            }
            if woken {
                self.wake();
            }
        }
    }

    /// Looks at whatever has a time, as the matcher has it looked at.
    fn wake(&mut self) {
        let open = (0..).zip(&self.run.stages).filter(|(_, state)| state.is_open() && state.due.is_some());
        let open: Vec<u16> = open.map(|(index, _)| index).collect();
        open.into_iter().for_each(|index| self.look_at(index));
    }

    fn look_at(&mut self, index: u16) {
        let places = self.flow.places();
        let Some(place) = places.get(usize::from(index)) else { return };
        let Some(state) = self.run.stages.get(usize::from(index)) else { return };
        let (series, listens) = (state.series, state.listens);
        let scene = self.stand_in.scene(&self.run, index, self.now);
        let decision = decide(scene, index, series);
        let judged = match &decision {
            Decision::Void | Decision::Wait(_, None) => return,
            Decision::Wait(..) | Decision::Cancel(_) => Vec::new(),
            _ => Asked::at_stage(self.flow, place.stage, listens, scene.on),
        };
        let Followed { outcome, shown, facts } =
            follow(self.stand_in, self.flow, &mut self.run, (index, self.now), decision);
        let (name, depth) = (place.stage.name.clone(), place.depth);
        let at_stage = AtStage { stage: index, name, depth, outcome, judged, shown };
        self.moments.push(Moment { at: self.now, event: Event::Stage(Box::new(at_stage)) });
        self.learn(facts);
    }
}
