//! The outbox: what was kept instead of sent, as the customer's phone would show it.

use askama::Template;
use axum::{Form, extract::Query, response::Response};
use harkara_domain::{
    OrderId,
    fact::{Choice, Said},
    flow::Channel,
    history::What,
};
use harkara_engine::{
    keys,
    outbox::{self, Kept},
    port::Key,
    record::load,
};
use harkara_sources::Connection;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::{
    desk::{Desk, Frame, Notice, encoded, page},
    failure::Failure,
    filters::{Part, address},
    words::when::Zoned,
};

const A_PAGE: usize = 100;
/// Orders whose answers are looked up for one page.
const MAX_ORDERS: usize = 40;

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    frame: Frame,
    conversations: Vec<Conversation>,
    mails: Vec<Letter>,
    older: Option<String>,
    newest: Option<String>,
}

/// What went between the shop and one phone, the earliest first.
struct Conversation {
    phone: String,
    latest: Timestamp,
    when: String,
    bubbles: Vec<Bubble>,
}

struct Bubble {
    at: Timestamp,
    when: String,
    /// By the customer.
    theirs: bool,
    text: String,
    id: String,
    buttons: Vec<(&'static str, String)>,
    order: Option<(String, String)>,
}

struct Letter {
    when: String,
    to: String,
    subject: String,
    text: String,
    order: Option<(String, String)>,
}

pub(crate) async fn outbox(desk: Desk, Query(part): Query<Part>) -> Result<Response, Failure> {
    let zoned = desk.zoned();
    let listed = desk.console.reader.outbox(desk.store(), part.limit(A_PAGE), part.after.clone()).await?;
    let mut conversations: Vec<Conversation> = Vec::new();
    let mut orders = BTreeSet::new();
    for kept in listed.entries.iter().filter(|kept| kept.channel == Channel::Whatsapp) {
        orders.extend(
            kept.stage.iter().filter_map(|stage| Some((stage.subject.order()?.clone(), kept.to.clone()))),
        );
        add(&mut conversations, &kept.to, bubble(kept, &zoned));
    }
    for (order, phone) in orders.iter().take(MAX_ORDERS) {
        for answer in answers(&desk, order, &zoned).await? {
            add(&mut conversations, phone, answer);
        }
    }
    for conversation in &mut conversations {
        conversation.bubbles.sort_by_key(|bubble| bubble.at);
        conversation.when = zoned.words(conversation.latest);
    }
    conversations.sort_by_key(|conversation| std::cmp::Reverse(conversation.latest));
    let mails = listed.entries.iter().filter(|kept| kept.channel == Channel::Email);
    let template = OutboxPage {
        frame: desk.frame("/outbox", "Outbox"),
        conversations,
        mails: mails.map(|kept| letter(kept, &zoned)).collect(),
        older: listed.next.map(|next| address("/outbox", &[("after", &next)])),
        newest: part.after.map(|_| "/outbox".to_owned()),
    };
    page(&template)
}

fn add(conversations: &mut Vec<Conversation>, phone: &str, bubble: Bubble) {
    if let Some(known) = conversations.iter_mut().find(|known| known.phone == phone) {
        known.latest = known.latest.max(bubble.at);
        known.bubbles.push(bubble);
    } else {
        let (phone, latest) = (phone.to_owned(), bubble.at);
        conversations.push(Conversation { phone, latest, when: String::new(), bubbles: vec![bubble] });
    }
}

fn order_of(kept: &Kept) -> Option<(String, String)> {
    let order = kept.stage.as_ref()?.subject.order()?;
    Some((format!("/orders/{}", encoded(order.as_str())), order.to_string()))
}

fn bubble(kept: &Kept, zoned: &Zoned) -> Bubble {
    Bubble {
        at: kept.at,
        when: zoned.words(kept.at),
        theirs: false,
        text: kept.text.clone(),
        id: kept.id.clone(),
        buttons: kept.buttons.iter().map(|button| (button.choice.as_str(), button.title.clone())).collect(),
        order: order_of(kept),
    }
}

fn letter(kept: &Kept, zoned: &Zoned) -> Letter {
    Letter {
        when: zoned.words(kept.at),
        to: kept.to.clone(),
        subject: kept.subject.clone().unwrap_or_default(),
        text: kept.text.clone(),
        order: order_of(kept),
    }
}

/// What the customer of an order has answered.
async fn answers(desk: &Desk, order: &OrderId, zoned: &Zoned) -> Result<Vec<Bubble>, Failure> {
    let story = desk.console.reader.order(desk.store(), order).await?;
    let entries = story.into_iter().flat_map(|story| story.history);
    let answer = |entry: harkara_domain::history::Entry| {
        let What::Reply(said) = entry.what else { return None };
        let (Said::Tapped { label: text, .. } | Said::Wrote(text)) = said;
        // Replies carry whole seconds; the time at which they came in keeps them behind what they answer.
        let at = entry.at;
        let when = zoned.words(at);
        Some(Bubble { at, when, theirs: true, text, id: String::new(), buttons: Vec::new(), order: None })
    };
    Ok(entries.filter_map(answer).collect())
}

#[derive(Deserialize)]
pub(crate) struct Tap {
    id: String,
    choice: String,
}

/// Presses a button, as the customer would: through the store's own webhook, signed.
pub(crate) async fn tap(desk: Desk, Form(tap): Form<Tap>) -> Result<Response, Failure> {
    let (console, store) = (&desk.console, desk.store());
    let choice = Choice::parse(&tap.choice).ok_or_else(|| Failure::bad("There is no such button."))?;
    let key = Key::new(keys::outbox(store), &tap.id);
    let kept = load::<Kept>(&*console.table, &key).await?.ok_or_else(|| Failure::missing("message"))?;
    let unconnected = || Failure::bad("The store is not connected to WhatsApp, so no button can be pressed.");
    let text = console.secrets.get(store.as_str(), "whatsapp").await?.ok_or_else(unconnected)?;
    let connection: Connection = serde_json::from_str(&text)
        .map_err(|_| Failure::fault("the connection to WhatsApp cannot be read"))?;
    let to = format!("{}/webhooks/{store}/whatsapp", console.base_url);
    let request = outbox::tap(&kept.value, choice, &connection, &to, desk.now).ok_or_else(unconnected)?;
    let on = kept.value.stage.as_ref().map(|stage| stage.subject.to_string()).unwrap_or_default();
    let what = format!("pressed “{}” for the customer", choice.as_str());
    console.people().log(store, &desk.caller.name, &what, &on).await?;
    let answer = console.http.call(request).await.map_err(Failure::fault)?;
    if !(200..300).contains(&answer.status) {
        return Err(Failure::fault(format!("the store's own webhook answered {}", answer.status)));
    }
    Ok(Notice::Pressed.at("/outbox"))
}
