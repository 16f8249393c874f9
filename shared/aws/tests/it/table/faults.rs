//! What goes wrong on the way to DynamoDB and back, and what it costs.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    operation::put_item::{PutItemInput, PutItemOutput},
    primitives::Blob,
    types::{AttributeValue, ConsumedCapacity, ReturnConsumedCapacity},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        interceptors::{Intercept, context},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::{body::SdkBody, config_bag::ConfigBag};
use futures::future::BoxFuture;
use harkara_aws::{DynamoTable, Service};
use harkara_engine::port::{Expect, Index, IndexKey, Item, Key, Query, Table, TableError, Write, WriteError};

use super::emulator;

/// Answers a request instead of DynamoDB, by the operation's name and the request's body.
type Instead = dyn Fn(&str, &[u8]) -> Option<String> + Send + Sync;
/// Happens when DynamoDB has answered, before the answer arrives; an error is what arrives instead.
type Meanwhile = dyn Fn(&str) -> BoxFuture<'static, Result<(), ConnectorError>> + Send + Sync;

/// A road on which things happen.
#[derive(Clone)]
struct Road {
    onward: SharedHttpClient,
    instead: Arc<Instead>,
    meanwhile: Arc<Meanwhile>,
}

impl std::fmt::Debug for Road {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Road")
    }
}

#[derive(Debug)]
struct OnRoad(Road, SharedHttpConnector);

impl HttpClient for Road {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        OnRoad(self.clone(), self.onward.http_connector(settings, parts)).into_shared()
    }
}

impl HttpConnector for OnRoad {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        if let Some(body) = (self.0.instead)(&operation, request.body().bytes().unwrap_or_default()) {
            let answer = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body));
            return HttpConnectorFuture::ready(Ok(answer));
        }
        let (answer, meanwhile) = (self.1.call(request), Arc::clone(&self.0.meanwhile));
        HttpConnectorFuture::new(async move {
            let answer = answer.await?;
            meanwhile(&operation).await?;
            Ok(answer)
        })
    }
}

/// A table of its own, and its client without accidents.
struct Place {
    endpoint: String,
    client: Client,
    name: String,
}

impl Place {
    async fn new() -> Option<Self> {
        let endpoint = emulator::endpoint(emulator::DYNAMODB)?;
        let client = emulator::dynamodb(&endpoint);
        let name = emulator::create_table(&client).await;
        Some(Self { endpoint, client, name })
    }

    fn table(&self) -> DynamoTable {
        DynamoTable::new(self.client.clone(), &self.name)
    }

    fn over(&self, instead: Arc<Instead>, meanwhile: Arc<Meanwhile>) -> DynamoTable {
        let sdk = emulator::session(&self.endpoint).sdk(Service::DynamoDb);
        let road = Road { onward: sdk.http_client().unwrap(), instead, meanwhile };
        let config = aws_sdk_dynamodb::config::Builder::from(&sdk).http_client(road).build();
        DynamoTable::new(Client::from_conf(config), &self.name)
    }

    /// The table over a road on which the first answer to each call of `write` is lost.
    fn losing(&self) -> (DynamoTable, Arc<AtomicU32>) {
        let lost = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&lost);
        let table = self.over(
            Arc::new(|_, _| None),
            Arc::new(move |_| {
                // Every first one: the SDK's second try comes through.
                let loses = counter.fetch_add(1, Ordering::SeqCst).is_multiple_of(2);
                Box::pin(async move { if loses { Err(lost_answer()) } else { Ok(()) } })
            }),
        );
        (table, lost)
    }
}

fn lost_answer() -> ConnectorError {
    ConnectorError::io("the answer was lost".into())
}

fn key(sk: &str) -> Key {
    Key::new("orders", sk)
}

fn put(sk: &str, body: &str, expect: Expect) -> Write {
    Write::Put(Item::new(key(sk), body.as_bytes().to_vec()), expect)
}

async fn seen(table: &DynamoTable, sk: &str) -> Option<(u64, String)> {
    let item = table.get(&key(sk)).await.unwrap()?;
    Some((item.version, String::from_utf8(item.body).unwrap()))
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_happens_once() {
    let Some(place) = Place::new().await else { return };
    let (losing, answers) = place.losing();
    let table = place.table();
    let add = || Write::Add { key: key("sums"), field: "n", by: 5 };
    for (round, (write, item)) in [
        (vec![put("a", "1", Expect::Absent)], Some((1, "1"))),
        (vec![put("a", "2", Expect::Version(1))], Some((2, "2"))),
        (vec![put("a", "3", Expect::Any)], Some((3, "3"))),
        (vec![put("a", "4", Expect::Any), put("b", "4", Expect::Absent), add()], Some((4, "4"))),
        (vec![Write::Delete(key("a"), Expect::Version(4))], None),
        (vec![put("a", "5", Expect::Any)], Some((1, "5"))),
        (vec![Write::Delete(key("a"), Expect::Any)], None),
        (vec![Write::Delete(key("a"), Expect::Absent), put("b", "5", Expect::Version(1))], None),
        (vec![add()], None),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(losing.write(write).await, Ok(()), "round {round}");
        assert_eq!(answers.swap(0, Ordering::SeqCst), 2, "round {round}");
        let there = seen(&table, "a").await;
        assert_eq!(there, item.map(|(version, body)| (version, body.to_owned())), "round {round}");
    }
    assert_eq!(seen(&table, "sums").await, Some((2, r#"{"n":10}"#.into())));
}

#[tokio::test]
async fn a_lost_answer_hides_no_lost_expectation() {
    let Some(place) = Place::new().await else { return };
    let (losing, _) = place.losing();
    let table = place.table();
    table.write(vec![put("a", "theirs", Expect::Absent)]).await.unwrap();
    let refused = Err(WriteError::Expectation(vec![0]));
    assert_eq!(losing.write(vec![put("a", "ours", Expect::Absent)]).await, refused);
    assert_eq!(losing.write(vec![put("a", "ours", Expect::Version(2))]).await, refused);
    assert_eq!(losing.write(vec![Write::Delete(key("a"), Expect::Version(2))]).await, refused);
    // Somebody else was there between the lost answer and the second try: it is theirs again.
    let other = place.table();
    let once = Arc::new(AtomicU32::new(0));
    let between = place.over(
        Arc::new(|_, _| None),
        Arc::new(move |_| {
            let (other, first) = (other.clone(), once.fetch_add(1, Ordering::SeqCst) == 0);
            Box::pin(async move {
                if !first {
                    return Ok(());
                }
                other.write(vec![put("a", "theirs again", Expect::Version(2))]).await.unwrap();
                Err(lost_answer())
            })
        }),
    );
    assert_eq!(between.write(vec![put("a", "ours", Expect::Version(1))]).await, refused);
    assert_eq!(seen(&table, "a").await, Some((3, "theirs again".into())));
}

#[tokio::test]
async fn a_table_that_never_answers_is_a_fault() {
    let Some(place) = Place::new().await else { return };
    let lost = |_: &str| -> BoxFuture<'static, _> { Box::pin(async { Err(lost_answer()) }) };
    let mute = place.over(Arc::new(|_, _| None), Arc::new(lost));
    let Err(WriteError::Failed(told)) = mute.write(vec![put("a", "secret", Expect::Absent)]).await else {
        panic!()
    };
    assert!(told.contains("the answer was lost") && !told.contains("secret"), "{told}");
    let Err(TableError::Failed(told)) = mute.get(&key("a")).await else { panic!() };
    assert!(told.contains("the answer was lost"), "{told}");
    let nowhere = DynamoTable::new(place.client.clone(), "no-such-table");
    let Err(TableError::Failed(told)) = nowhere.query(Query::partition("orders")).await else { panic!() };
    assert!(told.starts_with("ResourceNotFoundException"), "{told}");
}

/// 30 items in the index, and the list of them.
async fn fill(table: &DynamoTable) -> Query {
    let puts = (0..30).map(|n| {
        let mut item = Item::new(key(&n.to_string()), vec![]);
        item.due = Some(IndexKey { pk: "due".into(), sk: format!("{n:02}") });
        Write::Put(item, Expect::Absent)
    });
    table.write(puts.collect()).await.unwrap();
    Query::index(Index::Due, "due")
}

#[tokio::test]
async fn what_a_batch_leaves_out_is_asked_for_again() {
    let Some(place) = Place::new().await else { return };
    let query = fill(&place.table()).await;
    let slow = |refusals: u32| {
        let left = AtomicU32::new(refusals);
        let instead = move |operation: &str, body: &[u8]| {
            let refused = operation == "BatchGetItem"
                && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
            let request: serde_json::Value = serde_json::from_slice(body).ok()?;
            let answer = serde_json::json!({ "Responses": {}, "UnprocessedKeys": request["RequestItems"] });
            refused.then(|| answer.to_string())
        };
        place.over(Arc::new(instead), Arc::new(|_| Box::pin(async { Ok(()) })))
    };
    assert_eq!(slow(5).query(query.clone()).await.unwrap().items.len(), 30);
    let Err(TableError::Failed(told)) = slow(u32::MAX).query(query).await else { panic!() };
    assert!(told.contains("slow down"), "{told}");
}

#[tokio::test]
async fn what_moves_while_an_index_is_read_is_left_out() {
    let Some(place) = Place::new().await else { return };
    let query = fill(&place.table()).await;
    let other = place.table();
    let moving = place.over(
        Arc::new(|_, _| None),
        Arc::new(move |operation| {
            let (other, queried) = (other.clone(), operation == "Query");
            Box::pin(async move {
                if queried {
                    let mut moved = Item::new(key("3"), vec![]);
                    moved.due = Some(IndexKey { pk: "due".into(), sk: "99".into() });
                    let gone = Write::Delete(key("5"), Expect::Any);
                    let out = put("7", "x", Expect::Any);
                    other.write(vec![Write::Put(moved, Expect::Any), gone, out]).await.unwrap();
                }
                Ok(())
            })
        }),
    );
    let first = moving.query(query.clone().limit(10)).await.unwrap();
    let seen: Vec<&str> = first.items.iter().map(|item| item.key.sk.as_str()).collect();
    assert_eq!(seen, ["0", "1", "2", "4", "6", "8", "9"]);
    let rest = place.table().query(query.after(first.next)).await.unwrap();
    assert_eq!((rest.items.len(), rest.items.last().unwrap().key.sk.as_str()), (21, "3"));
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_not_shown() {
    let Some(place) = Place::new().await else { return };
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&vec![b'x'; 32 << 20], 9);
    let broken: [&[(&str, AttributeValue)]; 4] = [
        &[("b", text("secret"))],
        &[("v", AttributeValue::N("1".into()))],
        &[("v", AttributeValue::N("1".into())), ("z", AttributeValue::B(Blob::new(bomb)))],
        &[("v", AttributeValue::N("1".into())), ("z", AttributeValue::B(Blob::new("secret")))],
    ];
    for attributes in broken {
        let put = place.client.put_item().table_name(&place.name);
        let mut put = put.item("pk", text("orders")).item("sk", text("a"));
        for (name, value) in attributes {
            put = put.item(*name, value.clone());
        }
        put.send().await.unwrap();
        for outcome in [
            place.table().get(&key("a")).await.map(drop),
            place.table().query(Query::partition("orders")).await.map(drop),
        ] {
            let Err(TableError::Failed(told)) = outcome else { panic!("{outcome:?}") };
            assert!(told.starts_with("the item orders / a cannot be read: "), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
    }
}

#[tokio::test]
async fn what_was_put_is_not_counted() {
    let Some(place) = Place::new().await else { return };
    let table = place.table();
    let add = || Write::Add { key: key("a"), field: "n", by: 1 };
    table.write(vec![put("a", r#"{"n":1}"#, Expect::Absent)]).await.unwrap();
    for write in [vec![add()], vec![add(), put("b", "x", Expect::Absent)]] {
        assert!(matches!(table.write(write).await, Err(WriteError::Failed(_))));
    }
    assert_eq!(seen(&table, "a").await, Some((1, r#"{"n":1}"#.into())));
}

/// Asks what each put costs, and keeps the answers.
#[derive(Clone, Debug, Default)]
struct Meter(Arc<Mutex<Vec<ConsumedCapacity>>>);

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn modify_before_serialization(
        &self,
        context: &mut context::BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(put) = context.input_mut().downcast_mut::<PutItemInput>() {
            put.return_consumed_capacity = Some(ReturnConsumedCapacity::Indexes);
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &context::AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let put = context.output_or_error().ok().and_then(|output| output.downcast_ref::<PutItemOutput>());
        let told = put.and_then(|put| put.consumed_capacity.clone());
        self.0.lock().unwrap().extend(told);
        Ok(())
    }
}

#[tokio::test]
async fn a_view_costs_one_unit_and_an_index_only_when_its_key_moves() {
    let Some(place) = Place::new().await else { return };
    let meter = Meter::default();
    let sdk = emulator::session(&place.endpoint).sdk(Service::DynamoDb);
    let config = aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(meter.clone()).build();
    let table = DynamoTable::new(Client::from_conf(config), &place.name);
    let mut item = Item::new(key("v"), include_bytes!("../../../src/table/view.json").to_vec());
    item.list = Some(IndexKey { pk: "orders#demo".into(), sk: "1795371827580#shopify-5901795371626".into() });
    let mut units = Vec::new();
    for (version, due) in [(0, None), (1, None), (2, Some("1")), (3, Some("1")), (4, Some("2")), (5, None)] {
        item.due = due.map(|sk| IndexKey { pk: "due#1".into(), sk: sk.into() });
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        table.write(vec![Write::Put(item.clone(), expect)]).await.unwrap();
        let told = meter.0.lock().unwrap().pop().unwrap();
        units.push(told.capacity_units.unwrap());
    }
    // The first enters the list; entering or leaving an index is one write there, moving is two.
    assert_eq!(units, [2.0, 1.0, 2.0, 1.0, 3.0, 2.0]);
}
