//! What `docs/settings.md` shows is what settings are.

use harkara_engine::settings::Settings;
use serde_json::Value;

const PAGE: &str = include_str!("../../docs/settings.md");

/// The page's example.
fn example() -> Value {
    let block = PAGE.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    serde_json::from_str(block).unwrap()
}

#[test]
fn the_example_is_taken_whole_and_without_flaws() {
    let settings: Settings = serde_json::from_value(example()).unwrap();
    assert_eq!(settings.rules.flaws(), []);
    let kept = serde_json::to_value(&settings).unwrap();
    for (field, shown) in example().as_object().unwrap() {
        assert_eq!(kept.get(field), Some(shown), "{field} is not kept as it is shown");
    }
}

#[test]
fn every_field_is_in_the_table_and_in_the_example() {
    let settings: Settings = serde_json::from_value(example()).unwrap();
    for field in serde_json::to_value(&settings).unwrap().as_object().unwrap().keys() {
        assert!(PAGE.contains(&format!("| `{field}` |")), "{field} is not told of");
    }
}
