//! Whom a flow is rehearsed on.

use harkara_domain::{
    CartView, CustomerView, Flow, OrderView, Run, StoreId, Subject,
    fact::{Fact, FactBody, OrderFact, OrderSnapshot},
    id::FactId,
    order,
    rehearse::Sample,
};
use harkara_sources::{Connection, Context, shopify};
use jiff::Timestamp;
use serde_json::Value;

use super::{RehearsalError, Rehearser, Wish};
use crate::{
    catalog::LoadedFlow,
    keys,
    port::{Query, TableError},
    record::{all, decode, load},
    views::View,
};

/// Whom a flow is rehearsed on.
pub(super) struct Cast {
    pub(super) subject: Subject,
    pub(super) view: View,
    pub(super) customer: Option<CustomerView>,
    pub(super) others: Vec<Run>,
    pub(super) sample: bool,
}

impl Rehearser {
    /// Whom it is rehearsed on.
    pub(super) async fn cast(
        &self,
        store: &StoreId,
        wish: &Wish,
        loaded: &LoadedFlow,
        at: Timestamp,
    ) -> Result<Cast, RehearsalError> {
        match (&wish.subject, &wish.order) {
            (None, None) => Ok(sample(&loaded.flow, store, at)),
            (Some(subject), None) => {
                let mut cast = self.known(store, subject).await?;
                // What this flow did already is no reason: it is asked what it would do.
                cast.others.retain(|run| run.flow != loaded.head.id);
                if let Some(customer) = &mut cast.customer {
                    customer.entered.remove(&loaded.head.id);
                }
                Ok(cast)
            }
            (None, Some(order)) => self.as_json(store, order).await,
            _ => Err(RehearsalError::Wish("say either a subject or an order".to_owned())),
        }
    }

    /// A subject that the store knows.
    async fn known(&self, store: &StoreId, subject: &Subject) -> Result<Cast, RehearsalError> {
        let unknown = || RehearsalError::Unknown(subject.clone());
        let item = self.table.get(&keys::view(store, subject)).await?.ok_or_else(unknown)?;
        let view = View::decode(subject, &item)?.value;
        let runs = Query::partition(keys::partition(store, subject)).prefix("r#");
        let runs = all(&*self.table, runs).await?;
        let others: Result<Vec<Run>, TableError> =
            runs.iter().map(|item| Ok(decode::<Run>(item)?.value)).collect();
        let customer = self.behind(store, &view).await?;
        Ok(Cast { subject: subject.clone(), view, customer, others: others?, sample: false })
    }

    /// The customer behind a view.
    async fn behind(&self, store: &StoreId, view: &View) -> Result<Option<CustomerView>, TableError> {
        let Some(id) = view.customer_id().filter(|_| view.customer().is_none()) else { return Ok(None) };
        let stored = load::<CustomerView>(&*self.table, &keys::customer(store, id)).await?;
        Ok(stored.map(|stored| stored.value))
    }

    /// An order as JSON. Its customer is the one that the store knows, where it knows them.
    async fn as_json(&self, store: &StoreId, order: &Value) -> Result<Cast, RehearsalError> {
        let now = self.clock.now();
        let facts = match serde_json::from_value::<OrderSnapshot>(order.clone()) {
            Ok(snapshot) => {
                let body = OrderFact { snapshot, shipments: Vec::new(), refunds: Vec::new() };
                vec![fact(store, now, FactBody::Order(Box::new(body)))]
            }
            Err(_) => {
                let connection = self.secrets.get(store.as_str(), "shopify").await?;
                let connection = connection.unwrap_or_else(|| "{}".to_owned());
                let connection: Connection = serde_json::from_str(&connection).map_err(|error| {
                    // Whoever may look is told; the secrets are in it.
                    let problem = crate::trace::misfit(&error);
                    RehearsalError::Wish(format!("the connection shopify cannot be read: {problem}"))
                })?;
                let context = Context { store, received_at: now };
                let read = shopify::facts_of_order(context, order.to_string().as_bytes(), &connection);
                read.map_err(|error| RehearsalError::Wish(error.to_string()))?.facts
            }
        };
        let subject = facts.first().and_then(Fact::subject);
        let Some(Subject::Order(id)) = subject else {
            return Err(RehearsalError::Wish("the JSON is no order".to_owned()));
        };
        let mut view: Option<OrderView> = None;
        for fact in facts.iter().filter(|fact| fact.subject().as_ref().and_then(Subject::order) == Some(&id))
        {
            view = Some(order::fold(view.as_ref(), fact, &id).view);
        }
        let view = view.ok_or_else(|| RehearsalError::Wish("the JSON is no order".to_owned()))?;
        let contribution = view.contribution();
        let view = View::Order(Box::new(view));
        let mut customer = self.behind(store, &view).await?;
        // One that the store has already is counted; one that it has not would be.
        let stored = self.table.get(&keys::view(store, &id.clone().into())).await?.is_some();
        if let (Some(held), false) = (view.customer_id(), stored) {
            let known = customer.get_or_insert_with(|| CustomerView::empty(store, held));
            known.exchange(None, contribution.as_ref());
        }
        Ok(Cast { subject: id.into(), view, customer, others: Vec::new(), sample: false })
    }
}

fn fact(store: &StoreId, at: Timestamp, body: FactBody) -> Fact {
    let id = FactId::new("rehearsal");
    Fact { id, store: store.clone(), source: "rehearsal".into(), occurred_at: at, received_at: at, body }
}

fn sample(flow: &Flow, store: &StoreId, at: Timestamp) -> Cast {
    let Sample { subject, order, customer, cart } = Sample::of(&flow.trigger, store, at);
    let boxed = |order: Option<OrderView>, cart: Option<CartView>| match (order, cart) {
        (Some(order), _) => Some(View::Order(Box::new(order))),
        (None, Some(cart)) => Some(View::Cart(Box::new(cart))),
        (None, None) => None,
    };
    let (view, customer) = match boxed(order, cart) {
        Some(view) => (view, Some(customer)),
        None => (View::Customer(Box::new(customer)), None),
    };
    Cast { subject, view, customer, others: Vec::new(), sample: true }
}
