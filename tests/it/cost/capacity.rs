//! What DynamoDB says it bills, by an ear at its client: the measure of what is counted here.

use aws_sdk_dynamodb::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeSerializationInterceptorContextMut, FinalizerInterceptorContextRef},
    },
    error::BoxError,
    operation::{
        batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
        delete_item::{DeleteItemInput, DeleteItemOutput},
        get_item::{GetItemInput, GetItemOutput},
        put_item::{PutItemInput, PutItemOutput},
        query::{QueryInput, QueryOutput},
        transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
        update_item::{UpdateItemInput, UpdateItemOutput},
    },
    types::{ConsumedCapacity, ReturnConsumedCapacity::Indexes},
};
use harkara_aws::{Service, Session};
use std::sync::{Arc, Mutex};

/// Read units, write units of the table, write units of its indexes.
type Taken = (f64, f64, f64);

/// The units that were billed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Capacity(Arc<Mutex<Taken>>);

impl Capacity {
    /// A client that this listens to.
    pub(crate) fn listen(&self, session: &Session) -> Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&session.sdk(Service::DynamoDb));
        Client::from_conf(config.interceptor(self.clone()).build())
    }

    /// What was billed since the last look.
    pub(crate) fn taken(&self) -> Taken {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn add(&self, consumed: &ConsumedCapacity, writes: bool) {
        let all = consumed.capacity_units().unwrap_or_default();
        let indexes = consumed.global_secondary_indexes().into_iter().flatten();
        let of_indexes: f64 = indexes.filter_map(|(_, index)| index.capacity_units()).sum();
        let mut taken = self.0.lock().unwrap();
        if writes {
            taken.1 += all - of_indexes;
            taken.2 += of_indexes;
        } else {
            taken.0 += all;
        }
    }
}

impl Intercept for Capacity {
    fn name(&self) -> &'static str {
        "capacity"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        macro_rules! ask {
            ($($input:ty)*) => {$(
                if let Some(input) = context.input_mut().downcast_mut::<$input>() {
                    input.return_consumed_capacity = Some(Indexes);
                }
            )*};
        }
        ask!(GetItemInput QueryInput BatchGetItemInput PutItemInput UpdateItemInput DeleteItemInput
             TransactWriteItemsInput);
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(Ok(output)) = context.output_or_error() else { return Ok(()) };
        macro_rules! hear {
            ($writes:literal: $($output:ty)*) => {$(
                if let Some(output) = output.downcast_ref::<$output>() {
                    output.consumed_capacity().into_iter().for_each(|consumed| self.add(consumed, $writes));
                }
            )*};
        }
        hear!(false: GetItemOutput QueryOutput BatchGetItemOutput);
        hear!(true: PutItemOutput UpdateItemOutput DeleteItemOutput TransactWriteItemsOutput);
        Ok(())
    }
}
