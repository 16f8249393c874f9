//! What there is.

/// Every variable, with what it holds. Nothing else can be written into a template.
pub const VARIABLES: [(&str, &str); 24] = [
    ("order.name", "what the customer calls the order: #1042"),
    ("order.total", "what it costs in all: Rs 1,499"),
    ("order.items", "what was ordered, in short: 2 x Lawn suit, 1 x Chadar"),
    ("order.city", "where it goes"),
    ("order.status", "where it stands: out for delivery"),
    ("order.tracking_url", "a page that follows the parcel"),
    ("order.tracking_number", "the consignment number"),
    ("order.courier", "who carries the parcel"),
    ("order.status_url", "the shop's page of the order"),
    ("customer.first_name", "first name"),
    ("customer.last_name", "last name"),
    ("customer.name", "first and last name, as far as known"),
    ("customer.language", "the tag of their language: ur"),
    ("customer.tier", "their tier"),
    ("customer.next_tier", "the tier that is near"),
    ("customer.points", "the points that they have: 1250"),
    ("cart.items", "what is in the cart, in short"),
    ("cart.total", "what the cart costs: Rs 1,499"),
    ("cart.url", "a page where the customer goes on with it"),
    ("subscription.title", "what the subscription is called"),
    ("subscription.renews_on", "the day on which it renews: 5 Jan 2027"),
    ("coupon.code", "the code of the coupon that the flow made: WELCOME-7K2M9QX4D0TC"),
    ("coupon.expires", "till when it counts: 29 Nov 2026"),
    ("store.name", "the shop"),
];
