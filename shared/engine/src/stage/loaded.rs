//! All that a stage is decided on, as it is now.

use harkara_channels::template::Variables;
use harkara_domain::{
    CustomerView, Flow, OrderView, Reason, Run,
    calendar::Hours,
    decide::Scene,
    fact::Contact,
    flow::{Class, Message, Stage, condition::Circumstances},
    place::Destination,
    run::StageRun,
};
use jiff::{Timestamp, tz::TimeZone};
use std::sync::Arc;

use crate::{
    catalog::{Catalog, Shelf},
    fault::Fault,
    job::StageJob,
    keys,
    port::{Clock, Expect, Table},
    record::{Stored, all, decode, load},
    views::View,
};

/// All that a stage is decided on.
pub(crate) struct Loaded {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) flow: Arc<Flow>,
    pub(crate) run: Stored<Run>,
    /// The other runs on the same subject.
    pub(crate) others: Vec<Run>,
    pub(crate) view: View,
    pub(super) view_version: u64,
    /// The customer behind the subject, where it is none itself.
    pub(super) customer: Option<Stored<CustomerView>>,
    /// Where the order goes.
    pub(super) destination: Destination,
    pub(crate) zone: TimeZone,
    pub(crate) now: Timestamp,
}

impl Loaded {
    /// Loads all that the stage is decided on: the subject's runs and view in one query, the customer.
    pub(crate) async fn load(
        table: &dyn Table,
        catalog: &Catalog,
        clock: &dyn Clock,
        job: &StageJob,
    ) -> Result<Option<Self>, Fault> {
        let shelf = catalog.shelf(&job.store).await?.ok_or_else(|| Fault::NoStore(job.store.clone()))?;
        let items = all(table, keys::runs_and_view(&job.store, &job.subject)).await?;
        let place = keys::run(&job.store, &job.subject, &job.run);
        let (mut run, mut view, mut others) = (None, None, Vec::new());
        for item in &items {
            if item.key.sk == place.sk {
                run = Some(decode::<Run>(item)?);
            } else if item.key.sk == keys::VIEW {
                view = Some(View::decode(&job.subject, item)?);
            } else {
                others.push(decode::<Run>(item)?.value);
            }
        }
        let (Some(run), Some(Stored { value: view, version: view_version })) = (run, view) else {
            return Ok(None);
        };
        let version = catalog.version(&job.store, &run.value.flow, run.value.version).await?;
        let flow = version.ok_or_else(|| Fault::NoFlow(run.value.flow.clone()))?;
        let customer = match view.customer_id().filter(|_| view.customer().is_none()) {
            Some(id) => load::<CustomerView>(table, &keys::customer(&job.store, id)).await?,
            None => None,
        };
        let zone = shelf.zone_of(&run.value);
        let destination = Destination::of(view.order(), &shelf.ground);
        let state = run.value.stages.get(usize::from(job.stage));
        let now = shelf.gap.map_or_else(|| clock.now(), |gap| gap.moment(state, clock.now()));
        Ok(Some(Self { shelf, flow, run, others, view, view_version, customer, destination, zone, now }))
    }

    /// The order, where the run is about one.
    pub(crate) fn order(&self) -> Option<&OrderView> {
        self.view.order()
    }

    /// The customer, where one is known.
    pub(crate) fn customer(&self) -> Option<&CustomerView> {
        self.view.customer().or_else(|| self.customer.as_ref().map(|stored| &stored.value))
    }

    /// The customer, where one is known, and what is to be expected of their view when it is written.
    pub(crate) fn customer_to_write(&self) -> Option<(CustomerView, Expect)> {
        match (&self.view, &self.customer) {
            (View::Customer(view), _) => Some(((**view).clone(), Expect::Version(self.view_version))),
            (_, Some(held)) => Some((held.value.clone(), Expect::Version(held.version))),
            (view, None) => {
                Some((CustomerView::empty(&self.run.value.store, view.customer_id()?), Expect::Absent))
            }
        }
    }

    /// Who is written to: as the subject says, filled in with what else is known of them.
    pub(crate) fn contact(&self) -> Contact {
        let known =
            self.customer().and_then(|customer| customer.contact.as_ref()).map(|(_, contact)| contact);
        match (self.view.contact(), known) {
            (Some(own), Some(known)) => own.clone().or(known),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => Contact::default(),
        }
    }

    /// What templates can say.
    pub(crate) fn variables(&self) -> Variables {
        let variables = Variables::of(self.order(), self.customer(), &self.shelf.settings.name);
        variables
            .with_cart(self.view.cart())
            .with_occurrence(&self.run.value.occurrence, self.customer())
            .with_coupon(self.run.value.coupon.as_ref(), &self.shelf.zone)
    }

    /// When the stage was first tried: the same for every try until it is replayed.
    pub(crate) fn acting_since(&self, job: &StageJob) -> Timestamp {
        self.stage(job).and_then(|(state, _)| state.since).unwrap_or(self.now)
    }

    pub(crate) fn hours(&self) -> Hours<'_> {
        self.shelf.hours(&self.zone)
    }

    pub(crate) fn scene(&self, stage: u16) -> Scene<'_> {
        let on = Circumstances {
            order: self.view.order(),
            customer: self.customer(),
            cart: self.view.cart(),
            run: Some(&self.run.value),
            runs: &self.others,
            rules: &self.shelf.settings.rules,
            ground: &self.shelf.ground,
            destination: &self.destination,
            zone: &self.shelf.zone,
            now: self.now,
        };
        let message = self.flow.stage(stage).and_then(|stage| stage.message.as_ref());
        let class = message.map(|message| self.class(message));
        Scene { run: &self.run.value, flow: &self.flow, on, hours: self.hours(), class }
    }

    /// What a message is for.
    pub(crate) fn class(&self, message: &Message) -> Class {
        self.shelf.class(message)
    }

    /// Why the stage must not act, though it is due: a server whose backup this is may have done it.
    pub(super) fn may_be_done(&self, job: &StageJob) -> Option<Reason> {
        let (state, _) = self.stage(job)?;
        let gap = self.shelf.gap.filter(|gap| gap.covers(state))?;
        Some(Reason::Restored { backup: gap.from })
    }

    pub(crate) fn stage(&self, job: &StageJob) -> Option<(&StageRun, &Stage)> {
        self.run.value.stage(&self.flow, job.stage)
    }
}
