//! A source whose webhooks are refused for their signature: seen, told of, and no way in for strangers.

use async_trait::async_trait;
use bytes::Bytes;
use harkara_domain::{FactBody, fact::CustomerFact};
use harkara_engine::{
    doctor::{Check, Doctor, Finding, Gravity},
    ingest::Ingest,
    job::{Job, RefusalsJob},
    keys,
    port::{Item, Outgoing, Query, Queue, QueueError, QueueName, Secrets, SecretsError},
    sentinel::silences,
};
use http::{Request, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};

use crate::{
    bodies::Order,
    provider::Connections,
    sentinel::{came, listened, shop},
    world::{TestWorld, Webhook, minutes, with_flows},
};

/// A webhook of the shop, signed with the secret that the shop has by now.
fn rotated(world: &TestWorld, number: u64) -> Webhook {
    let order = Order::cod(number, world.now());
    let mut webhook = world.new_order(&order);
    let signed = harkara_sources::shopify::sign("the new secret of the shop", &webhook.body);
    webhook.headers.last_mut().unwrap().1 = signed;
    webhook
}

async fn refused(world: &TestWorld, times: u64) {
    for number in 0..times {
        assert_eq!(world.deliver(&rotated(world, 900 + number)).await, StatusCode::UNAUTHORIZED);
    }
    world.run().await;
}

async fn kept(world: &TestWorld) -> Vec<Item> {
    world.table.query(Query::partition(keys::refusals(&TestWorld::store()))).await.unwrap().items
}

/// What the doctor says of it.
async fn found(world: &TestWorld) -> Vec<Finding> {
    let doctor = Doctor {
        table: world.table.clone(),
        catalog: world.world.catalog.clone(),
        // Without connections nobody is asked.
        secrets: Arc::new(Connections(serde_json::Map::new())),
        http: world.world.ports.http.clone(),
        clock: world.clock.clone(),
        put: "harkara store put",
    };
    let found = doctor.examine(&TestWorld::store(), None).await;
    found.into_iter().filter(|finding| finding.check == Check::Signatures).collect()
}

async fn only(world: &TestWorld) -> Finding {
    let [finding] = found(world).await.try_into().unwrap();
    finding
}

#[tokio::test]
async fn a_rotated_secret_is_seen_and_what_to_do_is_said() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    world.place(&Order::cod(1, world.now())).await;
    world.sweep().await;
    assert_eq!(found(&world).await, []);
    world.stall(minutes(60));
    world.probe.counted();
    refused(&world, 3).await;
    let asked = world.probe.counted();
    assert_eq!((asked.get("send to events"), asked.values().sum::<u64>()), (Some(&1), 2), "{asked:?}");
    let once = only(&world).await;
    assert_eq!(once.gravity, Gravity::Warning, "{once}");

    world.stall(minutes(11));
    refused(&world, 2).await;
    let finding = only(&world).await;
    assert_eq!(finding.gravity, Gravity::Trouble, "{finding}");
    assert_eq!(
        finding.what,
        "shopify: at least 4 webhooks refused for their signature since 2026-11-22T06:00:00Z, the last at \
         2026-11-22T06:11:00Z; the last that was taken in came around 2026-11-22T05:00:00Z"
    );
    let todo = finding.todo.unwrap();
    for words in ["`connections.shopify.secrets`", "Settings → Notifications → Webhooks", "store put FILE"]
    {
        assert!(todo.contains(words), "{todo}");
    }
    let kept = kept(&world).await;
    let said: Vec<Value> = kept.iter().map(|item| serde_json::from_slice(&item.body).unwrap()).collect();
    let of = |known: u32| json!({ "source": "shopify", "known": known });
    assert_eq!(said, [of(1), of(3)], "nothing else is kept of it");
    let week = SignedDuration::from_hours(7 * 24);
    assert_eq!(kept[1].expires_at, Some(world.now() + week));

    // The day after it is over.
    world.stall(minutes(24 * 60 + 1));
    assert_eq!(found(&world).await, []);
}

#[tokio::test]
async fn a_source_that_is_heard_beside_the_refusals_is_no_trouble() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    for number in 1..=3 {
        refused(&world, 1).await;
        world.stall(minutes(6));
        world.place(&Order::cod(number, world.now())).await;
        world.stall(minutes(6));
    }
    let both = only(&world).await;
    assert_eq!(both.gravity, Gravity::Warning, "{both}");
    assert!(both.what.contains("the last that was taken in came around 2026-11-22T05:30:00Z"), "{both}");
    assert!(both.todo.unwrap().contains("either a stranger tries"));
    // One more after that may be anybody's, two are the vendor's.
    refused(&world, 1).await;
    assert_eq!(only(&world).await.gravity, Gravity::Warning);
    world.stall(minutes(12));
    // What another source says is no sign of this one.
    let said = CustomerFact::Custom { name: "visited".into() };
    world.learns(FactBody::Customer { customer: "another".into(), said }).await;
    refused(&world, 1).await;
    assert_eq!(only(&world).await.gravity, Gravity::Trouble);
}

#[tokio::test]
async fn without_a_journal_it_is_a_warning() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let shelf = world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap();
    let mut settings = shelf.settings.clone();
    settings.journal_days = 0;
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    for _ in 0..2 {
        refused(&world, 1).await;
        world.stall(minutes(11));
    }
    let finding = only(&world).await;
    assert_eq!(finding.gravity, Gravity::Warning, "{finding}");
    assert!(finding.what.contains("without a journal"), "{finding}");
}

/// Who knows no connection can make nothing be written, and who knows one a word every ten minutes.
#[tokio::test]
async fn strangers_leave_next_to_nothing() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let of_demo = ingest(&world, Arc::new(OfDemo(world.world.ports.secrets.clone())), world.probe.clone());
    let unknown = ["/webhooks/nobody/shopify", "/webhooks/demo/woocommerce", "/webhooks/demo/webhooks"];
    for (path, answer) in unknown.map(|path| (path, 404)).into_iter().chain([("/webhooks/demo/shopify", 401)])
    {
        let asked = world.probe.counted();
        assert!(asked.is_empty(), "{asked:?}");
        let stranger = Webhook { path: path.to_owned(), ..rotated(&world, 1) };
        assert_eq!(harkara_ingest::handle(&of_demo, &request(&stranger)).await.status(), answer, "{path}");
    }
    world.run().await;
    assert_eq!(kept(&world).await.len(), 1);
    world.stall(minutes(11));
    for _ in 0..60 {
        refused(&world, 5).await;
        world.stall(minutes(1));
    }
    assert_eq!(kept(&world).await.len(), 1 + 6);
    // The handshake is answered a person, who sees that it failed.
    let unknown = Request::get("/webhooks/demo/whatsapp?hub.verify_token=no").body(Bytes::new()).unwrap();
    let answer = harkara_ingest::handle(&world.world.ingest, &unknown).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    world.run().await;
    assert_eq!(kept(&world).await.len(), 1 + 6);
}

/// Connections of one store only, as a deployment has them.
struct OfDemo(Arc<dyn Secrets>);

#[async_trait]
impl Secrets for OfDemo {
    async fn get(&self, store: &str, name: &str) -> Result<Option<String>, SecretsError> {
        if store == "demo" { self.0.get(store, name).await } else { Ok(None) }
    }
}

/// Another process that takes webhooks in.
fn ingest(world: &TestWorld, secrets: Arc<dyn Secrets>, queue: Arc<dyn Queue>) -> Ingest {
    let clock = world.clock.clone();
    let (counters, rates, refusals) = (Arc::default(), Arc::default(), Arc::default());
    Ingest { secrets, queue, clock, counters, rates, refusals }
}

fn request(webhook: &Webhook) -> Request<Bytes> {
    let mut request = Request::post(&webhook.path);
    for (name, value) in &webhook.headers {
        request = request.header(*name, value);
    }
    request.body(Bytes::from(webhook.body.clone())).unwrap()
}

/// A queue that takes nothing.
struct Down;

#[async_trait]
impl Queue for Down {
    async fn send(&self, queue: QueueName, _: Vec<Outgoing>) -> Result<(), QueueError> {
        Err(QueueError { queue, problem: "down".to_owned() })
    }

    async fn set_visibility(&self, queue: QueueName, _: &str, _: Duration) -> Result<(), QueueError> {
        Err(QueueError { queue, problem: "down".to_owned() })
    }
}

#[tokio::test]
async fn that_it_cannot_be_noted_changes_no_answer() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let ingest = ingest(&world, world.world.ports.secrets.clone(), Arc::new(Down));
    let answer = harkara_ingest::handle(&ingest, &request(&rotated(&world, 1))).await;
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

/// A matcher from before puts it aside; a word that comes twice is one.
#[tokio::test]
async fn a_word_that_takes_another_way_is_kept_once_and_is_no_dead_letter() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let (store, source) = (TestWorld::store(), "shopify".to_owned());
    let body = Job::Refusals(RefusalsJob { store, source, at: world.now(), known: 1 }).body();
    for queue in [QueueName::Events, QueueName::Failures, QueueName::Failures] {
        world.embedded.queue().send(queue, vec![Outgoing::now(body.clone())]).await.unwrap();
        world.run().await;
    }
    assert_eq!(kept(&world).await.len(), 1);
    let letters = Query::partition(keys::dead_letters(&TestWorld::store()));
    assert_eq!(world.table.query(letters).await.unwrap().items, []);
    world.finish().await;
}

/// Six hours and more would go by before the rhythm of the shop's source says that it is silent.
#[tokio::test]
async fn the_team_hears_of_it_once_and_soon_and_not_of_the_silence_too() {
    let (world, entry) = shop().await;
    world.sweep().await;
    assert_eq!(silences(&*world.table, &TestWorld::store(), 10).await.unwrap(), []);
    let rotated_at = world.now() + minutes(15);
    world.stall(minutes(15));
    let mut noticed = None;
    for _ in 0..60 {
        refused(&world, 1).await;
        world.stall(minutes(11));
        world.sweep().await;
        let known = silences(&*world.table, &TestWorld::store(), 10).await.unwrap();
        if let ([silence], None) = (known.as_slice(), noticed) {
            noticed = Some(world.now());
            let refusal = silence.refused.as_ref().unwrap();
            assert_eq!((silence.feed.as_str(), refusal.since), ("shopify", rotated_at));
            assert!(refusal.known >= 3, "{silence:?}");
        }
    }
    let after = noticed.unwrap().duration_since(rotated_at);
    assert!(after >= minutes(30) && after <= minutes(75), "{after}");
    let mails = world.mails();
    let [told] = mails.as_slice() else { panic!("{mails:#?}") };
    assert!(told.mail.subject.ends_with("what comes from shopify is refused"), "{}", told.mail.subject);
    for words in ["since 2026-11-22 10:15", "Settings → Notifications", "`connections.shopify.secrets`"] {
        assert!(told.mail.text.contains(words), "{}", told.mail.text);
    }
    assert_eq!(only(&world).await.gravity, Gravity::Trouble);

    // The new secret is put: it is over.
    came(&world, &entry, "2026-11-23T09:00", "2026-11-23T10:00").await;
    listened(&world, "2026-11-23T10:00").await;
    let known = silences(&*world.table, &TestWorld::store(), 10).await.unwrap();
    assert!(known.len() == 1 && known[0].ended_at.is_some(), "{known:#?}");
    world.finish().await;
}

/// A source that was never heard has no rhythm: it was set up with a wrong secret.
#[tokio::test]
async fn a_source_that_was_never_heard_is_told_of_too_and_strangers_bring_no_mail_about() {
    let fresh = with_flows("2026-11-22T10:00", &[]).await;
    let stranger = with_flows("2026-11-22T10:00", &[]).await;
    let passer_by = with_flows("2026-11-22T10:00", &[]).await;
    refused(&passer_by, 5).await;
    for number in 0..12 {
        refused(&fresh, 1).await;
        refused(&stranger, 1).await;
        if number % 4 == 1 {
            stranger.place(&Order::cod(number + 1, stranger.now())).await;
        }
        for world in [&fresh, &stranger, &passer_by] {
            world.stall(minutes(11));
            world.sweep().await;
        }
    }
    let about = |world: &TestWorld| world.mails().iter().map(|posted| posted.mail.subject.clone()).collect();
    let subjects: [Vec<String>; 3] = [&fresh, &stranger, &passer_by].map(about);
    assert_eq!(subjects.each_ref().map(Vec::len), [1, 0, 0], "{subjects:?}");
    fresh.place(&Order::cod(1, fresh.now())).await;
    fresh.stall(minutes(45));
    fresh.sweep().await;
    let known = silences(&*fresh.table, &TestWorld::store(), 10).await.unwrap();
    assert!(known.len() == 1 && known[0].ended_at.is_some(), "{known:#?}");
}
