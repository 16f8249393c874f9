//! Every condition with every operator: on what it holds, on what not, and how it is told.

use harkara_domain::{
    CartView, CustomerView, Flow, OrderView, Rules, Run,
    calendar::{Calendar, Hours},
    cart, customer,
    fact::{
        Actor, Address, CartFact, Choice, Contact, CustomerFact, FactBody, FinancialStatus, LineItem,
        OrderAction, OrderDetails, OrderSnapshot, Profile, ReceiptStatus, Reply, Said, Tier,
    },
    flow::{Channel, Condition, condition::Circumstances, parse},
    id::{CartId, CustomerId},
    occurrence::Occurrence,
    place::{Destination, Ground},
    run::{Attempt, Outcome, ReceiptMark, RunStart, RunStatus},
    shipment::{ShipmentStatus, ShipmentUpdate, Tracking},
    status::Point,
};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::{BTreeMap, BTreeSet};

use crate::make::{acted, at, fact, flow, money, order, order_fact, shipped, snapshot, store, update, view};

const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

/// All that conditions are judged on.
struct World {
    order: Option<OrderView>,
    customer: Option<CustomerView>,
    cart: Option<CartView>,
    run: Option<Run>,
    runs: Vec<Run>,
    rules: Rules,
    ground: Ground,
    destination: Destination,
    zone: TimeZone,
    now: Timestamp,
}

impl World {
    fn new(order: Option<OrderView>, customer: Option<CustomerView>, cart: Option<CartView>) -> Self {
        let rules = Rules {
            areas: BTreeMap::from([
                ("high_return".to_owned(), vec!["KHI".to_owned(), "Turbat".to_owned()]),
                ("coast".to_owned(), vec!["74200".to_owned()]),
                ("mountains".to_owned(), vec!["Gilgit".to_owned()]),
            ]),
            city_aliases: BTreeMap::from([("Karachi".to_owned(), vec!["City of Lights".to_owned()])]),
            ..Rules::default()
        };
        let ground = Ground::of(&rules);
        let destination = Destination::of(order.as_ref(), &ground);
        let zone = TimeZone::get("Asia/Karachi").unwrap();
        let now = at(3 * DAY);
        Self { order, customer, cart, run: None, runs: Vec::new(), rules, ground, destination, zone, now }
    }

    fn on(&self) -> Circumstances<'_> {
        Circumstances {
            order: self.order.as_ref(),
            customer: self.customer.as_ref(),
            cart: self.cart.as_ref(),
            run: self.run.as_ref(),
            runs: &self.runs,
            rules: &self.rules,
            ground: &self.ground,
            destination: &self.destination,
            zone: &self.zone,
            now: self.now,
        }
    }

    fn holds(&self, yaml: &str) -> bool {
        let condition = read(yaml);
        let held = condition.holds(self.on());
        assert_eq!(condition.check(self.on()).is_ok(), held, "{yaml}");
        held
    }
}

fn read(yaml: &str) -> Condition {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"))
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn reply(minutes: i64, said: Said) -> harkara_domain::Fact {
    let reply = Reply { message: "m".into(), from: None, customer: None, order: Some(order()), said };
    fact(minutes, FactBody::Reply(reply))
}

fn line(title: &str, sku: &str, vendor: Option<&str>, category: &str, quantity: u32) -> LineItem {
    LineItem {
        title: title.to_owned(),
        quantity,
        price: 500.into(),
        sku: some(sku),
        product: Some(format!("id-{sku}")),
        vendor: vendor.map(str::to_owned),
        categories: vec![category.to_owned()],
    }
}

/// A Friday, 10 o'clock in Karachi; prepaid, Rs 4,500 for four pieces.
fn full_snapshot() -> OrderSnapshot {
    OrderSnapshot {
        total: money(4500),
        payment: harkara_domain::fact::PaymentMethod::Prepaid,
        paid: true,
        address: Some(Address {
            street: "12, Zamzama".into(),
            city: "کراچی".into(),
            province: "Sindh".into(),
            postal_code: "74200".into(),
            country: "pk".into(),
        }),
        items: vec![
            line("Lawn suit", "LAWN-1", Some("Khaadi"), "Summer", 3),
            line("Chadar", "CH-9", None, "Winter", 1),
        ],
        item_count: 4,
        tags: vec!["gift".into(), "Express".into()],
        details: OrderDetails {
            financial_status: Some(FinancialStatus::PartiallyRefunded),
            gateway: some("JazzCash"),
            discount_codes: vec!["EID10".into(), "WELCOME".into()],
            shipping_method: some("Overnight"),
            sales_channel: some("pos"),
            note: some("Please ring twice"),
            ..OrderDetails::default()
        },
        ..snapshot(0)
    }
}

fn full_order() -> OrderView {
    let parcel = |minutes, status, attempted| {
        let tracking = Some(Tracking { company: some("TCS"), ..Tracking::default() });
        let update = ShipmentUpdate { tracking, attempted, ..update("parcel", minutes, status) };
        fact(minutes, FactBody::Shipment { order: order(), update })
    };
    let tapped = |choice| Said::Tapped { choice, label: "!".into() };
    view(&[
        order_fact(full_snapshot()),
        parcel(HOUR, ShipmentStatus::Dispatched, false),
        parcel(2 * HOUR, ShipmentStatus::OutForDelivery, true),
        parcel(9 * HOUR, ShipmentStatus::OutForDelivery, true),
        acted(5, OrderAction::SetFlag { flag: "vip".into(), on: true }),
        acted(6, OrderAction::SetFlag { flag: "old".into(), on: false }),
        acted(7, OrderAction::Assign("sana@shop.example".into())),
        acted(8, OrderAction::AddNote("Called: wants it on Monday".into())),
        reply(9, tapped(Choice::Confirm)),
        reply(10, tapped(Choice::Satisfied)),
        reply(20, Said::Wrote("Where is it?".into())),
    ])
}

/// Their fourth of five orders is the one that they are asked about; the fifth came two days later.
fn full_customer() -> CustomerView {
    let id = CustomerId::new("c1");
    let tier = Tier { name: "Gold".into(), level: 2, points: Some(900), ..Tier::default() };
    let profile = Profile {
        contact: Contact { email: some("a@b.example"), language: some("ur-PK"), ..Contact::default() },
        consent: BTreeMap::from([(Channel::Email, true), (Channel::Whatsapp, false)]),
        tags: vec!["wholesale".into()],
        ..Profile::default()
    };
    let told = [CustomerFact::Profile(Box::new(profile)), CustomerFact::Tier(tier)];
    let mut customer = CustomerView::empty(&store(), &id);
    for said in told {
        let fact = fact(0, FactBody::Customer { customer: id.clone(), said });
        customer = customer::fold(Some(&customer), &fact, &id).view;
    }
    customer.points_added = 50;
    customer.orders = 5;
    customer.returns = 1;
    customer.spent =
        BTreeMap::from([(money(0).currency, 12_000.into()), ("USD".parse().unwrap(), 40.into())]);
    customer.last_order = Some((at(2 * DAY), "shopify-2".into()));
    customer.previous_order = Some((at(0), order()));
    customer.hear(&Said::Tapped { choice: Choice::Dissatisfied, label: "!".into() }, at(5));
    customer
}

const FLOW: &str = "
name: Welcome
trigger: order_created
stages:
  - name: One
    message: { channels: [whatsapp], template: one }
  - name: Two
    message: { channels: [whatsapp], template: two }
";

fn run(flow_id: &str, status: RunStatus) -> Run {
    let (flow, calendar) = (flow(FLOW), Calendar::default());
    let start = RunStart {
        store: &store(),
        subject: &order().into(),
        status: None,
        flow: &flow_id.into(),
        version: 1,
        zone: None,
        occurrence: &Occurrence::Order(Point::Created),
        at: at(0),
        priority: false,
    };
    let mut run = Run::begin(start, &flow, Hours { zone: &TimeZone::UTC, calendar: &calendar });
    run.status = status;
    run
}

fn sent(run: &mut Run, stage: usize, minutes: i64, receipt: Option<ReceiptStatus>) {
    let number = u32::try_from(run.stages[stage].attempts.len()).unwrap() + 1;
    let outcome = Outcome::Accepted("wamid".into());
    run.stages[stage].record(Attempt { number, at: at(minutes), channel: None, outcome });
    if let Some(status) = receipt {
        run.stages[stage].take_receipt(ReceiptMark { status, at: at(minutes), attempt: number, error: None });
    }
}

fn full() -> World {
    let mut world = World::new(Some(full_order()), Some(full_customer()), None);
    let mut own = run("own", RunStatus::Running);
    sent(&mut own, 0, 1, None);
    sent(&mut own, 1, 5, Some(ReceiptStatus::Read));
    world.run = Some(own);
    world.runs = vec![run("cod-confirmation", RunStatus::Finished), run("win-back", RunStatus::Running)];
    world
}

fn full_cart() -> World {
    let state = CartFact {
        id: CartId::new("woocommerce-7"),
        touched_at: at(0),
        customer: Contact { phone: harkara_domain::Phone::e164("+923001234567").ok(), ..Contact::default() },
        items: vec![line("Attar", "AT-1", None, "Scents", 2), line("Mug", "MUG", None, "Home", 1)],
        total: Some(money(2500)),
        url: None,
        order: None,
        gone: false,
    };
    let fact = fact(0, FactBody::Cart(Box::new(state)));
    World::new(None, None, Some(cart::fold(None, &fact, &CartId::new("woocommerce-7")).view))
}

/// Condition, operator with its value (or the value alone), whether it holds in the full world.
#[rustfmt::skip]
const ON_AN_ORDER: &[(&str, &str, bool)] = &[
    ("payment_method", "is: prepaid", true), ("payment_method", "is: cod", false),
    ("payment_method", "is_not: cod", true), ("payment_method", "is_not: prepaid", false),
    ("payment_method", "in: [cod, prepaid]", true), ("payment_method", "in: [cod]", false),
    ("payment_method", "not_in: [cod]", true), ("payment_method", "not_in: [prepaid]", false),
    ("gateway", "is: jazzcash", true), ("gateway", "is: Easypaisa", false),
    ("gateway", "is_not: Easypaisa", true), ("gateway", "is_not: JAZZCASH", false),
    ("gateway", "in: [Easypaisa, JazzCash]", true), ("gateway", "in: [Easypaisa]", false),
    ("gateway", "not_in: [Easypaisa]", true), ("gateway", "not_in: [JazzCash]", false),
    ("gateway", "contains: cash", true), ("gateway", "contains: card", false),
    ("gateway", "matches: 'jazz*'", true), ("gateway", "matches: jazz", false),
    ("gateway", "exists: true", true), ("gateway", "exists: false", false),
    ("financial_status", "is: partially_refunded", true), ("financial_status", "is: paid", false),
    ("financial_status", "is_not: voided", true), ("financial_status", "is_not: partially_refunded", false),
    ("financial_status", "in: [refunded, partially_refunded]", true), ("financial_status", "in: [pending, authorized, partially_paid]", false),
    ("financial_status", "not_in: [refunded]", true), ("financial_status", "not_in: [partially_refunded]", false),
    ("paid", "true", true), ("paid", "false", false),
    ("order_total", "is: 4500.00", true), ("order_total", "is: 4501", false),
    ("order_total", "at_least: 4500", true), ("order_total", "at_least: 4500.01", false),
    ("order_total", "at_most: 4500", true), ("order_total", "at_most: 4499", false),
    ("order_total", "between: [4000, 5000]", true), ("order_total", "between: [0, 4499]", false),
    ("order_total", "exists: true", true), ("order_total", "exists: false", false),
    ("currency", "is: pkr", true), ("currency", "is: USD", false),
    ("currency", "is_not: USD", true), ("currency", "is_not: PKR", false),
    ("currency", "in: [USD, PKR]", true), ("currency", "in: [USD]", false),
    ("currency", "not_in: [USD]", true), ("currency", "not_in: [PKR]", false),
    ("item_count", "is: 4", true), ("item_count", "is: 2", false),
    ("item_count", "at_least: 4", true), ("item_count", "at_least: 5", false),
    ("item_count", "at_most: 4", true), ("item_count", "at_most: 3", false),
    ("item_count", "between: [3, 5]", true), ("item_count", "between: [1, 3]", false),
    ("item_count", "exists: true", true), ("item_count", "exists: false", false),
    ("product", "is: chadar", true), ("product", "is: suit", false),
    ("product", "is_not: Mug", true), ("product", "is_not: Chadar", false),
    ("product", "in: [id-CH-9, Mug]", true), ("product", "in: [Mug]", false),
    ("product", "not_in: [Mug]", true), ("product", "not_in: [Mug, 'lawn suit']", false),
    ("product", "contains: lawn", true), ("product", "contains: mug", false),
    ("product", "matches: 'lawn*'", true), ("product", "matches: 'lawn'", false),
    ("product", "exists: true", true), ("product", "exists: false", false),
    ("sku", "is: CH-9", true), ("sku", "is: CH", false),
    ("sku", "is_not: MUG", true), ("sku", "is_not: lawn-1", false),
    ("sku", "in: [MUG, LAWN-1]", true), ("sku", "in: [MUG]", false),
    ("sku", "not_in: [MUG]", true), ("sku", "not_in: [MUG, CH-9]", false),
    ("sku", "contains: awn", true), ("sku", "contains: mug", false),
    ("sku", "matches: 'LAWN-?'", true), ("sku", "matches: 'LAWN-??'", false),
    ("sku", "exists: true", true), ("sku", "exists: false", false),
    ("vendor", "is: Khaadi", true), ("vendor", "is: Sapphire", false),
    ("vendor", "is_not: Sapphire", true), ("vendor", "is_not: Khaadi", false),
    ("vendor", "in: [Khaadi]", true), ("vendor", "in: [Sapphire]", false),
    ("vendor", "not_in: [Sapphire]", true), ("vendor", "not_in: [Khaadi]", false),
    ("vendor", "contains: haad", true), ("vendor", "contains: x", false),
    ("vendor", "matches: 'K*'", true), ("vendor", "matches: 'S*'", false),
    ("vendor", "exists: true", true), ("vendor", "exists: false", false),
    ("category", "is: winter", true), ("category", "is: Spring", false),
    ("category", "is_not: Spring", true), ("category", "is_not: Summer", false),
    ("category", "in: [Spring, Summer]", true), ("category", "in: [Spring]", false),
    ("category", "not_in: [Spring]", true), ("category", "not_in: [Winter]", false),
    ("category", "contains: umm", true), ("category", "contains: spr", false),
    ("category", "matches: '*ter'", true), ("category", "matches: 'ter'", false),
    ("category", "exists: true", true), ("category", "exists: false", false),
    ("collection", "is: winter", true), ("collection", "is: Spring", false),
    ("collection", "is_not: Spring", true), ("collection", "is_not: Summer", false),
    ("collection", "in: [Spring, Summer]", true), ("collection", "in: [Spring]", false),
    ("collection", "not_in: [Spring]", true), ("collection", "not_in: [Winter]", false),
    ("collection", "contains: umm", true), ("collection", "contains: spr", false),
    ("collection", "matches: '*ter'", true), ("collection", "matches: 'ter'", false),
    ("collection", "exists: true", true), ("collection", "exists: false", false),
    ("discount_code", "is: eid10", true), ("discount_code", "is: EID", false),
    ("discount_code", "is_not: EID", true), ("discount_code", "is_not: WELCOME", false),
    ("discount_code", "in: [WELCOME]", true), ("discount_code", "in: [EID20]", false),
    ("discount_code", "not_in: [EID20]", true), ("discount_code", "not_in: [EID10]", false),
    ("discount_code", "contains: eid", true), ("discount_code", "contains: sale", false),
    ("discount_code", "matches: 'EID*'", true), ("discount_code", "matches: 'SALE*'", false),
    ("discount_code", "exists: true", true), ("discount_code", "exists: false", false),
    ("shipping_method", "is: overnight", true), ("shipping_method", "is: Economy", false),
    ("shipping_method", "is_not: Economy", true), ("shipping_method", "is_not: Overnight", false),
    ("shipping_method", "in: [Overnight]", true), ("shipping_method", "in: [Economy]", false),
    ("shipping_method", "not_in: [Economy]", true), ("shipping_method", "not_in: [Overnight]", false),
    ("shipping_method", "contains: night", true), ("shipping_method", "contains: day", false),
    ("shipping_method", "matches: 'over*'", true), ("shipping_method", "matches: 'eco*'", false),
    ("shipping_method", "exists: true", true), ("shipping_method", "exists: false", false),
    ("city", "is: KHI", true), ("city", "is: Lahore", false),
    ("city", "is: city of lights", true), ("city", "is: کراچی", true),
    ("city", "is_not: Lahore", true), ("city", "is_not: karachi", false),
    ("city", "in: [Lahore, Karachi]", true), ("city", "in: [Lahore, Multan]", false),
    ("city", "not_in: [Lahore]", true), ("city", "not_in: [Krachi]", false),
    ("city", "exists: true", true), ("city", "exists: false", false),
    ("province", "is: sindh", true), ("province", "is: Punjab", false),
    ("province", "is_not: Punjab", true), ("province", "is_not: Sindh", false),
    ("province", "in: [Sindh]", true), ("province", "in: [Punjab]", false),
    ("province", "not_in: [Punjab]", true), ("province", "not_in: [Sindh]", false),
    ("province", "contains: ind", true), ("province", "contains: pun", false),
    ("province", "matches: 'S*'", true), ("province", "matches: 'P*'", false),
    ("province", "exists: true", true), ("province", "exists: false", false),
    ("country", "is: PK", true), ("country", "is: AE", false),
    ("country", "is_not: AE", true), ("country", "is_not: pk", false),
    ("country", "in: [AE, PK]", true), ("country", "in: [AE]", false),
    ("country", "not_in: [AE]", true), ("country", "not_in: [PK]", false),
    ("postal_code", "is: '74200'", true), ("postal_code", "is: '54000'", false),
    ("postal_code", "is_not: '54000'", true), ("postal_code", "is_not: '74200'", false),
    ("postal_code", "in: ['74200']", true), ("postal_code", "in: ['54000']", false),
    ("postal_code", "not_in: ['54000']", true), ("postal_code", "not_in: ['74200']", false),
    ("postal_code", "contains: '42'", true), ("postal_code", "contains: '54'", false),
    ("postal_code", "matches: '74*'", true), ("postal_code", "matches: '54*'", false),
    ("postal_code", "exists: true", true), ("postal_code", "exists: false", false),
    ("area", "is: high_return", true), ("area", "is: mountains", false),
    ("area", "is: coast", true), ("area", "is_not: coast", false),
    ("area", "is_not: mountains", true), ("area", "is_not: high_return", false),
    ("area", "in: [mountains, coast]", true), ("area", "in: [mountains]", false),
    ("area", "not_in: [mountains]", true), ("area", "not_in: [mountains, coast]", false),
    ("area", "contains: return", true), ("area", "contains: low", false),
    ("area", "matches: 'high*'", true), ("area", "matches: 'low*'", false),
    ("area", "exists: true", true), ("area", "exists: false", false),
    ("platform", "is: shopify", true), ("platform", "is: custom", false),
    ("platform", "is_not: woocommerce", true), ("platform", "is_not: shopify", false),
    ("platform", "in: [shopify, custom]", true), ("platform", "in: [woocommerce, custom]", false),
    ("platform", "not_in: [custom]", true), ("platform", "not_in: [shopify]", false),
    ("sales_channel", "is: POS", true), ("sales_channel", "is: web", false),
    ("sales_channel", "is_not: web", true), ("sales_channel", "is_not: pos", false),
    ("sales_channel", "in: [web, pos]", true), ("sales_channel", "in: [web]", false),
    ("sales_channel", "not_in: [web]", true), ("sales_channel", "not_in: [pos]", false),
    ("sales_channel", "contains: po", true), ("sales_channel", "contains: we", false),
    ("sales_channel", "matches: 'p?s'", true), ("sales_channel", "matches: 'w*'", false),
    ("sales_channel", "exists: true", true), ("sales_channel", "exists: false", false),
    ("courier", "is: tcs", true), ("courier", "is: Trax", false),
    ("courier", "is_not: Trax", true), ("courier", "is_not: TCS", false),
    ("courier", "in: [Trax, TCS]", true), ("courier", "in: [Trax]", false),
    ("courier", "not_in: [Trax]", true), ("courier", "not_in: [TCS]", false),
    ("courier", "contains: cs", true), ("courier", "contains: x", false),
    ("courier", "matches: 't*'", true), ("courier", "matches: 'x*'", false),
    ("courier", "exists: true", true), ("courier", "exists: false", false),
    ("delivery_attempts", "is: 2", true), ("delivery_attempts", "is: 1", false),
    ("delivery_attempts", "at_least: 2", true), ("delivery_attempts", "at_least: 3", false),
    ("delivery_attempts", "at_most: 2", true), ("delivery_attempts", "at_most: 1", false),
    ("delivery_attempts", "between: [1, 2]", true), ("delivery_attempts", "between: [0, 1]", false),
    ("delivery_attempts", "exists: true", true), ("delivery_attempts", "exists: false", false),
    ("order_status", "is: out_for_delivery", true), ("order_status", "is: dispatched", false),
    ("order_status", "is_not: delivered", true), ("order_status", "is_not: out_for_delivery", false),
    ("order_status", "in: [dispatched, out_for_delivery]", true), ("order_status", "in: [delivered, picked_up]", false),
    ("order_status", "not_in: [cancelled]", true), ("order_status", "not_in: [out_for_delivery]", false),
    ("confirmation", "is: not_needed", true), ("confirmation", "is: pending", false),
    ("confirmation", "is_not: pending", true), ("confirmation", "is_not: not_needed", false),
    ("confirmation", "in: [not_needed, confirmed]", true), ("confirmation", "in: [pending, cancelled]", false),
    ("confirmation", "not_in: [pending]", true), ("confirmation", "not_in: [not_needed]", false),
    ("flags", "contains: VIP", true), ("flags", "contains: old", false),
    ("flags", "contains_any: [old, vip]", true), ("flags", "contains_any: [old]", false),
    ("flags", "contains_all: [vip]", true), ("flags", "contains_all: [vip, old]", false),
    ("flags", "contains_none: [old]", true), ("flags", "contains_none: [vip]", false),
    ("flags", "exists: true", true), ("flags", "exists: false", false),
    ("order_tags", "contains: express", true), ("order_tags", "contains: exp", false),
    ("order_tags", "contains_any: [gift, x]", true), ("order_tags", "contains_any: [x]", false),
    ("order_tags", "contains_all: [gift, express]", true), ("order_tags", "contains_all: [gift, x]", false),
    ("order_tags", "contains_none: [x]", true), ("order_tags", "contains_none: [x, gift]", false),
    ("order_tags", "exists: true", true), ("order_tags", "exists: false", false),
    ("assigned_user", "is: SANA@shop.example", true), ("assigned_user", "is: ali@shop.example", false),
    ("assigned_user", "is_not: ali@shop.example", true), ("assigned_user", "is_not: sana@shop.example", false),
    ("assigned_user", "in: [sana@shop.example]", true), ("assigned_user", "in: [ali@shop.example]", false),
    ("assigned_user", "not_in: [ali@shop.example]", true), ("assigned_user", "not_in: [sana@shop.example]", false),
    ("assigned_user", "contains: sana", true), ("assigned_user", "contains: ali", false),
    ("assigned_user", "matches: 'sana@*'", true), ("assigned_user", "matches: 'ali@*'", false),
    ("assigned_user", "exists: true", true), ("assigned_user", "exists: false", false),
    ("note", "is: please ring twice", true), ("note", "is: please", false),
    ("note", "is_not: please", true), ("note", "is_not: please ring twice", false),
    ("note", "in: [please ring twice]", true), ("note", "in: [no]", false),
    ("note", "not_in: [no]", true), ("note", "not_in: [please ring twice]", false),
    ("note", "contains: monday", true), ("note", "contains: tuesday", false),
    ("note", "contains: ring", true), ("note", "matches: 'called:*'", true), ("note", "matches: 'called'", false),
    ("note", "exists: true", true), ("note", "exists: false", false),
    ("created_hour", "is: 10", true), ("created_hour", "is: 5", false),
    ("created_hour", "in: [9, 10]", true), ("created_hour", "in: [9, 11]", false),
    ("created_hour", "not_in: [9]", true), ("created_hour", "not_in: [10]", false),
    ("created_hour", "between: [22, 10]", true), ("created_hour", "between: [11, 9]", false),
    ("created_weekday", "is: friday", true), ("created_weekday", "is: thursday", false),
    ("created_weekday", "is_not: monday", true), ("created_weekday", "is_not: friday", false),
    ("created_weekday", "in: [friday, saturday]", true), ("created_weekday", "in: [sunday]", false),
    ("created_weekday", "not_in: [sunday]", true), ("created_weekday", "not_in: [friday]", false),
    ("order_age", "at_least: 3d", true), ("order_age", "at_least: 3d 1m", false),
    ("order_age", "at_most: 72h", true), ("order_age", "at_most: 2d", false),
    ("order_age", "between: [1d, 1w]", true), ("order_age", "between: [4d, 1w]", false),
    ("order_age", "exists: true", true), ("order_age", "exists: false", false),
    ("first_time_customer", "false", true), ("first_time_customer", "true", false),
    ("repeat_customer", "true", true), ("repeat_customer", "false", false),
    ("order_count", "is: 5", true), ("order_count", "is: 4", false),
    ("order_count", "at_least: 5", true), ("order_count", "at_least: 6", false),
    ("order_count", "at_most: 5", true), ("order_count", "at_most: 4", false),
    ("order_count", "between: [5, 9]", true), ("order_count", "between: [1, 4]", false),
    ("order_count", "exists: true", true), ("order_count", "exists: false", false),
    ("total_spent", "is: 12000", true), ("total_spent", "is: 40", false),
    ("total_spent", "at_least: 12000", true), ("total_spent", "at_least: 12040", false),
    ("total_spent", "at_most: 12000", true), ("total_spent", "at_most: 11999", false),
    ("total_spent", "between: [1, 20000]", true), ("total_spent", "between: [0, 1]", false),
    ("total_spent", "exists: true", true), ("total_spent", "exists: false", false),
    ("returns", "is: 1", true), ("returns", "is: 0", false),
    ("returns", "at_least: 1", true), ("returns", "at_least: 2", false),
    ("returns", "at_most: 1", true), ("returns", "at_most: 0", false),
    ("returns", "between: [1, 2]", true), ("returns", "between: [2, 3]", false),
    ("returns", "exists: true", true), ("returns", "exists: false", false),
    ("return_rate", "is: 20", true), ("return_rate", "is: 0.2", false),
    ("return_rate", "at_least: 20", true), ("return_rate", "at_least: 20.1", false),
    ("return_rate", "at_most: 20", true), ("return_rate", "at_most: 19.9", false),
    ("return_rate", "between: [10, 30]", true), ("return_rate", "between: [21, 100]", false),
    ("return_rate", "exists: true", true), ("return_rate", "exists: false", false),
    ("last_order", "at_least: 24h", true), ("last_order", "at_least: 25h", false),
    ("last_order", "at_most: 1d", true), ("last_order", "at_most: 23h", false),
    ("last_order", "between: [1h, 2d]", true), ("last_order", "between: [2d, 4d]", false),
    ("last_order", "exists: true", true), ("last_order", "exists: false", false),
    ("ordered_again", "true", true), ("ordered_again", "false", false),
    ("customer_tags", "contains: Wholesale", true), ("customer_tags", "contains: gift", false),
    ("customer_tags", "contains_any: [a, wholesale]", true), ("customer_tags", "contains_any: [a]", false),
    ("customer_tags", "contains_all: [wholesale]", true), ("customer_tags", "contains_all: [wholesale, a]", false),
    ("customer_tags", "contains_none: [a]", true), ("customer_tags", "contains_none: [wholesale]", false),
    ("customer_tags", "exists: true", true), ("customer_tags", "exists: false", false),
    ("tier", "is: gold", true), ("tier", "is: Silver", false),
    ("tier", "is_not: Silver", true), ("tier", "is_not: Gold", false),
    ("tier", "in: [Gold]", true), ("tier", "in: [Silver]", false),
    ("tier", "not_in: [Silver]", true), ("tier", "not_in: [Gold]", false),
    ("tier", "contains: old", true), ("tier", "contains: sil", false),
    ("tier", "matches: 'g*'", true), ("tier", "matches: 's*'", false),
    ("tier", "exists: true", true), ("tier", "exists: false", false),
    ("points", "is: 950", true), ("points", "is: 900", false),
    ("points", "at_least: 950", true), ("points", "at_least: 951", false),
    ("points", "at_most: 950", true), ("points", "at_most: 949", false),
    ("points", "between: [900, 1000]", true), ("points", "between: [0, 900]", false),
    ("points", "exists: true", true), ("points", "exists: false", false),
    ("language", "is: ur-pk", true), ("language", "is: en", false),
    ("language", "is_not: en", true), ("language", "is_not: ur-PK", false),
    ("language", "in: [en, ur-PK]", true), ("language", "in: [en]", false),
    ("language", "not_in: [en]", true), ("language", "not_in: [ur-PK]", false),
    ("language", "contains: ur", true), ("language", "contains: en", false),
    ("language", "matches: 'ur*'", true), ("language", "matches: 'en*'", false),
    ("language", "exists: true", true), ("language", "exists: false", false),
    ("opted_in", "contains: email", true), ("opted_in", "contains: whatsapp", false),
    ("opted_in", "contains_any: [whatsapp, email]", true), ("opted_in", "contains_any: [whatsapp]", false),
    ("opted_in", "contains_all: [email]", true), ("opted_in", "contains_all: [email, whatsapp]", false),
    ("opted_in", "contains_none: [whatsapp]", true), ("opted_in", "contains_none: [email]", false),
    ("opted_in", "exists: true", true), ("opted_in", "exists: false", false),
    ("reachable", "contains: email", true), ("reachable", "contains: whatsapp", false),
    ("reachable", "contains_any: [email]", true), ("reachable", "contains_any: [whatsapp]", false),
    ("reachable", "contains_all: [email]", true), ("reachable", "contains_all: [whatsapp, email]", false),
    ("reachable", "contains_none: [whatsapp]", true), ("reachable", "contains_none: [email]", false),
    ("reachable", "exists: true", true), ("reachable", "exists: false", false),
    ("accepts_marketing", "true", true), ("accepts_marketing", "false", false),
    ("last_reply", "is: where is it?", true), ("last_reply", "is: satisfied", false),
    ("last_reply", "is_not: cancel", true), ("last_reply", "is_not: 'where is it?'", false),
    ("last_reply", "in: ['where is it?']", true), ("last_reply", "in: [confirm]", false),
    ("last_reply", "not_in: [confirm]", true), ("last_reply", "not_in: ['where is it?']", false),
    ("last_reply", "contains: where", true), ("last_reply", "contains: confirm", false),
    ("last_reply", "matches: '*it?'", true), ("last_reply", "matches: 'it'", false),
    ("last_reply", "exists: true", true), ("last_reply", "exists: false", false),
    ("satisfaction", "is: satisfied", true), ("satisfaction", "is: dissatisfied", false),
    ("satisfaction", "is_not: dissatisfied", true), ("satisfaction", "is_not: satisfied", false),
    ("satisfaction", "in: [satisfied]", true), ("satisfaction", "in: [dissatisfied]", false),
    ("satisfaction", "not_in: [dissatisfied]", true), ("satisfaction", "not_in: [satisfied]", false),
    ("message_read", "true", true), ("message_read", "false", false),
    ("flow_has_run", "contains: COD confirmation", true), ("flow_has_run", "contains: own", false),
    ("flow_has_run", "contains_any: [x, win-back]", true), ("flow_has_run", "contains_any: [x]", false),
    ("flow_has_run", "contains_all: [Win back, cod-confirmation]", true), ("flow_has_run", "contains_all: [win-back, x]", false),
    ("flow_has_run", "contains_none: [x]", true), ("flow_has_run", "contains_none: [x, win-back]", false),
    ("flow_has_run", "exists: true", true), ("flow_has_run", "exists: false", false),
    ("flow_is_running", "contains: Win-Back", true), ("flow_is_running", "contains: cod-confirmation", false),
    ("flow_is_running", "contains_any: [x, win-back]", true), ("flow_is_running", "contains_any: [cod-confirmation]", false),
    ("flow_is_running", "contains_all: [win-back]", true), ("flow_is_running", "contains_all: [win-back, cod-confirmation]", false),
    ("flow_is_running", "contains_none: [cod-confirmation]", true), ("flow_is_running", "contains_none: [win-back]", false),
    ("flow_is_running", "exists: true", true), ("flow_is_running", "exists: false", false),
    ("expression", "order.total / order.item_count > 1000", true), ("expression", "order.total < 4500", false),
];

#[rustfmt::skip]
const ON_A_CART: &[(&str, &str, bool)] = &[
    ("cart_total", "is: 2500", true), ("cart_total", "is: 2501", false),
    ("cart_total", "at_least: 2500", true), ("cart_total", "at_least: 2501", false),
    ("cart_total", "at_most: 2500", true), ("cart_total", "at_most: 2499", false),
    ("cart_total", "between: [2000, 3000]", true), ("cart_total", "between: [0, 2499]", false),
    ("cart_total", "exists: true", true), ("cart_total", "exists: false", false),
    ("cart_items", "is: 3", true), ("cart_items", "is: 2", false),
    ("cart_items", "at_least: 3", true), ("cart_items", "at_least: 4", false),
    ("cart_items", "at_most: 3", true), ("cart_items", "at_most: 2", false),
    ("cart_items", "between: [1, 3]", true), ("cart_items", "between: [4, 9]", false),
    ("cart_items", "exists: true", true), ("cart_items", "exists: false", false),
    ("cart_open", "true", true), ("cart_open", "false", false),
    ("product", "is: attar", true), ("product", "is: Chadar", false),
    ("category", "in: [home]", true), ("currency", "is: PKR", true),
    ("platform", "is: woocommerce", true), ("platform", "is: shopify", false),
    ("reachable", "contains: whatsapp", true), ("reachable", "contains: email", false),
    ("expression", "cart.total > 2000 && size(cart.items) == 2", true), ("expression", "cart.item_count == 2", false),
    ("order_status", "is_not: cancelled", false), ("order_total", "exists: false", true),
];

/// `condition: { operator: value }`, or `condition: value` where it takes its value alone.
fn written(field: &str, asked: &str) -> String {
    let listed = Condition::LIST.iter().find(|listed| listed.field == field);
    let alone = listed.unwrap_or_else(|| panic!("{field} is not listed")).operators.is_empty();
    if alone {
        format!("{field}: {asked:?}").replace("\"true\"", "true").replace("\"false\"", "false")
    } else {
        format!("{field}: {{ {asked} }}")
    }
}

#[test]
fn every_condition_holds_of_what_it_says_and_of_nothing_else() {
    for (world, table) in [(full(), ON_AN_ORDER), (full_cart(), ON_A_CART)] {
        for &(field, asked, expected) in table {
            let yaml = written(field, asked);
            assert_eq!(world.holds(&yaml), expected, "{yaml}");
        }
    }
}

/// The table above leaves out no condition, no operator of one, and neither of its outcomes.
#[test]
fn the_table_is_complete() {
    let rows: BTreeSet<(&str, &str, bool)> = ON_AN_ORDER
        .iter()
        .chain(ON_A_CART)
        .map(|(field, asked, expected)| {
            let operator = asked.split_once(": ").map_or("", |(operator, _)| operator);
            (*field, operator, *expected)
        })
        .collect();
    for listed in Condition::LIST {
        let alone: &[&str] = &[""];
        let operators = if listed.operators.is_empty() { alone } else { listed.operators };
        for operator in operators {
            for expected in [true, false] {
                assert!(
                    rows.contains(&(listed.field, operator, expected)),
                    "{} {operator} {expected}",
                    listed.field
                );
            }
        }
    }
}

/// Of what is not known no condition holds, whichever way it asks; but `exists: false` does.
#[test]
fn of_what_is_not_known_nothing_holds() {
    let parcel = view(&[shipped(5, ShipmentStatus::Booked)]);
    let nothing = World::new(Some(parcel), None, None);
    // Known of every order, even if only a parcel of it has been heard of.
    let known = [
        "platform",
        "delivery_attempts",
        "order_status",
        "confirmation",
        "flags",
        "first_time_customer",
        "repeat_customer",
        "flow_has_run",
        "flow_is_running",
    ];
    for &(field, asked, _) in ON_AN_ORDER.iter().chain(ON_A_CART) {
        let yaml = written(field, asked);
        if known.contains(&field) {
            assert!(read(&yaml).judge(nothing.on()).is_some(), "{yaml}");
        } else {
            assert_eq!(nothing.holds(&yaml), asked == "exists: false", "{yaml}");
        }
    }
    for yaml in [
        "platform: { is: shopify }",
        "delivery_attempts: { is: 0 }",
        "order_status: { is: booked }",
        "confirmation: { is: not_needed }",
        "flags: { contains_none: [vip] }",
        "flags: { exists: false }",
        "first_time_customer: true",
        "repeat_customer: false",
        "flow_has_run: { contains_none: [cod-confirmation] }",
        "flow_is_running: { exists: false }",
    ] {
        assert!(nothing.holds(yaml), "{yaml}");
    }
}

/// An address without a city is not "anything but Karachi", and one in no area is known to be in none.
#[test]
fn what_an_address_leaves_out_is_not_known() {
    let to = |city: &str, postal_code: &str| {
        let address = Address { city: city.into(), postal_code: postal_code.into(), ..Address::default() };
        let snapshot = OrderSnapshot { address: Some(address), ..snapshot(0) };
        World::new(Some(view(&[order_fact(snapshot)])), None, None)
    };
    for (city, postal_code) in [("", " "), ("—", "")] {
        let nowhere = to(city, postal_code);
        for yaml in [
            "city: { is_not: Karachi }",
            "province: { is_not: Sindh }",
            "country: { is_not: PK }",
            "postal_code: { not_in: ['1'] }",
            "area: { is_not: coast }",
        ] {
            assert!(!nowhere.holds(yaml), "{yaml}");
        }
        assert!(nowhere.holds("area: { exists: false }"));
    }
    let lahore = to("Lahore", "54000");
    assert!(lahore.holds("area: { is_not: high_return }"));
    assert!(lahore.holds("area: { not_in: [high_return, coast] }"));
    assert!(lahore.holds("area: { exists: false }"));
    assert!(!lahore.holds("area: { exists: true }"));
    assert_eq!(read("area: { is: coast }").judge(lahore.on()).unwrap().actual, "none");
}

/// The order that is asked about is none that they ordered "last"; one that came after it is.
#[test]
fn the_last_order_is_another_one() {
    let mut world = full();
    world.now = at(4 * DAY);
    assert!(world.holds("last_order: { between: [2d, 2d] }"));
    let customer = world.customer.as_mut().unwrap();
    // Now the one that is asked about is the last.
    (customer.last_order, customer.previous_order) =
        (Some((at(0), order())), Some((at(-10 * DAY), "shopify-0".into())));
    assert!(world.holds("last_order: { between: [14d, 14d] }"));
    assert!(world.holds("ordered_again: false"));
    world.customer.as_mut().unwrap().previous_order = None;
    assert!(world.holds("last_order: { exists: false }"));
    assert!(world.holds("ordered_again: false"));
    // Without an order, their last one is it.
    world.order = None;
    assert!(world.holds("last_order: { between: [4d, 4d] }"));
}

#[test]
fn ordering_again_counts_from_the_run() {
    let mut world = full();
    assert!(world.holds("ordered_again: true"));
    // The order that starts a run is not one that comes after it.
    world.run.as_mut().unwrap().started_at = at(2 * DAY);
    assert!(world.holds("ordered_again: false"));
    world.run = None;
    // The order was placed at 0, the other one two days later.
    assert!(world.holds("ordered_again: true"));
}

#[test]
fn amounts_of_several_currencies_are_not_added_up() {
    let mut world = full();
    world.order = None;
    assert!(!world.holds("total_spent: { at_least: 0 }"));
    world.customer.as_mut().unwrap().spent.remove(&"USD".parse().unwrap());
    assert!(world.holds("total_spent: { is: 12000 }"));
    world.customer.as_mut().unwrap().spent.clear();
    assert!(world.holds("total_spent: { is: 0 }"));
    let mut world = full();
    world.customer.as_mut().unwrap().spent.remove(&money(0).currency);
    assert!(world.holds("total_spent: { is: 0 }"));
    world.customer.as_mut().unwrap().orders = 0;
    assert!(world.holds("return_rate: { exists: false }"));
}

#[test]
fn a_stop_takes_the_consent_back() {
    let mut world = full();
    world.customer.as_mut().unwrap().opted_out = true;
    assert!(world.holds("opted_in: { exists: false }"));
    assert!(world.holds("accepts_marketing: false"));
}

/// The message that went out last counts: of the run, and before there is one of all runs.
#[test]
fn the_last_message_is_read_or_not() {
    let mut world = full();
    let own = world.run.as_mut().unwrap();
    sent(own, 0, 9, Some(ReceiptStatus::Delivered));
    assert!(world.holds("message_read: false"));
    sent(world.run.as_mut().unwrap(), 1, 12, Some(ReceiptStatus::Clicked));
    assert!(world.holds("message_read: true"));
    // A receipt of an earlier attempt says nothing of the last one.
    sent(world.run.as_mut().unwrap(), 1, 13, None);
    assert!(world.holds("message_read: false"));
    // Nor does a message of another run, once there is a run.
    sent(&mut world.runs[1], 1, 99, Some(ReceiptStatus::Read));
    assert!(world.holds("message_read: false"));
    world.runs = vec![run("cod-confirmation", RunStatus::Finished), run("win-back", RunStatus::Running)];
    world.run = None;
    assert!(!world.holds("message_read: true") && !world.holds("message_read: false"));
    sent(&mut world.runs[0], 0, 1, Some(ReceiptStatus::Read));
    assert!(world.holds("message_read: true"));
    sent(&mut world.runs[1], 0, 2, None);
    assert!(world.holds("message_read: false"));
    // What was not taken was no message.
    let refused = Attempt { number: 9, at: at(50), channel: None, outcome: Outcome::Ambiguous };
    world.runs[0].stages[0].record(refused);
    sent(&mut world.runs[1], 1, 3, Some(ReceiptStatus::Read));
    assert!(world.holds("message_read: true"));
}

#[test]
fn only_conditions_on_runs_look_at_runs() {
    for listed in Condition::LIST {
        let row = ON_AN_ORDER.iter().chain(ON_A_CART).find(|(field, ..)| *field == listed.field).unwrap();
        let single = read(&written(row.0, row.1));
        assert_eq!(single.listed(), Some(listed));
        let expected = ["message_read", "flow_has_run", "flow_is_running"].contains(&listed.field);
        assert_eq!(single.looks_at_runs(), expected, "{}", listed.field);
        let deep = Condition::Any(vec![read("paid: true"), Condition::None(vec![single])]);
        assert_eq!(deep.looks_at_runs(), expected, "{}", listed.field);
    }
}

/// What the flow language calls a condition is what its list, its flaws and its storage call it.
#[test]
fn a_condition_has_one_name() {
    for &(field, asked, _) in ON_AN_ORDER.iter().chain(ON_A_CART) {
        let condition = read(&written(field, asked));
        let json = serde_json::to_value(&condition).unwrap();
        assert_eq!(json.as_object().unwrap().keys().collect::<Vec<_>>(), [field]);
        assert_eq!(serde_json::from_value::<Condition>(json).unwrap(), condition);
        assert_eq!(condition.flaws("at"), [], "{field} {asked}");
    }
    let flawed = |yaml: &str| read(yaml).flaws("at").into_iter().map(|(path, _)| path).collect::<Vec<_>>();
    for listed in Condition::LIST {
        for operator in listed.operators.iter().filter(|o| o.ends_with("in") || o.starts_with("contains_")) {
            let field = listed.field;
            assert_eq!(flawed(&format!("{field}: {{ {operator}: [] }}")), [format!("at.{field}.{operator}")]);
        }
    }
    assert_eq!(flawed("expression: 'order.'"), ["at.expression"]);
    assert_eq!(flawed("flow_has_run: { contains: '—' }"), ["at.flow_has_run.contains"]);
}

/// A sentence for each condition; of several values the first ten.
#[test]
fn every_condition_reads_as_a_clause() {
    for (yaml, words) in [
        ("paid: true", "it is paid"),
        ("financial_status: { is: partially_paid }", "the money is partially paid"),
        ("currency: { in: [pkr, USD] }", "the currency is one of PKR, USD"),
        ("country: { is_not: ae }", "the country is not AE"),
        ("product: { contains: lawn }", "the product contains lawn"),
        ("area: { is: high_return }", "the area is high_return"),
        ("platform: { is: woocommerce }", "the platform is woocommerce"),
        ("delivery_attempts: { at_least: 2 }", "the number of failed deliveries is at least 2"),
        ("order_tags: { contains_any: [a, b] }", "the order's tags contain any of a, b"),
        ("created_hour: { between: [22, 6] }", "the hour of the order is between 22 and 6"),
        ("created_weekday: { in: [friday] }", "the day of the order is one of friday"),
        ("order_age: { at_most: 2d }", "the age of the order is at most 2d"),
        ("repeat_customer: false", "it is not a repeat customer"),
        ("ordered_again: true", "it is true that the customer has ordered again"),
        ("satisfaction: { is: dissatisfied }", "the customer is dissatisfied"),
        ("opted_in: { contains: whatsapp }", "the channels agreed to contain whatsapp"),
        ("message_read: false", "it is not true that the last message was read"),
        ("flow_has_run: { contains: Win back }", "the flows that have run contain Win back"),
        ("expression: 'order.total > 5'", "the expression “order.total > 5” is true"),
    ] {
        assert_eq!(read(yaml).to_string(), words, "{yaml}");
    }
    let mut said = BTreeSet::new();
    for listed in Condition::LIST.iter().filter(|listed| listed.field != "collection") {
        assert!(said.insert(listed.words), "{} is said twice", listed.words);
        assert!(!listed.doc.trim().is_empty());
    }
}

#[test]
fn each_condition_is_explained_with_what_was_seen() {
    let world = full();
    let condition = read(
        "all:
          - payment_method: { is: cod }
          - any:
              - city: { is: Lahore }
              - order_total: { at_least: 4000 }
          - none: [{ flags: { contains: vip } }]
          - cart_total: { at_least: 1 }
          - expression: order.nothing > 3 || order.total > 9000",
    );
    let judged = condition.explain(world.on());
    let told: Vec<_> = judged.iter().map(|j| (j.path.as_str(), j.held, j.actual.as_str())).collect();
    assert_eq!(
        told,
        [
            ("all", false, "1 of 5 hold"),
            ("all[0].payment_method", false, "prepaid"),
            ("all[1].any", true, "1 of 2 hold"),
            ("all[1].any[0].city", false, "کراچی"),
            ("all[1].any[1].order_total", true, "4500"),
            ("all[2].none", false, "1 of 1 hold"),
            ("all[2].none[0].flags", true, "vip"),
            ("all[3].cart_total", false, "not known"),
            ("all[4].expression", false, "nothing is not known"),
        ]
    );
    assert_eq!(judged[3].condition, "the city is Lahore");
    assert_eq!(read("paid: true").explain(world.on())[0].path, "paid");
}

/// What an expression may read is checked when its flow is; whatever is left out is not known then.
#[test]
fn expressions_know_their_fields() {
    let world = full();
    for (text, expected) in [
        ("order.city == 'کراچی' && order.country == 'PK' && order.status == 'out_for_delivery'", true),
        ("'vip' in order.flags && order.tags.exists(tag, tag == 'gift')", true),
        ("order.items.exists(item, item.sku == 'LAWN-1' && item.quantity == 3 && item.price == 500)", true),
        ("order.hour == 10 && order.weekday == 'friday' && order.age_hours == 72", true),
        ("customer.orders == 5 && customer.spent == 12000 && customer.return_rate == 20.0", true),
        ("customer.tier == 'Gold' && 'email' in customer.reachable && customer.days_since_order == 1", true),
        (
            "now.weekday == 'monday' && now.hour == 10 && now.day == 23 && now.month == 11 && now.year == 2026",
            true,
        ),
        ("order.paid && order.confirmation == 'not_needed' && order.platform == 'shopify'", true),
        ("has(order.gateway) && !has(order.nothing)", true),
        ("cart.total > 0", false),
    ] {
        assert_eq!(world.holds(&format!("expression: {text:?}")), expected, "{text}");
    }
    let why =
        |text: &str| read(&format!("expression: {text:?}")).flaws("at").pop().map(|(_, why)| why.to_string());
    let city = why("order.citty == 'Karachi'").unwrap();
    assert!(city.starts_with("`order` has no `citty`; it has `id`, `name`"), "{city}");
    assert_eq!(
        why("fact.name == 'x'").unwrap(),
        "a condition has no `fact`; it has `order`, `customer`, `cart`, `now`"
    );
    assert_eq!(why("order.items.exists(item, item.skew == '')"), None);
    let flow = FLOW.replace("stages:", "conditions: { expression: 'customer.oders > 3' }\nstages:");
    let problem = parse::flow(&flow).unwrap_err().pop().unwrap();
    assert_eq!((problem.line, problem.field.as_str()), (Some(4), "conditions.expression"));
}

/// A hundred flows are judged for each order.
#[test]
fn judging_allocates_nothing() {
    let world = full();
    let conditions: Vec<Condition> = ON_AN_ORDER
        .iter()
        .filter(|(field, ..)| *field != "expression")
        .map(|(field, asked, _)| read(&written(field, asked)))
        .collect();
    let mut held = 0;
    let used = allocation_counter::measure(|| {
        held = conditions.iter().filter(|condition| condition.holds(world.on())).count();
    });
    assert_eq!(used.count_total, 0);
    assert!(held > 200, "{held}");
}

/// Flows that were written when there were six conditions read as before.
#[test]
fn old_flows_are_read() {
    let old = "
name: Old
trigger: order_created
conditions:
  all:
    - payment_method: { is: cod }
    - order_total: { between: [1500, \"20000.50\"] }
    - any: [{ city: { in: [Karachi, Lahore] } }, { first_time_customer: true }]
    - none: [{ order_status: { in: [cancelled, returned] } }, { confirmation: { is: not_needed } }]
stages: [{ name: Note, workflow: [{ add_note: x }] }]
";
    let flow: Flow = parse::flow(old).unwrap();
    let stored = r#"{"all":[{"payment_method":{"is":"cod"}},{"order_total":{"between":["1500","20000.50"]}},{"any":[{"city":{"in":["Karachi","Lahore"]}},{"first_time_customer":true}]},{"none":[{"order_status":{"in":["cancelled","returned"]}},{"confirmation":{"is":"not_needed"}}]}]}"#;
    assert_eq!(serde_json::from_str::<Condition>(stored).unwrap(), flow.conditions.unwrap());
}

/// The notes that are kept are the latest, whatever came first.
#[test]
fn an_order_keeps_its_last_notes() {
    let note = |n: i64| acted(n, OrderAction::AddNote(format!("note {n}")));
    let facts: Vec<_> = (0..25).map(|n| note((n * 7) % 25)).collect();
    let seen = view(&facts);
    let kept: Vec<_> = seen.notes.iter().map(|(_, note)| note.clone()).collect();
    let last: Vec<_> = (15..25).map(|n| format!("note {n}")).collect();
    assert_eq!(kept, last);
    let by = Actor::Person("a@b.example".into());
    let again =
        fact(3, FactBody::Action { order: order(), action: OrderAction::AddNote("note 3".into()), by });
    assert_eq!(view(&[facts, vec![again]].concat()).notes, seen.notes);
}
