//! `harkara why`: why an order got, or did not get, what it got. See `docs/rehearsal.md`.

use anyhow::{Context, Result};
use clap::Args;
use harkara_domain::{FlowId, OrderId};
use harkara_engine::{
    read::Reader,
    rehearsal::why::{self, Language},
};
use serde_json::Value;

use crate::{flow_command::Whose, flow_place::Place};

/// An order, and perhaps a flow.
#[derive(Debug, Args)]
pub struct Why {
    /// The order, as the console's addresses have it: shopify-6100000000042.
    order: String,
    /// Only this flow, by its id.
    flow: Option<String>,
    /// en, or roman-ur for Urdu in Latin letters.
    #[arg(long, default_value = "en")]
    language: Language,
    #[command(flatten)]
    store: Whose,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
}

impl Why {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<()> {
        let place = Place::of(&self.store)?;
        let told = self.told(&place).await;
        place.close();
        let told = told?;
        if self.json {
            println!("{told:#}");
        } else {
            print!("{}", told.get("text").and_then(Value::as_str).unwrap_or_default());
        }
        Ok(())
    }

    async fn told(&self, place: &Place) -> Result<Value> {
        match place {
            Place::Server(client) => {
                let language = serde_json::to_value(self.language)?;
                let mut path = format!(
                    "/api/v1/orders/{}/why?language={}",
                    self.order,
                    language.as_str().unwrap_or_default()
                );
                if let Some(flow) = &self.flow {
                    path += &format!("&flow={flow}");
                }
                client.call("GET", &path, None).await
            }
            Place::Folder { setup, store, .. } => {
                let reader = Reader { table: setup.table.clone(), catalog: setup.catalog.clone() };
                let (order, flow) =
                    (OrderId::new(self.order.as_str()), self.flow.as_deref().map(FlowId::from));
                let why = why::why(&reader, store, &order, flow.as_ref(), self.language).await?;
                let why = why.context("nothing is known of this order, or there is no such flow")?;
                Ok(serde_json::to_value(why)?)
            }
        }
    }
}
