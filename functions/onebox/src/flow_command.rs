//! `harkara flow`: flows as files. See `docs/flows-in-git.md`.

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use harkara_engine::{
    ownership::{Act, Difference, FileProblem, Kind, Wish},
    setup,
};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use crate::{
    flow_place::{Found, Place},
    folder,
};

/// What `flow diff` ends with where something differs; 1 is for problems and faults.
pub const DIFFERENT: u8 = 2;

/// What can be done with files of flows.
#[derive(Debug, Subcommand)]
pub enum Flow {
    /// Read flows, and say what is wrong with them, by line and field. Needs no store.
    Check {
        /// Files, YAML or JSON, and folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Print the JSON Schema of the flow language, for editors. Needs no store.
    Schema,
    /// Make a store be as a folder of flows and templates says. Nothing is done if any file has a problem.
    Apply(Compared),
    /// Show what `apply` would do. Exits with 0 where nothing differs, with 2 where something does, with 1
    /// where a file has a problem.
    Diff(Compared),
    /// Write a store's flows and templates into a folder.
    Export {
        /// The folder.
        folder: PathBuf,
        /// The store.
        #[command(flatten)]
        store: Whose,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Which store is meant: one of a server where `--url` or HARKARA_KEY is given, else of a data folder on
/// which no server is running.
#[derive(Debug, Args)]
pub struct Whose {
    /// Where the server is. The API key is taken from HARKARA_KEY, else from the data folder.
    #[arg(long)]
    pub url: Option<String>,
    /// The data folder.
    #[arg(long, default_value = ".harkara")]
    pub data: PathBuf,
    /// The store of the data folder; the one that was set up first if absent. A server has its own.
    #[arg(long)]
    pub store: Option<String>,
}

/// A folder, and what to do about it.
#[derive(Debug, Args)]
pub struct Compared {
    /// The folder: flows in it, templates in its folder `templates`.
    folder: PathBuf,
    /// Archive the store's flows that the folder does not hold.
    #[arg(long)]
    prune: bool,
    /// Activate the flows of the folder. Without it each keeps its state, and a new one is a draft.
    #[arg(long)]
    activate: bool,
    #[command(flatten)]
    store: Whose,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Flow {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Check { paths } => check(&paths),
            Self::Schema => {
                print!("{}", harkara_console::FLOW_SCHEMA);
                Ok(ExitCode::SUCCESS)
            }
            Self::Apply(options) => compared(&options, true).await,
            Self::Diff(options) => compared(&options, false).await,
            Self::Export { folder, store, json } => export(&folder, &store, json).await,
        }
    }
}

fn check(paths: &[PathBuf]) -> Result<ExitCode> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() { files.extend(folder::files(path)?) } else { files.push(path.clone()) }
    }
    let mut wrong = 0;
    for file in &files {
        match setup::read(&folder::text(file)?) {
            Ok(flow) => println!("{}: “{}”, {} stages", file.display(), flow.name, flow.places().len()),
            Err(problems) => {
                wrong += 1;
                for problem in problems {
                    println!("{}: {problem}", file.display());
                }
            }
        }
    }
    if wrong == 0 { Ok(ExitCode::SUCCESS) } else { bail!("{wrong} of {} flows have problems", files.len()) }
}

async fn compared(options: &Compared, apply: bool) -> Result<ExitCode> {
    let Compared { folder, prune, activate, store, json } = options;
    let bundle = folder::read(folder)?;
    let wish = Wish { prune: *prune, activate: *activate };
    let place = Place::of(store)?;
    let found = if apply { place.apply(&bundle, wish).await } else { place.compare(&bundle, wish).await };
    place.close();
    match found? {
        Found::Problems(problems) => told_problems(folder, &problems, *json),
        Found::Differences(differences) => {
            if *json {
                println!("{:#}", json!({ "applied": apply, "differences": differences }));
            } else {
                told(&differences, apply);
            }
            let differs = differences.iter().any(|difference| !difference.acts.is_empty());
            Ok(if differs && !apply { ExitCode::from(DIFFERENT) } else { ExitCode::SUCCESS })
        }
    }
}

fn told_problems(folder: &Path, problems: &[FileProblem], json: bool) -> Result<ExitCode> {
    if json {
        println!("{:#}", json!({ "applied": false, "problems": problems }));
        return Ok(ExitCode::FAILURE);
    }
    for problem in problems {
        println!("{problem}");
    }
    let count = problems.len();
    let what = if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") };
    bail!("{} has {what}; nothing was done", folder.display())
}

fn told(differences: &[Difference], applied: bool) {
    let mut changed = 0;
    for difference in differences {
        let what = if difference.kind == Kind::Template { "template" } else { "flow" };
        let place = match &difference.file {
            Some(file) => file.clone(),
            None => format!("{what} {}", difference.name),
        };
        let acts: Vec<&str> =
            difference.acts.iter().map(|act| if applied { act.done() } else { act.to_do() }).collect();
        match (acts.as_slice(), &difference.file) {
            ([], Some(_)) => println!("{place}: unchanged"),
            ([], None) => println!("{place}: only in the store"),
            (acts, _) => {
                changed += 1;
                println!("{place}: {}", acts.join(", "));
            }
        }
        if !applied && difference.acts.iter().any(|act| matches!(act, Act::Change | Act::Create)) {
            print!("{}", text_diff(difference));
        }
    }
    let same = differences.len() - changed;
    println!("{changed} {}, {same} as they were.", if applied { "done" } else { "to do" });
}

fn text_diff(difference: &Difference) -> String {
    let to = difference.file.as_deref().unwrap_or_default();
    let from = difference.before.as_ref().map_or("/dev/null".to_owned(), |_| format!("store/{to}"));
    let before = difference.before.as_deref().unwrap_or_default();
    let after = difference.after.as_deref().unwrap_or(before);
    harkara_console::diff::unified(before, after, (&from, to))
}

async fn export(folder: &Path, store: &Whose, json: bool) -> Result<ExitCode> {
    let place = Place::of(store)?;
    let bundle = place.export().await;
    place.close();
    let exported = folder::write(folder, &bundle?)?;
    if json {
        println!("{:#}", json!({ "files": exported }));
        return Ok(ExitCode::SUCCESS);
    }
    for file in &exported {
        println!("{}: {}", file.file, if file.written { "written" } else { "unchanged" });
    }
    Ok(ExitCode::SUCCESS)
}
