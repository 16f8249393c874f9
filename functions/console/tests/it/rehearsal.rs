//! Rehearsals and "why" on the pages.

use axum::http::StatusCode;
use harkara_domain::fact::PaymentMethod;
use harkara_engine::people::Role;
use serde_json::json;

use crate::{
    browser::{Answer, Browser},
    world::World,
};

const COD: &str = include_str!("../../../../flows/cod-confirmation.yaml");
const PAGE: &str = "/flows/cod-confirmation/rehearsal";
const HOSTILE: &str = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";

fn says(page: &str, all: &[&str]) {
    for words in all {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

fn is_tame(page: &str) {
    assert!(!page.contains("<script>alert") && !page.contains("<img src=x"), "{page}");
    says(page, &["&#60;script&#62;alert(1)"]);
}

/// Saves a flow and activates it.
async fn active(world: &World, text: &str) {
    let head = world.console.setup.flow(&world.store, text, "test").await.unwrap();
    world.console.setup.activate(&world.store, &head.id, None, "test").await.unwrap();
}

#[tokio::test]
async fn a_viewer_sees_what_a_flow_would_do_and_nothing_is_done() {
    let world = World::new().await;
    let viewer = world.signed_in(Role::Viewer).await;
    says(
        &viewer.get("/flows/cod-confirmation").await.text,
        &["href=\"/flows/cod-confirmation/rehearsal\">Rehearse"],
    );
    let before = world.table.dump();
    let page = viewer.get(PAGE).await;
    assert_eq!(page.status, StatusCode::OK);
    says(
        &page.text,
        &[
            "invented",
            "Sun 22 Nov 15:00 (Asia/Karachi)",
            "version 1",
            "✓ yes</span> payment is cod <span class=\"muted\">(cod)",
            "✓ The flow takes it.",
            "1. Ask: sent",
            "at once",
            "WhatsApp · cod_confirmation · roman-ur",
            "Karachi Chai House se order karne ka shukriya",
            "<li class=\"tap\">Ji, bhej dein</li>",
            "Sun 22 Nov 15:30<small>+30 min</small>",
            "2. Remind: sent",
            "<code>skip_if</code>",
            "✗ no</span> confirmation is not pending",
            "3. Escalate: done",
            "Sets the flag “critical”",
            "Alerts the team “ops” by e-mail",
            "The run is finished.",
            "<option value=\"out_for_delivery\">the order becomes out for delivery</option>",
            "<option value=\"wrote …\">",
        ],
    );
    let posted = viewer.post(PAGE, &[("who", "sample"), ("at", "2026-12-24T23:00:05")]).await;
    assert_eq!(posted.status, StatusCode::OK, "{}", posted.text);
    says(&posted.text, &["Thu 24 Dec 23:00:05", "Fri 25 Dec 01:00:05<small>+2 h</small>"]);
    assert_eq!(
        viewer.post_bare(PAGE, &[]).await.status,
        StatusCode::FORBIDDEN,
        "a form of ours has its token"
    );
    assert_eq!(world.table.dump(), before, "nothing is written");
    assert!(world.queue.held.lock().unwrap().is_empty(), "nothing is sent");
    assert_eq!(viewer.get("/flows/none/rehearsal").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_rehearsal_goes_by_the_order_and_by_what_is_assumed() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    world.order_of(2, "Bilal", "Chai", PaymentMethod::Prepaid).await;
    let viewer = world.signed_in(Role::Viewer).await;
    let page = viewer.get(&format!("{PAGE}?subject=shopify-1")).await.text;
    says(
        &page,
        &[
            "Assalam o alaikum Ayesha!",
            "<a href=\"/orders/shopify-1\">shopify-1</a>",
            "value=\"known\" checked",
        ],
    );
    let fields = [
        ("who", "known"),
        ("subject", "shopify-1"),
        ("meanwhile", "10m confirm\r\n"),
        ("after", "1d"),
        ("what", "wrote <b>hi"),
    ];
    let page = viewer.post(PAGE, &fields).await.text;
    says(
        &page,
        &[
            "Assumed: the customer taps confirm",
            "2. Remind: left out: skipped because confirmation is not pending",
            "✓ yes</span> confirmation is not pending <span class=\"muted\">(confirmed)",
            "10m confirm\n1d wrote &#60;b&#62;hi</textarea>",
        ],
    );
    let page = viewer.get(&format!("{PAGE}?subject=shopify-2")).await.text;
    says(
        &page,
        &[
            "✗ no</span> payment is cod <span class=\"muted\">(prepaid)",
            "✗ The flow does not take it: ",
            "No run begins.",
        ],
    );
    assert!(!page.contains("1. Ask"), "{page}");
    let page = viewer.get(&format!("{PAGE}?subject=shopify-2&anyway=true")).await.text;
    says(&page, &["✗ The flow would not take it: ", "1. Ask: "]);
    let snapshot = world.signed_in(Role::Operator).await.get("/api/v1/orders/shopify-1").await.json()["order"]["snapshot"].clone();
    let mut order = snapshot.clone();
    (order["id"], order["name"]) = (json!("shopify-77"), json!("#77"));
    let page = viewer.post(PAGE, &[("who", "json"), ("order", &order.to_string())]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    says(&page.text, &["Order #77:", "shopify-77"]);
}

#[tokio::test]
async fn what_cannot_be_rehearsed_is_said_above_the_form_as_it_was_filled_in() {
    let world = World::new().await;
    let viewer = world.signed_in(Role::Viewer).await;
    let fields =
        [("who", "json"), ("order", "{"), ("at", "noon"), ("meanwhile", "confirm\n10m dance\n10m paid")];
    let wrong = viewer.post(PAGE, &fields).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    says(
        &wrong.text,
        &[
            "The order is no JSON: ",
            "“noon” is not a time",
            "“confirm”: say when and what",
            "`dance` is none of: confirm, cancel,",
            "confirm\n10m dance\n10m paid</textarea>",
        ],
    );
    assert!(!wrong.text.contains("class=\"timeline\""));
    let said = async |fields: &[(&str, &str)]| -> Answer {
        let answer = viewer.post(PAGE, fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text);
        answer
    };
    says(
        &said(&[("who", "known"), ("subject", "shopify-9")]).await.text,
        &["Nothing is known of shopify-9."],
    );
    says(&said(&[("who", "known")]).await.text, &["Say the id of an order"]);
    says(&said(&[("who", "json"), ("order", "[]")]).await.text, &["It cannot be rehearsed"]);
    let many = "1m paid\n".repeat(101);
    says(&said(&[("meanwhile", &many)]).await.text, &["At most 100 things can be assumed."]);
    let odd = viewer.post(PAGE, &[("current", "perhaps")]).await;
    assert!(odd.status.is_client_error());
}

#[tokio::test]
async fn the_draft_and_the_current_version_are_both_rehearsed() {
    let world = World::new().await;
    let operator = world.signed_in(Role::Operator).await;
    let draft = COD.replace("after: 30m", "after: 45m");
    let page = operator.get(PAGE).await.text;
    assert!(!page.contains("name=\"current\""), "there is nothing to choose from");
    operator.post("/flows", &[("flow", "cod-confirmation"), ("text", &draft), ("draft", "true")]).await;
    says(&operator.get(PAGE).await.text, &["+45 min", "· draft ·", "name=\"current\""]);
    says(
        &operator.get(&format!("{PAGE}?current=true")).await.text,
        &["+30 min", "· version 1 ·", "value=\"true\" selected"],
    );
}

#[tokio::test]
async fn a_text_is_rehearsed_before_it_is_saved() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    let viewer = world.signed_in(Role::Viewer).await;
    let text = "name: <i>Odd\r\ntrigger: order_created\r\nconditions:\r\n  all:\r\n    - payment_method: { is: cod }\r\n    \
                - any:\r\n        - city: { in: [Lahore] }\r\n        - order_total: { at_least: 1 }\r\nstages:\r\n  - name: Say\r\n    \
                message: { channels: [whatsapp, email], template: nowhere }\r\n";
    let page = viewer.post("/rehearsal", &[("text", text), ("who", "known"), ("subject", "shopify-1")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    says(
        &page.text,
        &[
            "Rehearsal of &#60;i&#62;Odd",
            "all of these <span class=\"muted\">(2 of 2 hold)",
            "<li class=\"inset-1\"><span class=\"mark yes\">✓ yes</span> any of these <span class=\"muted\">(1 of 2 hold)",
            "<li class=\"inset-2\"><span class=\"mark no\">✗ no</span> ",
            "1. Say: fails: ",
            "<p class=\"wrong\">✗ ",
            "nowhere",
            "trigger: order_created\nconditions:",
        ],
    );
    assert!(!page.text.contains("<i>Odd"));
    let wrong = viewer.post("/rehearsal", &[("text", "name: A\ntrigger: never\nstages: []\n")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    says(&wrong.text, &["line 2: trigger", "trigger: never", "<details open>"]);
    assert!(
        world.console.setup.heads(&world.store).await.unwrap().iter().all(|head| head.id.as_str() != "a")
    );
    let editor = world.signed_in(Role::Operator).await.get("/flows/cod-confirmation/edit").await.text;
    says(&editor, &["formaction=\"/rehearsal\""]);
}

#[tokio::test]
async fn hostile_words_stay_words_in_rehearsals_and_reasons() {
    let world = World::new().await;
    active(
        &world,
        "name: Choosy\ntrigger: order_created\nconditions: { product: { is: Tea } }\nstages:\n  - name: Note\n    workflow: [{ add_note: Seen }]\n",
    )
    .await;
    world.order(7, HOSTILE, HOSTILE).await;
    world.run_for(1).await;
    let operator = world.signed_in(Role::Operator).await;
    is_tame(&operator.get(&format!("{PAGE}?subject=shopify-7")).await.text);
    is_tame(&operator.get("/flows/choosy/rehearsal?subject=shopify-7").await.text);
    is_tame(&operator.get("/orders/shopify-7/why").await.text);
    let meanwhile = format!("1m {HOSTILE}");
    let fields = [
        ("who", "known"),
        ("subject", HOSTILE),
        ("order", HOSTILE),
        ("at", HOSTILE),
        ("meanwhile", &meanwhile),
    ];
    is_tame(&operator.post(PAGE, &fields).await.text);
    let text = format!(
        "name: \"</textarea>{}\"\ntrigger: order_created\nstages: []\n",
        HOSTILE.replace('"', "\\\"")
    );
    is_tame(&operator.post("/rehearsal", &[("text", &text)]).await.text);
}

async fn why(browser: &Browser, order: &str, query: &str) -> String {
    let answer = browser.get(&format!("/orders/{order}/why{query}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.text
}

#[tokio::test]
async fn why_an_order_got_what_it_got_and_did_not_get_the_rest() {
    let world = World::new().await;
    let order = world.order(1, "Ayesha", "Chai").await;
    world.order_of(2, "Bilal", "Chai", PaymentMethod::Prepaid).await;
    world.run_for(1).await;
    world.fail(&order, 1).await;
    let viewer = world.signed_in(Role::Viewer).await;
    says(&viewer.get("/orders/shopify-1").await.text, &["href=\"/orders/shopify-1/why\""]);
    let page = why(&viewer, "shopify-1", "").await;
    says(
        &page,
        &[
            "The order shopify-1 is pending.",
            "<span aria-hidden=\"true\">✓</span> ",
            "It took the order; the run is ",
            "<span class=\"stage-name\">Ask</span> <span class=\"badge good\">Sent</span>",
            "WhatsApp: accepted",
            "<span class=\"badge bad\">Failed</span>",
            "customer.nickname is not known",
            "<span class=\"stage-name\">Escalate</span>",
            "Its trigger has not come: ",
            "/flows/cod-confirmation/rehearsal?subject=shopify-1",
            "<option value=\"dispatch-notice\">",
            "<div class=\"whys\" lang=\"en\">",
        ],
    );
    let only = why(&viewer, "shopify-1", "?flow=cod-confirmation").await;
    says(&only, &["It took the order", "value=\"cod-confirmation\" selected"]);
    assert!(!only.contains("Its trigger has not come"), "{only}");
    let prepaid = why(&viewer, "shopify-2", "?flow=cod-confirmation").await;
    says(
        &prepaid,
        &["It did not take the order.", "✗ no</span> payment is cod <span class=\"muted\">(prepaid)"],
    );
    let urdu = why(&viewer, "shopify-2", "?language=roman-ur").await;
    says(
        &urdu,
        &[
            "Order shopify-2 naya hai.",
            "lang=\"ur-Latn\">",
            "Flow ne order nahin liya",
            "✗ nahin</span> payment is cod",
        ],
    );
    says(
        &why(&viewer, "shopify-1", "?language=roman-ur").await,
        &["Flow ne order le liya", ">Bhej diya gaya</span>"],
    );
    for (path, status) in [
        ("/orders/shopify-9/why", StatusCode::NOT_FOUND),
        ("/orders/shopify-1/why?flow=none", StatusCode::NOT_FOUND),
        ("/orders/shopify-1/why?language=klingon", StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(viewer.get(path).await.status, status, "{path}");
    }
}
