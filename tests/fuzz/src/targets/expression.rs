//! Expressions: read, they are judged soon and always the same.

use harkara_domain::flow::{Condition, expression::Expression};

use crate::sample::SCENE;

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let expression = Expression::new(text);
    assert!(expression.text() == text);
    if let Err(bad) = expression.sound() {
        let words = bad.to_string();
        assert!(!words.is_empty() && words.len() <= 4_000, "{} bytes of words", words.len());
    } else {
        assert!(text.chars().count() <= Expression::MAX_TEXT, "{} characters", text.chars().count());
        assert!(expression.reads().count() <= Expression::MAX_TEXT);
    }
    let json = serde_json::json!({ "expression": text });
    let condition: Condition = serde_json::from_value(json).expect("any text may stand in a condition");
    super::condition::judge(&condition, SCENE.known());
    super::condition::judge(&condition, SCENE.unknown());
}
