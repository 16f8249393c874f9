//! Emulators of AWS, and what the template makes there.

use std::{
    io::Write,
    sync::atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use harkara_aws::{Config, Service, Session};

/// Where a faithful DynamoDB is to be found.
pub(crate) const DYNAMODB: &str = "HARKARA_TEST_DYNAMODB";
/// Where an emulator of all services is to be found.
pub(crate) const AWS: &str = "HARKARA_TEST_AWS";

/// The address in a variable; says so when there is none.
pub(crate) fn endpoint(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok().filter(|address| !address.is_empty());
    if address.is_none() {
        // Past the harness, which shows nothing of what passes.
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let told = format!("SKIPPED {test}: {variable} names no emulator\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
    }
    address
}

/// A session of which every service is at an address.
pub(crate) fn session(endpoint: &str) -> Session {
    let values = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", endpoint),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Session::start(Config::of(values.into())).unwrap()
}

/// A client of DynamoDB at an address.
pub(crate) fn dynamodb(endpoint: &str) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(&session(endpoint).sdk(Service::DynamoDb))
}

/// A name that nothing else has.
pub(crate) fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let begun = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    format!("{what}-{}-{begun}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Makes a table as the template does; gives its name.
pub(crate) async fn create_table(client: &aws_sdk_dynamodb::Client) -> String {
    let name = unique("table");
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let index = |name: &str, pk: &str, sk: &str| {
        let keys = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
        let index = GlobalSecondaryIndex::builder().index_name(name).projection(keys);
        index.key_schema(key(pk, KeyType::Hash)).key_schema(key(sk, KeyType::Range)).build().unwrap()
    };
    let texts = ["pk", "sk", "lp", "ls", "dp", "ds"].map(|name| {
        let text = AttributeDefinition::builder().attribute_name(name);
        text.attribute_type(ScalarAttributeType::S).build().unwrap()
    });
    client
        .create_table()
        .table_name(&name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(Some(texts.into()))
        .key_schema(key("pk", KeyType::Hash))
        .key_schema(key("sk", KeyType::Range))
        .global_secondary_indexes(index("list", "lp", "ls"))
        .global_secondary_indexes(index("due", "dp", "ds"))
        .send()
        .await
        .unwrap();
    let expiry = TimeToLiveSpecification::builder().attribute_name("x").enabled(true).build().unwrap();
    client.update_time_to_live().table_name(&name).time_to_live_specification(expiry).send().await.unwrap();
    name
}
