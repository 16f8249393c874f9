//! What a query asks for, in DynamoDB's words.

use aws_sdk_dynamodb::types::AttributeValue;
use harkara_engine::port::{
    Index, Query, TableError,
    limits::{MAX_PK, MAX_SK},
};

use super::{
    attribute::{Attributes, DUE, LIST, PK, SK},
    cursor::Cursor,
    item::key_attributes,
};

/// The names of the attributes of a table or index.
pub(super) fn names(index: Option<Index>) -> (&'static str, &'static str) {
    match index {
        None => (PK, SK),
        Some(Index::List) => LIST,
        Some(Index::Due) => DUE,
    }
}

/// A range that may hold something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    /// The key condition.
    pub(super) condition: String,
    /// Its values.
    pub(super) values: Attributes,
    /// Where to go on; `None` for the beginning.
    pub(super) start: Option<Attributes>,
}

impl Range {
    /// The range of a query; `None` when nothing can be in it. DynamoDB refuses to be asked for that.
    ///
    /// # Errors
    /// When the cursor is none.
    pub(super) fn of(query: &Query) -> Result<Option<Self>, TableError> {
        let cursor = match &query.after {
            None => None,
            Some(text) => {
                let read = Cursor::read(text, &query.pk, query.index.is_some());
                Some(read.ok_or(TableError::Cursor)?)
            }
        };
        // Nothing is below the empty text, and nothing is at it.
        let from = query.from.as_deref().filter(|from| !from.is_empty());
        let to = query.to.as_deref();
        let is_empty = to.is_some_and(|to| to.is_empty() || from.is_some_and(|from| from > to));
        if is_empty || query.pk.is_empty() || query.pk.len() > MAX_PK {
            return Ok(None);
        }
        let start = match cursor {
            Some(cursor) => match Start::of(&cursor, query.descending, from, to) {
                Start::Beginning => None,
                Start::Nowhere => return Ok(None),
                Start::Behind => Some(start_key(query, cursor)),
            },
            None => None,
        };
        let (condition, values) = condition(query, from.map(longest), to.map(longest));
        Ok(Some(Self { condition, values, start }))
    }
}

/// Where a cursor stands to a range. DynamoDB takes only one that is within.
enum Start {
    Beginning,
    Behind,
    Nowhere,
}

impl Start {
    fn of(cursor: &Cursor, descending: bool, from: Option<&str>, to: Option<&str>) -> Self {
        let below = from.is_some_and(|from| cursor.sk() < from);
        let above = to.is_some_and(|to| cursor.sk() > to);
        match (below, above, descending) {
            (true, _, false) | (_, true, true) => Self::Beginning,
            (true, _, true) | (_, true, false) => Self::Nowhere,
            (false, false, _) => Self::Behind,
        }
    }
}

fn start_key(query: &Query, cursor: Cursor) -> Attributes {
    let (pk, sk) = names(query.index);
    let place = cursor.place.map(|place| {
        [(pk, query.pk.clone()), (sk, place)].map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
    });
    let mut key = key_attributes(cursor.key);
    key.extend(place.into_iter().flatten());
    key
}

fn condition(query: &Query, from: Option<String>, to: Option<String>) -> (String, Attributes) {
    let (pk, sk) = names(query.index);
    let bound = match (&from, &to) {
        (Some(_), Some(_)) => format!(" AND {sk} BETWEEN :from AND :to"),
        (Some(_), None) => format!(" AND {sk} >= :from"),
        (None, Some(_)) => format!(" AND {sk} <= :to"),
        (None, None) => String::new(),
    };
    let values = [(":pk", Some(query.pk.clone())), (":from", from), (":to", to)];
    let values =
        values.into_iter().filter_map(|(name, text)| Some((name.to_owned(), AttributeValue::S(text?))));
    (format!("{pk} = :pk{bound}"), values.collect())
}

/// The greatest text up to this one that DynamoDB takes as a sort key. A longer one is the end of the
/// range of a long prefix; what is cut off is made up for by the greatest character that fits.
fn longest(text: &str) -> String {
    let mut end = text.len().min(MAX_SK);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    let room = if end < text.len() { MAX_SK - end } else { 0 };
    cut.extend(match room {
        1 => Some('\u{7F}'),
        2 => Some('\u{7FF}'),
        3 => Some('\u{FFFF}'),
        _ => None,
    });
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: Option<&str>, to: Option<&str>) -> Option<Range> {
        let mut query = Query::partition("p");
        (query.from, query.to) = (from.map(Into::into), to.map(Into::into));
        Range::of(&query).unwrap()
    }

    #[test]
    fn bounds_are_told_as_dynamodb_takes_them() {
        let condition = |from, to| range(from, to).map(|range| range.condition);
        assert_eq!(condition(None, None).unwrap(), "pk = :pk");
        assert_eq!(condition(Some("a"), None).unwrap(), "pk = :pk AND sk >= :from");
        assert_eq!(condition(Some(""), Some("b")).unwrap(), "pk = :pk AND sk <= :to");
        assert_eq!(condition(Some("a"), Some("a")).unwrap(), "pk = :pk AND sk BETWEEN :from AND :to");
        assert_eq!(condition(Some("b"), Some("a")), None);
        assert_eq!(condition(None, Some("")), None);
        assert_eq!(Range::of(&Query::partition("")).unwrap(), None);
        assert_eq!(Range::of(&Query::partition("x".repeat(2049))).unwrap(), None);
    }

    #[test]
    fn a_cursor_outside_of_the_range_is_a_place_too() {
        let start = |after: &str, descending| {
            let mut query = Query::partition("p").after(Some(after.into()));
            (query.from, query.to) = (Some("b".into()), Some("d".into()));
            query.descending = descending;
            Range::of(&query).unwrap().map(|range| range.start.is_some())
        };
        assert_eq!(
            [start("a", false), start("c", false), start("e", false)],
            [Some(false), Some(true), None]
        );
        assert_eq!([start("a", true), start("c", true), start("e", true)], [None, Some(true), Some(false)]);
    }

    #[test]
    fn long_bounds_lose_nothing_that_can_be_there() {
        for cut in 0..5 {
            let prefix = "x".repeat(MAX_SK - cut);
            let end = longest(&Query::end_of(&prefix));
            assert!(end.len() <= MAX_SK && end <= Query::end_of(&prefix));
            let fits = ['a', '\u{7F}', 'é', '\u{7FF}', '€', '\u{FFFF}', '\u{10FFFF}'];
            for c in fits.into_iter().filter(|c| c.len_utf8() <= cut) {
                assert!(format!("{prefix}{c}") <= end, "{cut} {c:?}");
            }
        }
        assert_eq!(longest("short"), "short");
    }
}
