//! What one fact can set off at most.

use harkara_domain::{FlowId, Reason};
use harkara_engine::rehearsal::why::{Language, Verdict, why};

use crate::{
    bodies::Order,
    world::{TestWorld, with_flows},
};

fn flow(name: &str, trigger: &str) -> String {
    format!(
        "name: {name}\ntrigger: {trigger}\nstages:\n  - name: Mark\n    workflow: [{{ add_note: seen }}]\n"
    )
}

#[tokio::test]
async fn flows_beyond_what_one_fact_can_start_are_passed_over_with_the_reason() {
    let created = (0..50).map(|n| flow(&format!("Created {n}"), "order_created"));
    let paid = (0..40).map(|n| flow(&format!("Paid {n}"), "payment_received"));
    let flows: Vec<String> = created.chain(paid).collect();
    let flows: Vec<&str> = flows.iter().map(String::as_str).collect();
    let world = with_flows("2026-11-22T10:00", &flows).await;
    let order = Order::prepaid(1, world.now());
    world.place(&order).await;
    let runs = world.runs().await;
    assert_eq!(runs.len(), 80);
    let story = world.story(&order).await;
    let entry = story.history.iter().find(|entry| !entry.started.is_empty()).unwrap();
    let passed = &entry.passed_over;
    assert_eq!(passed.len(), 10);
    for (flow, reason) in passed {
        assert_eq!(*reason, Reason::TooManyAtOnce { most: 80 });
        assert_eq!(reason.to_string(), "one fact starts no more than 80 runs");
        assert!(runs.iter().all(|run| run.flow != *flow), "{flow} was started and passed over");
    }
    assert_eq!(entry.started.len(), 80, "and no run is told of that is not");
    world.finish().await;
}

#[tokio::test]
async fn a_draft_fills_no_timeline_and_why_speaks_of_it_all_the_same() {
    let world = with_flows("2026-11-22T10:00", &[]).await;
    let (setup, store) = (&world.world.setup, TestWorld::store());
    setup.draft(&store, &flow("Sketch", "order_created"), "test").await.unwrap();
    let order = Order::cod(1, world.now());
    world.place(&order).await;
    let story = world.story(&order).await;
    assert!(story.history.iter().all(|entry| entry.passed_over.is_empty()));
    let sketch = FlowId::new("sketch");
    for (language, words) in
        [(Language::English, "the flow is still a draft"), (Language::RomanUrdu, "flow abhi draft hai")]
    {
        let told = why(&world.world.reader, &store, &story.order.id, Some(&sketch), language);
        let told = told.await.unwrap().unwrap();
        let [Verdict::PassedOver { words: said, .. }] = &told.flows[0].verdicts[..] else {
            panic!("{:?}", told.flows[0].verdicts)
        };
        assert_eq!(said, words);
        assert!(told.text.contains(words), "{}", told.text);
    }
    world.finish().await;
}
