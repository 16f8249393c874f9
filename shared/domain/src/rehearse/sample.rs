//! Whom a flow is rehearsed on where nobody is named: an invented customer, their order, their cart.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

use super::{
    known::{Known, of_order},
    occasion::SubjectKind,
};
use crate::{
    cart::{self, CartView},
    customer::CustomerView,
    fact::{Address, CartFact, Contact, FactBody, LineItem, OrderDetails, OrderSnapshot, PaymentMethod},
    flow::{Channel, Trigger},
    id::{CartId, CustomerId, OrderId, StoreId},
    money::{Currency, Money},
    order::{self, OrderView},
    phone::Phone,
    shipment::Tracking,
    subject::Subject,
};

/// The id of the invented customer.
pub const SAMPLE_CUSTOMER: &str = "sample";
const SAMPLE_ORDER: &str = "sample-1042";

/// An invented subject that a trigger can come about for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// What it is.
    pub subject: Subject,
    /// The order, where it is one.
    pub order: Option<OrderView>,
    /// The customer.
    pub customer: CustomerView,
    /// The cart, where it is one.
    pub cart: Option<CartView>,
}

impl Sample {
    /// A subject for a trigger at a time: what has to have been before is so.
    pub fn of(trigger: &Trigger, store: &StoreId, at: Timestamp) -> Self {
        let id = CustomerId::new(SAMPLE_CUSTOMER);
        let mut customer = CustomerView::empty(store, &id);
        let long_ago = before(at, 90);
        customer.contact = Some((long_ago, contact()));
        for channel in Channel::ALL {
            customer.consents(channel, true, long_ago);
        }
        let kind = SubjectKind::of(trigger);
        let subject = match kind {
            SubjectKind::Order => Subject::Order(OrderId::new(SAMPLE_ORDER)),
            SubjectKind::Customer => Subject::Customer(id),
            SubjectKind::Cart => Subject::Cart(CartId::new("sample-cart")),
        };
        let mut sample = Self { subject, order: None, customer, cart: None };
        match kind {
            SubjectKind::Order => sample.place_order(trigger, store, at),
            SubjectKind::Customer => sample.has_ordered(trigger, at),
            SubjectKind::Cart => sample.fill_cart(trigger, store, at),
        }
        sample
    }

    /// An order that the trigger will come about for.
    fn place_order(&mut self, trigger: &Trigger, store: &StoreId, at: Timestamp) {
        let mut snapshot = snapshot(at);
        let (mut orders, mut placed) = (1, at);
        match trigger {
            Trigger::RepeatPurchase => orders = 2,
            Trigger::MilestoneOrder(which) => orders = which.first().copied().unwrap_or(1),
            Trigger::HighValueOrder(least) => {
                snapshot.total.amount = snapshot.total.amount.max(least.0);
            }
            Trigger::PaymentPending => snapshot.payment = PaymentMethod::Prepaid,
            Trigger::OrderCreated | Trigger::FirstPurchase | Trigger::StartedByFlow => {}
            // What comes later comes to an order that has been there for some days.
            _ => placed = before(at, 4),
        }
        (snapshot.created_at, snapshot.updated_at) = (placed, placed);
        // Each earlier one a month before the next.
        for earlier in 1..orders.min(50) {
            let mut older = snapshot.clone();
            older.id = OrderId::new(format!("sample-{earlier}"));
            older.created_at = before(placed, 30 * i64::from(earlier));
            self.customer.exchange(None, contribution(store, older).as_ref());
        }
        let known = self.known(store);
        let fact = known.fact(placed, "placed", of_order(snapshot));
        let order = order::fold(None, &fact, &OrderId::new(SAMPLE_ORDER)).view;
        self.customer.exchange(None, order.contribution().as_ref());
        self.order = Some(order);
    }

    /// A customer who has ordered before, as long ago as the trigger asks.
    fn has_ordered(&mut self, trigger: &Trigger, at: Timestamp) {
        let ago = match trigger {
            Trigger::CustomerInactive(after) => at.saturating_sub(after.nominal()).unwrap_or(at),
            Trigger::PurchaseAnniversary => before(at, 365),
            _ => before(at, 60),
        };
        let mut snapshot = snapshot(ago);
        (snapshot.created_at, snapshot.updated_at) = (ago, ago);
        let store = self.customer.store.clone();
        self.customer.exchange(None, contribution(&store, snapshot).as_ref());
    }

    fn fill_cart(&mut self, trigger: &Trigger, store: &StoreId, at: Timestamp) {
        let ago = match trigger {
            Trigger::CartAbandoned(after) => at.saturating_sub(after.nominal()).unwrap_or(at),
            _ => at,
        };
        let Subject::Cart(id) = &self.subject else { return };
        let id = id.clone();
        let like = snapshot(ago);
        let state = CartFact {
            id: id.clone(),
            touched_at: ago,
            customer: like.customer,
            items: like.items,
            total: Some(like.total),
            url: Some("https://shop.example/cart/sample".to_owned()),
            order: None,
            gone: false,
        };
        let known = self.known(store);
        let fact = known.fact(ago, "filled", FactBody::Cart(Box::new(state)));
        self.cart = Some(cart::fold(None, &fact, &id).view);
    }

    fn known<'a>(&'a self, store: &'a StoreId) -> Known<'a> {
        Known {
            store,
            subject: &self.subject,
            order: self.order.as_ref(),
            customer: Some(&self.customer),
            cart: self.cart.as_ref(),
        }
    }
}

fn before(at: Timestamp, days: i64) -> Timestamp {
    at.saturating_sub(SignedDuration::from_hours(24 * days)).unwrap_or(at)
}

fn contribution(store: &StoreId, snapshot: OrderSnapshot) -> Option<crate::customer::Contribution> {
    let (id, customer) = (snapshot.id.clone(), CustomerView::empty(store, &CustomerId::new(SAMPLE_CUSTOMER)));
    let subject = Subject::Order(id.clone());
    let known = Known { store, subject: &subject, order: None, customer: Some(&customer), cart: None };
    let fact = known.fact(snapshot.created_at, "placed", of_order(snapshot));
    order::fold(None, &fact, &id).view.contribution()
}

fn contact() -> Contact {
    Contact {
        id: Some(CustomerId::new(SAMPLE_CUSTOMER)),
        first_name: Some("Ayesha".to_owned()),
        last_name: Some("Khan".to_owned()),
        // A number that nobody has: mobile numbers of Pakistan begin with 3.
        phone: Phone::e164("+920000001042").ok(),
        email: Some("ayesha@shop.example".to_owned()),
        language: None,
    }
}

pub(super) fn tracking() -> Tracking {
    Tracking {
        company: Some("Leopards".to_owned()),
        number: Some("LE7501".to_owned()),
        url: Some("https://courier.example/track/LE7501".to_owned()),
    }
}

/// Rs 4,490, cash on delivery, to Karachi.
pub(super) fn snapshot(at: Timestamp) -> OrderSnapshot {
    let line = |title: &str, quantity, price: i64, sku: &str| LineItem {
        title: title.to_owned(),
        quantity,
        price: Decimal::from(price),
        sku: Some(sku.to_owned()),
        product: Some(format!("sample-{sku}")),
        vendor: Some("Sample".to_owned()),
        categories: Vec::new(),
    };
    OrderSnapshot {
        id: OrderId::new(SAMPLE_ORDER),
        name: "#1042".to_owned(),
        created_at: at,
        updated_at: at,
        customer: contact(),
        total: Money { amount: Decimal::from(4490), currency: Currency::PKR },
        payment: PaymentMethod::Cod,
        paid: false,
        address: Some(Address {
            street: "12 Zamzama Boulevard".to_owned(),
            city: "Karachi".to_owned(),
            province: "Sindh".to_owned(),
            postal_code: "75500".to_owned(),
            country: "PK".to_owned(),
        }),
        items: vec![line("Lawn suit", 2, 1750, "LAWN"), line("Chadar", 1, 990, "CHADAR")],
        item_count: 3,
        details: OrderDetails {
            gateway: Some("Cash on Delivery (COD)".to_owned()),
            accepts_marketing: BTreeMap::from(Channel::ALL.map(|channel| (channel, true))),
            ..OrderDetails::default()
        },
        tags: Vec::new(),
        status_url: Some("https://shop.example/orders/1042".to_owned()),
        cancelled_at: None,
    }
}
