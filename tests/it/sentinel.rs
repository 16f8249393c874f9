//! The sentinel: a source that goes quiet is told of once, and nothing else is.

use harkara_domain::FactId;
use harkara_engine::{
    doctor::{Check, Doctor, Gravity},
    keys,
    port::{Expect, Item, MailError, Outgoing, Query, QueueName, Write},
    sentinel::{Silence, Watch, silences},
    settings::{Settings, Watching},
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::sync::Arc;

use crate::{
    bodies::Order,
    provider::{Connections, Posted},
    world::{TestWorld, karachi, minutes, with_flows},
};

/// What one order wrote into the journal, to be said again at other times.
async fn entry_of_an_order(world: &TestWorld) -> Item {
    world.place(&Order::cod(1, world.now())).await;
    let day = karachi_day(world.now());
    let page =
        world.table.query(Query::partition(keys::journal_day(&TestWorld::store(), day))).await.unwrap();
    let [entry] = page.items.try_into().unwrap();
    entry
}

fn karachi_day(at: Timestamp) -> jiff::civil::Date {
    jiff::tz::TimeZone::UTC.to_datetime(at).date()
}

/// The same from another source.
fn said_by(entry: &Item, source: &str) -> Item {
    let body = String::from_utf8(entry.body.clone()).unwrap();
    let body = body.replace(r#""source":"shopify""#, &format!(r#""source":"{source}""#));
    Item { body: body.into_bytes(), ..entry.clone() }
}

/// The journal says so every ten minutes of the shop's day, nine to nine.
pub(crate) async fn came(world: &TestWorld, entry: &Item, from: &str, to: &str) {
    let (mut at, to) = (karachi(from), karachi(to));
    let mut writes = Vec::new();
    while at < to {
        let local = at.to_zoned(jiff::tz::TimeZone::get("Asia/Karachi").unwrap());
        if (9..21).contains(&local.hour()) {
            let id = FactId::new(format!("{at}{}", entry.body.len()));
            let key = keys::journal(&TestWorld::store(), at, &[id]);
            writes.push(Write::Put(Item { key, ..entry.clone() }, Expect::Any));
        }
        at += 10.minutes();
    }
    for some in writes.chunks(25) {
        world.table.write(some.to_vec()).await.unwrap();
    }
}

/// Every half an hour, with whatever that brings about.
pub(crate) async fn listened(world: &TestWorld, until: &str) {
    while world.now() < karachi(until) {
        world.stall(minutes(31));
        world.sweep().await;
    }
}

async fn known(world: &TestWorld) -> Vec<Silence> {
    silences(&*world.table, &TestWorld::store(), 10).await.unwrap()
}

fn told(world: &TestWorld) -> Vec<Posted> {
    let told = |posted: &Posted| posted.mail.subject.contains("nothing comes from");
    world.mails().into_iter().filter(told).collect()
}

/// A shop of three weeks, at ten in the morning.
pub(crate) async fn shop() -> (TestWorld, Item) {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let entry = entry_of_an_order(&world).await;
    came(&world, &entry, "2026-11-01T09:00", "2026-11-22T10:00").await;
    (world, entry)
}

#[tokio::test]
async fn a_source_that_goes_quiet_is_told_of_once_and_so_is_the_next_time() {
    let (world, entry) = shop().await;
    // The other source goes on.
    came(&world, &said_by(&entry, "whatsapp"), "2026-11-01T09:00", "2026-11-24T10:00").await;
    world.sweep().await;
    assert_eq!(known(&world).await, []);
    listened(&world, "2026-11-22T20:00").await;
    let silence = match known(&world).await.as_slice() {
        [silence] => silence.clone(),
        other => panic!("{other:#?}"),
    };
    assert_eq!((silence.feed.as_str(), silence.ended_at), ("shopify", None));
    assert_eq!(silence.since, karachi("2026-11-22T10:10"));
    let within = silence.noticed_at.duration_since(silence.since);
    assert!(within >= SignedDuration::from_hours(1) && within < SignedDuration::from_hours(7), "{within}");
    let mails = told(&world);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].mail.to, ["ops@chadar.example"]);
    assert!(mails[0].mail.text.contains("from shopify since 2026-11-22 10:10"), "{}", mails[0].mail.text);
    assert!(silence.told_at.is_some());

    let doctor = Doctor {
        table: world.table.clone(),
        catalog: world.world.catalog.clone(),
        // Without connections nobody is asked.
        secrets: Arc::new(Connections(serde_json::Map::new())),
        http: world.world.ports.http.clone(),
        clock: world.clock.clone(),
        put: "harkara store put",
    };
    let silent = async || {
        let found = doctor.examine(&TestWorld::store(), None).await;
        let troubles = found.into_iter().filter(|finding| finding.gravity == Gravity::Trouble);
        troubles
            .filter(|finding| finding.check == Check::Silence)
            .map(|finding| finding.what)
            .collect::<Vec<_>>()
    };
    assert_eq!(silent().await, ["nothing has come from shopify since 2026-11-22T05:10:00Z"]);

    // It comes again: the silence is over, nobody is written to, and the next one is told of anew.
    came(&world, &entry, "2026-11-23T09:00", "2026-11-23T12:00").await;
    listened(&world, "2026-11-23T11:50").await;
    let ended = known(&world).await[0].ended_at;
    assert!(ended.is_some_and(|at| at >= karachi("2026-11-23T09:00")), "{ended:?}");
    assert_eq!((told(&world).len(), silent().await.len()), (1, 0));
    listened(&world, "2026-11-24T10:00").await;
    assert_eq!((known(&world).await.len(), told(&world).len()), (2, 2));
    world.finish().await;
}

/// The job is lost after the silence was noted, then the mail server fails: one mail goes out all the same.
#[tokio::test]
async fn a_silence_is_told_of_once_whatever_is_lost_on_the_way() {
    let (world, _) = shop().await;
    while known(&world).await.is_empty() {
        world.stall(minutes(31));
        harkara_sweep::handle(&world.world.sweeper).await.unwrap();
        assert!(world.now() < karachi("2026-11-23T10:00"), "never noticed");
    }
    let lost = world.take(QueueName::Failures).await;
    assert_eq!(lost.len(), 1);
    let receipts: Vec<String> = lost.iter().map(|delivery| delivery.receipt.clone()).collect();
    world.embedded.queues().settle(QueueName::Failures, &receipts, &Default::default());
    world.stall(minutes(31));
    world.post_office.fail_next(MailError::Failed("down".to_owned()));
    world.sweep().await;
    assert_eq!(told(&world).len(), 0);
    world.stall(minutes(4));
    world.run().await;
    assert_eq!(told(&world).len(), 1);
    // A job too many, from a crash between the table and the queue.
    let again = vec![Outgoing::now(lost[0].body.clone())];
    world.embedded.queue().send(QueueName::Failures, again).await.unwrap();
    world.run().await;
    listened(&world, "2026-11-23T10:00").await;
    assert_eq!((known(&world).await.len(), told(&world).len()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn the_young_the_engines_own_standstill_and_closed_days_are_no_silence() {
    let young = with_flows("2026-11-22T10:00", &[]).await;
    let entry = entry_of_an_order(&young).await;
    came(&young, &entry, "2026-11-10T09:00", "2026-11-22T10:00").await;
    listened(&young, "2026-11-23T18:00").await;
    assert_eq!(known(&young).await, []);

    // Nobody swept: nothing came in because nothing was up.
    let (down, entry) = shop().await;
    down.sweep().await;
    down.stall(SignedDuration::from_hours(30));
    came(&down, &entry, "2026-11-23T15:50", "2026-11-23T17:00").await;
    listened(&down, "2026-11-23T17:30").await;
    assert_eq!(known(&down).await, []);

    let (closed, _) = shop().await;
    let shelf = closed.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap();
    let mut settings = shelf.settings.clone();
    let eid = serde_json::json!({ "special_days": [{
        "name": "Eid", "when": { "dates": { "from": "2026-11-22", "to": "2026-11-24" } }, "quiet": "all_day",
    }] });
    settings.rules.calendar = serde_json::from_value(eid).unwrap();
    closed.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    listened(&closed, "2026-11-24T23:00").await;
    assert_eq!(known(&closed).await, []);
}

/// Without a journal there is nothing to listen to, until there is one again.
#[tokio::test]
async fn a_store_without_a_journal_is_not_looked_at_until_it_has_one() {
    let (world, _) = shop().await;
    let shelf = world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap();
    let mut settings = shelf.settings.clone();
    let next = async || {
        let entry = world.table.get(&keys::watched(&TestWorld::store())).await.unwrap();
        entry.and_then(|entry| entry.list).map(|place| keys::unstamp(&place.sk).unwrap())
    };
    settings.journal_days = 0;
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    listened(&world, "2026-11-22T20:00").await;
    assert_eq!((known(&world).await.len(), next().await), (0, None));
    settings.journal_days = 30;
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    assert!(next().await.is_some());
    listened(&world, "2026-11-22T21:00").await;
    assert_eq!(known(&world).await.len(), 1);
    assert!(next().await.is_some_and(|next| next > world.now()));
}

async fn settings(world: &TestWorld) -> Settings {
    world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap().settings.clone()
}

/// What is switched off tells of nothing and ends what it has told of; switched on again it knows at once what
/// is still silent, and nobody is written to once more.
#[tokio::test]
async fn a_store_may_switch_it_off_and_on() {
    let (world, _) = shop().await;
    listened(&world, "2026-11-22T20:00").await;
    assert_eq!((known(&world).await.len(), told(&world).len()), (1, 1));
    let set = async |off| {
        let settings = Settings { watch: Watching { off, team: None }, ..settings(&world).await };
        world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
        world.stall(minutes(1));
        world.sweep().await;
    };
    let feeds = async || {
        let held = world.table.get(&keys::watch(&TestWorld::store())).await.unwrap().unwrap();
        serde_json::from_slice::<Watch>(&held.body).unwrap().feeds.len()
    };
    assert!(feeds().await > 0);
    set(true).await;
    let [silence] = &known(&world).await[..] else { panic!("one silence") };
    assert_eq!(silence.ended_at, Some(world.now()));
    assert_eq!(feeds().await, 0);
    listened(&world, "2026-11-23T12:00").await;
    assert_eq!(feeds().await, 0);
    set(false).await;
    let [again] = &known(&world).await[..] else { panic!("one silence") };
    assert_eq!((again.since, again.ended_at), (silence.since, None));
    listened(&world, "2026-11-23T20:00").await;
    assert_eq!((known(&world).await.len(), told(&world).len()), (1, 1));
    world.finish().await;
}

#[tokio::test]
async fn another_team_may_hear_of_silences() {
    let (world, _) = shop().await;
    let mut settings = settings(&world).await;
    settings.watch.team = Some("it".to_owned());
    assert_eq!(settings.flaws(), [("watch.team".to_owned(), "is none of `teams`: it".to_owned())]);
    settings.teams.insert("it".to_owned(), vec!["it@chadar.example".to_owned()]);
    assert_eq!(settings.flaws(), []);
    world.world.setup.settings(&TestWorld::store(), &settings).await.unwrap();
    listened(&world, "2026-11-22T20:00").await;
    assert_eq!(told(&world)[0].mail.to, ["it@chadar.example"]);
    world.finish().await;
}

/// As long as no mail can be sent there is one job that tries, and the mail goes out when one can be.
#[tokio::test]
async fn jobs_do_not_pile_up_while_mails_cannot_be_sent() {
    let (world, _) = shop().await;
    for _ in 0..2000 {
        world.post_office.fail_next(MailError::Failed("down".to_owned()));
    }
    let mut most = 0;
    while world.now() < karachi("2026-11-23T20:00") {
        for _ in 0..10 {
            world.stall(minutes(3) + SignedDuration::from_secs(6));
            world.run().await;
        }
        world.sweep().await;
        let depth = world.embedded.queues().depth(QueueName::Failures).unwrap();
        most = most.max(depth.visible + depth.delayed + depth.in_flight);
    }
    assert_eq!((known(&world).await.len(), told(&world).len()), (1, 0));
    assert!(most <= 2, "{most} jobs for one mail");
    world.post_office.mend();
    listened(&world, "2026-11-23T23:00").await;
    assert_eq!(told(&world).len(), 1);
    world.finish().await;
}

/// A store of an earlier version is in no list; its first facts enter it, once.
#[tokio::test]
async fn a_store_that_was_set_up_before_there_was_a_sentinel_is_found() {
    let (world, _) = shop().await;
    let (store, any) = (TestWorld::store(), Expect::Any);
    let forgotten = vec![
        Write::Delete(keys::watched(&store), any),
        Write::Delete(keys::watch(&store), any),
        Write::Delete(keys::changes(&store), any),
    ];
    world.table.write(forgotten).await.unwrap();
    let counted = || vec![Write::Add { key: keys::changes(&store), field: "changes", by: 1 }];
    for _ in 0..5 {
        world.table.write(counted()).await.unwrap();
    }
    world.stall(minutes(31));
    world.sweep().await;
    assert_eq!(world.table.get(&keys::watch(&store)).await.unwrap(), None);
    world.place(&Order::cod(7, world.now())).await;
    let changes = async || world.table.get(&keys::changes(&store)).await.unwrap().unwrap().version;
    let entered = changes().await;
    world.place(&Order::cod(8, world.now())).await;
    world.sweep().await;
    assert!(world.table.get(&keys::watch(&store)).await.unwrap().is_some());
    assert_eq!(changes().await, entered);
    world.finish().await;
}

/// What a later version wrote is in its way no more than a storm.
#[tokio::test]
async fn an_entry_that_cannot_be_read_is_passed_over() {
    let (world, entry) = shop().await;
    let key = keys::journal(&TestWorld::store(), karachi("2026-11-22T09:55"), &[FactId::new("odd")]);
    let odd = Item { key, body: br#"{"facts":[{"source":"shopify","body":"closed"}]}"#.to_vec(), ..entry };
    world.table.write(vec![Write::Put(odd, Expect::Any)]).await.unwrap();
    listened(&world, "2026-11-22T20:00").await;
    assert_eq!(known(&world).await.len(), 1);
    world.finish().await;
}

/// The hot road pays nothing, and half an hour of a quiet store is a handful of requests.
#[tokio::test]
async fn a_look_is_cheap_and_between_looks_there_is_none() {
    let (world, _) = shop().await;
    world.sweep().await;
    let before = world.table.get(&keys::watch(&TestWorld::store())).await.unwrap().unwrap();
    world.stall(minutes(2));
    world.sweep().await;
    let same = world.table.get(&keys::watch(&TestWorld::store())).await.unwrap().unwrap();
    assert_eq!(before.version, same.version);
    assert!(before.body.len() < 4096, "{} bytes", before.body.len());
    world.stall(minutes(30));
    world.sweep().await;
    let later = world.table.get(&keys::watch(&TestWorld::store())).await.unwrap().unwrap();
    assert_eq!(later.version, before.version + 1);
}

/// A storm of one source is not read through, and more than a look takes is listened to with the next sweeps.
#[tokio::test]
async fn a_storm_is_listened_to_in_parts() {
    let (world, entry) = shop().await;
    let mut writes = Vec::new();
    for (minute, many) in [(2, 2600), (12, 300)] {
        for number in 0..many {
            let at = karachi("2026-11-22T10:00") + minutes(minute);
            let key = keys::journal(&TestWorld::store(), at, &[FactId::new(format!("storm-{number}"))]);
            writes.push(Write::Put(Item { key, ..entry.clone() }, Expect::Any));
        }
    }
    for some in writes.chunks(25) {
        world.table.write(some.to_vec()).await.unwrap();
    }
    world.stall(minutes(31));
    world.sweep().await;
    let watch = world.table.get(&keys::watch(&TestWorld::store())).await.unwrap().unwrap();
    let watch: harkara_engine::sentinel::Watch = serde_json::from_slice(&watch.body).unwrap();
    assert_eq!(watch.heard_to, karachi("2026-11-22T10:20"));
    let orders = watch.feeds.values().next().unwrap();
    assert_eq!(orders.rhythm.last, karachi("2026-11-22T10:10"));
}
