//! Reads of the item table.

use std::fmt::Write as _;

use harkara_engine::port::{Index, IndexKey, Item, Key, Page, Query};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, ToSql};

/// DynamoDB's largest page.
const PAGE_BYTES: usize = 1 << 20;
const COLUMNS: &str = "id, pk, sk, version, list_pk, list_sk, due_pk, due_sk, expires_ms, body";

/// The item at a key, unless it has expired.
pub(crate) fn get(conn: &Connection, key: &Key, now_ms: i64) -> rusqlite::Result<Option<Item>> {
    let mut find = conn.prepare_cached(
        "SELECT id, ?1, ?2, version, list_pk, list_sk, due_pk, due_sk, expires_ms, body FROM item
         WHERE pk = ?1 AND sk = ?2 AND (expires_ms IS NULL OR expires_ms > ?3)",
    )?;
    find.query_row((&key.pk, &key.sk, now_ms), item).optional()
}

/// The partitions whose names begin so, in order.
pub(crate) fn partitions(conn: &Connection, prefix: &str) -> rusqlite::Result<Vec<String>> {
    // Each is sought behind the one before, however many items that has.
    let mut next = conn.prepare_cached("SELECT min(pk) FROM item WHERE pk > ?1")?;
    let (mut found, mut after) = (Vec::new(), prefix.to_owned());
    loop {
        let pk: Option<String> = next.query_row([&after], |row| row.get(0))?;
        let Some(pk) = pk.filter(|pk| pk.starts_with(prefix)) else { return Ok(found) };
        after.clone_from(&pk);
        found.push(pk);
    }
}

/// The columns and the index of a range, and where the cursor stands in it.
struct Range {
    pk: &'static str,
    sk: &'static str,
    /// The item behind which to go on: its `sk`, and in an index its row too, since places in an
    /// index are not unique.
    after: Option<(String, Option<i64>)>,
}

impl Range {
    fn of(query: &Query) -> Option<Self> {
        let (pk, sk) = match query.index {
            None => ("pk", "sk"),
            Some(Index::List) => ("list_pk", "list_sk"),
            Some(Index::Due) => ("due_pk", "due_sk"),
        };
        let after = match (&query.after, query.index) {
            (None, _) => None,
            (Some(cursor), None) => Some((cursor.clone(), None)),
            (Some(cursor), Some(_)) => {
                let (row, sk) = cursor.split_once(':')?;
                Some((sk.to_owned(), Some(row.parse().ok()?)))
            }
        };
        Some(Self { pk, sk, after })
    }

    fn cursor(query: &Query, row: i64, item: &Item) -> String {
        let place = match query.index {
            None => return item.key.sk.clone(),
            Some(Index::List) => &item.list,
            Some(Index::Due) => &item.due,
        };
        format!("{row}:{}", place.as_ref().map_or("", |place| place.sk.as_str()))
    }
}

/// Whether the cursor of a query can be one of its own.
pub(crate) fn understands(query: &Query) -> bool {
    Range::of(query).is_some()
}

/// A page of a range that is [understood](understands).
pub(crate) fn page(conn: &Connection, query: &Query, now_ms: i64) -> rusqlite::Result<Page> {
    let Some(range) = Range::of(query) else { return Ok(Page::default()) };
    let (sql, bounds) = statement(query, &range);
    let mut found = conn.prepare_cached(&sql)?;
    // One more than asked for tells whether there is more.
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
    let row = range.after.as_ref().and_then(|after| after.1).unwrap_or(0);
    let mut given: Vec<(&str, &dyn ToSql)> = vec![(":pk", &query.pk), (":now", &now_ms), (":limit", &limit)];
    for (name, value) in &bounds {
        given.push((name, value));
    }
    if sql.contains(":row") {
        given.push((":row", &row));
    }
    let mut rows = found.query(given.as_slice())?;
    let (mut page, mut bytes, mut last) = (Page::default(), 0, 0);
    while let Some(row) = rows.next()? {
        if page.items.len() >= query.limit || bytes >= PAGE_BYTES {
            page.next = page.items.last().map(|item| Range::cursor(query, last, item));
            break;
        }
        let found = item(row)?;
        last = row.get(0)?;
        bytes += found.body.len() + found.key.pk.len() + found.key.sk.len();
        page.items.push(found);
    }
    Ok(page)
}

/// The statement of a query, and the values of its bounds. The tighter of the range's own bound and
/// the cursor is the one that SQLite seeks by, so that a late page costs no more than the first.
fn statement<'q>(query: &'q Query, range: &'q Range) -> (String, Vec<(&'static str, &'q str)>) {
    let Range { pk, sk, after } = range;
    let mut sql = format!("SELECT {COLUMNS} FROM item WHERE {pk} = :pk");
    let mut bounds = Vec::new();
    let (mut from, mut to) = (query.from.as_deref(), query.to.as_deref());
    if let Some((cursor, row)) = after {
        let (bound, strict) = if query.descending { (&mut to, "<") } else { (&mut from, ">") };
        let passed = match *bound {
            Some(own) if query.descending => own < cursor.as_str(),
            Some(own) => own > cursor.as_str(),
            None => false,
        };
        if !passed {
            *bound = None;
            bounds.push((":after", cursor.as_str()));
            _ = match row {
                None => write!(sql, " AND {sk} {strict} :after"),
                Some(_) => {
                    write!(sql, " AND {sk} {strict}= :after AND ({sk} {strict} :after OR id {strict} :row)")
                }
            };
        }
    }
    if let Some(from) = from {
        _ = write!(sql, " AND {sk} >= :from");
        bounds.push((":from", from));
    }
    if let Some(to) = to {
        _ = write!(sql, " AND {sk} <= :to");
        bounds.push((":to", to));
    }
    let way = if query.descending { "DESC" } else { "ASC" };
    _ = write!(sql, " AND (expires_ms IS NULL OR expires_ms > :now) ORDER BY {sk} {way}");
    if query.index.is_some() {
        _ = write!(sql, ", id {way}");
    }
    sql.push_str(" LIMIT :limit");
    (sql, bounds)
}

fn item(row: &Row<'_>) -> rusqlite::Result<Item> {
    let place = |pk: Option<String>, sk: Option<String>| Some(IndexKey { pk: pk?, sk: sk? });
    let expires_ms: Option<i64> = row.get(8)?;
    Ok(Item {
        key: Key { pk: row.get(1)?, sk: row.get(2)? },
        version: row.get::<_, i64>(3)?.unsigned_abs(),
        list: place(row.get(4)?, row.get(5)?),
        due: place(row.get(6)?, row.get(7)?),
        body: row.get(9)?,
        expires_at: expires_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How SQLite goes about a query.
    fn plan(query: &Query) -> String {
        let dir = tempfile::tempdir().unwrap();
        let opened = crate::schema::open(&dir.path().join("a.db"), None).unwrap();
        let range = Range::of(query).unwrap();
        let sql = format!("EXPLAIN QUERY PLAN {}", statement(query, &range).0);
        let mut explained = opened.writer.prepare(&sql).unwrap();
        let mut rows = explained.raw_query();
        let mut plan = String::new();
        while let Some(row) = rows.next().unwrap() {
            plan += &row.get::<_, String>(3).unwrap();
        }
        plan
    }

    #[test]
    fn every_page_is_sought_and_none_is_sorted() {
        for (index, name, sk) in [
            (None, "item_key (pk=? AND sk", "5"),
            (Some(Index::List), "item_list (list_pk=? AND list_sk", "77:5"),
            (Some(Index::Due), "item_due (due_pk=? AND due_sk", "77:5"),
        ] {
            for descending in [false, true] {
                let mut query = Query { index, ..Query::partition("p") }.prefix("x");
                query.descending = descending;
                for after in [None, Some(sk.to_owned())] {
                    let plan = plan(&query.clone().after(after));
                    assert!(plan.contains(name) && !plan.contains("B-TREE"), "{plan}");
                }
            }
        }
    }
}
