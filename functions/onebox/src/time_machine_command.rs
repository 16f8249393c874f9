//! `harkara time-machine`: what a flow would have done in the last days. See `docs/rehearsal.md`.
#![allow(clippy::print_stdout, clippy::print_stderr)] // a command line speaks on standard output

use anyhow::{Context, Result, bail};
use clap::Args;
use harkara_domain::FlowId;
use harkara_engine::time_machine::{self, Question, Step};
use serde_json::Value;
use std::{
    io::{IsTerminal, Write},
    path::Path,
    sync::Arc,
};

use crate::{api::drawn, flow_command::Whose, flow_place::Place, folder, secrets_file::SecretsFile};

/// A flow, and how far back.
#[derive(Debug, Args)]
pub struct TimeMachine {
    /// A flow of the store, by its id, or a file, YAML or JSON. Of a flow with a draft the draft is meant.
    flow: String,
    /// Count the last so many days.
    #[arg(long, default_value_t = Question::DAYS)]
    days: u16,
    /// The flow's current version, though it has a draft.
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    store: Whose,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl TimeMachine {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<()> {
        let question = self.question()?;
        let place = Place::of(&self.store)?;
        let bar = Bar(std::io::stderr().is_terminal());
        let report = place.ask(&question, &self.store.data, &bar).await;
        bar.wipe();
        place.close();
        let report = report?;
        if self.json {
            println!("{report:#}");
        } else {
            print!("{}", report.get("page").and_then(Value::as_str).unwrap_or_default());
        }
        Ok(())
    }

    fn question(&self) -> Result<Question> {
        let path = Path::new(&self.flow);
        let (flow, text) = if path.is_file() {
            (None, Some(folder::text(path)?))
        } else {
            (Some(FlowId::new(self.flow.as_str())), None)
        };
        Ok(Question { flow, text, current: self.current, days: self.days })
    }
}

impl Place {
    /// Asks the time machine; `data` is the data folder, with the connections.
    async fn ask(&self, question: &Question, data: &Path, bar: &Bar) -> Result<Value> {
        match self {
            Self::Server(client) => {
                let mut report = None;
                let each = |line: &[u8]| {
                    let mut line: Value = serde_json::from_slice(line)?;
                    if let Some(error) = line.get("error").and_then(Value::as_str) {
                        bail!("{error}");
                    }
                    match line.get_mut("report") {
                        Some(told) => report = Some(told.take()),
                        None => bar.show(&line),
                    }
                    Ok(())
                };
                client.lines("/api/v1/time-machine", &serde_json::to_value(question)?, each).await?;
                report.context("the answer was cut off")
            }
            Self::Folder { setup, store, .. } => {
                let machine = time_machine::TimeMachine {
                    table: setup.table.clone(),
                    catalog: setup.catalog.clone(),
                    secrets: Arc::new(SecretsFile::in_folder(data)),
                    clock: setup.clock.clone(),
                    under_way: Arc::default(),
                };
                let mut journey = machine.set_out(store, question).await?;
                loop {
                    match journey.go().await? {
                        Step::Under(progress) => bar.show(&serde_json::to_value(progress)?),
                        Step::Arrived(report) => return Ok(serde_json::to_value(report)?),
                    }
                }
            }
        }
    }
}

/// How far it is, where a person looks on.
struct Bar(bool);

impl Bar {
    fn show(&self, progress: &Value) {
        let number = |name: &str| progress.get(name).and_then(Value::as_u64).unwrap_or(0);
        let number = |name: &str| usize::try_from(number(name)).unwrap_or(usize::MAX);
        if self.0 {
            let doing = progress.get("doing").and_then(Value::as_str).unwrap_or_default();
            eprint!("\r{} {doing:<10}", drawn(number("done"), number("of")));
            // A bar that cannot be drawn is no reason to stop.
            let _ = std::io::stderr().flush();
        }
    }

    fn wipe(&self) {
        if self.0 {
            eprint!("\r{:79}\r", "");
        }
    }
}
