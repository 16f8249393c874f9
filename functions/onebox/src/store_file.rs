//! A store in one file: what `harkara store put` reads, and what the demo store is made of.

use anyhow::{Context, Result};
use harkara_domain::StoreId;
use harkara_engine::{settings::Settings, setup::Setup};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A store: its settings, connections, templates and flows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreFile {
    /// Its id, as in addresses.
    pub store: StoreId,
    /// Its settings.
    pub settings: Settings,
    /// How it is connected: `shopify`, `whatsapp`, `smtp`.
    #[serde(default)]
    pub connections: Map<String, Value>,
    /// Its templates, as YAML.
    #[serde(default)]
    pub templates: Vec<String>,
    /// Its flows, as YAML.
    #[serde(default)]
    pub flows: Vec<String>,
    /// Switch the flows on.
    #[serde(default)]
    pub activate: bool,
}

impl StoreFile {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no such file.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))
    }

    /// Sets the store up, but for its connections, whose place is apart. What it has already and the
    /// file does not name stays.
    ///
    /// # Errors
    /// When a text has problems, or something cannot be written.
    pub async fn put(&self, setup: &Setup) -> Result<()> {
        setup.settings(&self.store, &self.settings).await.context("settings")?;
        for text in &self.templates {
            setup.template(&self.store, text).await.with_context(|| first_line(text))?;
        }
        for text in &self.flows {
            let head = setup.flow(&self.store, text, "store file").await.with_context(|| first_line(text))?;
            if self.activate && !head.active {
                setup.switch(&self.store, &head.id, true).await?;
            }
        }
        Ok(())
    }

    /// The demo store, with secrets of its own and no credentials: its messages go to the outbox.
    ///
    /// # Errors
    /// When the machine gives no random bytes.
    pub fn demo(console_url: &str) -> Result<Self> {
        let mut teams = std::collections::BTreeMap::new();
        teams.insert(Settings::OPS.to_owned(), vec!["ops@chadar.example".to_owned()]);
        let mut connections = Map::new();
        connections.insert("shopify".to_owned(), json!({ "secrets": [secret()?], "region": "PK" }));
        let whatsapp = json!({
            "secrets": [secret()?], "verify_token": secret()?, "region": "PK", "reference_key": secret()?,
        });
        connections.insert("whatsapp".to_owned(), whatsapp);
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Ok(Self {
            store: Self::DEMO.into(),
            settings: Settings {
                name: "Chadar & Co.".to_owned(),
                timezone: "Asia/Karachi".to_owned(),
                languages: vec!["roman-ur".to_owned(), "en".to_owned()],
                teams,
                priority: false,
                console_url: Some(console_url.to_owned()),
            },
            connections,
            templates: own(&TEMPLATES),
            flows: own(&FLOWS),
            activate: true,
        })
    }

    /// The demo store's id.
    pub const DEMO: &str = "demo";
}

/// The default flows.
pub const FLOWS: [&str; 4] = [
    include_str!("../../../flows/cod-confirmation.yaml"),
    include_str!("../../../flows/dispatch-notice.yaml"),
    include_str!("../../../flows/post-delivery-followup.yaml"),
    include_str!("../../../flows/exception-review.yaml"),
];

/// Their templates.
pub const TEMPLATES: [&str; 7] = [
    include_str!("../../../flows/templates/cod_confirmation.yaml"),
    include_str!("../../../flows/templates/cod_reminder.yaml"),
    include_str!("../../../flows/templates/dispatch_notice.yaml"),
    include_str!("../../../flows/templates/followup_day_1.yaml"),
    include_str!("../../../flows/templates/followup_day_7.yaml"),
    include_str!("../../../flows/templates/followup_day_21.yaml"),
    include_str!("../../../flows/templates/followup_day_45.yaml"),
];

/// 256 random bits as text.
///
/// # Errors
/// When the machine gives none.
pub fn secret() -> Result<String> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(hex::encode(bytes))
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.starts_with('#')).unwrap_or_default().to_owned()
}
