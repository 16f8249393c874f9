//! The table port on DynamoDB.

mod faults;

use std::sync::Arc;

use harkara_aws::DynamoTable;
use harkara_contract::Tables;
use harkara_engine::port::Table;

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

impl Tables for Cloud {
    fn table(&self) -> Arc<dyn Table> {
        Arc::new(self.0.clone())
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
