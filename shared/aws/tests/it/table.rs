//! The table port on DynamoDB.

#![allow(clippy::unimplemented)] // a world of a table alone

mod faults;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use harkara_aws::DynamoTable;
use harkara_contract::World;
use harkara_engine::port::{Delivery, Queue, QueueName, Scheduler, Table, Unprocessed};
use jiff::Timestamp;

use super::emulator;

/// A table of its own.
struct Cloud(DynamoTable);

impl Cloud {
    async fn at(variable: &str) -> Option<Self> {
        let client = emulator::dynamodb(&emulator::endpoint(variable)?);
        let name = emulator::create_table(&client).await;
        Some(Self(DynamoTable::new(client, name)))
    }
}

#[async_trait]
impl World for Cloud {
    fn table(&self) -> Arc<dyn Table> {
        Arc::new(self.0.clone())
    }

    fn queue(&self) -> Arc<dyn Queue> {
        unimplemented!("only a table")
    }

    fn scheduler(&self) -> Arc<dyn Scheduler> {
        unimplemented!("only a table")
    }

    fn now(&self) -> Timestamp {
        unimplemented!("only a table")
    }

    async fn pass(&self, _: Duration) {
        unimplemented!("only a table")
    }

    async fn receive(&self, _: QueueName) -> Vec<Delivery> {
        unimplemented!("only a table")
    }

    async fn settle(&self, _: QueueName, _: &[Delivery], _: &Unprocessed) {
        unimplemented!("only a table")
    }

    fn visibility(&self) -> Duration {
        unimplemented!("only a table")
    }
}

mod on_dynamodb {
    use super::{Cloud, emulator};

    harkara_contract::suite!(table, if Cloud::at(emulator::DYNAMODB).await);
}

mod on_a_local_cloud {
    use super::{Cloud, emulator};

    harkara_contract::suite!(table, if Cloud::at(emulator::AWS).await);
}
