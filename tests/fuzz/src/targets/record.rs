//! What lies in the table: read and written it is the same, and what cannot be read is told without its
//! words. The first line is the sort key, which tells what it is, the rest the body.

use harkara_domain::{CartView, CustomerView, OrderView, Run, history::Entry};
use harkara_engine::{
    bury::DeadLetter,
    catalog::{FlowHead, FlowVersion, Pause},
    keys,
    outbox::Kept,
    people::{ApiKey, AuditEntry, Person},
    port::{Item, Key, TableError},
    record,
    replay::Replay,
    settings::Settings,
    tasks::Task,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::sample::tells;

pub(super) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (head, body) = data.split_at(end);
    let Ok(sk) = std::str::from_utf8(head) else { return };
    let body = body.get(1..).unwrap_or_default();
    placed(sk);
    match sk {
        "order" => read::<OrderView>(body),
        "customer" => read::<CustomerView>(body),
        "cart" => read::<CartView>(body),
        "run" => read::<Run>(body),
        "entry" => read::<Entry>(body),
        "head" => read::<FlowHead>(body),
        "version" => read::<FlowVersion>(body),
        "pause" => read::<Pause>(body),
        "letter" => read::<DeadLetter>(body),
        "replay" => read::<Replay>(body),
        "task" => read::<Task>(body),
        "kept" => read::<Kept>(body),
        "person" => read::<Person>(body),
        "key" => read::<ApiKey>(body),
        "audit" => read::<AuditEntry>(body),
        _ => read::<Settings>(body),
    }
}

/// Keys, whatever stands in them.
fn placed(text: &str) {
    if let Some(at) = keys::unstamp(text) {
        let stamp = keys::stamp(at);
        assert!(keys::unstamp(&stamp) == Some(at) || at.as_millisecond() < 0, "{text:?} and {stamp:?}");
    }
    let (pk, sk) = text.split_once('/').unwrap_or((text, "v"));
    let key = Key::new(pk, sk);
    if let Some((store, subject)) = keys::subject_of(&key) {
        assert!(keys::view(&store, &subject) == key, "{key:?} is the view of another");
    }
}

fn read<T: Serialize + DeserializeOwned>(body: &[u8]) {
    let key = Key::new("o#demo#shopify-1", "v");
    let item = Item::new(key.clone(), body.to_vec());
    match record::decode::<T>(&item) {
        Ok(stored) => {
            let written = record::item(key, &stored.value);
            let again = record::decode::<T>(&written).expect("what was written can be read");
            let twice = record::item(written.key.clone(), &again.value);
            assert!(twice.body == written.body, "it changes each time that it is written");
        }
        Err(TableError::Failed(words)) => {
            let (_, said) = words.split_once(" cannot be read").expect("it says what cannot be read");
            assert!(said.len() <= 200 && !tells(said) && !said.contains('"'), "{words} quotes the record");
        }
        Err(TableError::Cursor) => panic!("no list was read"),
    }
}
