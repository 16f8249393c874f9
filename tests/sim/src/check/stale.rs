//! Nothing stale: no message says what Harkara knew better when it began, and none goes to somebody else.

use harkara_domain::Subject;
use harkara_engine::{keys, views::View};

use super::known::{Known, Matter};
use crate::{outside::Call, world::World};

/// How the runs of flows begin whose messages are marketing.
const MARKETING: [&str; 3] = ["cart-recovery~", "welcome-series~", "win-back~"];
/// And of those that speak of a parcel on its way.
const ON_ITS_WAY: [&str; 2] = ["dispatch-notice~", "out-for-delivery~"];

/// The messages that should not have been.
pub(super) fn sent(world: &World, known: &Known) -> Vec<String> {
    let calls = world.outside.calls();
    let stale =
        calls.iter().filter_map(|call| Some(format!("{}: {}", call.reference, stale(world, known, call)?)));
    let astray =
        calls.iter().filter(|call| world.phone_of(&call.stage.subject).is_some_and(|own| own != call.to));
    let astray = astray.map(|call| format!("{}: a message went to somebody else", call.reference));
    stale.chain(astray).collect()
}

/// Why a message says what does not hold any more, if so.
fn stale(world: &World, known: &Known, call: &Call) -> Option<String> {
    let place = keys::partition(&World::store(), &call.stage.subject);
    let of = |flows: &[&str]| flows.iter().any(|flow| call.stage.run.as_str().starts_with(flow));
    let asks = call.payloads.iter().any(|payload| payload.starts_with("hk1:confirm"));
    let customer = || customer_of(world, &call.stage.subject);
    let since = |matter, place: &str| known.long_since(matter, place, call.at);
    if let Some(since) = since(Matter::Answered, &place).filter(|_| asks) {
        return Some(format!("it asks for what is answered since {since}"));
    }
    if let Some(since) = since(Matter::Arrived, &place).filter(|_| of(&ON_ITS_WAY)) {
        return Some(format!("it is on its way, and there since {since}"));
    }
    if let Some(since) = since(Matter::Closed, &place) {
        return Some(format!("the cart is closed since {since}"));
    }
    let since = customer().filter(|_| of(&MARKETING)).and_then(|place| since(Matter::OptedOut, &place))?;
    Some(format!("they want no marketing since {since}"))
}

/// The partition of the customer behind a subject.
fn customer_of(world: &World, subject: &Subject) -> Option<String> {
    let store = World::store();
    let item = world.table.item(&keys::view(&store, subject))?;
    let view = View::decode(subject, &item).ok()?.value;
    Some(keys::partition(&store, &Subject::Customer(view.customer_id()?.clone())))
}
