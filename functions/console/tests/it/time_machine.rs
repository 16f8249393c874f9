//! The time machine for programs.

use axum::http::{Method, StatusCode};
use harkara_engine::people::Role;
use serde_json::{Value, json};

use crate::{
    browser::{Answer, Browser},
    world::World,
};

const ADDRESS: &str = "/api/v1/time-machine";

async fn program(world: &World) -> Browser {
    let made = world.people.make_key(&world.store, "robot", Role::Viewer, "test").await.unwrap();
    let mut program = Browser::new(harkara_console::router(world.console.clone()));
    program.headers = vec![("authorization", format!("Bearer {}", made.secret))];
    program
}

async fn ask(program: &Browser, question: &Value) -> Answer {
    program.send(Method::POST, ADDRESS, "application/json", question.to_string()).await
}

#[tokio::test]
async fn a_program_is_told_how_far_it_is_and_then_the_report() {
    let world = World::new().await;
    world.order(1, "Ayesha", "Chai").await;
    world.order(2, "Bilal", "Chai").await;
    world.run_for(45).await;
    let (program, before) = (program(&world).await, world.table.dump());
    let answer = ask(&program, &json!({ "flow": "cod-confirmation", "days": 1 })).await;
    assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, "application/x-ndjson"));
    assert_eq!(world.table.dump(), before, "nothing is written");
    let mut lines: Vec<Value> = answer.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let report = lines.pop().unwrap()["report"].take();
    assert!(
        lines.iter().all(|line| line["doing"].is_string() && line["done"].as_u64() <= line["of"].as_u64())
    );
    assert_eq!(lines.last().unwrap(), &json!({ "doing": "customers", "done": 2, "of": 2 }));
    assert_eq!((&report["orders"], &report["runs"]["begun"]), (&json!(2), &json!(2)), "{report:#}");
    assert_eq!(report["messages"]["by_template"], json!({ "cod_confirmation": 2, "cod_reminder": 2 }));
    assert!(report["page"].as_str().unwrap().starts_with("COD confirmation (version 1)"));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_before_the_first_line() {
    let world = World::new().await;
    let program = program(&world).await;
    let refused = [
        (json!({ "flow": "nobody" }), StatusCode::NOT_FOUND),
        (json!({ "flow": "cod-confirmation", "days": 31 }), StatusCode::BAD_REQUEST),
        (json!({ "flow": "cod-confirmation", "days": 0 }), StatusCode::BAD_REQUEST),
        (json!({}), StatusCode::BAD_REQUEST),
        (json!({ "text": "name: [" }), StatusCode::BAD_REQUEST),
        (json!({ "flow": "cod-confirmation", "weeks": 1 }), StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (question, status) in refused {
        let answer = ask(&program, &question).await;
        assert_eq!(answer.status, status, "{question}: {}", answer.text);
        assert!(answer.json()["error"].is_string());
    }
    // One at a time.
    let held = world.console.under_way.clone();
    let machine = harkara_engine::time_machine::TimeMachine {
        table: world.console.table.clone(),
        catalog: world.console.reader.catalog.clone(),
        secrets: world.console.secrets.clone(),
        clock: world.console.clock.clone(),
        under_way: held,
    };
    let question = harkara_engine::time_machine::Question {
        flow: Some("cod-confirmation".into()),
        ..Default::default()
    };
    let first = machine.set_out(&world.store, &question).await.unwrap();
    let asked = json!({ "flow": "cod-confirmation" });
    assert_eq!(ask(&program, &asked).await.status, StatusCode::CONFLICT);
    drop(first);
    assert_eq!(ask(&program, &asked).await.status, StatusCode::OK);
}
