//! The operator's commands for stores that live on AWS: they write to the deployment's table and to
//! Parameter Store, with the operator's own permissions.

use anyhow::{Context, Result};
use aws_sdk_ssm::{Client, error::DisplayErrorContext, types::ParameterType};
use clap::Subcommand;
use harkara_aws::{Config, Service, Session};
use harkara_domain::StoreId;
use harkara_engine::{
    catalog::Catalog,
    doctor::{Check, Doctor, Finding},
    people::People,
    setup::Setup,
};
use std::{path::PathBuf, process::ExitCode, sync::Arc};

use crate::{doctor_command::shown, serve, store_file::StoreFile};

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Aws {
    /// Set a store up from a file: connections into Parameter Store; settings, templates and flows
    /// into the table.
    StorePut {
        /// The file, JSON.
        file: PathBuf,
    },
    /// Look the deployment and a store over: what is wrong, and what to do about it. Changes nothing.
    Doctor {
        /// The store; the one of HARKARA_STORE if absent.
        #[arg(long)]
        store: Option<String>,
        /// Print the findings as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make the link with which the first owner of a store sets their password, once, within a day.
    Link {
        /// The store; the one of HARKARA_STORE if absent.
        #[arg(long)]
        store: Option<String>,
    },
    /// Make a key for the JSON API, and print it once.
    ApiKey {
        /// What it is for.
        name: String,
        /// What it may do: viewer or operator.
        #[arg(long, default_value = "viewer")]
        role: String,
        /// The store; the one of HARKARA_STORE if absent.
        #[arg(long)]
        store: Option<String>,
    },
}

impl Aws {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<ExitCode> {
        let session = Session::start(Config::from_env())?;
        match self {
            Self::StorePut { file } => store_put(&session, &StoreFile::read(&file)?).await?,
            Self::Doctor { store, json } => return doctor(&session, &named(&session, store)?, json).await,
            Self::Link { store } => link(&session, &named(&session, store)?).await?,
            Self::ApiKey { name, role, store } => {
                let store = named(&session, store)?;
                let key = serve::make_key(session.table()?, &session.clock(), &store, &name, &role).await?;
                println!("{key}");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The most schedules that are compared with runs.
const SCHEDULES: usize = 10_000;

async fn doctor(session: &Session, store: &StoreId, json: bool) -> Result<ExitCode> {
    let (table, clock) = (session.table()?, session.clock());
    let examiner = Doctor {
        catalog: Arc::new(Catalog::new(table.clone(), clock.clone()).reading_text()),
        table,
        secrets: session.secrets()?,
        http: session.http(),
        clock,
        put: "harkara aws store-put",
    };
    let planned = harkara_aws::doctor::planned(session, SCHEDULES).await;
    let mut found = examiner.examine(store, planned.as_deref().ok()).await;
    if let Err(problem) = planned {
        let todo = "allow yourself scheduler:ListSchedules on the stack's schedule group";
        found.push(Finding::warning(Check::Schedules, format!("cannot be listed: {problem}"), todo));
    }
    found.extend(harkara_aws::doctor::mail(session).await);
    shown(&found, json)
}

fn named(session: &Session, store: Option<String>) -> Result<StoreId> {
    Ok(match store {
        Some(store) => store.into(),
        None => session.config().require(Config::STORE)?.into(),
    })
}

/// Connections first: a flow that is on must be able to send.
async fn store_put(session: &Session, file: &StoreFile) -> Result<()> {
    let prefix = session.config().require(Config::PARAMETERS)?;
    let parameters = Client::new(&session.sdk(Service::Ssm));
    for (name, connection) in &file.connections {
        let parameter = format!("{}/{}/{name}", prefix.trim_end_matches('/'), file.store);
        let put = parameters.put_parameter().name(&parameter).overwrite(true);
        let put = put.r#type(ParameterType::SecureString).value(connection.to_string());
        let put = put.send().await.map_err(|error| anyhow::anyhow!("{}", DisplayErrorContext(error)));
        put.with_context(|| format!("ssm:PutParameter of {parameter}"))?;
    }
    let (table, clock) = (session.table()?, session.clock());
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    file.put(&Setup { table, clock, catalog }).await?;
    println!("The store {} is set up, with {} flows.", file.store, file.flows.len());
    Ok(())
}

async fn link(session: &Session, store: &StoreId) -> Result<()> {
    let people = People { table: session.table()?, clock: session.clock() };
    match people.first_link(store).await? {
        Some(invitation) => {
            let url = session.config().get(Config::PUBLIC_URL).unwrap_or_default();
            println!("Set the owner's password (the link works once):\n    {url}/setup/{}", invitation.token);
        }
        None => println!("The store {store} has an owner, who can invite others."),
    }
    Ok(())
}
