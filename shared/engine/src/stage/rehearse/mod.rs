//! The stage function's part in a rehearsal: the same scene, the same messages and facts, and nothing is
//! sent or written.

mod actions;
mod message;

use harkara_domain::{
    CustomerView, Fact, FactBody, Flow, Run, Subject,
    calendar::Hours,
    decide::{Scene, unwanted},
    fact::Said,
    flow::{Class, Message, condition::Circumstances},
    place::Destination,
    rehearse::{End, Happening, Known, Performed, StandIn},
};
use jiff::Timestamp;
use std::sync::Arc;

use super::{Loaded, message::WhatsApp};
use crate::{
    catalog::Shelf,
    hand_on::job_of,
    matching::rehearse::{self, Learned},
    record::Stored,
    rehearsal::Shown,
    views::View,
};

/// What stands in for the table, the matcher and the providers.
pub(crate) struct Stand {
    loaded: Loaded,
    whatsapp: Sender,
}

/// How a store is connected to WhatsApp, read once for many stands.
#[derive(Clone, Default)]
pub(crate) struct Sender(Option<Arc<WhatsApp>>);

impl Sender {
    /// Of the text of the store's connection.
    pub(crate) fn of(text: Option<&str>) -> Self {
        Self(text.and_then(|text| serde_json::from_str(text).ok()).map(Arc::new))
    }
}

/// Whom a stand is for, as far as it may change.
pub(crate) struct Whom {
    pub(crate) view: View,
    /// The customer behind the subject, where it is none itself.
    pub(crate) customer: Option<CustomerView>,
    /// The other runs on the same subject.
    pub(crate) others: Vec<Run>,
}

impl Stand {
    /// For a run on a subject.
    pub(crate) fn new(
        shelf: Arc<Shelf>,
        flow: Arc<Flow>,
        run: Run,
        Whom { view, customer, others }: Whom,
        whatsapp: Sender,
    ) -> Self {
        let destination = Destination::of(view.order(), &shelf.ground);
        let (zone, now) = (shelf.zone_of(&run), run.started_at);
        let loaded = Loaded {
            shelf,
            flow,
            run: Stored { value: run, version: 0 },
            others,
            view,
            view_version: 0,
            customer: customer.map(|value| Stored { value, version: 0 }),
            destination,
            zone,
            now,
        };
        Self { loaded, whatsapp }
    }

    /// Whom it was for, as they are now.
    pub(crate) fn whom(self) -> Whom {
        let Loaded { view, customer, others, .. } = self.loaded;
        Whom { view, customer: customer.map(|stored| stored.value), others }
    }

    /// Comes to a moment of a run.
    fn at(&mut self, run: &Run, now: Timestamp) {
        self.loaded.run.value = run.clone();
        self.loaded.now = now;
    }

    fn known<'a>(&'a self, subject: &'a Subject) -> Known<'a> {
        Known {
            store: &self.loaded.run.value.store,
            subject,
            order: self.loaded.order(),
            customer: self.loaded.customer(),
            cart: self.loaded.view.cart(),
        }
    }

    /// Whom facts are folded into: words without a button mean the customer's last order.
    fn meant(&self, facts: &[Fact]) -> Option<Subject> {
        let subject = facts.first().and_then(Fact::subject)?;
        let wrote = |fact: &Fact| matches!(&fact.body, FactBody::Reply(reply) if matches!(reply.said, Said::Wrote(_)));
        let last = self.loaded.customer().and_then(|customer| customer.last_order.as_ref());
        match (&subject, last) {
            (Subject::Customer(_), Some((_, order))) if facts.iter().all(wrote) => Some(order.clone().into()),
            _ => Some(subject),
        }
    }

    /// The place under a cap that the message takes.
    fn count(&mut self, stage: u16, message: &Message) -> Option<(Timestamp, Class)> {
        let scene = self.loaded.scene(stage);
        let capped = |class: &Class| scene.on.rules.caps.contains_key(class);
        let class = scene.class.filter(capped).filter(|_| unwanted(scene, message).is_none())?;
        let state = self.loaded.run.value.stages.get(usize::from(stage))?;
        if state.counted.is_some() {
            return None;
        }
        let now = self.loaded.now;
        let (mut customer, _) = self.loaded.customer_to_write()?;
        customer.count_send(class, now);
        self.keep_customer(customer);
        Some((now, class))
    }

    fn keep_customer(&mut self, customer: CustomerView) {
        match &mut self.loaded.view {
            View::Customer(view) => **view = customer,
            View::Order(_) | View::Cart(_) => {
                self.loaded.customer = Some(Stored { value: customer, version: 0 });
            }
        }
    }
}

impl StandIn for Stand {
    type Shown = Shown;

    fn scene<'a>(&'a self, run: &'a Run, stage: u16, now: Timestamp) -> Scene<'a> {
        let scene = self.loaded.scene(stage);
        Scene { run, on: Circumstances { now, run: Some(run), ..scene.on }, ..scene }
    }

    fn hours(&self) -> Hours<'_> {
        self.loaded.hours()
    }

    fn perform(&mut self, run: &Run, stage: u16, now: Timestamp) -> Performed<Shown> {
        self.at(run, now);
        let (job, flow) = (job_of(run, stage), self.loaded.flow.clone());
        let mut shown = Shown::default();
        let Some(what) = flow.stage(stage) else {
            return Performed { end: End::Sent, facts: Vec::new(), coupon: None, counted: None, shown };
        };
        let counted = what.message.as_ref().and_then(|message| self.count(stage, message));
        let again = run.stages.get(usize::from(stage)).is_some_and(|state| state.workflow_done);
        let actions = if again { &[][..] } else { what.workflow.as_slice() };
        let (facts, coupon, trouble) = self.workflow(&job, actions, &mut shown);
        if coupon.is_some() {
            self.loaded.run.value.coupon.clone_from(&coupon);
        }
        let end = match (trouble, &what.message) {
            (Some(reason), _) => End::Failed(reason),
            (None, Some(message)) => self.message(&job, message, &mut shown),
            (None, None) => End::Sent,
        };
        // What never goes out gives its place back.
        let counted = counted.filter(|(at, class)| {
            let unsent = matches!(end, End::Failed(_) | End::Skipped(_));
            if let (true, Some((mut customer, _))) = (unsent, self.loaded.customer_to_write()) {
                customer.give_back(*class, *at);
                self.keep_customer(customer);
            }
            !unsent
        });
        Performed { end, facts, coupon, counted, shown }
    }

    fn learn(&mut self, run: &mut Run, facts: &[Fact], now: Timestamp) -> bool {
        self.at(run, now);
        let Some(subject) = self.meant(facts) else { return false };
        let (own, customer) = (subject == run.subject, self.loaded.customer().cloned());
        let view = match (&subject, &customer) {
            _ if own => Some(self.loaded.view.clone()),
            (Subject::Customer(id), Some(held)) if held.id == *id => {
                Some(View::Customer(Box::new(held.clone())))
            }
            _ => None,
        };
        let (shelf, store) = (self.loaded.shelf.clone(), run.store.clone());
        let known = rehearse::Known { store: &store, subject: &subject, view, customer: customer.as_ref() };
        let mut learned = Learned::of(known, &shelf, facts, now);
        let woken = own && learned.see_to(&shelf, run, now);
        let (view, behind) = learned.views();
        let id = customer.map(|customer| customer.id);
        match view {
            view if own => {
                self.loaded.destination = Destination::of(view.order(), &shelf.ground);
                self.loaded.view = view;
                if let Some(customer) = behind {
                    self.keep_customer(customer);
                }
            }
            View::Customer(view) if Some(&view.id) == id.as_ref() => self.keep_customer(*view),
            _ => {
                if let Some(customer) = behind.filter(|customer| Some(&customer.id) == id.as_ref()) {
                    self.keep_customer(customer);
                }
            }
        }
        woken
    }

    fn facts_of(&self, happening: &Happening, now: Timestamp) -> Vec<Fact> {
        self.known(&self.loaded.run.value.subject).told(happening, now)
    }
}
