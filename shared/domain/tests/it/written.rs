//! A flow as fields and lists, from its text and back.

use harkara_domain::flow::{Written, parse};
use proptest::prelude::*;
use std::fs;

const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows");

/// As the console's form has it done: text, JSON, text.
fn there_and_back(text: &str) -> String {
    let json = serde_json::to_string(&Written::read(text).unwrap()).unwrap();
    serde_json::from_str::<Written>(&json).unwrap().text().unwrap()
}

#[test]
fn every_flow_is_the_same_after_going_there_and_back() {
    for file in fs::read_dir(FLOWS).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let text = fs::read_to_string(&file).unwrap();
            let again = there_and_back(&text);
            assert_eq!(parse::flow(&again).unwrap(), parse::flow(&text).unwrap(), "{again}");
            assert_eq!(there_and_back(&again), again);
        }
    }
}

#[test]
fn fields_keep_their_order_and_texts_their_kind() {
    let text = "trigger: order_created\nname: \"2024\"\nstages:\n  - workflow: [{ add_tag: \"yes\" }, { add_note: 'a: b # c' }]\n    name: \"1.50\"\n    at: \"18:00\"\n";
    let json = serde_json::to_string(&Written::read(text).unwrap()).unwrap();
    assert_eq!(
        json,
        r#"{"trigger":"order_created","name":"2024","stages":[{"workflow":[{"add_tag":"yes"},{"add_note":"a: b # c"}],"name":"1.50","at":"18:00"}]}"#
    );
    assert_eq!(parse::flow(&there_and_back(text)).unwrap(), parse::flow(text).unwrap());
}

#[test]
fn words_without_quotes_stay_what_was_written() {
    let text = "name: y\ntrigger: { high_value_order: 1499.50 }\nconditions: { postal_code: { in: [05400, 1e3, 0x1F] } }\nstages: [{ name: No, workflow: [{ add_tag: 1.50 }, { add_note: on }] }]\n";
    let again = there_and_back(text);
    assert_eq!(parse::flow(&again).unwrap(), parse::flow(text).unwrap(), "{again}");
    assert!(again.contains("05400") && again.contains("1499.50"), "{again}");
}

#[test]
fn what_is_no_sound_flow_can_be_read_too() {
    let beginning = Written::read("name: \ntrigger: order_created\nstages:\n  - name: \n").unwrap();
    let Written::Fields(fields) = &beginning else { panic!("{beginning:?}") };
    assert_eq!(fields[0], ("name".to_owned(), Written::Nothing));
    for unreadable in ["a: [", "a: 1\na: 2\nb: *c", "a: &x 1\nb: *x", &"[".repeat(40), &" ".repeat(70_000)] {
        assert_eq!(Written::read(unreadable), None, "{unreadable}");
    }
}

#[test]
fn comments_are_found_and_what_only_looks_like_one_is_none() {
    for text in ["# why\nname: A", "name: A # why", "name: A\n  # why\ntrigger: x"] {
        assert!(Written::has_comments(text), "{text}");
    }
    for text in ["name: A", "name: \"A # why\"", "name: A#why", "note: |\n  # why\n"] {
        assert!(!Written::has_comments(text), "{text}");
    }
}

fn written() -> impl Strategy<Value = Written> {
    let looks = prop::sample::select(
        "yes no y true false True null ~ 1 1.0 0x1F 1e3 .inf 18:00 2026-01-01 - ? : # & * ! | > ' \" % @ ` a:b a#b <<"
            .split(' ')
            .collect::<Vec<_>>(),
    );
    let leaf = prop_oneof![
        any::<bool>().prop_map(Written::Truth),
        any::<i64>().prop_map(Written::Whole),
        looks.prop_map(|text| Written::Text(text.to_owned())),
        "\\PC{0,12}".prop_map(Written::Text),
        "[a-z \n#:]{0,120}".prop_map(Written::Text),
    ];
    leaf.prop_recursive(4, 30, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Written::List),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..5)
                .prop_map(|map| Written::Fields(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(written in written()) {
        let text = written.text().unwrap();
        prop_assert_eq!(Written::read(&text), Some(written), "{}", text);
    }
}
