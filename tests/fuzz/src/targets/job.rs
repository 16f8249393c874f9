//! Bodies of queues: what is a job is written and read as the same; what is none is told without its words.

use harkara_engine::job::{BadJob, Job};

use crate::{fact, sample::tells};

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let job = match Job::read(text) {
        Ok(job) => job,
        Err(bad) => {
            // It is filed and logged: customers' words and secrets are not to be in it.
            let words = bad.to_string();
            assert!(words.len() <= 200 && !tells(&words), "{words}");
            assert!(matches!(bad, BadJob::Version(_)) || !words.contains('"'), "{words} quotes the body");
            return;
        }
    };
    let body = job.body();
    assert!(Job::read(&body).as_ref() == Ok(&job), "{body} is another job");
    if let Job::Facts(job) = &job {
        let known = |fact: &&harkara_domain::Fact| fact.subject().is_some();
        let facts: Vec<_> = job.facts.iter().filter(known).take(10).cloned().collect();
        fact::converge(&facts);
    }
}
