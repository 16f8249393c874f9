//! The doctor: a healthy store has no trouble, and each thing that is broken on purpose is found.

use async_trait::async_trait;
use harkara_domain::{FactId, flow::Channel};
use harkara_engine::{
    catalog::Catalog,
    doctor::{Check, Doctor, Finding, Gravity, Planned},
    keys,
    port::{Expect, Http, HttpError, HttpRequest, HttpResponse, Item, Write},
    record::put,
};
use jiff::{SignedDuration, ToSpan};
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

use crate::{
    bodies::Order,
    provider::{Answer, Connections},
    world::{JUST_ASK, TestWorld, minutes, with_flows},
};

/// Meta, asked and not told.
struct Meta {
    number: (u16, Value),
    token: Value,
    asked: Mutex<Vec<(String, String)>>,
}

impl Meta {
    fn well() -> Self {
        let number = (200, json!({ "status": "CONNECTED", "quality_rating": "GREEN" }));
        Self { number, token: json!({ "data": { "expires_at": 0 } }), asked: Mutex::default() }
    }
}

#[async_trait]
impl Http for Meta {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.url.strip_prefix("https://graph.example/v23.0/").unwrap().to_owned();
        let (status, body) =
            if path.starts_with("debug_token?") { (200, self.token.clone()) } else { self.number.clone() };
        self.asked.lock().unwrap().push((request.method.to_owned(), path));
        Ok(HttpResponse { status, retry_after: None, body: body.to_string().into() })
    }
}

/// A store, and what is to be changed about how it is seen.
struct Practice {
    world: TestWorld,
    meta: Meta,
    connections: Map<String, Value>,
}

impl Practice {
    async fn at(time: &str, flows: &[&str]) -> Self {
        Self::of(with_flows(time, flows).await).await
    }

    async fn of(world: TestWorld) -> Self {
        let mut connections = Map::new();
        for name in ["shopify", "whatsapp"] {
            let text = world.world.ports.secrets.get("demo", name).await.unwrap().unwrap();
            connections.insert(name.to_owned(), serde_json::from_str(&text).unwrap());
        }
        Self { world, meta: Meta::well(), connections }
    }

    fn planned(&self) -> Vec<Planned> {
        let file = self.world.file();
        let look = harkara_embedded::Look::at(&file, self.world.clock.clone()).unwrap();
        assert!(look.is_served().unwrap());
        let all = look.schedules(1000).unwrap();
        all.into_iter().map(|(name, body)| Planned { name, body: Some(body) }).collect()
    }

    /// What the doctor finds; on one machine through a table that cannot be written.
    async fn found(self) -> (TestWorld, Vec<Finding>) {
        let planned = self.planned();
        let look = harkara_embedded::Look::at(&self.world.file(), self.world.clock.clone()).unwrap();
        let table = if self.world.capacity.is_some() { self.world.table.clone() } else { look.table() };
        let doctor = Doctor {
            catalog: Arc::new(Catalog::new(table.clone(), self.world.clock.clone()).reading_text()),
            table,
            secrets: Arc::new(Connections(self.connections)),
            http: Arc::new(self.meta),
            clock: self.world.clock.clone(),
            put: "harkara store put",
        };
        let found = doctor.examine(&TestWorld::store(), Some(&planned)).await;
        for finding in &found {
            assert_eq!(finding.todo.is_some(), finding.gravity != Gravity::Ok, "{finding}");
        }
        (self.world, found)
    }

    /// The one thing that is not well.
    async fn only(self) -> Finding {
        let (_, found) = self.found().await;
        let mut bad = found.iter().filter(|finding| finding.gravity != Gravity::Ok);
        let one = bad.next().unwrap_or_else(|| panic!("nothing is wrong: {found:#?}")).clone();
        assert_eq!(bad.next(), None);
        one
    }

    async fn trouble(self, check: Check, words: &str) {
        let one = self.only().await;
        assert_eq!((one.check, one.gravity), (check, Gravity::Trouble), "{one}");
        assert!(one.what.contains(words), "{one}");
    }
}

/// A shop that is a day old: orders wait for their stages, and the sentinel has been there.
async fn practice() -> Practice {
    let world = TestWorld::at("2026-11-22T10:00").await;
    for number in 1..=3 {
        world.place(&Order::cod(number, world.now())).await;
    }
    world.sweep().await;
    Practice::of(world).await
}

#[tokio::test]
async fn a_healthy_store_has_no_trouble_and_nothing_personal_is_told() {
    let practice = practice().await;
    let secrets: Vec<String> = practice.connections["whatsapp"]
        .as_object()
        .unwrap()
        .values()
        .chain(practice.connections["shopify"]["secrets"].as_array().unwrap())
        .filter_map(|value| value.as_str().or_else(|| value[0].as_str()).map(str::to_owned))
        .filter(|value| value.len() > 8)
        .collect();
    assert!(secrets.len() >= 4);
    let (world, found) = practice.found().await;
    assert!(found.iter().all(|finding| finding.gravity == Gravity::Ok), "{found:#?}");
    let waits = found.iter().find(|finding| finding.check == Check::Schedules).unwrap();
    assert!(waits.what.starts_with("6 waits have their schedules"), "{waits}");
    let told = serde_json::to_string(&found).unwrap();
    for secret in secrets {
        assert!(!told.contains(&secret), "{told}");
    }
    assert!(!told.contains("+92") && !told.contains("Ayesha"), "{told}");
    world.finish().await;
}

#[tokio::test]
async fn meta_is_asked_and_never_told() {
    let practice = practice().await;
    let meta = Arc::new(practice.meta);
    let doctor = Doctor {
        table: practice.world.table.clone(),
        catalog: practice.world.world.catalog.clone(),
        secrets: Arc::new(Connections(practice.connections)),
        http: meta.clone(),
        clock: practice.world.clock.clone(),
        put: "harkara store put",
    };
    doctor.examine(&TestWorld::store(), None).await;
    let asked = meta.asked.lock().unwrap();
    let asked: Vec<(&str, &str)> =
        asked.iter().map(|(method, path)| (method.as_str(), path.split('?').next().unwrap())).collect();
    assert_eq!(asked, [("GET", "310042001042"), ("GET", "debug_token")]);
}

#[tokio::test]
async fn a_token_that_is_over_or_ends_soon_is_told_of() {
    let mut over = practice().await;
    over.meta.number = (401, json!({ "error": { "code": 190, "message": "expired on a day" } }));
    over.trouble(Check::Credentials, "does not take the token").await;

    let mut unknown = practice().await;
    unknown.meta.number = (400, json!({ "error": { "code": 100, "error_subcode": 33 } }));
    unknown.trouble(Check::Credentials, "knows no such number").await;

    let mut banned = practice().await;
    banned.meta.number = (200, json!({ "status": "BANNED" }));
    banned.trouble(Check::Credentials, "BANNED").await;

    let mut soon = practice().await;
    let ends = soon.world.now() + SignedDuration::from_hours(24 * 5);
    soon.meta.token = json!({ "data": { "is_valid": true, "expires_at": ends.as_second() } });
    let one = soon.only().await;
    assert_eq!((one.check, one.gravity), (Check::Credentials, Gravity::Warning), "{one}");
    assert!(one.what.contains("ends at 2026-11-27"), "{one}");
}

#[tokio::test]
async fn connections_that_cannot_be_meant_are_told_of() {
    let mut none = practice().await;
    none.connections["shopify"]["secrets"] = json!([""]);
    none.trouble(Check::Signatures, "shopify has no secret").await;

    let mut guessed = practice().await;
    guessed.connections["shopify"]["secrets"] = json!(["changeme-changeme-changeme"]);
    guessed.trouble(Check::Signatures, "anybody can guess").await;

    let mut short = practice().await;
    short.connections["shopify"]["secrets"] = json!(["k4kd93"]);
    short.trouble(Check::Signatures, "anybody can guess").await;

    let mut malformed = practice().await;
    malformed.connections["shopify"] = json!({ "secrets": "Ayesha" });
    malformed.trouble(Check::Connections, "shopify cannot be read").await;

    let mut unconnected = practice().await;
    for field in ["phone_number_id", "access_token"] {
        unconnected.connections["whatsapp"].as_object_mut().unwrap().remove(field);
    }
    let one = unconnected.only().await;
    assert_eq!(one.gravity, Gravity::Warning);
    assert!(one.what.contains("kept in the outbox"), "{one}");
}

#[tokio::test]
async fn settings_and_flows_that_lack_something_are_told_of() {
    let set = async |change: fn(&mut harkara_engine::settings::Settings)| {
        let practice = practice().await;
        let shelf = practice.world.world.catalog.shelf(&TestWorld::store()).await.unwrap().unwrap();
        let mut settings = shelf.settings.clone();
        change(&mut settings);
        // As an earlier build, or somebody by hand, may have written them.
        let write = put(keys::settings(&TestWorld::store()), &settings, Expect::Any);
        practice.world.world.catalog.write(&TestWorld::store(), vec![write]).await.unwrap();
        practice.world.sweep().await;
        practice
    };
    set(|settings| settings.timezone = "Asia/Lahore".to_owned())
        .await
        .trouble(Check::Settings, "no IANA")
        .await;
    set(|settings| settings.teams.clear()).await.trouble(Check::Settings, "nobody hears").await;
    set(|settings| settings.console_url = Some("http://shop.example".to_owned()))
        .await
        .trouble(Check::Settings, "in the open")
        .await;
    let local =
        set(|settings| settings.console_url = Some("http://[::1]:8787".to_owned())).await.only().await;
    assert_eq!((local.check, local.gravity), (Check::Settings, Gravity::Warning), "{local}");

    let lacking = practice().await;
    let gone = Write::Delete(keys::template(&TestWorld::store(), "dispatch_notice"), Expect::Any);
    lacking.world.world.catalog.write(&TestWorld::store(), vec![gone]).await.unwrap();
    lacking.trouble(Check::Flows, "template dispatch_notice").await;

    let paused = practice().await;
    let until = paused.world.now() + 2.hours();
    let pause = harkara_engine::catalog::Pause { until, because: "the token was refused".to_owned() };
    let write = put(keys::pause(&TestWorld::store(), Channel::Whatsapp), &pause, Expect::Any);
    paused.world.world.catalog.write(&TestWorld::store(), vec![write]).await.unwrap();
    let one = paused.only().await;
    assert!(one.what.starts_with("whatsapp is paused") && one.gravity == Gravity::Warning, "{one}");
}

#[tokio::test]
async fn what_is_overdue_or_without_its_schedule_is_told_of() {
    let practice = practice().await;
    // Nobody works, nobody sweeps, and the reminder was due after half an hour.
    practice.world.stall(minutes(50));
    practice.trouble(Check::Overdue, "3 runs and waits are overdue").await;

    let lost = Practice::at("2026-11-22T10:00", &[WAITS]).await;
    lost.world.probe.lose(true);
    lost.world.place(&Order::cod(1, lost.world.now())).await;
    lost.world.sweep().await;
    let one = lost.only().await;
    assert_eq!((one.check, one.gravity), (Check::Schedules, Gravity::Warning), "{one}");
    assert_eq!(one.what, "1 of 1 waits have no schedule");

    // A restored backup: the schedule is there, its run is not.
    let gone = practice_with_one_wait().await;
    let run = gone.world.runs().await.remove(0);
    let write = Write::Delete(keys::run(&run.store, &run.subject, &run.id), Expect::Any);
    gone.world.table.write(vec![write]).await.unwrap();
    let one = gone.only().await;
    assert_eq!(one.what, "1 schedules are of runs that are not there");
}

const WAITS: &str = "
name: Waits
trigger: order_created
stages:
  - name: Ask
    after: 3h
    message: { channels: [whatsapp], template: cod_confirmation }
";

async fn practice_with_one_wait() -> Practice {
    let practice = Practice::at("2026-11-22T10:00", &[WAITS]).await;
    practice.world.place(&Order::cod(1, practice.world.now())).await;
    practice.world.sweep().await;
    practice
}

#[tokio::test]
async fn dead_letters_are_told_of_until_somebody_deals_with_them() {
    let practice = Practice::at("2026-11-22T10:00", &[JUST_ASK]).await;
    practice.world.whatsapp.next([Answer::Error(400, 131_009)]);
    practice.world.place(&Order::cod(1, practice.world.now())).await;
    practice.world.advance(minutes(3)).await;
    assert_eq!(practice.world.dead_letters().await.len(), 1);
    practice.world.sweep().await;
    practice.trouble(Check::DeadLetters, "1 dead letters of the last week").await;
}

#[tokio::test]
async fn a_sweep_that_stands_still_and_a_clock_that_is_ahead_are_told_of() {
    let still = Practice::at("2026-11-22T10:00", &[JUST_ASK]).await;
    still.world.sweep().await;
    still.world.stall(minutes(180));
    still.trouble(Check::Silence, "the sweep has not been here since").await;

    let ahead = practice().await;
    let at = ahead.world.now() + SignedDuration::from_secs(200);
    let key = keys::journal(&TestWorld::store(), at, &[FactId::new("ahead")]);
    let item = Item::new(key, br#"{"facts":[]}"#.to_vec());
    ahead.world.table.write(vec![Write::Put(item, Expect::Any)]).await.unwrap();
    ahead.trouble(Check::Clock, "200 s ahead").await;

    let nowhere = practice().await;
    let doctor = Doctor {
        table: nowhere.world.table.clone(),
        catalog: nowhere.world.world.catalog.clone(),
        secrets: nowhere.world.world.ports.secrets.clone(),
        http: Arc::new(nowhere.meta),
        clock: nowhere.world.clock.clone(),
        put: "harkara store put",
    };
    let found = doctor.examine(&"other".into(), None).await;
    assert_eq!(found.len(), 1);
    assert!(found[0].what.contains("other is not set up"), "{}", found[0]);
}
