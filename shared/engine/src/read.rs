//! What the console shows: orders, one order's timeline, runs, dead letters, the outbox, flows.

use harkara_domain::{
    CustomerView, FlowId, OrderId, OrderView, Run, StoreId, Subject, history::Entry, run::RunStatus,
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use std::sync::Arc;

use crate::{
    bury::DeadLetter,
    catalog::{Catalog, Shelf},
    keys,
    outbox::Kept,
    port::{Index, Page, Query, Table, TableError},
    record::{decode, load},
};

/// Reads for people.
pub struct Reader {
    /// Where everything lies.
    pub table: Arc<dyn Table>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed<T> {
    /// The entries, the latest first.
    pub entries: Vec<T>,
    /// Ask with it for more; `None` at the end.
    pub next: Option<String>,
}

/// All that is known of an order.
#[derive(Clone, Debug, Serialize)]
pub struct OrderStory {
    /// Where it stands.
    pub order: OrderView,
    /// Whose it is.
    pub customer: Option<CustomerView>,
    /// What happened to it, the earliest first.
    pub history: Vec<Entry>,
    /// The flows at work on it, with their stages.
    pub runs: Vec<RunStory>,
}

/// A run with the words of its flow.
#[derive(Clone, Debug, Serialize)]
pub struct RunStory {
    /// The run.
    pub run: Run,
    /// Its flow's name.
    pub flow: String,
    /// Its stages' names, in order.
    pub stages: Vec<String>,
}

/// Which runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of this flow.
    pub flow: Option<FlowId>,
    /// In this state.
    pub status: Option<RunStatus>,
    /// Begun at this time or later.
    pub from: Option<Timestamp>,
    /// Begun at this time or earlier.
    pub to: Option<Timestamp>,
}

impl RunFilter {
    fn admits(&self, run: &Run) -> bool {
        self.flow.as_ref().is_none_or(|flow| run.flow == *flow)
            && self.status.is_none_or(|status| run.status == status)
    }
}

impl Reader {
    /// Pages of the index that one filtered list goes through at most, before it answers with what it
    /// found and where to go on.
    const MAX_PAGES: usize = 20;

    /// What a store has set up.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn shelf(&self, store: &StoreId) -> Result<Option<Arc<Shelf>>, TableError> {
        self.catalog.shelf(store).await
    }

    /// Orders, the latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn orders(
        &self,
        store: &StoreId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<OrderView>, TableError> {
        let query = Query::index(Index::List, keys::order_list_partition(store));
        self.list(query.newest_first().limit(limit).after(after)).await
    }

    /// One order with its timeline; `None` where nothing is known of it.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn order(&self, store: &StoreId, order: &OrderId) -> Result<Option<OrderStory>, TableError> {
        let (mut view, mut history, mut runs, mut after) = (None, Vec::new(), Vec::new(), None);
        loop {
            let query = Query::partition(keys::partition(store, &Subject::Order(order.clone()))).after(after);
            let Page { items, next } = self.table.query(query).await?;
            for item in &items {
                match item.key.sk.split('#').next() {
                    Some("h") => history.push(decode::<Entry>(item)?.value),
                    Some("r") => runs.push(decode::<Run>(item)?.value),
                    Some(keys::VIEW) => view = Some(decode::<OrderView>(item)?.value),
                    _ => {}
                }
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        let Some(view) = view else { return Ok(None) };
        history.sort_by_key(|entry: &Entry| (entry.at, entry.occurred_at));
        runs.sort_by_key(|run: &Run| run.started_at);
        let customer = match view.contact().and_then(|contact| contact.id.as_ref()) {
            Some(id) => load::<CustomerView>(&*self.table, &keys::customer(store, id)).await?,
            None => None,
        };
        let mut stories = Vec::new();
        for run in runs {
            stories.push(self.story(run).await?);
        }
        let customer = customer.map(|stored| stored.value);
        Ok(Some(OrderStory { order: view, customer, history, runs: stories }))
    }

    /// Adds a flow's words to its run.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn story(&self, run: Run) -> Result<RunStory, TableError> {
        let flow = self.catalog.version(&run.store, &run.flow, run.version).await?;
        let name = flow.as_ref().map_or_else(|| run.flow.to_string(), |flow| flow.name.clone());
        let stages = flow.map_or_else(Vec::new, |flow| {
            flow.places().iter().map(|place| place.stage.name.clone()).collect()
        });
        Ok(RunStory { run, flow: name, stages })
    }

    /// Runs that a filter admits, the latest first; a part may be short though there are more.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn runs(
        &self,
        store: &StoreId,
        filter: &RunFilter,
        limit: usize,
        mut after: Option<String>,
    ) -> Result<Listed<RunStory>, TableError> {
        let mut query =
            Query::index(Index::List, keys::run_list_partition(store)).newest_first().limit(limit);
        query.from = filter.from.map(keys::stamp);
        query.to = filter.to.map(|to| Query::end_of(&keys::stamp(to)));
        let mut entries = Vec::new();
        for _ in 0..Self::MAX_PAGES {
            let page = self.table.query(query.clone().after(after)).await?;
            for item in &page.items {
                let run = decode::<Run>(item)?.value;
                if filter.admits(&run) {
                    entries.push(self.story(run).await?);
                }
            }
            after = page.next;
            if after.is_none() || entries.len() >= limit {
                break;
            }
        }
        Ok(Listed { entries, next: after })
    }

    /// Dead letters, the latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn dead_letters(
        &self,
        store: &StoreId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<DeadLetter>, TableError> {
        let query = Query::partition(keys::dead_letters(store));
        self.list(query.newest_first().limit(limit).after(after)).await
    }

    /// The outbox, the latest first.
    ///
    /// # Errors
    /// When a read fails.
    pub async fn outbox(
        &self,
        store: &StoreId,
        limit: usize,
        after: Option<String>,
    ) -> Result<Listed<Kept>, TableError> {
        let query = Query::partition(keys::outbox(store));
        self.list(query.newest_first().limit(limit).after(after)).await
    }

    async fn list<T: DeserializeOwned>(&self, query: Query) -> Result<Listed<T>, TableError> {
        let page = self.table.query(query).await?;
        let entries: Result<Vec<T>, TableError> =
            page.items.iter().map(|item| Ok(decode::<T>(item)?.value)).collect();
        Ok(Listed { entries: entries?, next: page.next })
    }
}
