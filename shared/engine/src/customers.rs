//! What is noted at customers beside what facts say of them.

use harkara_domain::{CartView, CustomerId, CustomerView, OrderView, StoreId, Subject, flow::Class};
use jiff::Timestamp;

use crate::{
    fault::Fault,
    keys,
    port::{Table, WriteError},
    record::{MAX_ROUNDS, expect, load, unless_raced},
    views::put_customer,
};

/// The customer behind a subject, where one is known.
async fn customer_of(
    table: &dyn Table,
    store: &StoreId,
    subject: &Subject,
) -> Result<Option<CustomerId>, Fault> {
    Ok(match subject {
        Subject::Customer(customer) => Some(customer.clone()),
        Subject::Order(_) => {
            let view = load::<OrderView>(table, &keys::view(store, subject)).await?;
            view.as_ref().and_then(|view| view.value.contact()?.id.clone())
        }
        Subject::Cart(_) => {
            let view = load::<CartView>(table, &keys::view(store, subject)).await?;
            view.as_ref().and_then(|view| view.value.customer().cloned())
        }
    })
}

/// Notes that the customer behind a subject wants no more marketing.
///
/// # Errors
/// When a read or the write fails.
pub async fn opt_out(
    table: &dyn Table,
    store: &StoreId,
    subject: &Subject,
    at: Timestamp,
) -> Result<(), Fault> {
    change(table, store, subject, |customer| customer.suppress(true, at)).await
}

/// Gives places under caps back to the customer behind a subject. Safe to repeat.
///
/// # Errors
/// When a read or the write fails.
pub async fn give_back(
    table: &dyn Table,
    store: &StoreId,
    subject: &Subject,
    places: &[(Timestamp, Class)],
) -> Result<(), Fault> {
    if places.is_empty() {
        return Ok(());
    }
    change(table, store, subject, |customer| {
        for (at, class) in places {
            customer.give_back(*class, *at);
        }
    })
    .await
}

/// Changes the view of the customer behind a subject; writes nothing where it stays as it was.
async fn change(
    table: &dyn Table,
    store: &StoreId,
    subject: &Subject,
    change: impl Fn(&mut CustomerView) + Send,
) -> Result<(), Fault> {
    let Some(id) = customer_of(table, store, subject).await? else { return Ok(()) };
    for _ in 0..MAX_ROUNDS {
        let stored = load::<CustomerView>(table, &keys::customer(store, &id)).await?;
        let held = stored.as_ref().map(|stored| stored.value.clone());
        let held = held.unwrap_or_else(|| CustomerView::empty(store, &id));
        let mut customer = held.clone();
        change(&mut customer);
        if customer == held {
            return Ok(());
        }
        if unless_raced(table.write(vec![put_customer(&customer, expect(stored.as_ref()))]).await)? {
            return Ok(());
        }
    }
    Err(WriteError::Conflict.into())
}
