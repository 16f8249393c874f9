//! The table port on DynamoDB.
//!
//! One table with `pk` and `sk`, and two indexes of keys alone: a write that moves no index key costs
//! nothing there, and whoever lists pays for the items that are read. What an item looks like is in
//! `item.rs`, a write in `part.rs`, and what a refusal means in `refusal.rs`.

mod attribute;
mod body;
mod capacity;
mod cursor;
mod index;
mod item;
mod nonce;
mod part;
mod query;
mod range;
mod refusal;

use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, Error, types::ReturnValuesOnConditionCheckFailure::AllOld};
use harkara_engine::port::{Item, Key, Page, Query, Table, TableError, Write, WriteError, limits};

pub use capacity::stored_bytes;
use nonce::Nonces;
use part::{Part, Verb};

/// Items on DynamoDB.
///
/// Nothing is kept between calls, and no request asks for more than its result: whoever counts
/// requests or capacity gives a client whose configuration carries an interceptor.
#[derive(Clone, Debug)]
pub struct DynamoTable {
    client: Client,
    name: String,
    nonces: Nonces,
}

impl DynamoTable {
    /// The table of that name. Its schema is that of `infra/template.yaml`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into(), nonces: Nonces::new() }
    }

    /// One part by itself: half the price of a transaction. The client tries again when an answer is
    /// lost, and then the write's own first try may stand in its way: its nonce tells.
    async fn write_alone(&self, write: Write) -> Result<(), WriteError> {
        let nonce = self.nonces.next();
        let counts = is_addition(&write);
        match self.send(Part::of(write, nonce, true)).await {
            Ok(()) => Ok(()),
            Err(error) => refusal::of_one(&error, nonce, counts),
        }
    }

    async fn send(&self, part: Part) -> Result<(), Error> {
        let Part { verb, condition, names, values } = part;
        match verb {
            Verb::Put(item) => {
                let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
                let put = put.set_condition_expression(condition).set_expression_attribute_values(values);
                put.return_values_on_condition_check_failure(AllOld).send().await?;
            }
            Verb::Update(key, change) => {
                let update = self.client.update_item().table_name(&self.name).set_key(Some(key));
                let update = update.update_expression(change).set_condition_expression(condition);
                let update = update.set_expression_attribute_names(names);
                let update = update.set_expression_attribute_values(values);
                update.return_values_on_condition_check_failure(AllOld).send().await?;
            }
            Verb::Delete(key) => {
                let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
                let delete = delete.set_condition_expression(condition);
                delete.set_expression_attribute_values(values).send().await?;
            }
        }
        Ok(())
    }

    /// All parts or none. The client gives the transaction a token, by which DynamoDB knows it again
    /// when an answer is lost.
    async fn write_together(&self, writes: Vec<Write>) -> Result<(), WriteError> {
        let nonce = self.nonces.next();
        let counts: Vec<bool> = writes.iter().map(is_addition).collect();
        let parts = writes.into_iter().map(|write| Part::of(write, nonce, false).in_transaction(&self.name));
        let parts = parts.collect::<Result<_, _>>().map_err(|error| WriteError::Failed(error.to_string()))?;
        let sent = self.client.transact_write_items().set_transact_items(Some(parts)).send().await;
        sent.map(drop).map_err(|error| refusal::of_transaction(&error.into(), &counts))
    }
}

fn is_addition(write: &Write) -> bool {
    matches!(write, Write::Add { .. })
}

#[async_trait]
impl Table for DynamoTable {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        self.find(key).await
    }

    async fn query(&self, query: Query) -> Result<Page, TableError> {
        self.page(query).await
    }

    async fn write(&self, mut writes: Vec<Write>) -> Result<(), WriteError> {
        limits::check(&writes)?;
        match writes.pop() {
            None => Ok(()),
            Some(only) if writes.is_empty() && part::can_go_alone(&only) => self.write_alone(only).await,
            Some(last) => {
                writes.push(last);
                self.write_together(writes).await
            }
        }
    }
}
