//! Carts, and the checkouts that they become. Both are one cart here: a checkout names the cart that it
//! came from, and so does the order.

use harkara_domain::fact::{CartFact, OrderSnapshot};
use jiff::SignedDuration;

use super::{
    Delivery,
    contact::{Named, contact},
    details::cart_id,
    model::{self, entries, given},
    order::{item, money},
};
use crate::{Malformed, limits};

/// The state of a cart.
pub(super) fn state(delivery: Delivery<'_>, cart: &model::Cart<'_>) -> Result<CartFact, Malformed> {
    let token = given(&cart.cart_token).unwrap_or(&cart.token);
    let lines = entries(&cart.line_items);
    Ok(CartFact {
        id: cart_id(token).ok_or_else(|| Malformed("the cart has no token".to_owned()))?,
        touched_at: delivery.time("the cart", [cart.updated_at, cart.created_at])?,
        customer: contact(delivery, &Named::in_cart(cart)),
        items: lines.iter().take(OrderSnapshot::MAX_ITEMS).map(item).collect::<Result<_, _>>()?,
        total: money(cart.total_price, &cart.currency),
        url: given(&cart.abandoned_checkout_url).and_then(limits::link),
        order: None,
        // A completed checkout is an order's matter from here on.
        gone: lines.is_empty() || cart.completed_at.is_some(),
    })
}

/// How long after an order was placed its states still close its cart.
const FRESH: SignedDuration = SignedDuration::from_hours(1);

/// The end of the cart that a new order was. Later states of the order are not asked: the cart has long
/// been closed, and each would be a message for nothing.
pub(super) fn closed_by(topic: &str, order: &OrderSnapshot) -> Option<CartFact> {
    let fresh = order.updated_at.duration_since(order.created_at) < FRESH;
    CartFact::closed_by(order).filter(|_| fresh || topic == "orders/create")
}
