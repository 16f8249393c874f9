//! Folders of flows and templates, as the command line and the API put them into a store: nothing of one with
//! a problem is done, and one that is done is what the store then has. A file begins with a line `=== <path>`;
//! what stands before the first says `prune` and `activate`.

use futures::executor::block_on;
use harkara_engine::{
    catalog::Catalog,
    ownership::{Bundle, Difference, FileProblem, Sheet, Wish},
    settings::Settings,
    setup::{Setup, SetupError},
};
use std::sync::{Arc, LazyLock};

use crate::{
    sample::STORE,
    seeds,
    world::{Items, MemoryTable, StillClock},
};

const FILE: &str = "=== ";
const BY: &str = "fuzz";

/// A store that has a flow, which is active, and its templates.
static SHOP: LazyLock<Items> = LazyLock::new(|| {
    let table = Arc::new(MemoryTable::default());
    let setup = setup(&table);
    let settings: Settings = serde_json::from_str(
        r#"{ "name": "Gulab", "timezone": "Asia/Karachi", "languages": ["en"], "teams": {} }"#,
    )
    .expect("settings");
    block_on(setup.settings(&STORE, &settings)).expect("settings");
    let sheet = |text: &&str| Sheet { file: text.len().to_string(), text: (*text).to_owned() };
    let bundle = Bundle {
        flows: [seeds::FLOW].iter().map(sheet).collect(),
        templates: seeds::TEMPLATES.iter().map(sheet).collect(),
    };
    let wish = Wish { prune: false, activate: true };
    block_on(setup.apply(&STORE, &bundle, wish, BY)).expect("an active flow");
    table.items()
});

/// What sets stores up in a table.
pub(super) fn setup(table: &Arc<MemoryTable>) -> Setup {
    let clock = Arc::new(StillClock);
    Setup {
        table: table.clone(),
        clock: clock.clone(),
        catalog: Arc::new(Catalog::new(table.clone(), clock)),
    }
}

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (bundle, wish) = read(text);
    let table = Arc::new(MemoryTable::of(SHOP.clone()));
    let setup = setup(&table);
    let compared = block_on(setup.compare(&STORE, &bundle, wish));
    assert!(!table.restore(&SHOP), "to compare has written something");
    let applied = block_on(setup.apply(&STORE, &bundle, wish, BY));
    match (compared, applied) {
        (Ok(compared), Ok(applied)) => {
            assert!(compared == applied, "{compared:?} was to be done, and {applied:?} was");
            done(&setup, &bundle, wish);
        }
        (Err(SetupError::Bundle(compared)), Err(SetupError::Bundle(applied))) => {
            assert!(compared == applied && !table.restore(&SHOP), "something of it was done");
            told(&compared, &bundle);
        }
        (compared, applied) => panic!("{compared:?}, and then {applied:?}"),
    }
}

fn read(text: &str) -> (Bundle, Wish) {
    let mut parts = text.split(FILE);
    let wished = parts.next().unwrap_or_default();
    let wish = Wish { prune: wished.contains("prune"), activate: wished.contains("activate") };
    let mut bundle = Bundle::default();
    for part in parts {
        let (file, text) = part.split_once('\n').unwrap_or((part, ""));
        let of = if file.starts_with("templates/") { &mut bundle.templates } else { &mut bundle.flows };
        of.push(Sheet { file: file.to_owned(), text: text.to_owned() });
    }
    (bundle, wish)
}

/// The store has what the bundle says, and a second time there is nothing to do.
fn done(setup: &Setup, bundle: &Bundle, wish: Wish) {
    let again = block_on(setup.apply(&STORE, bundle, wish, BY)).expect("what was done once");
    let acts = |difference: &Difference| !difference.acts.is_empty();
    assert!(!again.iter().any(acts), "done again: {again:?}");
    let held = block_on(setup.export(&STORE)).expect("what the store has");
    let has = |held: &[Sheet], sheet: &Sheet| held.iter().any(|held| held.text == sheet.text);
    assert!(bundle.flows.iter().all(|sheet| has(&held.flows, sheet)), "a flow is missing");
    assert!(bundle.templates.iter().all(|sheet| has(&held.templates, sheet)), "a template is missing");
    assert!(!wish.prune || held.flows.len() == bundle.flows.len(), "what was to go is there");
    let same = block_on(setup.compare(&STORE, &held, Wish::default())).expect("what was taken out");
    assert!(!same.iter().any(acts), "taken out it differs: {same:?}");
}

/// Each problem is a file's, or the whole bundle's.
fn told(problems: &[FileProblem], bundle: &Bundle) {
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(!problem.message.is_empty() && problem.message.len() <= 16_000, "{problem}");
        let mut sheets = bundle.flows.iter().chain(&bundle.templates);
        assert!(
            problem.file.is_empty() || sheets.any(|sheet| sheet.file == problem.file),
            "{problem} of another file"
        );
    }
}
