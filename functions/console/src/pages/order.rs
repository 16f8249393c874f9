//! One order: where it stands, its story, and what the team can do about it.

use askama::Template;
use axum::{extract::Path, response::Response};
use harkara_domain::{CustomerView, OrderId, OrderStatus, OrderView, order::Confirmation};
use harkara_engine::read::OrderStory;

use crate::{
    desk::{Desk, Frame, page},
    failure::Failure,
    pages::{orders::OrderRow, runs::RunRow},
    timeline,
    words::{self, when::Zoned},
};

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    id: String,
    row: OrderRow,
    source: String,
    payment: String,
    items: Vec<Item>,
    left_out: u32,
    customer: Option<Customer>,
    street: String,
    rest: String,
    status_url: Option<String>,
    tracking: Option<Tracking>,
    flags: Vec<(String, String)>,
    assigned: Option<String>,
    moments: Vec<Line>,
    runs: Vec<RunRow>,
    can_confirm: bool,
    can_cancel: bool,
}

struct Item {
    title: String,
    quantity: u32,
    price: String,
}

struct Customer {
    contact: Vec<String>,
    counts: String,
    spent: String,
    opted_out: bool,
}

struct Tracking {
    text: String,
    url: Option<String>,
}

struct Line {
    when: String,
    machine: String,
    happened: Option<String>,
    tone: &'static str,
    title: String,
    lines: Vec<String>,
}

pub(crate) async fn order(desk: Desk, Path(id): Path<String>) -> Result<Response, Failure> {
    let id = OrderId::from(id);
    let story = desk.console.reader.order(desk.store(), &id).await?;
    let story = story.ok_or_else(|| Failure::missing("order"))?;
    page(&template(&desk, &story))
}

fn template(desk: &Desk, story: &OrderStory) -> OrderPage {
    let (zoned, order) = (desk.zoned(), &story.order);
    let snapshot = order.snapshot.as_ref();
    let address = snapshot.and_then(|snapshot| snapshot.address.clone()).unwrap_or_default();
    let place = [address.city, address.province, address.postal_code, address.country];
    let items = items(order);
    let shown: u32 = items.iter().map(|item| item.quantity).sum();
    OrderPage {
        frame: desk.frame("/orders", format!("Order {}", words::order_name(order))),
        id: order.id.to_string(),
        row: OrderRow::of(order, &zoned),
        source: words::source(order.id.as_str().split('-').next().unwrap_or_default()),
        payment: snapshot.map(payment).unwrap_or_default(),
        left_out: snapshot.map_or(0, |snapshot| snapshot.item_count.saturating_sub(shown)),
        items,
        customer: customer(order, story.customer.as_ref()),
        street: address.street,
        rest: place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        status_url: snapshot.and_then(|snapshot| snapshot.status_url.clone()).filter(|url| is_web(url)),
        tracking: tracking(order),
        flags: order.flags_set().map(|flag| (flag.to_owned(), words::flag_words(flag))).collect(),
        assigned: order.assigned.as_ref().map(|(_, person)| person.clone()),
        moments: lines(desk, story, &zoned),
        runs: story.runs.iter().rev().map(|run| RunRow::of(run, &zoned)).collect(),
        can_confirm: order.confirmation() == Confirmation::Pending,
        can_cancel: order.status() < OrderStatus::Booked,
    }
}

/// Nothing else becomes a link, whatever a shop or courier sends.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn payment(snapshot: &harkara_domain::fact::OrderSnapshot) -> String {
    use harkara_domain::fact::PaymentMethod;
    let method = match snapshot.payment {
        PaymentMethod::Cod => "Cash on delivery",
        PaymentMethod::Prepaid => "Prepaid",
    };
    if snapshot.paid { format!("{method}, paid") } else { method.to_owned() }
}

fn items(order: &OrderView) -> Vec<Item> {
    let Some(snapshot) = order.snapshot.as_ref() else { return Vec::new() };
    let price = |amount| harkara_domain::Money { amount, currency: snapshot.total.currency }.to_string();
    let item = |item: &harkara_domain::fact::LineItem| {
        let each = if item.quantity > 1 { " each" } else { "" };
        let price = format!("{}{each}", price(item.price));
        Item { title: item.title.clone(), quantity: item.quantity, price }
    };
    snapshot.items.iter().map(item).collect()
}

fn customer(order: &OrderView, view: Option<&CustomerView>) -> Option<Customer> {
    let contact = order.contact()?;
    let phone = contact.phone.as_ref().map(|phone| phone.as_str().to_owned());
    let counted = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    let counts = view.map(|view| {
        let orders = words::count(counted(view.orders), "order", "orders");
        let returns = words::count(counted(view.returns), "return", "returns");
        format!("{orders}, {returns}")
    });
    let spent = view.into_iter().flat_map(|view| &view.spent);
    let spent = spent.map(|(&currency, &amount)| harkara_domain::Money { amount, currency }.to_string());
    Some(Customer {
        contact: [phone, contact.email.clone()].into_iter().flatten().collect(),
        counts: counts.unwrap_or_default(),
        spent: spent.collect::<Vec<_>>().join(", "),
        opted_out: view.is_some_and(|view| view.opted_out),
    })
}

fn tracking(order: &OrderView) -> Option<Tracking> {
    let tracking = order.tracking()?;
    let parts = [tracking.company.as_deref(), tracking.number.as_deref()];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let text = if text.is_empty() { "Follow the parcel".to_owned() } else { text };
    Some(Tracking { text, url: tracking.url.clone().filter(|url| is_web(url)) })
}

fn lines(desk: &Desk, story: &OrderStory, zoned: &Zoned) -> Vec<Line> {
    let moments = timeline::of(story, &desk.shelf).into_iter();
    let line = |moment: timeline::Moment| Line {
        when: zoned.words(moment.at),
        machine: zoned.machine(moment.at),
        happened: moment.happened.map(|at| zoned.words(at)),
        tone: moment.tone,
        title: moment.title,
        lines: moment.lines,
    };
    moments.map(line).collect()
}
