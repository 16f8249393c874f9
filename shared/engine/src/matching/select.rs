//! Which flows an occurrence starts, and why it does not start the others.

use harkara_domain::{
    CustomerView, FlowId, Occurrence, Reason, Run,
    calendar::zone_of_country,
    flow::{ReEntry, condition::Circumstances},
    occurrence::Transition,
    place::Destination,
    reason::Off,
    run::RunStart,
};
use jiff::{Timestamp, tz::TimeZone};

use super::plan::Plan;
use crate::catalog::{LoadedFlow, Shelf};

impl Plan {
    /// Starts the runs that the transitions select; `runs` are those that the subject has already, where
    /// they have been asked for.
    pub(super) fn match_flows(&mut self, shelf: &Shelf, runs: &[Run], now: Timestamp) {
        let destination = Destination::of(self.view.order(), &shelf.ground);
        let mut entries = std::mem::take(&mut self.entries);
        for entry in &mut entries {
            // What no flow waits for is said by the fact itself.
            entry.transitions.retain(|transition| {
                let occurrence = &transition.occurrence;
                occurrence.point().is_some() || shelf.flows_for(occurrence).next().is_some()
            });
            for transition in &entry.transitions {
                let (mut started, passed_over) = self.select(shelf, &destination, runs, transition, now);
                entry.passed_over.extend(self.no_room(&mut started));
                entry.started.extend(started.iter().map(|run| run.id.clone()));
                entry.passed_over.extend(passed_over);
                self.enter(shelf, &started, now);
                self.start(started);
            }
        }
        self.entries = entries;
    }

    fn select(
        &self,
        shelf: &Shelf,
        destination: &Destination,
        runs: &[Run],
        transition: &Transition,
        now: Timestamp,
    ) -> (Vec<Run>, Vec<(FlowId, Reason)>) {
        let on = Circumstances {
            order: self.view.order(),
            customer: self.customer(),
            cart: self.view.cart(),
            run: None,
            runs,
            rules: &shelf.settings.rules,
            ground: &shelf.ground,
            destination,
            zone: &shelf.zone,
            now,
        };
        let (mut started, mut passed_over) = (Vec::new(), Vec::new());
        for loaded in shelf.flows_for(&transition.occurrence) {
            let held = runs.iter().chain(&self.started).chain(&started);
            match self.verdict(shelf, on, loaded, transition) {
                Ok(None) => {}
                Ok(Some(run)) if held.into_iter().any(|held| held.id == run.id) => {
                    passed_over.push((loaded.head.id.clone(), Reason::RanAlready { at: now }));
                }
                Ok(Some(run)) => started.push(run),
                // What was never activated does not fill timelines; `why` asks for itself.
                Err(Reason::FlowOff { state: Off::Draft | Off::Archived }) => {}
                Err(reason) => passed_over.push((loaded.head.id.clone(), reason)),
            }
        }
        (started, passed_over)
    }

    /// The run that a flow begins; `None` where its trigger asks for something else.
    pub(super) fn verdict(
        &self,
        shelf: &Shelf,
        on: Circumstances<'_>,
        loaded: &LoadedFlow,
        transition: &Transition,
    ) -> Result<Option<Run>, Reason> {
        let now = on.now;
        let flow = &loaded.flow;
        if !flow.trigger.fits(&transition.occurrence, on) {
            return Ok(None);
        }
        let deep = transition.occurrence.deep();
        if deep > Occurrence::MAX_DEEP {
            return Err(Reason::StartedTooDeep { deep });
        }
        if let Some(state) = loaded.head.state.off() {
            return Err(Reason::FlowOff { state });
        }
        if let Some(by) = transition.overtaken_by {
            return Err(Reason::Overtaken { by });
        }
        flow.conditions.as_ref().map_or(Ok(()), |all| all.check(on))?;
        if let Some(at) = self.customer().and_then(|customer| entered(customer, loaded, now)) {
            return Err(Reason::RanAlready { at });
        }
        let start = RunStart {
            store: &self.before.store,
            subject: &self.before.subject,
            status: self.view.status(),
            flow: &loaded.head.id,
            version: loaded.head.version,
            zone: self.zone(shelf),
            occurrence: &transition.occurrence,
            at: shelf.gap.map_or(now, |gap| gap.beginning(transition.at, self.received, now)),
            priority: shelf.settings.has_priority(),
        };
        let own = start.zone.and_then(|name| TimeZone::get(name).ok());
        Ok(Some(Run::begin(start, flow, shelf.hours(own.as_ref().unwrap_or(&shelf.zone)))))
    }

    /// The time zone of whoever it is about, where it is known and is not the store's: as the customer told,
    /// else that of the country that the order goes to.
    fn zone(&self, shelf: &Shelf) -> Option<&str> {
        let told =
            self.customer().and_then(|customer| customer.timezone.as_ref()).map(|(_, name)| name.as_str());
        let told = told.filter(|name| TimeZone::get(name).is_ok());
        let address = || self.view.order()?.snapshot.as_ref()?.address.as_ref();
        let zone = told.or_else(|| zone_of_country(&address()?.country));
        zone.filter(|name| *name != shelf.settings.timezone)
    }

    /// Notes at the customer which flows, of those that may run only so often, have taken them.
    fn enter(&mut self, shelf: &Shelf, started: &[Run], now: Timestamp) {
        let counted = |run: &&Run| {
            let loaded = shelf.flows.iter().find(|loaded| loaded.head.id == run.flow);
            let often = loaded.map(|loaded| loaded.flow.re_entry());
            matches!(often, Some(ReEntry::OncePerCustomer | ReEntry::OncePer(_)))
        };
        let flows: Vec<FlowId> = started.iter().filter(counted).map(|run| run.flow.clone()).collect();
        if let Some(customer) = self.customer_mut().filter(|_| !flows.is_empty()) {
            customer.entered.extend(flows.into_iter().map(|flow| (flow, now)));
        }
    }
}

/// When a flow that may run only so often took the customer, if that stands in the way.
fn entered(customer: &CustomerView, loaded: &LoadedFlow, now: Timestamp) -> Option<Timestamp> {
    let at = *customer.entered.get(&loaded.head.id)?;
    match loaded.flow.re_entry() {
        ReEntry::OncePerCustomer => Some(at),
        ReEntry::OncePer(period) => Some(at).filter(|at| now.duration_since(*at) < period.nominal()),
        ReEntry::OncePerOrder | ReEntry::Always => None,
    }
}
