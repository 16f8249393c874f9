//! What a shop's own programs tell: carts, looks, searches, tiers, subscriptions, happenings of the
//! shop's own kind, and orders of a platform that Harkara has no source for.
//!
//! One fact is an object with its `kind`, the time `at` which it happened, and the fields of its kind;
//! several come together as `{ "facts": [ … ] }`. A body is taken as a whole or refused as a whole, with
//! all that is wrong. A fact that is told again, by the same `id` (or the same content) and the same
//! `at`, is the same fact.
//!
//! A new kind is its file and its line in `KINDS`: what it reads and the JSON Schema of it come from
//! the same declaration (see `shape`).

mod browsed;
mod cart;
mod clicked;
mod custom;
mod order;
mod profile;
mod schema;
mod searched;
mod shape;
mod shipment;
mod status;
mod subscription;
mod tier;
mod value;
mod viewed;
mod who;

use harkara_domain::{Fact, FactBody, FactId, StoreId, fact::Actor, id::digest};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::limits;
pub use schema::schemas;
use shape::{Object, Path, Reader, Schemas, Shape, read_object};
use value::{Key, Moment};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 1 << 20;
/// The most facts that are told at once.
pub const MAX_FACTS: usize = 100;
/// Brackets that a body may nest; an order with its items nests five.
pub const DEPTH: usize = 10;
/// How far a time may lie ahead: clocks differ.
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);
/// How old a fact may be when it is told. What is older would set off messages that nobody expects.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most problems that are told of a body.
pub const MAX_PROBLEMS: usize = 50;

/// The name of the source, in facts.
pub const NAME: &str = "api";

/// Who tells, of which store, and when.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// The store.
    pub store: &'a StoreId,
    /// Who: a program, or a person with a session.
    pub by: &'a Actor,
    /// Now.
    pub received_at: Timestamp,
    /// Whether a time zone of that IANA name is known: nothing here looks it up.
    pub is_zone: fn(&str) -> bool,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: `facts[3].customer.phone`; empty for the body itself.
    pub field: String,
    /// What, without the value: it may be a customer's.
    pub message: String,
}

/// Why nothing was taken in.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// No JSON, or too large or too deep to be looked at.
    #[error("the body {0}")]
    Unreadable(String),
    /// These are wrong; the first [`MAX_PROBLEMS`].
    #[error("{} fields are wrong", .0.len())]
    Problems(Vec<Problem>),
}

type ReadKind = fn(&Map<String, Value>, &Path<'_>, &Saying<'_>, &mut Reader) -> Option<Vec<FactBody>>;

/// What is read of a kind.
struct Entry {
    name: &'static str,
    describe: fn(&mut Schemas) -> String,
    read: ReadKind,
}

/// One fact as it is read.
#[derive(Clone, Copy)]
struct Saying<'a> {
    telling: Telling<'a>,
    at: Timestamp,
}

/// A kind of facts.
trait Kind: Object {
    /// Its name.
    const KIND: &'static str;

    /// What of it no field alone can tell.
    fn check(&self, _saying: &Saying<'_>, _at: &Path<'_>, _reader: &mut Reader) {}

    /// What has happened.
    fn say(self, saying: &Saying<'_>) -> Vec<FactBody>;
}

const fn entry<K: Kind>() -> Entry {
    Entry { name: K::KIND, describe: schema::describe_kind::<K>, read: read_kind::<K> }
}

/// Every kind.
static KINDS: [Entry; 15] = [
    entry::<cart::CartUpdated>(),
    entry::<cart::CartEmptied>(),
    entry::<cart::CartCheckedOut>(),
    entry::<viewed::ProductViewed>(),
    entry::<searched::Searched>(),
    entry::<browsed::CategoryBrowsed>(),
    entry::<profile::CustomerProfile>(),
    entry::<tier::CustomerTier>(),
    entry::<subscription::Subscription>(),
    entry::<subscription::SubscriptionEnded>(),
    entry::<custom::CustomFact>(),
    entry::<status::OrderReached>(),
    entry::<shipment::ShipmentNews>(),
    entry::<order::WholeOrder>(),
    entry::<clicked::MessageClicked>(),
];

/// The names of all kinds.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|entry| entry.name)
}

/// What stands beside the fields of a kind.
const AROUND: [&str; 3] = ["kind", "id", "at"];

/// Reads a body: the facts that it tells, in its order.
///
/// # Errors
/// [`Refused`] with all that is wrong; then nothing of it counts.
pub fn parse(telling: Telling<'_>, body: &[u8]) -> Result<Vec<Fact>, Refused> {
    if body.len() > MAX_BODY {
        return Err(Refused::Unreadable("is too large".to_owned()));
    }
    if limits::too_deep(body, DEPTH) {
        return Err(Refused::Unreadable("nests too deeply".to_owned()));
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| {
        Refused::Unreadable(format!("is not JSON at line {}, column {}", error.line(), error.column()))
    })?;
    let mut reader = Reader::new(telling.is_zone);
    let facts = read_body(telling, &value, &mut reader);
    let problems = reader.into_problems();
    if problems.is_empty() { Ok(facts) } else { Err(Refused::Problems(problems)) }
}

fn read_body(telling: Telling<'_>, value: &Value, reader: &mut Reader) -> Vec<Fact> {
    let root = Path::Root;
    let Some(body) = value.as_object() else {
        reader.fault(&root, "is to be an object: a fact, or { \"facts\": [ … ] }");
        return Vec::new();
    };
    let Some(batch) = body.get("facts") else {
        return read_fact(telling, value, &root, reader).unwrap_or_default();
    };
    for name in body.keys().filter(|name| *name != "facts") {
        reader.fault(&root.field(name), "is not known beside facts");
    }
    let at = root.field("facts");
    let Some(entries) = batch.as_array().filter(|entries| (1..=MAX_FACTS).contains(&entries.len())) else {
        reader.fault(&at, &format!("is to be a list of 1 to {MAX_FACTS} facts"));
        return Vec::new();
    };
    let each = entries.iter().enumerate();
    each.filter_map(|(place, value)| read_fact(telling, value, &at.entry(place), reader)).flatten().collect()
}

fn read_fact(telling: Telling<'_>, value: &Value, at: &Path<'_>, reader: &mut Reader) -> Option<Vec<Fact>> {
    let Some(fields) = value.as_object() else {
        reader.fault(at, "is to be an object");
        return None;
    };
    let entry = entry_of(fields, at, reader);
    let id = fields.get("id").map(|id| Key::read(id, &at.field("id"), reader));
    let when = happened_at(telling, fields, at, reader);
    // A fact without a good time is read on, for what else is wrong with it.
    let saying = Saying { telling, at: when.unwrap_or(telling.received_at) };
    let bodies = entry.and_then(|entry| Some((entry.name, (entry.read)(fields, at, &saying, reader)?)));
    let ((name, bodies), occurred_at) = (bodies?, when?);
    let id = match id {
        Some(id) => id?.0,
        None => digest(&value.to_string()),
    };
    let fact = |(place, body): (usize, FactBody)| Fact {
        id: FactId::new(match place {
            0 => format!("{NAME}/{name}/{id}"),
            _ => format!("{NAME}/{name}/{id}/{place}"),
        }),
        store: telling.store.clone(),
        source: NAME.into(),
        occurred_at,
        received_at: telling.received_at,
        body,
    };
    Some(bodies.into_iter().enumerate().map(fact).collect())
}

fn entry_of(fields: &Map<String, Value>, at: &Path<'_>, reader: &mut Reader) -> Option<&'static Entry> {
    let place = at.field("kind");
    let Some(kind) = fields.get("kind") else {
        reader.fault(&place, "is missing");
        return None;
    };
    let entry = KINDS.iter().find(|entry| kind.as_str() == Some(entry.name));
    if entry.is_none() {
        reader.fault(&place, &format!("is to be one of {}", kinds().collect::<Vec<_>>().join(", ")));
    }
    entry
}

fn happened_at(
    telling: Telling<'_>,
    fields: &Map<String, Value>,
    at: &Path<'_>,
    reader: &mut Reader,
) -> Option<Timestamp> {
    let place = at.field("at");
    let when = match fields.get("at") {
        Some(value) => Moment::read(value, &place, reader)?.0,
        None => return Moment::absent(&place, reader).map(|when| when.0),
    };
    let age = telling.received_at.duration_since(when);
    if age < -SKEW {
        reader.fault(&place, "is in the future");
    } else if age > MAX_AGE {
        reader.fault(&place, &format!("is more than {} days ago", MAX_AGE.as_hours() / 24));
    } else {
        return Some(when);
    }
    None
}

fn read_kind<K: Kind>(
    fields: &Map<String, Value>,
    at: &Path<'_>,
    saying: &Saying<'_>,
    reader: &mut Reader,
) -> Option<Vec<FactBody>> {
    let said = read_object::<K>(fields, &AROUND, at, reader)?;
    said.check(saying, at, reader);
    Some(said.say(saying))
}
