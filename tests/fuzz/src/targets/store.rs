//! A store's file, as a person writes it, and the file of connections beside a database: what is read can be
//! written, what is put is there whole, and whatever is wrong with connections, nothing of them is told.

use futures::executor::block_on;
use harkara_domain::FlowId;
use harkara_engine::{keys, ownership::Sheet, port::Table, settings::Settings};
use harkara_onebox::{secrets_file::SecretsFile, store_file::StoreFile};
use serde_json::Value;
use std::sync::Arc;

use super::bundle::setup;
use crate::{
    sample::tells,
    world::{Items, MemoryTable},
};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    connections(text);
    let Ok(file) = StoreFile::parse(text) else { return };
    let written = serde_json::to_string(&file).expect("a store's file can be written");
    let read = StoreFile::parse(&written).expect("a store's file can be read");
    assert!(serde_json::to_string(&read).ok().as_ref() == Some(&written), "{written} is another store");
    let table = Arc::new(MemoryTable::default());
    match block_on(file.put(&setup(&table))) {
        Ok(()) => put(&file, &table),
        Err(problem) => {
            let words = format!("{problem:#}");
            assert!(!words.is_empty() && words.len() <= 4_000 + 20 * text.len(), "{} bytes", words.len());
        }
    }
}

/// Connections of any shape, in both files.
fn connections(text: &str) {
    if let Err(problem) = SecretsFile::parse(text) {
        assert!(problem.len() <= 200 && !tells(&problem), "{problem}");
    }
    // A name of a connection is no secret.
    if serde_json::from_str::<Value>(text).is_ok_and(|value| !value.is_object()) {
        let file = format!(r#"{{ "store": "demo", "connections": {text} }}"#);
        let Err(problem) = StoreFile::parse(&file) else { panic!("{text} is no connections") };
        assert!(!tells(&problem.to_string()), "{problem}");
    }
}

/// The store has what the file says, and a second time changes nothing.
fn put(file: &StoreFile, table: &Arc<MemoryTable>) {
    let (setup, items) = (setup(table), table.items());
    let kept = block_on(table.get(&keys::settings(&file.store))).expect("a table").expect("settings");
    let kept: Settings = serde_json::from_slice(&kept.body).expect("settings");
    assert!(kept == file.settings, "{kept:?} are other settings");
    let held = block_on(setup.export(&file.store)).expect("what the store has");
    let has = |held: &[Sheet], text: &String| held.iter().any(|held| held.text == *text);
    assert!(file.flows.iter().all(|text| has(&held.flows, text)), "a flow is missing");
    assert!(file.templates.iter().all(|text| has(&held.templates, text)), "a template is missing");
    let flows = block_on(setup.heads(&file.store)).expect("flows");
    let ids: Vec<FlowId> = flows.iter().filter(|head| head.is_active()).map(|head| head.id.clone()).collect();
    let most = if file.activate { file.flows.len() } else { 0 };
    assert!(ids.len() == most, "{ids:?} are active");
    block_on(file.put(&setup)).expect("what was put once");
    assert!(bodies(&table.items()) == bodies(&items), "put again it is another store");
}

/// All but the versions, which count writes.
fn bodies(items: &Items) -> Vec<(&str, &str, &[u8])> {
    items.iter().map(|(key, item)| (&*key.pk, &*key.sk, &*item.body)).collect()
}
