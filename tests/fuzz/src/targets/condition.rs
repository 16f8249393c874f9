//! Conditions, as JSON: written and read they are the same, and judging them says why.

use harkara_domain::flow::{Condition, condition::Circumstances};

use crate::sample::SCENE;

pub(super) fn run(data: &[u8]) {
    let Ok(condition) = serde_json::from_slice::<Condition>(data) else { return };
    let text = serde_json::to_string(&condition).expect("a condition can be written");
    let read: Condition = serde_json::from_str(&text).expect("a condition can be read");
    assert!(read == condition, "{text} is another condition");
    let (count, depth) = condition.size();
    assert!(count <= data.len() + 1 && depth <= data.len() + 1);
    // Those of an unsound one are never judged: no flow with it is kept.
    if condition.flaws("conditions").is_empty() {
        judge(&condition, SCENE.known());
        judge(&condition, SCENE.unknown());
    }
}

/// Whether it holds, why not, and all of it in words: all of one mind.
pub(super) fn judge(condition: &Condition, on: Circumstances<'_>) {
    let holds = condition.holds(on);
    assert!(holds == condition.holds(on), "{condition} at one time holds and then not");
    assert!(holds == condition.check(on).is_ok(), "{condition} fails without a reason");
    if let Some(verdict) = condition.judge(on) {
        assert!(verdict.held == holds, "{condition} is judged otherwise than it holds");
        assert!(verdict.actual.len() <= 100_000, "{} bytes of what was found", verdict.actual.len());
    }
    assert!(condition.to_string().len() <= 1_000_000);
}
