use super::*;
use serde_json::{Value, json};

fn sources() -> Sources {
    let url = |name: &str| format!("https://sqs.us-east-1.amazonaws.com/123456789012/harkara-{name}");
    let variables = [(Config::STAGES, url("stages")), (Config::PRIORITY, url("priority"))];
    let config = Config::of(variables.map(|(name, url)| (name.to_owned(), url)).into());
    Sources::of(&config, &[QueueName::Stages, QueueName::PriorityStages]).unwrap()
}

fn record(id: &str, queue: &str) -> Value {
    json!({
        "messageId": id,
        "receiptHandle": format!("handle of {id}"),
        "body": format!("body of {id}"),
        "attributes": {
            "ApproximateReceiveCount": "3",
            "SentTimestamp": "1769000000000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1769000000100",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:us-east-1:123456789012:harkara-{queue}"),
        "awsRegion": "us-east-1",
    })
}

/// A record of the stages queue, changed.
fn changed(id: &str, change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Value {
    let mut record = record(id, "stages");
    change(record.as_object_mut().unwrap());
    record
}

fn sort(records: &[Value]) -> Sorted {
    let event = json!({ "Records": records }).to_string();
    sources().sort(&serde_json::from_str(&event).unwrap())
}

fn ids(batch: &[Delivery]) -> Vec<&str> {
    batch.iter().map(|delivery| delivery.id.as_str()).collect()
}

#[test]
fn a_record_becomes_a_delivery() {
    let delivery = Delivery {
        id: "a".to_owned(),
        receipt: "handle of a".to_owned(),
        body: "body of a".to_owned(),
        receives: 3,
    };
    let batches = vec![(QueueName::Stages, vec![delivery])];
    assert_eq!(sort(&[record("a", "stages")]), Sorted { batches, unreadable: vec![] });
}

#[test]
fn receives_in_the_queue_before_do_not_count() {
    let redriven = |count: &str| {
        changed("a", |record| {
            let attributes = record["attributes"].as_object_mut().unwrap();
            attributes.insert("ApproximateReceiveCount".to_owned(), json!(count));
            let source = json!("arn:aws:sqs:us-east-1:123456789012:harkara-events");
            attributes.insert("DeadLetterQueueSourceArn".to_owned(), source);
        })
    };
    for (count, receives) in [("6", 1), ("7", 2), ("1", 1)] {
        assert_eq!(sort(&[redriven(count)]).batches[0].1[0].receives, receives, "{count}");
    }
}

#[test]
fn records_are_sorted_by_their_queue() {
    let sorted = sort(&[record("a", "stages"), record("b", "priority"), record("c", "stages")]);
    let of: Vec<_> = sorted.batches.iter().map(|(queue, batch)| (*queue, ids(batch))).collect();
    assert_eq!(of, [(QueueName::Stages, vec!["a", "c"]), (QueueName::PriorityStages, vec!["b"])]);
}

#[test]
fn a_record_that_cannot_be_read_fails_alone() {
    let sorted = sort(&[
        record("first", "stages"),
        changed("no body", |record| drop(record.remove("body"))),
        changed("null body", |record| drop(record.insert("body".to_owned(), Value::Null))),
        changed("no handle", |record| drop(record.remove("receiptHandle"))),
        changed("no source", |record| drop(record.remove("eventSourceARN"))),
        changed("other type", |record| drop(record.insert("attributes".to_owned(), json!("none")))),
        record("of others", "events"),
        record("last", "stages"),
    ]);
    assert_eq!(ids(&sorted.batches[0].1), ["first", "last"]);
    assert_eq!(sorted.batches.len(), 1);
    assert_eq!(
        sorted.unreadable,
        ["no body", "null body", "no handle", "no source", "other type", "of others"]
    );
}

#[test]
fn what_has_no_id_is_left_out_since_an_empty_id_would_fail_the_whole_batch() {
    let sorted = sort(&[
        changed("x", |record| drop(record.remove("messageId"))),
        changed("", |_| ()),
        changed("", |record| drop(record.remove("body"))),
        json!("no record at all"),
        json!(null),
        record("last", "stages"),
    ]);
    assert_eq!(ids(&sorted.batches[0].1), ["last"]);
    assert!(sorted.unreadable.is_empty());
}

#[test]
fn a_count_that_is_not_told_is_the_first() {
    let sorted = sort(&[changed("a", |record| drop(record.remove("attributes")))]);
    assert_eq!(sorted.batches[0].1[0].receives, 1);
}

#[test]
fn an_event_without_records_is_an_empty_batch() {
    for event in ["{}", r#"{"Records":[]}"#, r#"{"Records":[],"other":1}"#] {
        assert_eq!(sources().sort(&serde_json::from_str(event).unwrap()), Sorted::default(), "{event}");
    }
}

#[tokio::test]
async fn the_answer_names_what_was_not_processed_and_nothing_else() {
    let sorted = sort(&[
        record("a", "stages"),
        record("b", "priority"),
        changed("c", |record| drop(record.remove("body"))),
        record("d", "stages"),
    ]);
    let answer = settle(sorted, &async |queue, batch: Vec<Delivery>| {
        let again = batch.into_iter().map(|delivery| delivery.id);
        Unprocessed(again.filter(|id| queue == QueueName::PriorityStages || id == "d").collect())
    });
    let answer = serde_json::to_value(answer.await).unwrap();
    let failures = ["c", "d", "b"].map(|id| json!({ "itemIdentifier": id }));
    assert_eq!(answer, json!({ "batchItemFailures": failures }));
}

#[tokio::test]
async fn a_batch_that_was_processed_is_answered_with_an_empty_list() {
    let settled = async |_, _| Unprocessed::default();
    let answer = serde_json::to_value(settle(sort(&[record("a", "stages")]), &settled).await).unwrap();
    assert_eq!(answer, json!({ "batchItemFailures": [] }));
}

#[test]
fn a_queue_without_a_sound_url_is_missing() {
    let sources = |url: &str| {
        let config = Config::of([(Config::EVENTS.to_owned(), url.to_owned())].into());
        Sources::of(&config, &[QueueName::Events]).map(drop)
    };
    assert_eq!(sources("https://sqs.eu-west-1.amazonaws.com/123456789012/events"), Ok(()));
    assert_eq!(sources("http://127.0.0.1:4566/000000000000/events"), Ok(()));
    for (url, words) in [
        ("", "HARKARA_EVENTS_QUEUE is not set as it must be: it is missing"),
        ("events", "HARKARA_EVENTS_QUEUE is not set as it must be: it is no http or https address"),
        ("https://", "HARKARA_EVENTS_QUEUE is not set as it must be: it is no address"),
        ("https://sqs.amazonaws.com/events", "it is no queue's URL: https://<host>/<account>/<name>"),
        ("https://sqs.amazonaws.com/123456789012/", "it is no queue's URL"),
    ] {
        let missing = sources(url).unwrap_err().to_string();
        assert!(missing.contains(words), "{url}: {missing}");
    }
}

#[test]
fn the_sample_events_hold_jobs_of_today() {
    let samples = [
        (QueueName::Events, include_str!("../../../../../events/lambda/matcher.json"), "facts"),
        (QueueName::Stages, include_str!("../../../../../events/lambda/stage.json"), "stage"),
        (QueueName::Failures, include_str!("../../../../../events/lambda/dead-letter.json"), "failure"),
    ];
    for (queue, event, kind) in samples {
        let sources = Sources(vec![(format!("harkara-local-{queue}"), queue)]);
        let sorted = sources.sort(&serde_json::from_str(event).unwrap());
        assert!(sorted.unreadable.is_empty(), "{kind}");
        let [(_, batch)] = sorted.batches.as_slice() else { panic!("{kind}: not one batch") };
        for delivery in batch {
            let job = harkara_engine::job::Job::read(&delivery.body).unwrap();
            assert!(job.body().contains(&format!("\"job\":\"{kind}\"")), "{kind}");
        }
    }
}
