//! The domain's words for people: labels, colours, sentences.

pub(crate) mod flow;
pub(crate) mod when;

use harkara_domain::{
    Occurrence, OrderStatus, OrderView, Point, Reason,
    fact::{Actor, CustomerAction, CustomerFact, Deed, OrderAction, ReceiptStatus},
    order::Confirmation,
    run::{RunStatus, StageStatus},
    shipment::ShipmentStatus,
};
use jiff::tz::TimeZone;

/// A word with a colour that helps to find it; the word alone says everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    pub(crate) text: String,
    /// A class of the style sheet: `good`, `bad`, `warn`, `info`, `calm`.
    pub(crate) tone: &'static str,
}

impl Badge {
    pub(crate) fn new(text: impl Into<String>, tone: &'static str) -> Self {
        Self { text: text.into(), tone }
    }
}

pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

pub(crate) fn status(status: OrderStatus) -> Badge {
    let tone = match status {
        OrderStatus::Pending => "warn",
        OrderStatus::Confirmed | OrderStatus::Delivered | OrderStatus::PickedUp => "good",
        OrderStatus::Booked
        | OrderStatus::Preparing
        | OrderStatus::Ready
        | OrderStatus::Dispatched
        | OrderStatus::OutForDelivery => "info",
        OrderStatus::Cancelled | OrderStatus::Returned => "bad",
    };
    Badge::new(capital(&status.to_string()), tone)
}

pub(crate) fn confirmation(confirmation: Confirmation) -> Badge {
    match confirmation {
        Confirmation::Pending => Badge::new("Waiting", "warn"),
        Confirmation::Confirmed => Badge::new("Confirmed", "good"),
        Confirmation::Cancelled => Badge::new("Cancelled", "bad"),
        Confirmation::NotNeeded => Badge::new("Not needed", "calm"),
    }
}

pub(crate) fn run(status: RunStatus) -> Badge {
    match status {
        RunStatus::Running => Badge::new("Running", "info"),
        RunStatus::Finished => Badge::new("Finished", "good"),
        RunStatus::Failed => Badge::new("Failed", "bad"),
        RunStatus::Cancelled => Badge::new("Cancelled", "calm"),
    }
}

pub(crate) fn stage(status: StageStatus) -> Badge {
    match status {
        StageStatus::Queued => Badge::new("Queued", "info"),
        StageStatus::Sent => Badge::new("Sent", "good"),
        StageStatus::Failed => Badge::new("Failed", "bad"),
        StageStatus::Cancelled => Badge::new("Cancelled", "calm"),
        StageStatus::Skipped => Badge::new("Skipped", "calm"),
    }
}

/// What the order came to.
pub(crate) fn came_to(point: Point) -> String {
    match (point, point.status()) {
        (Point::Created, _) => "placed".to_owned(),
        (_, Some(status)) => status.to_string(),
        (_, None) => point.as_str().replace('_', " "),
    }
}

/// What a transition says.
pub(crate) fn occurrence(occurrence: &Occurrence) -> String {
    match occurrence {
        Occurrence::Order(point) if point.status().is_some() => {
            format!("The order is now: {}", capital(&came_to(*point)))
        }
        other => capital(&other.to_string()),
    }
}

/// What was told of a customer.
pub(crate) fn customer(said: &CustomerFact) -> String {
    match said {
        CustomerFact::Profile(_) => "The customer's data were told".to_owned(),
        CustomerFact::Viewed { product, title } => {
            format!("Looked at {}", title.as_ref().unwrap_or(product))
        }
        CustomerFact::Searched { query } => format!("Searched for “{query}”"),
        CustomerFact::Browsed { category } => format!("Looked at the category {category}"),
        CustomerFact::Tier(tier) => format!("Tier: {}", tier.name),
        CustomerFact::Subscription { id, renews_on, title } => {
            let title = title.as_ref().unwrap_or(id);
            match renews_on {
                Some(day) => format!("The subscription {title} renews on {day}"),
                None => format!("The subscription {title} has ended"),
            }
        }
        CustomerFact::Custom { name } => format!("The shop said: {name}"),
        CustomerFact::Acted { action, .. } => match action {
            CustomerAction::SetTag { tag, on: true } => format!("Tagged {tag}"),
            CustomerAction::SetTag { tag, on: false } => format!("No longer tagged {tag}"),
            CustomerAction::SetTier(tier) => format!("Moved to the tier {tier}"),
            CustomerAction::AddPoints(points) => format!("{points} points"),
            CustomerAction::Suppress { on: true, .. } => "They want no more marketing".to_owned(),
            CustomerAction::Suppress { on: false, .. } => "They want messages again".to_owned(),
        },
    }
}

/// What a parcel did.
pub(crate) fn parcel(status: Option<ShipmentStatus>) -> &'static str {
    match status {
        Some(ShipmentStatus::Pending) => "The parcel is being prepared",
        Some(ShipmentStatus::Booked) => "The parcel is booked with a courier",
        Some(ShipmentStatus::Dispatched) => "The parcel is on its way",
        Some(ShipmentStatus::OutForDelivery) => "The parcel is out for delivery",
        Some(ShipmentStatus::Delivered) => "The parcel was delivered",
        Some(ShipmentStatus::PickedUp) => "The parcel was fetched",
        Some(ShipmentStatus::AvailableForPickup) => "The parcel waits to be fetched",
        Some(ShipmentStatus::ReturnToSender) => "The parcel is on its way back",
        Some(ShipmentStatus::Failure) => "The courier could not bring the parcel",
        Some(ShipmentStatus::Error | ShipmentStatus::Unknown) => "News of the parcel that is not understood",
        Some(ShipmentStatus::Cancelled) => "The parcel was called off",
        None => "News of the parcel",
    }
}

pub(crate) fn receipt(status: ReceiptStatus) -> (&'static str, &'static str) {
    match status {
        ReceiptStatus::Sent => ("taken by the provider", "calm"),
        ReceiptStatus::Delivered => ("delivered", "good"),
        ReceiptStatus::Read => ("read", "good"),
        ReceiptStatus::Clicked => ("a link opened", "good"),
        ReceiptStatus::Failed => ("could not be brought", "bad"),
    }
}

pub(crate) fn actor(by: &Actor) -> String {
    match by {
        Actor::Customer => "The customer".to_owned(),
        Actor::Person(name) => name.clone(),
        Actor::Flow(name) => format!("The flow {name}"),
        Actor::Program(name) => format!("The program {name}"),
    }
}

/// After the actor.
pub(crate) fn action(action: &OrderAction) -> String {
    match action {
        OrderAction::Reach(Point::Confirmed) => "confirmed the order".to_owned(),
        OrderAction::Reach(Point::Cancelled) => "cancelled the order".to_owned(),
        OrderAction::Reach(trigger) => format!("marked the order {}", came_to(*trigger)),
        OrderAction::AddNote(text) => format!("noted: “{text}”"),
        OrderAction::SetFlag { flag, on: true } => format!("set the flag “{}”", flag_words(flag)),
        OrderAction::SetFlag { flag, on: false } => format!("cleared the flag “{}”", flag_words(flag)),
        OrderAction::Assign(person) => format!("gave the order to {person}"),
        OrderAction::LogEvent(text) => format!("wrote down: “{text}”"),
        OrderAction::Escalated { team } => format!("alerted the team “{team}”"),
        OrderAction::CancelAutomations { .. } => "cancelled what was pending".to_owned(),
    }
}

/// What a flow did, after its name.
pub(crate) fn deed(deed: &Deed, zone: &TimeZone) -> String {
    match deed {
        Deed::Mailed { to, unsure: false } => format!("sent an e-mail to {to}"),
        Deed::Mailed { to, unsure: true } => {
            format!("may have sent an e-mail to {to}: the answer was lost, and it is not sent again")
        }
        Deed::CouponMade { code, ends_at, in_shop } => {
            let where_to = if *in_shop { "" } else { "; the shop is not connected, so enter it there" };
            let until = ends_at.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M");
            format!("made the coupon {code}, good until {until}{where_to}")
        }
        Deed::TaskMade { title, team } => format!("asked the team “{team}” to: {title}"),
        Deed::Called { host } => format!("called the webhook at {host}"),
        Deed::NotDone { action, reason } => format!("left out {}: {reason}", action.replace('_', " ")),
    }
}

pub(crate) fn flag_words(flag: &str) -> String {
    flag.replace('_', " ")
}

/// Who says so.
pub(crate) fn source(name: &str) -> String {
    match name {
        "shopify" => "Shopify".to_owned(),
        "whatsapp" => "WhatsApp".to_owned(),
        other => capital(other),
    }
}

/// A reason as a sentence of its own. What was skipped says so beside it: "Skipped: skipped because …"
/// would say it twice.
pub(crate) fn why(reason: &Reason) -> String {
    let words = reason.to_string();
    capital(words.strip_prefix("skipped ").unwrap_or(&words))
}

/// What people call an order.
pub(crate) fn order_name(order: &OrderView) -> String {
    order.snapshot.as_ref().map_or_else(|| order.id.to_string(), |snapshot| snapshot.name.clone())
}

/// First and last name, as far as they are known.
pub(crate) fn customer_name(order: &OrderView) -> String {
    let Some(contact) = order.contact() else { return String::new() };
    let names = [contact.first_name.as_deref(), contact.last_name.as_deref()];
    names.into_iter().flatten().map(str::trim).filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `3 runs`, `1 run`.
pub(crate) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
