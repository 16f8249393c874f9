//! The table port on DynamoDB.
//!
//! One table with `pk` and `sk`, and two indexes of keys alone: a write that moves no index key costs
//! nothing there, and whoever lists pays for the items that are read. What an item looks like is in
//! `item.rs`, a write in `part.rs`, and what a refusal means in `refusal.rs`.

mod attribute;
mod body;
mod cursor;
mod index;
mod item;
mod nonce;
mod part;
mod query;
mod range;
mod refusal;

use async_trait::async_trait;
use aws_sdk_dynamodb::{Client, types::ReturnValuesOnConditionCheckFailure::AllOld};
use harkara_engine::port::{Item, Key, Page, Query, Table, TableError, Write, WriteError, limits};

use nonce::{Nonce, Nonces};
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
    async fn write_one(&self, part: Part, nonce: Nonce) -> Result<(), WriteError> {
        let counts = part.counts;
        let Part { verb, condition, names, values, .. } = part;
        let sent = match verb {
            Verb::Put(item) => {
                let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
                let put = put.set_condition_expression(condition).set_expression_attribute_values(values);
                put.return_values_on_condition_check_failure(AllOld).send().await.map(drop)?
            }
            Verb::Update(key, change) => {
                let update = self.client.update_item().table_name(&self.name).set_key(Some(key));
                let update = update.update_expression(change).set_condition_expression(condition);
                let update =
                    update.set_expression_attribute_names(names).set_expression_attribute_values(values);
                update.return_values_on_condition_check_failure(AllOld).send().await.map(drop)?
            }
            Verb::Delete(key) => {
                let delete = self.client.delete_item().table_name(&self.name).set_key(Some(key));
                let delete =
                    delete.set_condition_expression(condition).set_expression_attribute_values(values);
                delete.send().await.map(drop)?
            }
        };
        todo!()
    }
}
