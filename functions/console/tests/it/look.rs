//! A server with a lively store, to look at the pages in a browser:
//! `cargo test -p harkara-console --test it -- --ignored --nocapture serve`.
//! It listens at `LOOK_AT` (default 127.0.0.1:8099); every request is the owner's.

use axum::{
    extract::Request,
    http::{HeaderValue, header::COOKIE},
    middleware::Next,
};
use harkara_domain::{fact::PaymentMethod, shipment::ShipmentStatus};
use harkara_engine::people::Role;

use crate::world::World;

/// Asks the team for something.
const CALLS: &str = "name: Calls\ntrigger: order_created\nstages:\n  - name: Ask\n    workflow: [{ create_task: { title: Call them and say thank you, due: 20m } }]\n";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "serves until it is stopped"]
async fn serve() {
    let world = World::new().await;
    let owner = world.signed_in(Role::Owner).await;
    world.signed_in(Role::Operator).await;
    let head = world.console.setup.flow(&world.store, CALLS, "look").await.unwrap();
    world.console.setup.activate(&world.store, &head.id, None, "look").await.unwrap();
    let names = ["Ayesha", "Bilal", "Sana", "Hamza", "Mahnoor", "Usman", "Zainab"];
    for (number, name) in (1040..).zip(names) {
        let payment = if number % 4 == 0 { PaymentMethod::Prepaid } else { PaymentMethod::Cod };
        let order = world.order_of(number, name, "Kashmiri chai, 500 g", payment).await;
        world.run_for(7).await;
        if number == 1042 {
            world.parcel(&order, ShipmentStatus::Dispatched).await;
        }
        if number == 1045 {
            world.fail(&order, 1).await;
        }
    }
    let page = owner.get("/outbox").await.text;
    let id = page.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    owner.post("/outbox/tap", &[("id", &id.replace("&#35;", "#")), ("choice", "confirm")]).await;
    owner
        .post("/orders/shopify-1041/actions", &[("act", "note"), ("text", "Asked for a call after five")])
        .await;
    owner.post("/orders/shopify-1041/actions", &[("act", "flag"), ("text", "needs_review")]).await;
    world.run_for(20).await;
    let path = std::env::var("LOOK_AT").unwrap_or_else(|_| "127.0.0.1:8099".to_owned());
    let listener = tokio::net::TcpListener::bind(&path).await.unwrap();
    let cookie = HeaderValue::from_str(&owner.cookie.unwrap()).unwrap();
    let as_owner = axum::middleware::from_fn(move |mut request: Request, next: Next| {
        request.headers_mut().insert(COOKIE, cookie.clone());
        next.run(request)
    });
    println!("look at http://{path}");
    axum::serve(listener, world.router().layer(as_owner)).await.unwrap();
}
