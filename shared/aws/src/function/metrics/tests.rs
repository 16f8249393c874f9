use super::*;
use harkara_engine::count::{Fate, Filed, Found, Refused, RunEvent, Sending, Source, Way};
use jiff::SignedDuration;

fn metrics(variables: &[(&str, &str)]) -> (Arc<Counters>, Metrics) {
    let counters = Arc::new(Counters::default());
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (counters.clone(), Metrics::new(counters, &Config::of(variables.collect())))
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

/// What CloudWatch asks of a document, as far as it can be told from one.
fn check(document: &Value) {
    let about = &document["_aws"];
    assert!(about["Timestamp"].is_u64());
    let [directive] = &about["CloudWatchMetrics"].as_array().unwrap()[..] else { panic!("one directive") };
    let members: Vec<&str> = directive.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["Dimensions", "Metrics", "Namespace"]);
    for set in directive["Dimensions"].as_array().unwrap() {
        for dimension in set.as_array().unwrap() {
            assert!(document[dimension.as_str().unwrap()].is_string(), "a dimension without its value");
        }
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!(!metrics.is_empty() && metrics.len() <= 100);
    for metric in metrics {
        match &document[metric["Name"].as_str().unwrap()] {
            Value::Number(_) => {}
            Value::Array(values) => {
                assert!((1..=100).contains(&values.len()) && values.iter().all(Value::is_number));
            }
            other => panic!("{metric} says {other}"),
        }
    }
}

#[test]
fn a_line_is_a_document_of_the_format() {
    let (counters, metrics) = metrics(&[(Config::PARAMETERS, "/harkara/prod")]);
    assert_eq!(metrics.line(now()), None, "nothing was counted");
    counters.facts.add_many((Source::Shopify, Fate::Applied), 2);
    counters.facts.add((Source::Whatsapp, Fate::Applied));
    counters.sends.add((Way::Whatsapp, Sending::Accepted));
    counters.lateness.observe(SignedDuration::from_millis(1500));
    counters.folds.add(());
    let document = metrics.line(now()).unwrap();
    check(&document);
    assert_eq!(document["facts.applied"], 3, "sources are summed up");
    assert_eq!(document["sends.whatsapp.accepted"], 1);
    assert_eq!(document["lateness"], json!([1.5]));
    assert_eq!(document["Stack"], "prod");
    assert!(document.get("folds").is_none() && document.get("level").is_none());
    assert!(document.to_string().len() < 400, "{document}");
}

#[test]
fn nothing_is_told_twice() {
    let (counters, metrics) = metrics(&[]);
    counters.runs.add(RunEvent::Started);
    counters.lateness.observe(SignedDuration::from_secs(4));
    counters.lateness.observe(SignedDuration::from_secs(3));
    let first = metrics.line(now()).unwrap();
    assert_eq!((&first["runs.started"], &first["lateness"]), (&json!(1), &json!([3.5, 3.5])));
    assert_eq!(metrics.line(now()), None);
    counters.runs.add(RunEvent::Finished);
    counters.lateness.observe(SignedDuration::from_secs(5));
    counters.lateness.observe(SignedDuration::from_hours(48));
    let next = metrics.line(now()).unwrap();
    check(&next);
    assert!(next.get("runs.started").is_none());
    assert_eq!((&next["runs.finished"], &next["lateness"]), (&json!(1), &json!([172_800.0, 5.0])));
}

#[test]
fn a_storm_fits_into_a_line() {
    let (counters, metrics) = metrics(&[]);
    for _ in 0..1000 {
        counters.lateness.observe(SignedDuration::from_millis(10));
    }
    check(&metrics.line(now()).unwrap());
}

#[test]
fn a_line_passes_lambdas_filter() {
    for (level, said) in [("INFO", Value::Null), ("WARN", json!("WARN")), ("ERROR", json!("ERROR"))] {
        let (counters, metrics) = metrics(&[("AWS_LAMBDA_LOG_LEVEL", level)]);
        counters.dead_letters.add(Filed::Filed);
        let document = metrics.line(now()).unwrap();
        assert_eq!(document.get("level").cloned().unwrap_or_default(), said);
        assert_eq!(document.get("timestamp").is_some(), !said.is_null());
    }
}

/// Each name is $0.30 a month where it is told every hour: docs/watching.md says how many there can be.
#[test]
fn so_many_metrics_are_billed_at_most() {
    let (counters, _) = metrics(&[]);
    Source::ALL.iter().for_each(|source| {
        Fate::ALL.iter().for_each(|fate| counters.facts.add((*source, *fate)));
        Refused::ALL.iter().for_each(|why| counters.webhooks_refused.add((*source, *why)));
    });
    RunEvent::ALL.iter().for_each(|event| counters.runs.add(*event));
    Way::ALL.iter().for_each(|way| Sending::ALL.iter().for_each(|what| counters.sends.add((*way, *what))));
    Filed::ALL.iter().for_each(|what| counters.dead_letters.add(*what));
    Found::ALL.iter().for_each(|what| counters.sweep_finds.add(*what));
    harkara_engine::count::Alerted::ALL.iter().for_each(|what| counters.alerts.add(*what));
    counters.triggers.add(());
    counters.retries.add(());
    let told = read(&counters);
    assert_eq!((told.counts.len(), told.times.len()), (36, 2), "{:?}", told.counts.keys());
    for name in BROUGHT {
        let known =
            told.counts.keys().chain(told.times.keys()).any(|key| key.split('.').next() == Some(name));
        assert!(known, "{name} is none of the metrics");
    }
}
