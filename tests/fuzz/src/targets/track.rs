//! Facts that the shop's own programs tell. The input is the body.

use harkara_domain::fact::Actor;
use harkara_sources::track::{self, Refused, Telling};
use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    fact,
    sample::{STORE, now},
};

pub(super) fn run(data: &[u8]) {
    let by = Actor::Program("till".to_owned());
    let telling = |received_at| Telling {
        store: &STORE,
        by: &by,
        received_at,
        is_zone: |name| TimeZone::get(name).is_ok(),
    };
    match track::parse(telling(now()), data) {
        Ok(facts) => {
            assert!(!facts.is_empty() && facts.len() <= 4 * track::MAX_FACTS, "{} facts", facts.len());
            fact::sound(&facts, data.len());
            // Later, within the age that is taken, they are the same.
            if let Ok(later) = track::parse(telling(now() + SignedDuration::from_mins(1)), data) {
                assert!(fact::same(&facts, &later), "not the same again");
            }
        }
        Err(Refused::Unreadable(words)) => assert!(words.len() <= 120 && words.is_ascii(), "{words:?}"),
        Err(Refused::Problems(problems)) => {
            assert!((1..=track::MAX_PROBLEMS).contains(&problems.len()), "{} problems", problems.len());
            for problem in &problems {
                let fit = problem.field.len() <= 1_000 && problem.message.len() <= 1_000;
                assert!(fit && problem.field.is_ascii(), "{problem:?}");
            }
        }
    }
}
