//! What has to hold of facts, whoever tells them.

use harkara_domain::{Fact, Subject};
use harkara_engine::{
    keys,
    port::{Outgoing, limits},
    views::View,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most bytes of a fact's id: it stands in sort keys.
const LONGEST_ID: usize = 640;

/// Facts as they were parsed of a body of that length.
pub(crate) fn sound(facts: &[Fact], body: usize) {
    let mut together = 0;
    for fact in facts {
        let text = serde_json::to_string(fact).expect("a fact can be written");
        assert!(text.len() <= Outgoing::MAX_BODY, "a fact of {} bytes", text.len());
        together += text.len();
        let read: Fact = serde_json::from_str(&text).expect("a fact can be read");
        assert!(read == *fact, "a fact is read as another: {read:?}, {fact:?}");
        named(fact);
    }
    // Each fact repeats the store, the source and two times; its words are the body's, at most escaped.
    assert!(together <= 2_000 * facts.len() + 12 * body, "{together} bytes of facts out of {body}");
    converge(facts);
}

/// Its id and its subject can stand in keys.
fn named(fact: &Fact) {
    let id = fact.id.as_str();
    let fit = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    assert!(fit && (1..=LONGEST_ID).contains(&id.len()), "an id that keys cannot hold: {id:?}");
    assert!(in_reach(fact.occurred_at), "at {}", fact.occurred_at);
    let Some(subject) = fact.subject() else { return };
    for key in
        [keys::view(&fact.store, &subject), keys::history(&fact.store, &subject, fact.occurred_at, &fact.id)]
    {
        assert!(limits::is_key(&key.pk, &key.sk), "{key:?}");
    }
    let key = keys::view(&fact.store, &subject);
    assert!(keys::subject_of(&key) == Some((fact.store.clone(), subject)), "{key:?} is of another subject");
}

fn in_reach(at: Timestamp) -> bool {
    (946_684_800..4_102_444_800).contains(&at.as_second())
}

/// Told once or twice, the views are the same.
pub(crate) fn converge(facts: &[Fact]) {
    let mut views: BTreeMap<Subject, View> = BTreeMap::new();
    for fact in facts.iter().take(20) {
        let Some(subject) = fact.subject() else { continue };
        let view = View::fold(views.get(&subject), fact, &subject).view;
        let again = View::fold(Some(&view), fact, &subject);
        assert!(!again.changed && again.view == view, "{} counts twice", fact.id);
        views.insert(subject, view);
    }
}

/// The same facts, but for the time of their receipt.
pub(crate) fn same(one: &[Fact], other: &[Fact]) -> bool {
    let at = |fact: &Fact, received_at| Fact { received_at, ..fact.clone() };
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| at(one, Timestamp::UNIX_EPOCH) == at(other, Timestamp::UNIX_EPOCH))
}
