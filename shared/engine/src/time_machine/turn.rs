//! One question of each store at a time: an answer takes memory and time.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use harkara_domain::StoreId;

/// The stores that are at it in this process.
#[derive(Debug, Default)]
pub struct UnderWay(Mutex<HashSet<StoreId>>);

/// One store's turn, until it is dropped.
pub(super) struct Turn(Arc<UnderWay>, StoreId);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

impl Turn {
    /// A turn, where nobody has it.
    pub(super) fn of(under_way: &Arc<UnderWay>, store: &StoreId) -> Option<Self> {
        let free = under_way.0.lock().unwrap_or_else(PoisonError::into_inner).insert(store.clone());
        free.then(|| Self(under_way.clone(), store.clone()))
    }
}
