use super::*;
use jiff::SignedDuration;
use std::collections::BTreeSet;

#[test]
fn every_series_has_its_own_place_and_name() {
    fn check<L: Labels>() {
        let names: BTreeSet<_> = (0..L::SERIES).map(L::values).collect();
        assert_eq!(names.len(), L::SERIES);
        assert!(names.iter().all(|values| values.len() == L::NAMES.len()));
    }
    check::<()>();
    check::<(Source, Fate)>();
    check::<(Source, Refused)>();
    check::<(Way, Sending)>();
    check::<(By, Hopeless)>();
    check::<StageEvent>();
    let counters = Counters::default();
    for source in Source::ALL {
        for fate in Fate::ALL {
            counters.facts.add((*source, *fate));
        }
    }
    let all = counters.all();
    assert_eq!(all.len(), Source::ALL.len() * Fate::ALL.len());
    assert!(all.values().all(|count| *count == 1), "two share a place: {all:?}");
    assert_eq!(all["facts.whatsapp.duplicate"], 1);
}

#[test]
fn names_are_what_prometheus_takes() {
    for family in Counters::default().families() {
        let sound = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        assert!(sound(family.name) && family.labels.iter().all(|label| sound(label)), "{}", family.name);
        assert!(!family.help.is_empty() && !family.help.contains('\n'), "{}", family.name);
    }
}

#[test]
fn names_from_outside_have_an_end() {
    let named = Named::default();
    for n in 0..2 * Named::MAX_NAMES {
        named.add(Source::Shopify, &format!("topic/{n}"));
        named.add(Source::Shopify, "topic/0");
    }
    let samples = named.samples();
    assert_eq!(samples.len(), Named::MAX_NAMES + 1);
    let of =
        |name: &str| samples.iter().find(|(values, _)| values[1] == name).map(|(_, value)| value.clone());
    assert_eq!(of("topic/0"), Some(Value::Count(2 * Named::MAX_NAMES as u64 + 1)), "known names count on");
    assert_eq!(of(Named::REST), Some(Value::Count(Named::MAX_NAMES as u64)));
}

#[test]
fn times_lie_within_their_bounds() {
    let histogram = Histogram::default();
    for millis in [-5, 0, 1000, 1001, 90_000_000] {
        histogram.observe(SignedDuration::from_millis(millis));
    }
    let [(_, Value::Times(buckets))] = &histogram.samples()[..] else { panic!("one series") };
    let said: Vec<_> = buckets.iter().filter(|bucket| bucket.count > 0).collect();
    assert_eq!(said.len(), 3);
    assert_eq!((said[0].within, said[0].count, said[0].sum), (1.0, 3, 1.0));
    assert_eq!((said[1].within, said[1].count, said[1].sum), (2.0, 1, 1.001));
    assert_eq!((said[2].within, said[2].count, said[2].sum), (f64::INFINITY, 1, 90_000.0));
}

#[test]
fn a_run_ends_once() {
    let counters = Counters::default();
    counters.run_moved(RunStatus::Running, RunStatus::Running);
    counters.run_moved(RunStatus::Running, RunStatus::Finished);
    counters.run_moved(RunStatus::Finished, RunStatus::Finished);
    counters.run_moved(RunStatus::Failed, RunStatus::Running);
    assert_eq!(counters.all(), [("runs.finished".to_owned(), 1)].into());
}
