//! Where orders got to, as a kitchen, a counter or a warehouse says.

use harkara_domain::{FactBody, Point, fact::OrderAction};

use super::{
    Kind, Saying,
    shape::object,
    value::{OneOf, Reference, Word},
};

object! {
    /// An order came to a point of its road. It never goes back: an earlier point changes nothing.
    struct OrderReached {
        /// The order, as the API shows its id: `shopify-5840012301042`.
        order: Reference,
        /// Where it came to.
        status: OneOf<Point>,
    }
}

impl Word for Point {
    /// What others can say: that an order is there, or is to be paid, says the order itself.
    const ALL: &'static [Self] = &[
        Self::PaymentReceived,
        Self::Confirmed,
        Self::Booked,
        Self::Preparing,
        Self::Ready,
        Self::Dispatched,
        Self::OutForDelivery,
        Self::Delivered,
        Self::PickedUp,
        Self::CancellationRequested,
        Self::Cancelled,
        Self::Refunded,
        Self::Returned,
    ];

    fn word(self) -> &'static str {
        let name = self.as_str();
        name.strip_prefix("order_").unwrap_or(name)
    }
}

impl Kind for OrderReached {
    const KIND: &'static str = "order_status";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let action = OrderAction::Reach(self.status.0);
        vec![FactBody::Action { order: self.order.0.into(), action, by: saying.telling.by.clone() }]
    }
}
