//! The operator's command line.

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use harkara_engine::{catalog::Catalog, port::Clock, port::SystemClock, replay::Filter, setup::Setup};
use jiff::Timestamp;
use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use crate::{
    api,
    backup_command::{Backup, Restore},
    demo,
    doctor_command::Doctor,
    flow_command::Flow,
    log::LogFormat,
    rehearse_command::Rehearse,
    secrets_file::SecretsFile,
    serve,
    store_file::{StoreFile, webhook_secret},
    time_machine_command::TimeMachine,
    why_command::Why,
};

/// Harkara: the right message at the right moment of an order's life.
#[derive(Debug, Parser)]
#[command(name = "harkara", version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// How to log, on the standard error: lines of JSON, or text. HARKARA_LOG_FORMAT says it, too. A server
    /// whose standard error is no terminal writes JSON unless told otherwise.
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve webhooks, console and API, and run the flows.
    Serve(Serve),
    /// Send sample orders, signed as Shopify signs, to a running server.
    Demo(Demo),
    /// Run dead letters again: shows what would run, asks, and shows the progress.
    Replay(Replay),
    /// Set stores up. The server must not be running on the same folder.
    #[command(subcommand)]
    Store(Store),
    /// Make keys for the JSON API. The server must not be running on the same folder.
    #[command(subcommand)]
    ApiKey(ApiKey),
    /// Write a data folder into one file, while a server runs on it or not.
    Backup(Backup),
    /// Look the server on a data folder over: what is wrong, and what to do about it. Changes nothing.
    Doctor(Doctor),
    /// Restore a data folder from such a file. What was due since the backup is held for a person.
    Restore(Restore),
    /// Check flows; compare, put and take out folders of them.
    #[command(subcommand)]
    Flow(Flow),
    /// Show what a flow would do for an order, moment by moment. Nothing is sent or written.
    Rehearse(Rehearse),
    /// Show what a flow would have done in the last days: every fact of the journal through it and all
    /// flows that are active. Nothing is sent or written.
    TimeMachine(TimeMachine),
    /// Say why an order got, or did not get, what it got: flow by flow, stage by stage.
    Why(Why),
    /// Check templates, and show what to register with Meta.
    #[command(subcommand)]
    Template(Template),
    /// Set up stores that live on AWS. Takes credentials, region and the deployment's names from the
    /// environment.
    #[cfg(feature = "aws")]
    #[command(subcommand)]
    Aws(crate::aws::Aws),
}

/// What `serve` listens on and keeps its state in.
#[derive(Clone, Debug, Args)]
pub struct Serve {
    /// The folder of the database and the connections.
    #[arg(long, default_value = ".harkara")]
    pub data: PathBuf,
    /// Where to listen. Anything but this machine's own address should be behind TLS.
    #[arg(long, default_value = "127.0.0.1:8787")]
    pub listen: SocketAddr,
    /// How the server is reached from outside, if not at the address above.
    #[arg(long)]
    pub public_url: Option<String>,
    /// The store that the console shows.
    #[arg(long)]
    pub store: Option<String>,
    /// Let time run so many times as fast: with 60 a minute of waiting takes a second.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub time_scale: u32,
    /// Print nothing but errors.
    #[arg(long)]
    pub quiet: bool,
}

/// How many orders to send, and where.
#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The folder of the running server.
    #[arg(long, default_value = ".harkara")]
    pub data: PathBuf,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    pub url: String,
    /// How many orders to place.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub orders: u32,
    /// Take the first of them all the way to its door.
    #[arg(long)]
    pub deliver: bool,
}

#[derive(Debug, Args)]
struct Replay {
    /// The folder of the running server; not looked at where HARKARA_KEY has an API key.
    #[arg(long, default_value = ".harkara")]
    data: PathBuf,
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8787")]
    url: String,
    /// Only this dead letter.
    #[arg(long)]
    id: Option<String>,
    /// Only those of the flow with this name.
    #[arg(long)]
    flow: Option<String>,
    /// Only those whose reason has these words.
    #[arg(long)]
    error: Option<String>,
    /// Only those that failed at this time or later, such as 2026-11-22T14:00:00+05:00.
    #[arg(long)]
    from: Option<Timestamp>,
    /// Only those that failed at this time or earlier.
    #[arg(long)]
    to: Option<Timestamp>,
    /// Show what would run, and stop there.
    #[arg(long)]
    preview: bool,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum Store {
    /// Set a store up from a file: settings, connections, templates and flows.
    Put {
        /// The file, JSON.
        file: PathBuf,
        /// The folder of the server.
        #[arg(long, default_value = ".harkara")]
        data: PathBuf,
    },
    /// Make a secret that a store's webhooks are signed with, and print it once. The one before it signs as
    /// well until the next is made. A running server notices within seconds.
    WebhookSecret {
        /// The store.
        store: String,
        /// The folder of the server.
        #[arg(long, default_value = ".harkara")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ApiKey {
    /// Make a key, and print it once.
    New {
        /// What it is for.
        name: String,
        /// What it may do: viewer or operator.
        #[arg(long, default_value = "viewer")]
        role: String,
        /// The store; the server's first one if absent.
        #[arg(long)]
        store: Option<String>,
        /// The folder of the server.
        #[arg(long, default_value = ".harkara")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum Template {
    /// Read templates, and print the body to register with Meta for each language.
    Meta {
        /// Files, YAML.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

impl Arguments {
    /// What is logged unless `HARKARA_LOG` says otherwise.
    pub fn log_level(&self) -> &'static str {
        match &self.command {
            Command::Serve(serve) if serve.quiet => "error",
            Command::Serve(_) => "info",
            _ => "warn",
        }
    }

    /// How it is logged.
    ///
    /// # Errors
    /// When `HARKARA_LOG_FORMAT` names no format.
    pub fn log_format(&self) -> Result<LogFormat> {
        let variable = std::env::var(LogFormat::VARIABLE).ok();
        let for_program = matches!(self.command, Command::Serve(_)) && !std::io::stderr().is_terminal();
        LogFormat::chosen(self.log_format, variable.as_deref(), for_program).map_err(anyhow::Error::msg)
    }

    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Flow(command) => return command.run().await,
            Command::Doctor(options) => return options.run().await,
            Command::Serve(options) => serve::serve(options).await?,
            Command::Demo(options) => demo::demo(&options).await?,
            Command::Replay(options) => replay(options).await?,
            Command::Store(Store::Put { file, data }) => put_store(&file, &data).await?,
            Command::Store(Store::WebhookSecret { store, data }) => {
                let secret = webhook_secret()?;
                SecretsFile::in_folder(&data).put_webhook_secret(&store, &secret)?;
                println!("{secret}");
            }
            Command::ApiKey(ApiKey::New { name, role, store, data }) => {
                new_key(&name, &role, store, &data).await?;
            }
            #[cfg(feature = "aws")]
            Command::Aws(command) => return command.run().await,
            Command::Rehearse(options) => options.run().await?,
            Command::TimeMachine(options) => options.run().await?,
            Command::Why(options) => options.run().await?,
            Command::Backup(options) => options.run()?,
            Command::Restore(options) => options.run().await?,
            Command::Template(Template::Meta { files }) => meta(&files)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn put_store(file: &std::path::Path, data: &std::path::Path) -> Result<()> {
    let store = StoreFile::read(file)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let embedded = serve::open(data, &clock)?;
    let catalog = Arc::new(Catalog::new(embedded.table(), clock.clone()));
    let setup = Setup { table: embedded.table(), clock, catalog };
    SecretsFile::in_folder(data).put(store.store.as_str(), &store.connections)?;
    store.put(&setup).await?;
    serve::remember_first(data, &store.store)?;
    println!("The store {} is set up, with {} flows.", store.store, store.flows.len());
    embedded.close();
    Ok(())
}

async fn new_key(name: &str, role: &str, store: Option<String>, data: &std::path::Path) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let embedded = serve::open(data, &clock)?;
    let store = serve::console_store(data, store);
    let key = serve::make_key(embedded.table(), &clock, &store, name, role).await?;
    println!("{key}");
    embedded.close();
    Ok(())
}

fn meta(files: &[PathBuf]) -> Result<()> {
    for file in files {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        let template = harkara_channels::template::parse(&text).map_err(|problems| {
            let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{}: {}", file.display(), words.join("; "))
        })?;
        for language in template.languages() {
            let (tag, body) = (template.meta_language(language), template.meta_body(language));
            if let (Some(tag), Some(body)) = (tag, body) {
                println!("# {} in {tag} ({:?})\n{body}\n", template.name(), template.category());
            }
        }
    }
    Ok(())
}

async fn replay(options: Replay) -> Result<()> {
    let Replay { data, url, id, flow, error, from, to, preview, yes } = options;
    let filter = Filter { id, flow, error, from, to };
    api::Client::of(&data, &url)?.replay(&filter, preview, yes).await
}
