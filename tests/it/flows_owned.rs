//! Flows as things that people own: their states, versions and drafts, the plan's room, bundles.

use futures::future::join_all;
use harkara_domain::{FlowId, StoreId, run::StageStatus};
use harkara_engine::{
    keys,
    ownership::{Act, Bundle, Change, Changed, Difference, FlowState, Full, Plan, Sheet, Wish},
    people::People,
    port::{Expect, Item, Write},
    setup::{Setup, SetupError, Which},
};
use serde_json::json;

use crate::{
    bodies::Order,
    provider::Answer,
    world::{JUST_ASK, TestWorld, flow_id, minutes, with_flows},
};

const BY: &str = "sana@shop.example";

fn store() -> StoreId {
    TestWorld::store()
}

/// A flow that only notes, so that it needs no template.
fn noting(name: &str, note: &str) -> String {
    format!(
        "name: {name}\ntrigger: order_created\nstages:\n  - name: Note\n    workflow: [{{ add_note: {note} }}]\n"
    )
}

fn asking_later(minutes: u32) -> String {
    JUST_ASK.replace("  - name: Ask\n", &format!("  - name: Ask\n    after: {minutes}m\n"))
}

fn sheet(file: &str, text: impl Into<String>) -> Sheet {
    Sheet { file: file.to_owned(), text: text.into() }
}

fn flows(sheets: impl IntoIterator<Item = Sheet>) -> Bundle {
    Bundle { flows: sheets.into_iter().collect(), templates: Vec::new() }
}

const KEEP: Wish = Wish { prune: false, activate: false };

fn acts(differences: &[Difference]) -> Vec<(&str, &[Act])> {
    differences.iter().map(|difference| (difference.name.as_str(), difference.acts.as_slice())).collect()
}

async fn plan(world: &TestWorld, plan: Plan) {
    let shelf = world.world.reader.shelf(&store()).await.unwrap().unwrap();
    let settings = harkara_engine::settings::Settings { plan, ..shelf.settings.clone() };
    world.world.setup.settings(&store(), &settings).await.unwrap();
}

/// A world with so many drafts, `Flow 1` and on, and none else.
async fn drafts(count: usize) -> TestWorld {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    for number in 1..=count {
        let head =
            setup(&world).flow(&store(), &noting(&format!("Flow {number}"), "Seen"), BY).await.unwrap();
        assert_eq!(head.state, FlowState::Draft);
    }
    world
}

fn setup(world: &TestWorld) -> &Setup {
    &world.world.setup
}

async fn active(world: &TestWorld) -> Vec<String> {
    let heads = setup(world).heads(&store()).await.unwrap();
    heads.iter().filter(|head| head.is_active()).map(|head| head.id.to_string()).collect()
}

#[tokio::test]
async fn runs_in_flight_go_on_in_every_state_with_their_version() {
    for state in [FlowState::Active, FlowState::Paused, FlowState::Archived] {
        let world = with_flows("2026-11-22T10:00", &[&asking_later(10)]).await;
        let (setup, id) = (setup(&world), flow_id("just-ask"));
        let order = Order::cod(1, world.now());
        world.place(&order).await;
        let head = setup.flow(&store(), &asking_later(20), BY).await.unwrap();
        assert_eq!((head.version, head.state), (2, FlowState::Active));
        match state {
            FlowState::Paused => drop(setup.pause(&store(), &id, BY).await.unwrap()),
            FlowState::Archived => drop(setup.archive(&store(), &id, BY).await.unwrap()),
            _ => {}
        }
        let second = Order::cod(2, world.now());
        world.place(&second).await;
        world.advance(minutes(30)).await;
        assert_eq!(world.sent(&order), [("cod_confirmation".to_owned(), 10)], "{state}");
        let begun =
            if state == FlowState::Active { vec![("cod_confirmation".to_owned(), 20)] } else { vec![] };
        assert_eq!(world.sent(&second), begun, "{state}");
        let passed: Vec<String> = world.story(&second).await.history[0]
            .passed_over
            .iter()
            .map(|(_, why)| why.to_string())
            .collect();
        let told = if state == FlowState::Paused { vec!["the flow is paused"] } else { vec![] };
        assert_eq!(passed, told, "{state}");
        world.finish().await;
    }
}

#[tokio::test]
async fn a_draft_beside_an_active_flow_does_nothing_until_it_is_activated() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let (setup, id) = (setup(&world), flow_id("just-ask"));
    let head = setup.draft(&store(), &asking_later(5), BY).await.unwrap();
    assert_eq!((head.version, head.text.as_str()), (1, JUST_ASK));
    let first = Order::cod(1, world.now());
    world.place(&first).await;
    world.advance(minutes(6)).await;
    assert_eq!(world.sent(&first), [("cod_confirmation".to_owned(), 0)], "the current version asks at once");

    let third = Order::cod(3, world.now());
    let preview = setup.preview(&store(), &id).await.unwrap();
    assert_eq!(preview.before.as_ref().map(|before| before.text.as_str()), Some(JUST_ASK));
    assert_eq!((preview.after.version, preview.after.text), (2, asking_later(5)));
    assert_eq!((preview.runs.len(), preview.obstacles.len()), (0, 0), "the one run is over");
    setup.activate(&store(), &id, Some(preview.seen), BY).await.unwrap();
    world.place(&third).await;
    world.advance(minutes(6)).await;
    assert_eq!(world.sent(&third), [("cod_confirmation".to_owned(), 5)]);

    let head = setup.flow_head(&store(), &id).await.unwrap().value;
    assert_eq!((head.version, head.draft), (2, None));
    assert!(matches!(setup.drop_draft(&store(), &id, BY).await, Err(SetupError::NoVersion)));
    setup.draft(&store(), JUST_ASK, BY).await.unwrap();
    assert_eq!(setup.written(&store(), &id, Which::Draft).await.unwrap().version, 3);
    setup.drop_draft(&store(), &id, BY).await.unwrap();
    let changes = setup.changes(&store(), &id, 10, None).await.unwrap().entries;
    let changed: Vec<Changed> = changes.iter().map(|change| change.changed).collect();
    let (from, to) = (FlowState::Draft, FlowState::Active);
    assert_eq!(
        changed,
        [Changed::DraftDropped, Changed::DraftSaved, Changed::DraftSaved, Changed::State { from, to }]
    );
    let people = People { table: world.table.clone(), clock: world.clock.clone() };
    let noted = people.audit(&store(), 50, None).await.unwrap().entries;
    let mut noted: Vec<&str> =
        noted.iter().filter(|entry| entry.who == BY).map(|entry| entry.what.as_str()).collect();
    noted.sort_unstable();
    assert_eq!(
        noted,
        [
            "activated the draft of a flow as version 2",
            "dropped the draft of a flow",
            "saved a draft of a flow",
            "saved a draft of a flow",
        ]
    );
    world.finish().await;
}

#[tokio::test]
async fn what_was_seen_is_what_is_activated() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let (setup, id) = (setup(&world), flow_id("just-ask"));
    setup.draft(&store(), &asking_later(5), BY).await.unwrap();
    let seen = setup.preview(&store(), &id).await.unwrap().seen;
    setup.draft(&store(), &asking_later(7), BY).await.unwrap();
    assert!(matches!(setup.activate(&store(), &id, Some(seen), BY).await, Err(SetupError::Changed)));
    assert_eq!(setup.flow_head(&store(), &id).await.unwrap().value.version, 1);
    world.finish().await;
}

#[tokio::test]
async fn a_draft_may_lack_its_templates_and_cannot_be_activated_then() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let setup = setup(&world);
    let text = JUST_ASK.replace("cod_confirmation", "eid_greeting");
    assert!(matches!(setup.flow(&store(), &text, BY).await, Err(SetupError::Problems(_))));
    let id = setup.draft(&store(), &text, BY).await.unwrap().id;
    let preview = setup.preview(&store(), &id).await.unwrap();
    assert_eq!(preview.obstacles, ["there is no template eid_greeting"]);
    assert_eq!(preview.templates[0].missing, ["there is no template eid_greeting"]);
    assert!(matches!(setup.activate(&store(), &id, None, BY).await, Err(SetupError::Problems(_))));
    assert!(active(&world).await.is_empty());
    world.finish().await;
}

#[tokio::test]
async fn messages_in_the_arms_of_forks_need_their_templates_too() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let text = "name: Forked\ntrigger: order_created\nstages:\n  - name: Fork\n    branches:\n      \
                - when: { payment_method: { is: cod } }\n        stages:\n          - name: A\n            \
                message: { channels: [email], template: lost }\n    otherwise:\n      - name: B\n        \
                message: { channels: [email], template: gone }\n";
    let Err(SetupError::Bundle(problems)) =
        setup(&world).compare(&store(), &flows([sheet("a.yaml", text)]), KEEP).await
    else {
        panic!("it lacks two templates")
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    let expected = [
        "a.yaml: line 9: stages[0].branches[0].stages[0].message.template: there is no template lost",
        "a.yaml: line 12: stages[0].otherwise[0].message.template: there is no template gone",
    ];
    assert_eq!(told, expected);
    world.finish().await;
}

#[tokio::test]
async fn heads_of_before_there_were_states_work_on() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let key = keys::flow(&store(), &flow_id("just-ask"));
    for (on, begun) in [(true, 1), (false, 0)] {
        let old = json!({
            "id": "just-ask", "version": 1, "active": on, "changed_at": "2026-11-01T00:00:00Z", "text": JUST_ASK,
        });
        let item = Item::new(key.clone(), old.to_string().into_bytes());
        world.world.catalog.write(&store(), vec![Write::Put(item, Expect::Any)]).await.unwrap();
        let order = Order::cod(if on { 1 } else { 2 }, world.now());
        world.place(&order).await;
        assert_eq!(world.sent(&order).len(), begun, "active: {on}");
    }
    let second = world.story(&Order::cod(2, world.now())).await;
    assert_eq!(second.history[0].passed_over[0].1.to_string(), "the flow is paused");
    let head = setup(&world).activate(&store(), &flow_id("just-ask"), None, BY).await.unwrap();
    assert_eq!((head.version, head.state), (1, FlowState::Active));
    world.finish().await;
}

#[tokio::test]
async fn a_plan_has_room_for_so_many_and_names_them() {
    let world = drafts(12).await;
    let ids: Vec<FlowId> = (1..=12).map(|number| flow_id(&format!("flow-{number}"))).collect();
    for (booked, most) in [(Plan::Starter, 3), (Plan::Growth, 10), (Plan::Enterprise, 12)] {
        plan(&world, booked).await;
        let mut refused = None;
        for id in &ids {
            refused = setup(&world).activate(&store(), id, None, BY).await.err();
            if refused.is_some() {
                break;
            }
        }
        assert_eq!(active(&world).await.len(), most, "{booked}");
        if booked == Plan::Starter {
            let words = "the plan starter has room for 3 active flows, and there are 3: Flow 1, Flow 2, Flow 3. \
                         Pause or archive one first";
            assert_eq!(refused.unwrap().to_string(), words);
        }
    }
    plan(&world, Plan::Starter).await;
    let setup = setup(&world);
    let edited = noting("Flow 1", "Another note");
    assert_eq!(setup.flow(&store(), &edited, BY).await.unwrap().state, FlowState::Active, "it has its place");
    setup.pause(&store(), &ids[0], BY).await.unwrap();
    let full = setup.activate(&store(), &ids[0], None, BY).await;
    assert!(matches!(full, Err(SetupError::Full(Full::Plan { most: 3, .. }))), "{full:?}");
    world.finish().await;
}

#[tokio::test]
async fn of_two_for_the_last_place_one_gets_it() {
    let world = drafts(8).await;
    plan(&world, Plan::Starter).await;
    let setup = setup(&world);
    for number in [1, 2] {
        setup.activate(&store(), &flow_id(&format!("flow-{number}")), None, BY).await.unwrap();
    }
    // The third has been found to have room, and is about to be written, when the fourth comes.
    let third_key = keys::flow(&store(), &flow_id("flow-3"));
    let gate = world.probe.hold(move |writes| writes.iter().any(|write| *write.key() == third_key));
    let (shop, last) = (store(), flow_id("flow-3"));
    let (third, ()) = tokio::join!(setup.activate(&shop, &last, None, BY), async {
        gate.reached().await;
        setup.activate(&store(), &flow_id("flow-4"), None, BY).await.unwrap();
        gate.open();
    });
    assert!(matches!(third, Err(SetupError::Full(_))), "{third:?}");
    assert_eq!(active(&world).await, ["flow-1", "flow-2", "flow-4"]);

    setup.pause(&store(), &flow_id("flow-4"), BY).await.unwrap();
    let ids: Vec<FlowId> = (3..=8).map(|number| flow_id(&format!("flow-{number}"))).collect();
    let all = join_all(ids.iter().map(|id| setup.activate(&shop, id, None, BY))).await;
    assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{all:?}");
    assert_eq!(active(&world).await.len(), 3);
    world.finish().await;
}

#[tokio::test]
async fn what_one_trigger_starts_fits_one_transaction() {
    let world = drafts(Setup::MAX_OF_A_TRIGGER + 1).await;
    let setup = setup(&world);
    for number in 1..=Setup::MAX_OF_A_TRIGGER {
        setup.activate(&store(), &flow_id(&format!("flow-{number}")), None, BY).await.unwrap();
    }
    let last = format!("flow-{}", Setup::MAX_OF_A_TRIGGER + 1);
    let full = setup.activate(&store(), &flow_id(&last), None, BY).await;
    assert!(
        matches!(full, Err(SetupError::Full(Full::Trigger { trigger: "order_created", .. }))),
        "{full:?}"
    );
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let runs = world.runs().await;
    assert_eq!(runs.len(), Setup::MAX_OF_A_TRIGGER);
    assert!(runs.iter().all(|run| run.stages[0].status == StageStatus::Sent), "every one of them works");

    // An active flow cannot slip in by a new trigger either.
    let text = noting(&format!("Flow {}", Setup::MAX_OF_A_TRIGGER + 1), "Seen");
    let other = text.replace("order_created", "order_delivered");
    setup.flow(&store(), &other, BY).await.unwrap();
    setup.activate(&store(), &flow_id(&last), None, BY).await.unwrap();
    assert!(matches!(setup.flow(&store(), &text, BY).await, Err(SetupError::Full(Full::Trigger { .. }))));
    world.finish().await;
}

#[tokio::test]
async fn enterprise_brings_the_priority_queue() {
    let world = TestWorld::with("2026-11-22T10:00", |file| file.settings.plan = Plan::Enterprise).await;
    world.place(&Order::cod(1, world.now())).await;
    world.advance(minutes(120)).await;
    let asked = world.probe.counted();
    assert!(asked.get("send to priority") >= Some(&1), "{asked:?}");
    assert_eq!(asked.get("send to stages"), None, "{asked:?}");
    world.finish().await;
}

#[tokio::test]
async fn what_harkara_pauses_is_in_the_flows_history() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    world.whatsapp.next([Answer::Error(400, 132_015)]);
    world.place(&Order::cod(1, world.now())).await;
    let changes = setup(&world).changes(&store(), &flow_id("just-ask"), 10, None).await.unwrap().entries;
    let (from, to) = (FlowState::Active, FlowState::Paused);
    assert_eq!((changes[0].changed, changes[0].by.as_str()), (Changed::State { from, to }, Change::HARKARA));
    assert!(changes[0].because.as_ref().unwrap().contains("132015"), "{changes:?}");
    world.advance(minutes(2)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_preview_counts_the_runs_that_go_on_by_version() {
    let world = with_flows("2026-11-22T10:00", &[&asking_later(30)]).await;
    let setup = setup(&world);
    for number in 1..=3 {
        world.place(&Order::cod(number, world.now())).await;
    }
    setup.flow(&store(), &asking_later(40), BY).await.unwrap();
    world.place(&Order::cod(4, world.now())).await;
    let preview = setup.preview(&store(), &flow_id("just-ask")).await.unwrap();
    let runs: Vec<(u32, usize)> = preview.runs.iter().map(|runs| (runs.version, runs.count)).collect();
    assert_eq!((runs, preview.all_runs, preview.changes()), (vec![(1, 3), (2, 1)], true, false));
    world.advance(minutes(60)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_bundle_is_applied_once_and_taken_out_as_it_is() {
    let world = TestWorld::at("2026-11-22T10:00").await;
    let setup = setup(&world);
    let out = setup.export(&store()).await.unwrap();
    assert_eq!((out.flows.len(), out.templates.len()), (4, 7));
    let same = setup.apply(&store(), &out, Wish { prune: true, activate: true }, BY).await.unwrap();
    assert!(same.iter().all(|difference| difference.acts.is_empty()), "{same:?}");

    let odd = "# a comment, and blanks at its end  \r\nname: \"Note it\"\r\ntrigger: order_created\r\nstages:\r\n  - { name: Note, workflow: [{ add_note: ہیلو }] }\r\n\r\n";
    let mut more = out.clone();
    more.flows.push(sheet("notes/any name.yaml", odd));
    let done = setup.apply(&store(), &more, KEEP, BY).await.unwrap();
    assert_eq!(acts(&done)[done.len() - 1], ("note-it", &[Act::Create][..]));
    let again = setup.apply(&store(), &more, KEEP, BY).await.unwrap();
    assert!(again.iter().all(|difference| difference.acts.is_empty()), "{again:?}");
    let whole = setup.export(&store()).await.unwrap();
    let note = whole.flows.iter().find(|sheet| sheet.file == "note-it.yaml").unwrap();
    assert_eq!(note.text, odd, "to the byte");
    let versions = setup.versions(&store(), &flow_id("note-it"), 10, None).await.unwrap().entries;
    assert_eq!(versions.len(), 1);

    let pruned = setup.apply(&store(), &out, Wish { prune: true, activate: false }, BY).await.unwrap();
    assert_eq!(acts(&pruned)[pruned.len() - 1], ("note-it", &[Act::Archive][..]));
    let back = setup.apply(&store(), &more, KEEP, BY).await.unwrap();
    assert_eq!(acts(&back)[back.len() - 1], ("note-it", &[Act::Restore][..]));
    let head = setup.flow_head(&store(), &flow_id("note-it")).await.unwrap().value;
    assert_eq!((head.state, head.version), (FlowState::Draft, 1));
    world.finish().await;
}

#[tokio::test]
async fn a_bundle_with_a_problem_changes_nothing() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let setup = setup(&world);
    let bundle = Bundle {
        flows: vec![
            sheet("good.yaml", noting("Good", "Seen")),
            sheet("odd.yaml", "name: Odd\ntrigger: order_created\nstages:\n  - name: A\n    at: \"1800\"\n"),
            sheet("twice.yaml", noting("Good", "Another")),
            sheet("lacks.yaml", JUST_ASK.replace("Just ask", "Lacks").replace("cod_confirmation", "none")),
        ],
        templates: vec![
            sheet("templates/bad.yaml", "name: bad\ncategory: utility\ntexts: {}\n"),
            // The active flow needs words for its buttons.
            sheet(
                "templates/cod_confirmation.yaml",
                "name: cod_confirmation\ncategory: utility\ntexts:\n  en: Hello there, {{ store.name }} asks\n",
            ),
        ],
    };
    let before = setup.export(&store()).await.unwrap();
    let Err(SetupError::Bundle(problems)) = setup.apply(&store(), &bundle, KEEP, BY).await else {
        panic!("it has problems");
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    for words in [
        "lacks.yaml: line 6: stages[0].message.template: there is no template none",
        "odd.yaml: line 5: stages[0].at: ",
        "twice.yaml: line 1: name: good.yaml holds the flow good too",
        "templates/bad.yaml: ",
        "templates/cod_confirmation.yaml: labels: the template cod_confirmation has no words for confirm, which the active flow Just ask needs",
    ] {
        assert!(told.iter().any(|told| told.starts_with(words)), "{words}: {told:#?}");
    }
    assert_eq!(setup.export(&store()).await.unwrap(), before);
    let nothing = setup.apply(&store(), &Bundle::default(), Wish { prune: true, activate: false }, BY).await;
    assert!(matches!(nothing, Err(SetupError::Bundle(_))), "an empty folder must not put everything away");
    world.finish().await;
}

#[tokio::test]
async fn a_bundle_needs_the_plans_room_as_a_whole() {
    let world = drafts(3).await;
    plan(&world, Plan::Starter).await;
    let setup = setup(&world);
    let activate = Wish { prune: false, activate: true };
    let old =
        || (1..=3).map(|number| sheet(&format!("{number}.yaml"), noting(&format!("Flow {number}"), "Seen")));
    setup.apply(&store(), &flows(old()), activate, BY).await.unwrap();
    let new = sheet("new.yaml", noting("New", "Seen"));
    let Err(SetupError::Bundle(problems)) =
        setup.apply(&store(), &flows(old().chain([new.clone()])), activate, BY).await
    else {
        panic!("there is no room for four")
    };
    assert_eq!(problems[0].file, "new.yaml");
    assert!(problems[0].message.contains("Flow 1, Flow 2, Flow 3"), "{problems:?}");
    assert!(matches!(setup.flow_head(&store(), &flow_id("new")).await, Err(SetupError::NoFlow)));
    // Pruning makes room first.
    let done = setup
        .apply(&store(), &flows(old().skip(1).chain([new])), Wish { prune: true, activate: true }, BY)
        .await
        .unwrap();
    assert_eq!(active(&world).await, ["flow-2", "flow-3", "new"], "{done:?}");
    world.finish().await;
}

#[tokio::test]
async fn a_bundle_activates_its_own_text_and_no_draft() {
    let world = with_flows("2026-11-22T10:00", &[JUST_ASK]).await;
    let (setup, id) = (setup(&world), flow_id("just-ask"));
    setup.draft(&store(), &asking_later(5), BY).await.unwrap();
    setup.pause(&store(), &id, BY).await.unwrap();
    let wish = Wish { prune: false, activate: true };
    let done = setup.apply(&store(), &flows([sheet("a.yaml", asking_later(9))]), wish, BY).await.unwrap();
    assert_eq!(acts(&done), [("just-ask", &[Act::Change, Act::Activate][..])]);
    let head = setup.flow_head(&store(), &id).await.unwrap().value;
    assert_eq!((head.text, head.state, head.version), (asking_later(9), FlowState::Active, 2));
    assert_eq!(head.draft.unwrap().text, asking_later(5), "somebody's words are kept");
    world.finish().await;
}
