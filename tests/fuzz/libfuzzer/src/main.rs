//! libFuzzer at one target, which `HARKARA_FUZZ_TARGET` names. For `?` the targets are listed, and their seeds
//! are written into the folder `HARKARA_FUZZ_SEEDS`, with those out of `HARKARA_FUZZ_SAMPLES`.
#![no_main]

use harkara_fuzz_targets::{TARGETS, Target, bounded, seeds, target};
use libfuzzer_sys::fuzz_target;
use std::{env, path::Path, process::exit, sync::OnceLock};

static TARGET: OnceLock<&Target> = OnceLock::new();

fn choose() {
    let name = env::var("HARKARA_FUZZ_TARGET").unwrap_or_default();
    if name == "?" {
        for Target { name, reads, longest, .. } in TARGETS {
            println!("{name}\t{longest}\t{reads}");
        }
        let samples = env::var_os("HARKARA_FUZZ_SAMPLES");
        let written = env::var_os("HARKARA_FUZZ_SEEDS")
            .map_or(Ok(()), |to| seeds::write(Path::new(&to), samples.as_deref().map(Path::new)));
        exit(written.map_or(1, |()| 0));
    }
    let Some(target) = target(&name) else {
        eprintln!("HARKARA_FUZZ_TARGET names no target: {name:?}");
        exit(2);
    };
    // What is set up once is no news of the first input.
    (target.run)(b"");
    let _ = TARGET.set(target);
}

fuzz_target!(init: choose(), |data: &[u8]| {
    if let Some(target) = TARGET.get() {
        bounded(target, data);
    }
});
