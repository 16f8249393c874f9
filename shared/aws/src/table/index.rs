//! The items of an index's page. The index has keys alone.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use aws_sdk_dynamodb::types::KeysAndAttributes;
use harkara_engine::port::{Item, Key, TableError};

use super::{
    DynamoTable,
    attribute::Attributes,
    item::{decode, key_attributes},
    query::unreadable,
};

impl DynamoTable {
    /// The most keys that DynamoDB takes at once.
    pub(super) const BATCH: usize = 100;
    /// How often nothing at all may come of a request before the read fails.
    const TRIES: u32 = 6;
    /// The wait after the first of these; it doubles.
    const FIRST_WAIT: Duration = Duration::from_millis(25);

    /// The items at these keys that are there, at most [`Self::BATCH`]. They may be as old as the index
    /// may: a consistent read would cost twice as much, and their places come from the index anyway.
    pub(super) async fn fetch(
        &self,
        keys: impl Iterator<Item = Key>,
    ) -> Result<HashMap<Key, Item>, TableError> {
        // An item that is just moving can be at two places of a page, but may be asked for only once.
        let keys: BTreeSet<Key> = keys.collect();
        let mut wanted: Vec<Attributes> = keys.into_iter().map(key_attributes).collect();
        let mut items = HashMap::new();
        let (mut fruitless, mut wait) = (0, Self::FIRST_WAIT);
        while !wanted.is_empty() {
            let before = wanted.len();
            wanted = self.fetch_some(wanted, &mut items).await?;
            if wanted.len() < before {
                continue; // more than fits into one answer
            }
            fruitless += 1;
            if fruitless >= Self::TRIES {
                return Err(TableError::Failed("the table asks to slow down".to_owned()));
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Ok(items)
    }

    /// Fetches what DynamoDB gives at once; returns the keys that it has left out.
    async fn fetch_some(
        &self,
        wanted: Vec<Attributes>,
        items: &mut HashMap<Key, Item>,
    ) -> Result<Vec<Attributes>, TableError> {
        let wanted = KeysAndAttributes::builder().set_keys(Some(wanted)).build();
        let wanted = wanted.map_err(|error| TableError::Failed(error.to_string()))?;
        let sent = self.client.batch_get_item().request_items(&self.name, wanted).send().await;
        let answer = sent.map_err(unreadable)?;
        for found in answer.responses.into_iter().flatten().flat_map(|(_, found)| found) {
            let item = decode(found).map_err(TableError::Failed)?;
            items.insert(item.key.clone(), item);
        }
        Ok(answer.unprocessed_keys.into_iter().flatten().flat_map(|(_, left)| left.keys).collect())
    }
}
