//! The list of orders.

use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use harkara_domain::{OrderId, OrderView};
use harkara_engine::{keys, record::load};
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    filters::{address, filled},
    words::{self, Badge, when::Zoned},
};

const A_PAGE: usize = 50;
/// Orders that a search goes through at most in one answer.
const SEARCHED: usize = 200;

/// An order in a list.
pub(crate) struct OrderRow {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) placed: String,
    pub(crate) status: Badge,
    pub(crate) confirmation: Badge,
    pub(crate) total: String,
    pub(crate) customer: String,
    pub(crate) city: String,
    pub(crate) flags: Vec<String>,
}

impl OrderRow {
    pub(crate) fn of(order: &OrderView, zoned: &Zoned) -> Self {
        let snapshot = order.snapshot.as_ref();
        let address = snapshot.and_then(|snapshot| snapshot.address.as_ref());
        Self {
            href: format!("/orders/{}", encoded(order.id.as_str())),
            name: words::order_name(order),
            placed: snapshot.map(|snapshot| zoned.words(snapshot.created_at)).unwrap_or_default(),
            status: words::status(order.status()),
            confirmation: words::confirmation(order.confirmation()),
            total: snapshot.map(|snapshot| snapshot.total.to_string()).unwrap_or_default(),
            customer: words::customer_name(order),
            city: address.map(|address| address.city.clone()).unwrap_or_default(),
            flags: order.flags_set().map(words::flag_words).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage {
    frame: Frame,
    q: String,
    orders: Vec<OrderRow>,
    older: Option<String>,
    newest: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
    after: Option<String>,
}

pub(crate) async fn orders(desk: Desk, Query(search): Query<Search>) -> Result<Response, Failure> {
    let wanted = filled(&search.q);
    if let Some(id) = wanted
        && let Some(order) = by_id(&desk, id).await?
    {
        return Ok(Redirect::to(&format!("/orders/{}", encoded(order.as_str()))).into_response());
    }
    let zoned = desk.zoned();
    let limit = if wanted.is_some() { SEARCHED } else { A_PAGE };
    let listed = desk.console.reader.orders(desk.store(), limit, search.after.clone()).await?;
    let found = listed.entries.iter().filter(|order| wanted.is_none_or(|words| matches(order, words)));
    let q = wanted.unwrap_or_default().to_owned();
    let template = OrdersPage {
        frame: desk.frame("/orders", "Orders"),
        orders: found.map(|order| OrderRow::of(order, &zoned)).collect(),
        older: listed.next.map(|next| address("/orders", &[("q", &q), ("after", &next)])),
        newest: search.after.map(|_| address("/orders", &[("q", &q)])),
        q,
    };
    page(&template)
}

/// The order with exactly this id, with or without the shop's name before it.
async fn by_id(desk: &Desk, text: &str) -> Result<Option<OrderId>, Failure> {
    for id in [text.to_owned(), format!("shopify-{text}")] {
        let id = OrderId::from(id);
        let key = keys::view(desk.store(), &id.clone().into());
        if load::<OrderView>(&*desk.console.table, &key).await?.is_some() {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

fn matches(order: &OrderView, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let has = |text: &str| text.to_lowercase().contains(&wanted);
    has(&words::order_name(order)) || has(order.id.as_str()) || has(&words::customer_name(order))
}
