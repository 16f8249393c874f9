//! Where a page ended, as text.

use harkara_engine::port::{Key, limits};

/// A place in a table or an index behind which a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The item's place in the index; `None` for the table, whose place is the key.
    pub(super) place: Option<String>,
    /// The item's key.
    pub(super) key: Key,
}

impl Cursor {
    /// By what the range goes.
    pub(super) fn sk(&self) -> &str {
        self.place.as_deref().unwrap_or(&self.key.sk)
    }

    /// As text. In the table the sort key is enough; places in an index are not unique, so the key goes
    /// with them, and the lengths of the first two tell where each ends.
    pub(super) fn text(&self) -> String {
        let Key { pk, sk } = &self.key;
        match &self.place {
            None => sk.clone(),
            Some(place) => format!("{}.{}.{place}{pk}{sk}", place.len(), pk.len()),
        }
    }

    /// Reads a text; `None` when it is none of this query's. The partition of the table is the query's.
    pub(super) fn read(text: &str, partition: &str, of_index: bool) -> Option<Self> {
        let (place, key) = if of_index {
            let (place, rest) = text.split_once('.')?;
            let (pk, rest) = rest.split_once('.')?;
            let (place, rest) = rest.split_at_checked(place.parse().ok()?)?;
            let (pk, sk) = rest.split_at_checked(pk.parse().ok()?)?;
            (Some(place.to_owned()), Key::new(pk, sk))
        } else {
            (None, Key::new(partition, text))
        };
        let cursor = Self { place, key };
        let is_one = limits::is_key(&cursor.key.pk, &cursor.key.sk) && limits::is_key("-", cursor.sk());
        is_one.then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        for (place, pk, sk) in [("1", "p", "s"), ("é.2.", "10.20.x", "\u{10FFFF}.")] {
            let cursor = Cursor { place: Some(place.into()), key: Key::new(pk, sk) };
            assert_eq!(Cursor::read(&cursor.text(), "i", true), Some(cursor));
            let cursor = Cursor { place: None, key: Key::new(pk, sk) };
            assert_eq!(Cursor::read(&cursor.text(), pk, false), Some(cursor));
        }
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let foreign = [
            "",
            "nonsense",
            "1",
            "1.",
            "1.1",
            "1.1.",
            "1.1.a",
            "1.1.ab",
            "0.1.abc",
            "1.0.abc",
            "9.1.abc",
            "1.9.abc",
            "-1.1.abc",
            "x.1.abc",
            "1.1.éab",
            "99999999999999999999.1.abc",
        ];
        for text in foreign {
            let read = Cursor::read(text, "i", true);
            assert!(read.is_none() || text == "1.1.éab", "{text}: {read:?}");
        }
        assert_eq!(Cursor::read("1.1.éab", "i", true), None);
        assert_eq!(Cursor::read("", "p", false), None);
        assert_eq!(Cursor::read(&"x".repeat(1025), "p", false), None);
        assert_eq!(Cursor::read(&format!("1025.1.{}ps", "x".repeat(1025)), "p", true), None);
    }
}
