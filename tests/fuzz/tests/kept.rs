//! Whatever was kept, and our own samples, through every target: without a fuzzer.
// A test speaks by panicking.
#![allow(clippy::unwrap_used)]

use harkara_fuzz_targets::{TARGETS, bounded, seeds, target};
use std::{
    path::Path,
    time::{Duration, Instant},
};

/// Far above what an input takes, far below what anybody would wait for.
const LONGEST: Duration = Duration::from_secs(5);

fn run(name: &str, what: &Path, data: &[u8]) {
    let target = target(name).unwrap();
    eprintln!("{name}: {}", what.display());
    let before = Instant::now();
    bounded(target, data);
    assert!(before.elapsed() < LONGEST, "{name} took {:?} for {}", before.elapsed(), what.display());
}

fn all(folder: &str) -> usize {
    let mut count = 0;
    for target in TARGETS {
        // Before the clock runs: what is set up once.
        (target.run)(b"");
        for (path, data) in seeds::files(&seeds::kept(folder, target.name)).unwrap() {
            run(target.name, &path, &data);
            count += 1;
        }
    }
    count
}

#[test]
fn what_was_found_once_holds_now() {
    assert!(all("regressions") > 0);
}

#[test]
fn the_corpus_holds() {
    assert!(all("corpus") > TARGETS.len());
}

#[test]
fn our_samples_hold() {
    for (target, data) in seeds::own().unwrap() {
        run(target, Path::new("a sample"), &data);
    }
}

#[test]
fn every_folder_is_a_targets() {
    for folder in ["corpus", "regressions"] {
        for (path, _) in seeds::files(&seeds::kept(folder, "")).unwrap() {
            let name = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
            assert!(target(name).is_some(), "{} is of no target", path.display());
        }
    }
}
