//! Where a store is whose flows are compared, put or taken out: behind a server's API, or in a data folder.

use anyhow::{Context, Result};
use harkara_domain::StoreId;
use harkara_embedded::Embedded;
use harkara_engine::{
    catalog::Catalog,
    ownership::{Bundle, Difference, FileProblem, Wish},
    port::{Clock, SystemClock},
    setup::{Setup, SetupError},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::{api::Client, flow_command::Whose, serve};

/// What a comparison came to.
#[derive(Debug)]
pub enum Found {
    /// What differs, and what does not.
    Differences(Vec<Difference>),
    /// What is wrong with the files; nothing was done.
    Problems(Vec<FileProblem>),
}

/// Where a store is.
pub enum Place {
    /// Behind a server's API.
    Server(Client),
    /// In a data folder on which no server is running.
    Folder {
        /// The open folder.
        embedded: Box<Embedded>,
        /// What sets its stores up.
        setup: Box<Setup>,
        /// The store.
        store: StoreId,
    },
}

#[derive(Deserialize)]
struct Differences {
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct Problems {
    problems: Vec<FileProblem>,
}

/// Who the audit log says it was.
const BY: &str = "command line";

impl Place {
    /// The place that was asked for.
    ///
    /// # Errors
    /// Without a key for the server, or when the folder cannot be opened.
    pub fn of(whose: &Whose) -> Result<Self> {
        let Whose { url, data, store } = whose;
        if url.is_some() || std::env::var_os("HARKARA_KEY").is_some() {
            let url = url.as_deref().unwrap_or("http://127.0.0.1:8787");
            return Ok(Self::Server(Client::of(data, url)?));
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        // Made only by what sets a store up: an empty one here would hide a slip of the pen.
        if !data.join(serve::DATABASE).exists() {
            anyhow::bail!("{} is no data folder; say --data, or --url of a server", data.display());
        }
        let embedded = serve::open(data, &clock)
            .context("if a server is running on this folder, say where: --url http://127.0.0.1:8787")?;
        let catalog = Arc::new(Catalog::new(embedded.table(), clock.clone()).reading_text());
        let setup = Setup { table: embedded.table(), clock, catalog };
        let store = serve::console_store(data, store.clone());
        Ok(Self::Folder { embedded: Box::new(embedded), setup: Box::new(setup), store })
    }

    /// Leaves it.
    pub fn close(&self) {
        if let Self::Folder { embedded, .. } = self {
            embedded.close();
        }
    }

    /// What a bundle would change.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn compare(&self, bundle: &Bundle, wish: Wish) -> Result<Found> {
        match self {
            Self::Server(client) => sent(client, "/api/v1/bundle/compare", bundle, wish).await,
            Self::Folder { setup, store, .. } => found(setup.compare(store, bundle, wish).await),
        }
    }

    /// Makes the store be as a bundle says.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn apply(&self, bundle: &Bundle, wish: Wish) -> Result<Found> {
        match self {
            Self::Server(client) => sent(client, "/api/v1/bundle/apply", bundle, wish).await,
            Self::Folder { setup, store, .. } => found(setup.apply(store, bundle, wish, BY).await),
        }
    }

    /// The store's flows and templates.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn export(&self) -> Result<Bundle> {
        match self {
            Self::Server(client) => client.call("GET", "/api/v1/bundle", None).await,
            Self::Folder { setup, store, .. } => Ok(setup.export(store).await?),
        }
    }
}

fn found(differences: Result<Vec<Difference>, SetupError>) -> Result<Found> {
    match differences {
        Ok(differences) => Ok(Found::Differences(differences)),
        Err(SetupError::Bundle(problems)) => Ok(Found::Problems(problems)),
        Err(error) => Err(error.into()),
    }
}

async fn sent(client: &Client, path: &str, bundle: &Bundle, wish: Wish) -> Result<Found> {
    let Bundle { flows, templates } = bundle;
    let Wish { prune, activate } = wish;
    let body: Value = json!({ "flows": flows, "templates": templates, "prune": prune, "activate": activate });
    let answer = client.answer("POST", path, Some(body)).await?;
    if answer.status == 422
        && let Ok(Problems { problems }) = serde_json::from_slice(&answer.body)
    {
        return Ok(Found::Problems(problems));
    }
    let Differences { differences } = Client::read(path, &answer)?;
    Ok(Found::Differences(differences))
}
