//! The page.
#![allow(clippy::print_stdout)] // a bench speaks on standard output

use std::fmt::Write;

use super::function::{Figures, Often};

/// The name of the comparison.
pub(crate) const NODE: &str = "node";

/// Bytes of a megabyte, as sizes of zips are told.
const MB: f64 = 1024.0 * 1024.0;

/// A goal of every function: what it is, its limit, and a figure to hold against it.
struct Goal {
    name: &'static str,
    limit: f64,
    unit: &'static str,
    figure: fn(&Figures) -> f64,
}

const GOALS: [Goal; 4] = [
    Goal { name: "zip", limit: 3.0, unit: "MB", figure: |of| megabytes(of.zip) },
    Goal { name: "init, median", limit: 15.0, unit: "ms", figure: |of| of.init.median },
    Goal { name: "warm overhead, median", limit: 0.5, unit: "ms", figure: |of| of.overhead.median },
    Goal { name: "peak memory", limit: 16.0, unit: "MB", figure: |of| of.memory },
];

fn megabytes(bytes: usize) -> f64 {
    u32::try_from(bytes).map_or(f64::MAX, f64::from) / MB
}

/// Prints a page.
pub(crate) fn show(page: &str) {
    println!("{page}");
}

/// The page of these figures.
pub(crate) fn page(figures: &[Figures], machine: &str, often: Often) -> String {
    let mut page = format!(
        "# Cold start\n\n\
         *Written by `make bench-cold`; do not edit. Measured on {machine}.*\n\n\
         Every function is started as Lambda starts it, {starts} times, and given one event; the last process \
         then gets {warm} more. The Runtime API, AWS and WhatsApp are stubs on the loopback, without TLS; the \
         table behind them is dynoxide in memory. Each function does its real work on real input: the ingest \
         verifies signed orders, the matcher folds what the ingest has sent, the stage function asks on \
         WhatsApp what the matcher has started, the dead-letter function files the reminders as failed, the \
         sweep looks, the console lists orders. One record an event. The files are in the page cache, which \
         they are not on a fresh host of Lambda's; that, its own boot, and TLS come on top of these figures.\n\n",
        starts = often.starts,
        warm = often.warm,
    );
    write_figures(&mut page, figures);
    write_goals(&mut page, figures);
    page.push_str(METHOD);
    page
}

fn write_figures(page: &mut String, figures: &[Figures]) {
    page.push_str(
        "| function | binary MB | zip MB | init ms (min to max) | first ms | warm ms | AWS requests | overhead ms (p99) | CPU ms | peak MB |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for of in figures {
        // Writing into memory does not fail.
        let _ = writeln!(
            page,
            "| {name} | {binary:.2} | {zip:.2} | {init:.1} ({min:.1} to {max:.1}) | {first:.1} | {warm:.2} | {requests:.1} | {overhead:.2} ({p99:.2}) | {processor:.2} | {memory:.1} |",
            name = of.name,
            binary = megabytes(of.binary),
            zip = megabytes(of.zip),
            init = of.init.median,
            min = of.init.min,
            max = of.init.max,
            first = of.first.median,
            warm = of.warm.median,
            requests = of.requests.iter().map(|(_, times)| times).sum::<f64>(),
            overhead = of.overhead.median,
            p99 = of.overhead.p99,
            processor = of.processor,
            memory = of.memory,
        );
    }
    page.push_str("\nRequests of a warm invocation:\n\n");
    for of in figures {
        let requests: Vec<String> =
            of.requests.iter().map(|(operation, times)| format!("{operation} {times:.2}")).collect();
        let requests = if requests.is_empty() { "none".to_owned() } else { requests.join(", ") };
        let _ = writeln!(page, "- {}: {requests}", of.name);
    }
}

fn write_goals(page: &mut String, figures: &[Figures]) {
    let ours: Vec<&Figures> = figures.iter().filter(|of| of.name != NODE).collect();
    page.push_str("\n## Goals\n\n| goal | largest | of | |\n|---|--:|---|---|\n");
    for goal in GOALS {
        let worst = ours.iter().max_by(|a, b| (goal.figure)(a).total_cmp(&(goal.figure)(b)));
        let Some(worst) = worst else { continue };
        let missed: Vec<&str> =
            ours.iter().filter(|of| (goal.figure)(of) >= goal.limit).map(|of| of.name.as_str()).collect();
        let _ = writeln!(
            page,
            "| {} under {} {} | {:.2} {} | {} | {} |",
            goal.name,
            goal.limit,
            goal.unit,
            (goal.figure)(worst),
            goal.unit,
            worst.name,
            if missed.is_empty() { "met".to_owned() } else { format!("not met: {}", missed.join(", ")) },
        );
    }
    let by_name = |name: &str| figures.iter().find(|of| of.name == name);
    if let (Some(node), Some(ingest)) = (by_name(NODE), by_name("ingest")) {
        let times = node.init.median / ingest.init.median;
        let met = if times > 10.0 { "met" } else { "not met" };
        let _ = writeln!(
            page,
            "| init under a tenth of Node's | Node takes {times:.0} times as long | ingest | {met} |"
        );
    }
}

const METHOD: &str = "
## What the figures are

- **zip**: the binary alone, deflated at level 6, with the headers of a zip.
- **init**: from just before the process is made to the first byte of its first `/next`, median of all starts.
- **first**, **warm**: from just before an event is written to the function until the last byte of its answer has
  come. The first one opens the connections to AWS and fills the caches. Medians.
- **overhead**: a warm one without the time in which at least one request to AWS or WhatsApp was being answered (from
  its last byte in the stub to just before the first byte of the answer). So it holds all that the function itself
  does - reading the event, the work, signing, writing and reading requests - and every wake-up of either side on the
  way over the loopback, four for each request.
- **CPU**: processor time of the function's threads for a warm one, by the kernel (`schedstat`), mean. What the
  machine does beside the measurement moves times, and this least.
- **peak**: `VmHWM`, which counts the pages of the binary that were touched.
- **node**: the ingest's work (signature, Parameter Store with a cache, SQS) in JavaScript with AWS SDK v3, bundled
  and minified by esbuild, on the `node` that is installed. AWS's runtime client for Node has to be compiled;
  a loop of 30 lines over `http` is in its place, which flatters Node. Its zip is the bundle alone, without Node.
";
