//! Flows as things that people own, on the pages and over the API.

use axum::http::StatusCode;
use harkara_engine::{ownership::Plan, people::Role};
use serde_json::{Value, json};

use crate::{browser::Browser, world::World};

const COD: &str = include_str!("../../../../flows/cod-confirmation.yaml");

/// A flow that only notes, so it needs no template.
fn noting(name: &str) -> String {
    format!(
        "name: {name}\ntrigger: order_created\nstages:\n  - name: Note\n    workflow: [{{ add_note: Seen }}]\n"
    )
}

async fn program(world: &World, role: Role) -> Browser {
    let made = world.people.make_key(&world.store, "robot", role, "test").await.unwrap();
    let mut program = Browser::new(world.router());
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

fn edited() -> String {
    let edited = COD.replace("after: 30m", "after: 45m");
    assert_ne!(edited, COD);
    edited
}

#[tokio::test]
async fn a_draft_is_previewed_and_activated_and_the_runs_keep_their_version() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    world.run_for(1).await;
    let operator = world.signed_in(Role::Operator).await;
    let fields = [("flow", "cod-confirmation"), ("text", &edited()), ("draft", "true")];
    let saved = operator.post("/flows", &fields).await;
    assert_eq!(saved.header("location"), "/flows/cod-confirmation?notice=draft-saved", "{}", saved.text);
    let page = operator.get("/flows/cod-confirmation").await.text;
    assert!(page.contains("Version 1 ·") && page.contains("Activate the draft…"), "{page}");
    assert!(page.contains("<span class=\"add\">+    after: 45m"), "{page}");

    let preview = operator.get("/flows/cod-confirmation/activation").await.text;
    for words in [
        "From version 1 to 2",
        "<span class=\"del\">-    after: 30m",
        "<span class=\"add\">+    after: 45m",
        "1 run with version 1",
        "cod_reminder <span class=\"badge good\">There</span>",
        "The plan pro sets no limit; active now: COD confirmation, Dispatch notice",
        "Activate version 2",
    ] {
        assert!(preview.contains(words), "{words}: {preview}");
    }
    let seen = preview.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let done = operator.post("/flows/cod-confirmation/state", &[("state", "active"), ("seen", &seen)]).await;
    assert_eq!(done.header("location"), "/flows/cod-confirmation?notice=activated");
    let again = operator.post("/flows/cod-confirmation/state", &[("state", "active"), ("seen", &seen)]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "what was looked at is not there any more");

    world.order(2, "Bilal", "Chai").await;
    let versions = |story: &Value| story["runs"][0]["run"]["version"].clone();
    let reader = program(&world, Role::Viewer).await;
    assert_eq!(versions(&reader.get("/api/v1/orders/shopify-1").await.json()), 1);
    assert_eq!(versions(&reader.get("/api/v1/orders/shopify-2").await.json()), 2);

    let page = operator.get("/flows/cod-confirmation").await.text;
    let past = page.split("What was done with it").nth(1).unwrap();
    for words in
        [">Version 2</a>", "operator@shop.test", "Draft saved, with version 1", "Activated, with version 1"]
    {
        assert!(past.contains(words), "{words}: {past}");
    }
    let diff = operator.get("/flows/cod-confirmation/versions?from=1&to=2").await.text;
    assert!(diff.contains("<span class=\"add\">+    after: 45m"), "{diff}");
    let audit = world.signed_in(Role::Owner).await.get("/audit").await.text;
    for words in ["saved a draft of a flow", "activated the draft of a flow as version 2"] {
        assert!(audit.contains(words), "{words}: {audit}");
    }
}

#[tokio::test]
async fn a_flow_is_written_archived_and_restored() {
    let world = World::new().await;
    let operator = world.signed_in(Role::Operator).await;
    let wrong = operator.post("/flows", &[("text", "name: Odd\r\ntrigger: never\r\nstages: []\r\n")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text.contains("line 2: trigger") && wrong.text.contains("trigger: never"),
        "{}",
        wrong.text
    );
    let taken = operator.post("/flows", &[("text", COD)]).await;
    assert!(taken.text.contains("there is a flow cod-confirmation already"), "{}", taken.text);
    let renamed = operator.post("/flows", &[("flow", "cod-confirmation"), ("text", &noting("Other"))]).await;
    assert_eq!(renamed.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", renamed.text);

    let text = noting("Note it").replace('\n', "\r\n");
    let saved = operator.post("/flows", &[("text", &text)]).await;
    assert_eq!(saved.header("location"), "/flows/note-it?notice=saved", "{}", saved.text);
    let page = operator.get("/flows/note-it").await.text;
    assert!(page.contains(">Draft</span>") && page.contains("Activate…"), "{page}");
    assert_eq!(
        operator.post("/flows/note-it/state", &[("state", "paused")]).await.status,
        StatusCode::CONFLICT,
        "a draft cannot be paused"
    );
    for (state, notice) in [("active", "activated"), ("paused", "paused"), ("archived", "archived")] {
        let done = operator.post("/flows/note-it/state", &[("state", state)]).await;
        assert_eq!(done.header("location"), format!("/flows/note-it?notice={notice}"));
    }
    assert!(!operator.get("/flows").await.text.contains("/flows/note-it\""));
    assert!(operator.get("/flows?archived=true").await.text.contains("/flows/note-it\""));
    world.order(1, "Ayesha", "Chai").await;
    let order = operator.get("/orders/shopify-1").await.text;
    assert!(!order.contains("Note it") && !order.contains("note-it"), "an archived flow is not spoken of");
    let preview = operator.get("/flows/note-it/activation").await.text;
    assert!(preview.contains("it is archived: restore it first") && !preview.contains("Activate version"));
    let back = operator.post("/flows/note-it/state", &[("state", "draft")]).await;
    assert_eq!(back.header("location"), "/flows/note-it?notice=restored");
    assert!(operator.get("/flows").await.text.contains("/flows/note-it\""));
}

#[tokio::test]
async fn a_program_owns_flows_too() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    let new = program.json("/api/v1/flows", json!({ "text": noting("Note it") })).await.json();
    assert_eq!(
        (&new["id"], &new["state"], &new["active"]),
        (&json!("note-it"), &json!("draft"), &json!(false))
    );
    let active = program.json("/api/v1/flows/note-it/state", json!({ "state": "active" })).await.json();
    assert_eq!(active["active"], true);
    let changed = noting("Note it").replace("Seen", "Seen again");
    let drafted = program.json("/api/v1/flows", json!({ "text": changed, "draft": true })).await.json();
    assert_eq!((&drafted["version"], &drafted["draft"]["text"]), (&json!(1), &json!(changed)));
    let preview = program.get("/api/v1/flows/note-it/preview").await.json();
    assert_eq!((&preview["changes"], &preview["after"]["version"]), (&json!(true), &json!(2)));
    assert!(
        preview["diff"].as_str().unwrap().contains("-    workflow: [{ add_note: Seen }]\n+"),
        "{preview}"
    );
    assert_eq!(preview["obstacles"], json!([]));
    let seen = preview["seen"].as_u64().unwrap();
    let stale = json!({ "state": "active", "seen": seen - 1 });
    assert_eq!(program.json("/api/v1/flows/note-it/state", stale).await.status, StatusCode::CONFLICT);
    let fresh = json!({ "state": "active", "seen": seen });
    assert_eq!(program.json("/api/v1/flows/note-it/state", fresh).await.json()["version"], 2);
    let diff = program.get("/api/v1/flows/note-it/diff?from=1&to=2").await.json();
    assert!(diff["diff"].as_str().unwrap().starts_with("--- note-it version 1\n+++ note-it version 2\n"));
    let versions = program.get("/api/v1/flows/note-it/versions").await.json();
    let numbers: Vec<_> =
        versions["entries"].as_array().unwrap().iter().map(|v| v["version"].clone()).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(versions["entries"][0]["by"], "API key robot");
    assert_eq!(program.get("/api/v1/flows/note-it/versions/1").await.json()["text"], noting("Note it"));
    let changes = program.get("/api/v1/flows/note-it/changes").await.json();
    assert_eq!(changes["entries"][1]["changed"], json!({ "state": { "from": "draft", "to": "active" } }));
    for path in ["versions/9", "versions/draft", "diff?from=1&to=9"] {
        let missing = program.get(&format!("/api/v1/flows/note-it/{path}")).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(program.get("/api/v1/flows/none/versions").await.status, StatusCode::NOT_FOUND);
    assert_eq!(program.get("/api/v1/flows/note-it/versions/last").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_plan_without_room_says_which_flows_are_active() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.plan = Plan::Starter;
    world.console.setup.settings(&world.store, &settings).await.unwrap();
    let operator = world.signed_in(Role::Operator).await;
    operator.post("/flows", &[("text", &noting("Note it"))]).await;
    let refused = operator.post("/flows/note-it/state", &[("state", "active")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let preview = operator.get("/flows/note-it/activation").await.text;
    for page in [&refused.text, &preview] {
        assert!(
            page.contains("the plan starter has room for 3 active flows, and there are 4")
                || page.contains("The plan starter has room for 3 active flows, and there are 4"),
            "{page}"
        );
        assert!(page.contains("COD confirmation, Dispatch notice"), "{page}");
    }
    assert!(!preview.contains("Activate version"));
    assert!(operator.get("/flows").await.text.contains("4 of the 3 active flows of the plan starter"));
}

#[tokio::test]
async fn a_bundle_comes_in_whole_or_not_at_all() {
    let world = World::new().await;
    let program = program(&world, Role::Operator).await;
    let sheet = |file: &str, text: &str| json!({ "file": file, "text": text });
    let broken = json!({ "flows": [
        sheet("a.yaml", &noting("A")),
        sheet("b.yaml", "name: B\ntrigger: never\nstages: []\n"),
        sheet("c.yaml", &noting("C").replace("workflow: [{ add_note: Seen }]", "message: { channels: [email], template: none }")),
    ] });
    let refused = program.json("/api/v1/bundle/apply", broken).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problems = refused.json()["problems"].clone();
    assert_eq!((&problems[0]["file"], &problems[0]["line"]), (&json!("b.yaml"), &json!(2)), "{problems}");
    let last = problems.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["file"], &last["line"], &last["field"], &last["message"]),
        (
            &json!("c.yaml"),
            &json!(5),
            &json!("stages[0].message.template"),
            &json!("there is no template none")
        )
    );
    assert_eq!(program.get("/api/v1/flows/a").await.status, StatusCode::NOT_FOUND, "nothing was done");

    let large = "#".repeat(60 * 1024);
    let flows: Vec<_> = (0..3)
        .map(|n| sheet(&format!("{n}.yaml"), &format!("{}{large}\n", noting(&format!("Flow {n}")))))
        .collect();
    let body = json!({ "flows": flows });
    let applied = program.json("/api/v1/bundle/apply", body.clone()).await;
    assert_eq!(applied.status, StatusCode::OK, "more than a form holds: {}", applied.text);
    assert_eq!(applied.json()["differences"][0]["acts"], json!(["create"]));
    let same = program.json("/api/v1/bundle/compare", body).await.json();
    assert_eq!(same["differences"][0]["acts"], json!([]));
    let whole = program.get("/api/v1/bundle").await.json();
    assert_eq!(whole["flows"].as_array().unwrap().len(), 7);
    assert_eq!(whole["templates"].as_array().unwrap().len(), 7);
    let same = program.json("/api/v1/bundle/compare", whole).await.json();
    assert!(same["differences"].as_array().unwrap().iter().all(|one| one["acts"] == json!([])), "{same}");
    let viewer = self::program(&world, Role::Viewer).await;
    assert_eq!(viewer.json("/api/v1/bundle/compare", json!({})).await.status, StatusCode::OK);
    let too_much = json!({ "flows": [sheet("x", &"x".repeat(5 << 20))] });
    assert_eq!(program.json("/api/v1/bundle/apply", too_much).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_form_gets_fields_of_a_text_and_a_text_of_fields() {
    let world = World::new().await;
    let mut operator = world.signed_in(Role::Operator).await;
    let page = operator.get("/new-flow").await.text;
    assert!(page.contains("data-flow-form=\"/flow-form\"") && page.contains("src=\"/assets/form.js\""));
    let form = json!({ "text": "name: A" });
    assert_eq!(
        operator.json("/flow-form", form).await.status,
        StatusCode::FORBIDDEN,
        "without the page's token"
    );
    operator.headers = vec![("x-csrf-token", operator.csrf.clone())];
    let asked = |asked: Value| operator.json("/flow-form", asked);

    // What a new flow begins with is not sound yet, and has fields all the same, in the order of the text.
    let begun = "# mine\nname: \ntrigger: order_created\nstages:\n  - name: X\n    at: 25:00\n    workflow: [confirm]\n";
    let answer = asked(json!({ "text": begun })).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(
        answer.text.contains(r#""flow":{"name":null,"trigger":"order_created","stages":[{"name":"X""#),
        "{}",
        answer.text
    );
    let told = answer.json();
    assert_eq!((&told["comments"], &told["text"]), (&json!(true), &json!(begun)));
    let fields: Vec<&str> = told["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| problem["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["name", "stages[0].at"]);

    let mut flow = told["flow"].clone();
    flow["name"] = json!("2024");
    flow["stages"][0]["at"] = json!("18:00");
    let told = asked(json!({ "flow": flow })).await.json();
    assert_eq!((&told["comments"], &told["problems"]), (&json!(false), &json!([])));
    let text = told["text"].as_str().unwrap();
    assert_eq!(harkara_domain::flow::parse::flow(text).unwrap().name, "2024");

    let broken = asked(json!({ "text": "name: [" })).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(broken.json()["flow"].is_null());
    assert!(broken.json()["problems"][0]["message"].as_str().unwrap().contains("YAML"));
    // Nothing of it is kept.
    assert_eq!(operator.get("/flows/2024").await.status, StatusCode::NOT_FOUND);
}
