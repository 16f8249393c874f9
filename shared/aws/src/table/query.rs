//! Pages of the table and of its indexes.

use aws_sdk_dynamodb::operation::query::QueryOutput;
use harkara_engine::port::{Index, Item, Key, Page, Query, TableError, limits};

use super::{
    DynamoTable,
    attribute::Attributes,
    cursor::Cursor,
    item::{decode, key_attributes, place, take_key},
    range::{Range, names},
    refusal::describe,
};

/// DynamoDB's largest page. It counts what is stored; here it is counted unpacked, so that a page's
/// memory is bounded too.
const PAGE_BYTES: usize = 1 << 20;

impl DynamoTable {
    pub(super) async fn find(&self, key: &Key) -> Result<Option<Item>, TableError> {
        if !limits::is_key(&key.pk, &key.sk) {
            return Ok(None); // DynamoDB would call it a mistake
        }
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let found = get.set_key(Some(key_attributes(key.clone()))).send().await;
        let found = found.map_err(unreadable)?;
        found.item.map(decode).transpose().map_err(TableError::Failed)
    }

    pub(super) async fn page(&self, query: Query) -> Result<Page, TableError> {
        if query.limit == 0 {
            return Err(TableError::Failed("a page needs a limit of at least 1".to_owned()));
        }
        let Some(range) = Range::of(&query)? else { return Ok(Page::default()) };
        let output = self.ask(&query, range).await?;
        let end = output.last_evaluated_key;
        let found = output.items.unwrap_or_default();
        match query.index {
            None => page_of_table(&query, found, end),
            Some(index) => self.page_of_index(&query, index, found, end).await,
        }
    }

    async fn ask(&self, query: &Query, range: Range) -> Result<QueryOutput, TableError> {
        // One more than asked for tells whether there is more.
        let limit = i32::try_from(query.limit).unwrap_or(i32::MAX).saturating_add(1);
        let ask = self.client.query().table_name(&self.name).limit(limit);
        let ask = ask.key_condition_expression(range.condition);
        let ask = ask.set_expression_attribute_values(Some(range.values));
        let ask = ask.scan_index_forward(!query.descending).set_exclusive_start_key(range.start);
        let ask = match query.index {
            None => ask.consistent_read(true),
            Some(Index::List) => ask.index_name("list"),
            Some(Index::Due) => ask.index_name("due"),
        };
        ask.send().await.map_err(unreadable)
    }

    async fn page_of_index(
        &self,
        query: &Query,
        index: Index,
        found: Vec<Attributes>,
        end: Option<Attributes>,
    ) -> Result<Page, TableError> {
        let more = found.len() > query.limit || end.is_some();
        let places = found.into_iter().take(query.limit).map(|found| cursor(Some(index), found));
        let places: Vec<Cursor> = places.collect::<Result<_, _>>()?;
        let mut page = Page::default();
        let (mut bytes, mut seen) = (0, 0_usize);
        for batch in places.chunks(Self::BATCH) {
            let mut items = self.fetch(batch.iter().map(|place| place.key.clone())).await?;
            for place in batch {
                if bytes >= PAGE_BYTES {
                    page.next = seen.checked_sub(1).and_then(|last| places.get(last)).map(Cursor::text);
                    return Ok(page);
                }
                seen += 1;
                // What has left its place since is on a later page, or nowhere.
                let Some(item) = items.remove(&place.key) else { continue };
                if !is_at(&item, index, &query.pk, place.sk()) || is_below(query, place.sk()) {
                    items.insert(item.key.clone(), item);
                    continue;
                }
                bytes += weight(&item);
                page.items.push(item);
            }
        }
        if more {
            page.next = places.last().map(Cursor::text);
        }
        Ok(page)
    }
}

fn page_of_table(query: &Query, found: Vec<Attributes>, end: Option<Attributes>) -> Result<Page, TableError> {
    let (mut page, mut bytes) = (Page::default(), 0);
    for attributes in found {
        if page.items.len() >= query.limit || bytes >= PAGE_BYTES {
            page.next = page.items.last().map(|item| item.key.sk.clone());
            return Ok(page);
        }
        let item = decode(attributes).map_err(TableError::Failed)?;
        if is_below(query, &item.key.sk) {
            continue;
        }
        bytes += weight(&item);
        page.items.push(item);
    }
    page.next = end.map(|end| cursor(None, end)).transpose()?.map(|end| end.text());
    Ok(page)
}

/// The place of what a query found, or where it ended.
fn cursor(index: Option<Index>, mut found: Attributes) -> Result<Cursor, TableError> {
    let nowhere = || TableError::Failed("an index has an item without a place".to_owned());
    let place = match index {
        None => None,
        Some(_) => Some(place(&mut found, names(index)).ok_or_else(nowhere)?.sk),
    };
    Ok(Cursor { place, key: take_key(&mut found).map_err(TableError::Failed)? })
}

fn is_at(item: &Item, index: Index, pk: &str, sk: &str) -> bool {
    let place = match index {
        Index::List => &item.list,
        Index::Due => &item.due,
    };
    place.as_ref().is_some_and(|place| place.pk == pk && place.sk == sk)
}

/// A bound that is longer than a key can be was cut, and lets one more in.
fn is_below(query: &Query, sk: &str) -> bool {
    query.from.as_deref().is_some_and(|from| sk < from)
}

fn weight(item: &Item) -> usize {
    item.body.len() + item.key.pk.len() + item.key.sk.len()
}

/// A read that DynamoDB refused.
pub(super) fn unreadable(error: impl Into<aws_sdk_dynamodb::Error>) -> TableError {
    TableError::Failed(describe(&error.into()))
}
