//! Counting, while the time machine plays.

use harkara_domain::{
    CustomerId, Fact, Flow, FlowId, OrderId, Reason, Run, Subject,
    calendar::{Calendar, Hours},
    flow::{Channel, Class},
    rehearse::{Followed, Outcome},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{near::Sends, words};
use crate::{catalog::Shelf, rehearsal::Shown};

/// A stage of a run.
type Place = (Subject, harkara_domain::RunId, u16);

/// What is counted of the asked flow, from a time on.
pub(super) struct Tally {
    pub(super) asked: FlowId,
    pub(super) from: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) facts: u64,
    pub(super) orders: HashSet<OrderId>,
    pub(super) passed_over: BTreeMap<String, u64>,
    pub(super) by_day: BTreeMap<Date, u64>,
    pub(super) by_hour: [u64; 24],
    pub(super) by_minute: BTreeMap<i64, u64>,
    pub(super) by_template: BTreeMap<String, u64>,
    pub(super) by_price: BTreeMap<(Channel, Class), u64>,
    pub(super) actions: BTreeMap<String, u64>,
    pub(super) sends: Sends,
    deferred: BTreeMap<String, HashSet<Place>>,
    others_capped: HashSet<Place>,
    /// What each of the asked flow's messages is for, by their stages.
    classes: HashMap<u16, Class>,
    calendar: Calendar,
}

impl Tally {
    /// Nothing yet.
    pub(super) fn new(asked: &FlowId, flow: &Flow, from: Timestamp, shelf: &Shelf) -> Self {
        let places = flow.places();
        let messages =
            (0..).zip(&places).filter_map(|(index, place)| Some((index, place.stage.message.as_ref()?)));
        Self {
            asked: asked.clone(),
            from,
            zone: shelf.zone.clone(),
            facts: 0,
            orders: HashSet::new(),
            passed_over: BTreeMap::new(),
            by_day: BTreeMap::new(),
            by_hour: [0; 24],
            by_minute: BTreeMap::new(),
            by_template: BTreeMap::new(),
            by_price: BTreeMap::new(),
            actions: BTreeMap::new(),
            sends: Sends::default(),
            deferred: BTreeMap::new(),
            others_capped: HashSet::new(),
            classes: messages.map(|(index, message)| (index, shelf.class(message))).collect(),
            calendar: Calendar::default(),
        }
    }

    /// Facts of the journal became known.
    pub(super) fn heard(&mut self, facts: &[Fact], now: Timestamp) {
        if now < self.from {
            return;
        }
        self.facts += u64::try_from(facts.len()).unwrap_or(0);
        let orders = facts.iter().filter_map(|fact| fact.subject()?.order().cloned());
        self.orders.extend(orders);
    }

    /// Flows did not take a subject.
    pub(super) fn passed_over(&mut self, all: Vec<(FlowId, Reason)>, now: Timestamp) {
        for (_, reason) in all.into_iter().filter(|(flow, _)| *flow == self.asked && now >= self.from) {
            *self.passed_over.entry(words::reason(&reason)).or_default() += 1;
        }
    }

    /// A stage has a time; `had` is the one that it had before. Where it is its first, the store's calendar
    /// may have moved it.
    pub(super) fn becomes_due(
        &mut self,
        (run, flow, index): (&Run, &Flow, u16),
        had: Option<Timestamp>,
        now: Timestamp,
        shelf: &Shelf,
    ) {
        if run.flow != self.asked || had.is_some() || now < self.from || !self.classes.contains_key(&index) {
            return;
        }
        let Some(stage) = flow.stage(index) else { return };
        let zone = shelf.zone_of(run);
        let hours = Hours { zone: &zone, calendar: &self.calendar };
        // As if there were no calendar.
        let Some(free) = run.first_due(flow, index, hours) else { return };
        if let Some(closed) = stage.when().why_not(free, shelf.hours(&zone)) {
            self.defer(&Reason::from(closed), (run, index));
        }
    }

    fn defer(&mut self, reason: &Reason, (run, index): (&Run, u16)) {
        let place = (run.subject.clone(), run.id.clone(), index);
        self.deferred.entry(words::reason(reason)).or_default().insert(place);
    }

    /// Something came of a stage.
    pub(super) fn stage(
        &mut self,
        (run, index): (&Run, u16),
        followed: &Followed<Shown>,
        customer: Option<&CustomerId>,
        now: Timestamp,
    ) {
        let own = run.flow == self.asked;
        let sent = followed.shown.iter().filter(|_| followed.outcome == Outcome::Sent);
        let sent = sent.flat_map(|shown| &shown.messages).find(|message| message.goes);
        if sent.is_some() {
            let whom = customer.map_or_else(|| run.subject.to_string(), ToString::to_string);
            self.sends.note(whom, own.then_some(now), &run.flow, now);
        }
        if now < self.from {
            return;
        }
        let capped = match &followed.outcome {
            Outcome::Waits { reason: Some(reason), .. } if own => {
                self.defer(reason, (run, index));
                return;
            }
            Outcome::Waits { reason, .. } => reason.as_ref(),
            Outcome::Skipped { reason } => Some(reason),
            _ => None,
        };
        if !own {
            if matches!(capped, Some(Reason::Capped { .. })) {
                self.others_capped.insert((run.subject.clone(), run.id.clone(), index));
            }
            return;
        }
        if let Some(message) = sent {
            self.message(index, message.channel, &message.template, now);
        }
        for action in followed.shown.iter().flat_map(|shown| &shown.actions) {
            if action.problem.is_none() {
                *self.actions.entry(action.name.clone()).or_default() += 1;
            }
        }
    }

    fn message(&mut self, index: u16, channel: Channel, template: &str, now: Timestamp) {
        let local = self.zone.to_datetime(now);
        *self.by_day.entry(local.date()).or_default() += 1;
        if let Some(hour) = usize::try_from(local.hour()).ok().and_then(|hour| self.by_hour.get_mut(hour)) {
            *hour += 1;
        }
        *self.by_minute.entry(now.as_second().div_euclid(60)).or_default() += 1;
        *self.by_template.entry(template.to_owned()).or_default() += 1;
        let class = self.classes.get(&index).copied().unwrap_or(Class::Transactional);
        *self.by_price.entry((channel, class)).or_default() += 1;
    }

    /// Messages that waited, by reason.
    pub(super) fn deferred(&self) -> BTreeMap<String, u64> {
        let count = |places: &HashSet<Place>| u64::try_from(places.len()).unwrap_or(u64::MAX);
        self.deferred.iter().map(|(reason, places)| (reason.clone(), count(places))).collect()
    }

    /// Messages of other flows that a cap put off or left out.
    pub(super) fn others_capped(&self) -> u64 {
        u64::try_from(self.others_capped.len()).unwrap_or(u64::MAX)
    }

    /// Every day from the first that is counted to the last, with its messages.
    pub(super) fn days(&self, to: Timestamp) -> BTreeMap<Date, u64> {
        let (first, last) = (self.zone.to_datetime(self.from).date(), self.zone.to_datetime(to).date());
        let days: BTreeSet<Date> =
            first.series(jiff::Span::new().days(1)).take_while(|day| *day <= last).collect();
        days.into_iter().map(|day| (day, self.by_day.get(&day).copied().unwrap_or(0))).collect()
    }
}
