//! `harkara rehearse`: what a flow would do, moment by moment. See `docs/rehearsal.md`.

use anyhow::{Context, Result};
use clap::Args;
use harkara_domain::{FlowId, Subject, rehearse::Meanwhile};
use harkara_engine::rehearsal::{Rehearser, Wish};
use jiff::Timestamp;
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{flow_command::Whose, flow_place::Place, folder, secrets_file::SecretsFile};

/// A flow, and whom it is rehearsed on.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// A flow of the store, by its id, or a file, YAML or JSON. Of a flow with a draft the draft is meant.
    flow: String,
    /// The flow's current version, though it has a draft.
    #[arg(long)]
    current: bool,
    /// On an order of the store, as it is now; `customer:…` and `cart:…` are taken, too.
    #[arg(long, group = "whom")]
    order: Option<String>,
    /// On an order in a file, JSON: the API's `snapshot` of one, or the body of a Shopify webhook.
    #[arg(long, group = "whom")]
    file: Option<PathBuf>,
    /// On an invented subject that the trigger can come about for; so, too, if neither is given.
    #[arg(long, group = "whom")]
    sample: bool,
    /// Assume that something happens meanwhile, such as “10m confirm” or “1d delivered”; more than once
    /// for more.
    #[arg(long, value_name = "WHEN WHAT")]
    meanwhile: Vec<Meanwhile>,
    /// When the trigger comes, such as 2026-11-22T14:00:00+05:00; now, if absent.
    #[arg(long)]
    at: Option<Timestamp>,
    /// Go through the stages though the flow would not take it.
    #[arg(long)]
    anyway: bool,
    #[command(flatten)]
    store: Whose,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Rehearse {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<()> {
        let wish = self.wish()?;
        let place = Place::of(&self.store)?;
        let told = place.rehearse(&wish, &self.store.data).await;
        place.close();
        let told = told?;
        if self.json {
            println!("{told:#}");
        } else {
            print!("{}", told.get("timetable").and_then(Value::as_str).unwrap_or_default());
        }
        Ok(())
    }

    fn wish(&self) -> Result<Wish> {
        let path = Path::new(&self.flow);
        let (flow, text) = if path.is_file() {
            (None, Some(folder::text(path)?))
        } else {
            (Some(FlowId::new(self.flow.as_str())), None)
        };
        let order = match &self.file {
            Some(file) => {
                let text = folder::text(file)?;
                Some(serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))?)
            }
            None => None,
        };
        Ok(Wish {
            flow,
            current: self.current,
            text,
            subject: self.order.as_deref().map(Subject::from),
            order,
            at: self.at,
            meanwhile: self.meanwhile.clone(),
            anyway: self.anyway,
        })
    }
}

impl Place {
    /// Rehearses a flow; `data` is the data folder, with the connections.
    async fn rehearse(&self, wish: &Wish, data: &Path) -> Result<Value> {
        match self {
            Self::Server(client) => {
                client.call("POST", "/api/v1/rehearsals", Some(serde_json::to_value(wish)?)).await
            }
            Self::Folder { setup, store, .. } => {
                let rehearser = Rehearser {
                    table: setup.table.clone(),
                    catalog: setup.catalog.clone(),
                    secrets: Arc::new(SecretsFile::in_folder(data)),
                    clock: setup.clock.clone(),
                };
                Ok(serde_json::to_value(rehearser.rehearse(store, wish).await?)?)
            }
        }
    }
}
