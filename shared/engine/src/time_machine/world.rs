//! The world of the time machine: views and runs in memory, and a clock that goes from one thing that
//! happens to the next. It decides by the very code of the matcher and of the stage function.

use harkara_domain::{
    CustomerId, CustomerView, Fact, FactBody, Flow, FlowId, Run, RunId, StoreId, Subject,
    decide::{Decision, decide},
    fact::Said,
    rehearse::{Followed, follow},
    run::RunStatus,
};
use jiff::Timestamp;
use std::{
    collections::{HashMap, VecDeque},
    mem,
    sync::Arc,
};

use super::{
    agenda::{Agenda, What},
    tally::Tally,
};
use crate::{
    catalog::Shelf,
    clocks,
    journal::Entry,
    matching::played::{Played, Stage, customers_touched, play},
    rehearsal::Shown,
    stage::rehearse::{Sender, Stand, Whom},
    sweep::Sweeper,
    views::View,
};

/// What does not change while it plays.
pub(super) struct Scenery {
    pub(super) store: StoreId,
    /// With the asked flow in its place.
    pub(super) shelf: Arc<Shelf>,
    pub(super) sender: Sender,
    /// What came about before it is old news.
    pub(super) since: Timestamp,
}

/// A subject; the view of a customer is with the others of its kind.
#[derive(Default)]
struct Held {
    view: Option<View>,
    runs: Vec<Run>,
}

/// See the module.
pub(super) struct World {
    scenery: Scenery,
    flows: HashMap<FlowId, Arc<Flow>>,
    customers: HashMap<CustomerId, CustomerView>,
    subjects: HashMap<Subject, Held>,
    script: VecDeque<Entry>,
    pub(super) agenda: Agenda,
    now: Timestamp,
    pub(super) tally: Tally,
}

impl World {
    /// A world in which this will become known, at its time.
    pub(super) fn new(
        scenery: Scenery,
        customers: HashMap<CustomerId, CustomerView>,
        script: VecDeque<Entry>,
        tally: Tally,
    ) -> Self {
        let flows = scenery.shelf.flows.iter();
        let flows = flows.map(|loaded| (loaded.head.id.clone(), loaded.flow.clone())).collect();
        let (subjects, agenda, now) = (HashMap::new(), Agenda::default(), Timestamp::MIN);
        Self { scenery, flows, customers, subjects, script, agenda, now, tally }
    }

    /// Lets the next thing happen, if it does until `end`. Returns how many facts of the journal it was.
    pub(super) fn next(&mut self, end: Timestamp) -> Option<u64> {
        let told = self.script.front().map(|entry| entry.at);
        let noted = self.agenda.next_at();
        if told.into_iter().chain(noted).min().is_none_or(|next| next > end) {
            return None;
        }
        if noted.is_some_and(|noted| told.is_none_or(|told| noted <= told)) {
            let (at, what) = self.agenda.pop()?;
            self.now = self.now.max(at);
            match what {
                What::Facts(facts) => self.learn(&facts),
                What::Stage(subject, run, stage) => self.due(&subject, &run, stage, at),
            }
            return Some(0);
        }
        let Entry { at, facts } = self.script.pop_front()?;
        self.now = self.now.max(at);
        self.tally.heard(&facts, self.now);
        self.learn(&facts);
        u64::try_from(facts.len()).ok()
    }

    /// The runs of a flow.
    pub(super) fn runs_of<'a>(&'a self, flow: &'a FlowId) -> impl Iterator<Item = &'a Run> {
        self.subjects.values().flat_map(|held| &held.runs).filter(move |run| run.flow == *flow)
    }

    /// Whose facts they are: words without a button mean the customer's last order.
    fn meant(&self, facts: &[Fact]) -> Option<Subject> {
        let subject = facts.first().and_then(Fact::subject)?;
        let wrote = |fact: &Fact| matches!(&fact.body, FactBody::Reply(reply) if matches!(reply.said, Said::Wrote(_)));
        match &subject {
            Subject::Customer(id) if facts.iter().all(wrote) => {
                let last = self.customers.get(id).and_then(|customer| customer.last_order.as_ref());
                Some(last.map_or(subject.clone(), |(_, order)| order.clone().into()))
            }
            _ => Some(subject),
        }
    }

    fn take_view(&mut self, subject: &Subject) -> Option<View> {
        match subject {
            Subject::Customer(id) => self.customers.remove(id).map(|view| View::Customer(Box::new(view))),
            _ => self.subjects.get_mut(subject)?.view.take(),
        }
    }

    fn keep_view(&mut self, subject: &Subject, view: View) {
        match view {
            View::Customer(view) => self.keep_customer(*view),
            view => self.subjects.entry(subject.clone()).or_default().view = Some(view),
        }
    }

    fn keep_customer(&mut self, customer: CustomerView) {
        self.customers.insert(customer.id.clone(), customer);
    }

    /// Folds facts about one subject, as the matcher does.
    fn learn(&mut self, facts: &[Fact]) {
        let Some(subject) = self.meant(facts) else { return };
        let view = self.take_view(&subject);
        let known = view.is_some();
        let touched = customers_touched(view.as_ref(), &subject, facts);
        let customers = touched.into_iter().map(|id| (id.clone(), self.customers.remove(&id))).collect();
        let held = self.subjects.get_mut(&subject);
        let mut runs = held.map(|held| mem::take(&mut held.runs)).unwrap_or_default();
        let Scenery { store, shelf, since, .. } = &self.scenery;
        let stage = Stage { store, subject: &subject, view, customers, runs: &runs };
        let played = play(stage, facts, shelf, (*since, self.now));
        let Played { empty, view, customers, started, cancelled, woken, passed_over, awaited } = played;
        if !empty || known {
            self.keep_view(&subject, view);
        }
        customers.into_iter().for_each(|customer| self.keep_customer(customer));
        for ended in cancelled {
            if let Some(run) = runs.iter_mut().find(|run| run.id == ended.id) {
                *run = ended;
            }
        }
        for run in &started {
            self.appoint(run, &[]);
        }
        runs.extend(started);
        if !runs.is_empty() {
            self.subjects.entry(subject.clone()).or_default().runs = runs;
        }
        self.tally.passed_over(passed_over, self.now);
        for awaited in awaited {
            let grace = (!clocks::is_handed_on(&awaited.occurrence)).then_some(Sweeper::GRACE);
            let at = awaited.at.max(self.now) + grace.unwrap_or_default();
            let fact = clocks::fact(&self.scenery.store, &subject, &awaited, at);
            self.agenda.note(at, What::Facts(vec![fact]));
        }
        woken.iter().for_each(|run| self.wake(&subject, run));
    }

    /// Looks at whatever of a run has a time, as the matcher has it looked at.
    fn wake(&mut self, subject: &Subject, run: &RunId) {
        let held = self.subjects.get(subject).and_then(|held| held.runs.iter().find(|held| held.id == *run));
        let open = held.into_iter().flat_map(|run| (0..).zip(&run.stages));
        let open = open.filter(|(_, state)| state.is_open() && state.due.is_some());
        let open: Vec<u16> = open.map(|(index, _)| index).collect();
        open.into_iter().for_each(|stage| self.look_at(subject, run, stage));
    }

    /// Looks at a stage that was noted to be due at a time, if it still is.
    fn due(&mut self, subject: &Subject, run: &RunId, stage: u16, at: Timestamp) {
        let held = self.subjects.get(subject).and_then(|held| held.runs.iter().find(|held| held.id == *run));
        let state = held.and_then(|run| run.stages.get(usize::from(stage)));
        if state.is_some_and(|state| state.is_open() && state.due == Some(at)) {
            self.look_at(subject, run, stage);
        }
    }

    /// Looks at a stage, as the stage function does.
    fn look_at(&mut self, subject: &Subject, id: &RunId, stage: u16) {
        let runs = self.subjects.get(subject).map(|held| (0..).zip(&held.runs));
        let found = runs.and_then(|mut runs| runs.find(|(_, run)| run.id == *id));
        let found = found.and_then(|(place, run)| Some((place, self.flows.get(&run.flow)?.clone())));
        let Some((place, flow)) = found else { return };
        let Some(view) = self.take_view(subject) else { return };
        let Some(held) = self.subjects.get_mut(subject) else { return };
        let mut others = mem::take(&mut held.runs);
        let mut run = others.remove(place);
        let behind = view.customer_id().filter(|_| view.customer().is_none()).cloned();
        let customer = behind.and_then(|id| self.customers.remove(&id));
        let whom = Whom { view, customer, others };
        let Scenery { shelf, sender, .. } = &self.scenery;
        let mut stand = Stand::new(shelf.clone(), flow.clone(), run.clone(), whom, sender.clone());
        let followed = self.decided(&mut stand, &flow, &mut run, stage);
        let Whom { mut view, mut customer, mut others } = stand.whom();
        let places: Vec<_> = run.to_give_back().collect();
        for (at, class) in places {
            let own = if let View::Customer(own) = &mut view { Some(&mut **own) } else { customer.as_mut() };
            own.map(|customer| customer.give_back(class, at));
        }
        let whom = customer.as_ref().map(|customer| &customer.id).or(view.customer_id()).cloned();
        self.keep_view(subject, view);
        if let Some(customer) = customer {
            self.keep_customer(customer);
        }
        if let Some((followed, due)) = followed {
            self.appoint(&run, &due);
            self.tally.stage((&run, stage), &followed, whom.as_ref(), self.now);
            self.say(followed.facts);
        }
        others.insert(place.min(others.len()), run);
        if let Some(held) = self.subjects.get_mut(subject) {
            held.runs = others;
        }
    }

    /// What came of a stage, and when its run's stages were due before.
    fn decided(
        &self,
        stand: &mut Stand,
        flow: &Flow,
        run: &mut Run,
        stage: u16,
    ) -> Option<(Followed<Shown>, Vec<Option<Timestamp>>)> {
        use harkara_domain::rehearse::StandIn;
        if run.status != RunStatus::Running {
            return None;
        }
        let series = run.stages.get(usize::from(stage))?.series;
        let decision = match decide(stand.scene(run, stage, self.now), stage, series) {
            Decision::Void | Decision::Wait(_, None) => return None,
            decision => decision,
        };
        let due = run.stages.iter().map(|state| state.due).collect();
        Some((follow(stand, flow, run, (stage, self.now), decision), due))
    }

    /// Notes what of a run has a time now that it had not before.
    fn appoint(&mut self, run: &Run, before: &[Option<Timestamp>]) {
        let Some(flow) = self.flows.get(&run.flow) else { return };
        for (index, state) in (0..).zip(&run.stages) {
            let had = before.get(usize::from(index)).copied().flatten();
            let Some(due) = state.due.filter(|due| state.is_open() && had != Some(*due)) else { continue };
            self.tally.becomes_due((run, flow, index), had, self.now, &self.scenery.shelf);
            self.agenda.note(due, What::Stage(run.subject.clone(), run.id.clone(), index));
        }
    }

    /// What a stage says becomes known at once, of each subject together.
    fn say(&mut self, mut facts: Vec<Fact>) {
        facts.sort_by_key(Fact::subject);
        for facts in facts.chunk_by(|a, b| a.subject() == b.subject()) {
            self.agenda.note(self.now, What::Facts(facts.to_vec()));
        }
    }
}
