//! What customers ask of the shop about themselves.

use harkara_domain::{CustomerView, OrderId, OrderView, StoreId};

use crate::{
    fault::Fault,
    keys,
    port::{Table, WriteError},
    record::{MAX_ROUNDS, expect, load, put},
};

/// Notes that the customer of an order wants no more marketing.
///
/// # Errors
/// When a read or the write fails.
pub async fn opt_out(table: &dyn Table, store: &StoreId, order: &OrderId) -> Result<(), Fault> {
    let view = load::<OrderView>(table, &keys::view(store, order)).await?;
    let contact = view.as_ref().and_then(|view| view.value.contact());
    let Some(id) = contact.and_then(|contact| contact.id.clone()) else { return Ok(()) };
    let key = keys::customer(store, &id);
    for _ in 0..MAX_ROUNDS {
        let stored = load::<CustomerView>(table, &key).await?;
        let held = stored.as_ref().map(|stored| stored.value.clone());
        let customer =
            CustomerView { opted_out: true, ..held.unwrap_or_else(|| CustomerView::empty(store, &id)) };
        match table.write(vec![put(key.clone(), &customer, expect(stored.as_ref()))]).await {
            Ok(()) => return Ok(()),
            Err(WriteError::Expectation(_) | WriteError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(WriteError::Conflict.into())
}
