//! Orders, facts and flows to test with.

use harkara_domain::{
    Fact, FactBody, FactId, Flow, Money, OrderId, OrderView, Point, StoreId,
    calendar::{Calendar, Hours},
    customer::CustomerView,
    fact::OrderDetails,
    fact::{Actor, Address, Contact, OrderAction, OrderFact, OrderSnapshot, PaymentMethod, Refund},
    flow::parse,
    flow::{Stage, TimeOfDay, condition::Circumstances},
    id::CustomerId,
    occurrence::Folded,
    order,
    place::{Destination, Ground},
    rules::Rules,
    shipment::{ShipmentStatus, ShipmentUpdate},
};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::sync::LazyLock;

/// `minutes` after the beginning of the story, 2026-11-20 10:00 in Karachi.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let beginning: Timestamp = "2026-11-20T05:00:00Z".parse().unwrap();
    beginning + SignedDuration::from_mins(minutes)
}

pub(crate) fn store() -> StoreId {
    StoreId::new("demo")
}

pub(crate) fn order() -> OrderId {
    OrderId::new("shopify-1")
}

pub(crate) fn money(amount: i64) -> Money {
    Money { amount: amount.into(), currency: "PKR".parse().unwrap() }
}

/// Three pieces for Rs 1,500, cash on delivery, to Karachi.
pub(crate) fn snapshot(updated: i64) -> OrderSnapshot {
    OrderSnapshot {
        id: order(),
        name: "#1".into(),
        created_at: at(0),
        updated_at: at(updated),
        customer: Contact { id: Some(CustomerId::new("c1")), ..Contact::default() },
        total: money(1500),
        payment: PaymentMethod::Cod,
        paid: false,
        address: Some(Address { city: "Karachi".into(), ..Address::default() }),
        items: Vec::new(),
        item_count: 3,
        tags: Vec::new(),
        details: OrderDetails::default(),
        status_url: None,
        cancelled_at: None,
    }
}

pub(crate) fn fact(minutes: i64, body: FactBody) -> Fact {
    Fact {
        id: FactId::new(format!("{minutes}-{body:?}")),
        store: store(),
        source: "shopify".into(),
        occurred_at: at(minutes),
        received_at: at(minutes),
        body,
    }
}

pub(crate) fn order_fact(snapshot: OrderSnapshot) -> Fact {
    let fact_of = OrderFact { snapshot, shipments: Vec::new(), refunds: Vec::new() };
    fact(0, FactBody::Order(Box::new(fact_of)))
}

pub(crate) fn created() -> Fact {
    order_fact(snapshot(0))
}

pub(crate) fn cancelled(updated: i64) -> Fact {
    order_fact(OrderSnapshot { cancelled_at: Some(at(updated)), ..snapshot(updated) })
}

pub(crate) fn update(shipment: &str, minutes: i64, status: ShipmentStatus) -> ShipmentUpdate {
    ShipmentUpdate {
        shipment: shipment.into(),
        status: Some(status),
        tracking: None,
        attempted: false,
        at: at(minutes),
    }
}

pub(crate) fn shipped(minutes: i64, status: ShipmentStatus) -> Fact {
    let update = update("parcel", minutes, status);
    fact(minutes, FactBody::Shipment { order: order(), update })
}

pub(crate) fn refund(id: &str, minutes: i64, returned: u32) -> Refund {
    Refund { id: id.into(), returned, at: at(minutes) }
}

pub(crate) fn refunded(id: &str, minutes: i64, returned: u32) -> Fact {
    fact(minutes, FactBody::Refund { order: order(), refund: refund(id, minutes, returned) })
}

pub(crate) fn acted(minutes: i64, action: OrderAction) -> Fact {
    fact(minutes, FactBody::Action { order: order(), action, by: Actor::Customer })
}

pub(crate) fn confirmed(minutes: i64) -> Fact {
    acted(minutes, OrderAction::Reach(Point::Confirmed))
}

/// Folds facts in turn; the last view, and what each fact did.
pub(crate) fn fold_all<'f>(facts: impl IntoIterator<Item = &'f Fact>) -> (OrderView, Vec<Folded<OrderView>>) {
    let mut steps: Vec<Folded<OrderView>> = Vec::new();
    for fact in facts {
        let before = steps.last().map(|step| &step.view);
        steps.push(order::fold(before, fact, &order()));
    }
    (steps.last().unwrap().view.clone(), steps)
}

pub(crate) fn view(facts: &[Fact]) -> OrderView {
    fold_all(facts).0
}

/// A flow that must be sound.
pub(crate) fn flow(text: &str) -> Flow {
    parse::flow(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

static RULES: LazyLock<Rules> = LazyLock::new(Rules::default);
static GROUND: LazyLock<Ground> = LazyLock::new(Ground::default);
static CALENDAR: LazyLock<Calendar> = LazyLock::new(Calendar::default);
static KARACHI: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Asia/Karachi").unwrap());

/// An order and its customer as they are at `now`, in a store without rules.
pub(crate) fn on<'a>(
    order: &'a OrderView,
    customer: Option<&'a CustomerView>,
    now: Timestamp,
) -> Circumstances<'a> {
    // Leaked: a few bytes a test, so that they need not hold it themselves.
    let destination = Box::leak(Box::new(Destination::of(Some(order), &GROUND)));
    Circumstances {
        order: Some(order),
        customer,
        cart: None,
        run: None,
        runs: &[],
        rules: &RULES,
        ground: &GROUND,
        destination,
        zone: &KARACHI,
        now,
    }
}

/// The hours of a store without quiet hours.
pub(crate) fn hours(zone: &TimeZone) -> Hours<'_> {
    Hours { zone, calendar: &CALENDAR }
}

/// When a stage is due, in a store without quiet hours.
pub(crate) trait InZone {
    fn due(&self, base: Timestamp, zone: &TimeZone) -> Timestamp;
    fn opening(&self, now: Timestamp, zone: &TimeZone) -> Timestamp;
    fn window_holds(&self, time: TimeOfDay) -> bool;
}

impl InZone for Stage {
    fn due(&self, base: Timestamp, zone: &TimeZone) -> Timestamp {
        self.when().due(base, hours(zone), "a run")
    }

    fn opening(&self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        self.when().opening(now, hours(zone))
    }

    fn window_holds(&self, time: TimeOfDay) -> bool {
        self.when().window_holds(time)
    }
}
