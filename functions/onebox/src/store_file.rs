//! A store in one file: what `harkara store put` reads, and what the demo store is made of.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use harkara_domain::{StoreId, flow::parse};
use harkara_engine::{
    ownership::{Bundle, Plan, Sheet, Wish},
    prices::Prices,
    settings::Settings,
    setup::Setup,
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A store: its settings, connections, templates and flows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoreFile {
    /// Its id, as in addresses.
    pub store: StoreId,
    /// Its settings.
    pub settings: Settings,
    /// How it is connected: `shopify`, `whatsapp`, `smtp`, `webhooks`.
    #[serde(default, deserialize_with = "connections")]
    pub connections: Map<String, Value>,
    /// Its templates, as YAML.
    #[serde(default)]
    pub templates: Vec<String>,
    /// Its flows, as YAML.
    #[serde(default)]
    pub flows: Vec<String>,
    /// Flows that are to be looked at first, as YAML: drafts, whatever `activate` says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drafts: Vec<String>,
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
        Self::parse(&text).with_context(|| format!("reading {}", file.display()))
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is no such file, and where. Nothing of a connection is repeated.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Sets the store up, but for its connections, whose place is apart. What it has already and the
    /// file does not name stays. Flows and templates come in all, or none where one has a problem. Of drafts
    /// only those come in that the store has no flow for: whatever became of the others is a person's doing.
    ///
    /// # Errors
    /// When a text has problems, or something cannot be written.
    pub async fn put(&self, setup: &Setup) -> Result<()> {
        setup.settings(&self.store, &self.settings).await.context("settings")?;
        let wish = Wish { prune: false, activate: self.activate };
        setup.apply(&self.store, &self.bundle(), wish, BY).await?;
        let held = setup.heads(&self.store).await?;
        for text in &self.drafts {
            let id = parse::flow(text).ok().map(|flow| flow.id());
            if !held.iter().any(|head| Some(&head.id) == id.as_ref()) {
                setup.draft(&self.store, text, BY).await?;
            }
        }
        Ok(())
    }

    /// The same, with the flows that are ready to activate as drafts, and their templates.
    #[must_use]
    pub fn with_pack(mut self) -> Self {
        self.templates.extend(PACK_TEMPLATES.iter().map(|text| (*text).to_owned()));
        self.drafts.extend(PACK_FLOWS.iter().map(|text| (*text).to_owned()));
        self
    }

    fn bundle(&self) -> Bundle {
        let sheets = |what: &str, texts: &[String]| {
            let sheet = |(place, text): (usize, &String)| Sheet {
                file: format!("{what}[{place}], “{}”", first_line(text)),
                text: text.clone(),
            };
            texts.iter().enumerate().map(sheet).collect()
        };
        Bundle { flows: sheets("flows", &self.flows), templates: sheets("templates", &self.templates) }
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
        connections.insert("webhooks".to_owned(), json!({ "secrets": [webhook_secret()?] }));
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Ok(Self {
            store: Self::DEMO.into(),
            settings: Settings {
                name: "Chadar & Co.".to_owned(),
                timezone: "Asia/Karachi".to_owned(),
                languages: vec!["roman-ur".to_owned(), "en".to_owned()],
                teams,
                priority: false,
                plan: Plan::default(),
                console_url: Some(console_url.to_owned()),
                journal_days: Settings::JOURNAL_DAYS,
                watch: harkara_engine::settings::Watching::default(),
                prices: Prices::default(),
                rules: harkara_domain::Rules::default(),
            },
            connections,
            templates: own(&TEMPLATES),
            flows: own(&FLOWS),
            drafts: Vec::new(),
            activate: true,
        })
    }

    /// The demo store's id.
    pub const DEMO: &str = "demo";
}

/// Who sets a store up from its file, in the audit log.
const BY: &str = "store file";

/// The texts of files in the folder of flows.
macro_rules! texts {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        [$(include_str!(concat!("../../../flows/", $folder, $name, ".yaml"))),+]
    };
}

/// The default flows.
pub const FLOWS: [&str; 4] =
    texts!["": "cod-confirmation", "dispatch-notice", "post-delivery-followup", "exception-review"];

/// Their templates.
pub const TEMPLATES: [&str; 7] = texts![
    "templates/": "cod_confirmation", "cod_reminder", "dispatch_notice", "followup_day_1", "followup_day_7",
    "followup_day_21", "followup_day_45",
];

/// The flows that are ready to activate, beside the default ones.
pub const PACK_FLOWS: [&str; 13] = texts![
    "": "cart-recovery", "welcome-series", "welcome-on-sign-up", "vip-upgrade", "vip-nudge", "win-back",
    "out-for-delivery", "delivery-confirmation", "satisfaction-survey", "prepaid-payment", "stalled-shipment",
    "birthday", "renewal-reminder",
];

/// Their templates.
pub const PACK_TEMPLATES: [&str; 23] = texts![
    "templates/": "cart_reminder_1", "cart_reminder_2", "cart_coupon", "welcome_day_0", "welcome_day_3",
    "welcome_day_7", "welcome_day_14", "vip_upgraded", "vip_close", "winback_30", "winback_60", "winback_90",
    "out_for_delivery", "out_for_delivery_cod", "delivery_confirmation", "survey", "survey_review",
    "survey_sorry", "payment_instructions", "payment_reminder", "shipment_apology", "birthday",
    "renewal_reminder",
];

/// 256 random bits as text.
///
/// # Errors
/// When the machine gives none.
pub fn secret() -> Result<String> {
    Ok(hex::encode(random()?))
}

/// A secret to sign webhooks with, in the text form of Standard Webhooks: 256 random bits in base64.
///
/// # Errors
/// When the machine gives none.
pub fn webhook_secret() -> Result<String> {
    Ok(format!("whsec_{}", STANDARD.encode(random()?)))
}

fn random() -> Result<[u8; 32]> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    Ok(bytes)
}

/// A map, or a complaint that does not repeat what stands there: it may be a secret.
fn connections<'de, D: Deserializer<'de>>(from: D) -> Result<Map<String, Value>, D::Error> {
    match Value::deserialize(from)? {
        Value::Object(connections) => Ok(connections),
        _ => Err(D::Error::custom("connections: a map is expected, from names to connections")),
    }
}

fn first_line(text: &str) -> String {
    text.lines().find(|line| !line.starts_with('#')).unwrap_or_default().to_owned()
}
