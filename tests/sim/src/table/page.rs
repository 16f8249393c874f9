//! Pages of ranges.

use harkara_engine::port::{Index, Key, Page, Query};
use jiff::Timestamp;

use super::Held;

/// A page of a range. Cursors are the key of the last item, with its place.
pub(super) fn of(held: &Held, query: &Query, now: Timestamp) -> Page {
    let mut found: Vec<(String, Key)> = match query.index {
        None => {
            let of_partition = held.items.keys().filter(|key| key.pk == query.pk);
            of_partition.map(|key| (key.sk.clone(), key.clone())).collect()
        }
        Some(index) => {
            let index = index == Index::Due;
            let of_partition = held.places.iter().filter(|place| place.due == index && place.pk == query.pk);
            of_partition.map(|place| (place.sk.clone(), place.key.clone())).collect()
        }
    };
    found.retain(|(sk, _)| {
        query.from.as_ref().is_none_or(|from| sk >= from) && query.to.as_ref().is_none_or(|to| sk <= to)
    });
    found.sort();
    if query.descending {
        found.reverse();
    }
    let cursor = |(sk, key): &(String, Key)| format!("{sk}\u{1}{}\u{1}{}", key.pk, key.sk);
    if let Some(after) = &query.after {
        let place = found.iter().position(|place| cursor(place) == *after);
        // Where it stood is told by its order, should it be gone.
        let passed = place.map_or_else(
            || {
                let behind = |place: &(String, Key)| {
                    let place = cursor(place);
                    if query.descending { place >= *after } else { place <= *after }
                };
                found.iter().filter(|place| behind(place)).count()
            },
            |place| place + 1,
        );
        found.drain(..passed.min(found.len()));
    }
    let more = found.len() > query.limit;
    found.truncate(query.limit);
    let next = found.last().filter(|_| more).map(cursor);
    let items = found.iter().filter_map(|(_, key)| held.items.get(key).cloned());
    Page { items: items.filter(|item| item.expires_at.is_none_or(|at| at > now)).collect(), next }
}
