//! The shops that worlds are about: the same demo store, with other flows on. A few flows each keep a world
//! small, and together they use every kind of stage and trigger.

use anyhow::{Context, Result};
use harkara_domain::flow::{Class, parse};
use harkara_onebox::store_file::{FLOWS, PACK_FLOWS, PACK_TEMPLATES, StoreFile};
use jiff::SignedDuration;
use serde_json::json;

/// Which flows a shop has on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The four that every store begins with.
    Usual,
    /// It asks how it went, and looks after parcels that stand still: forks that wait, draw and branch.
    Care,
    /// It brings back carts that were left, and welcomes: marketing, with consent and a cap.
    Carts,
    /// It wins back who has been quiet: dates, which the sweep finds.
    Quiet,
}

/// Each time a customer asks, and asking leaves nothing in a view by which a repetition could be known.
const ANSWERS: &str = "
name: Where is it
trigger: { message_received: { intent: where_is_it } }
re_entry: always
stages:
  - name: Take note
    workflow: [{ log_event: They ask where it is }]
";

/// One of two ways to say thanks, and rather not at all than twice.
const THANKS: &str = "
name: Thanks
trigger: order_delivered
on_ambiguous: hold
stages:
  - name: Which words
    after: 5m
    split:
      - name: short
        weight: 50
        stages: [{ name: Thanks, message: { channels: [whatsapp], template: delivery_confirmation } }]
      - name: with a note
        weight: 50
        stages:
          - name: Thanks and a note
            message: { channels: [whatsapp], template: delivery_confirmation }
            workflow: [{ add_note: thanked }]
";

impl Kind {
    const ALL: [Self; 4] = [Self::Usual, Self::Care, Self::Carts, Self::Quiet];

    /// That of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let turn = usize::try_from(seed / 16 % 4).unwrap_or(0);
        Self::ALL.get(turn).copied().unwrap_or(Self::Usual)
    }

    /// Its place among the kinds.
    pub(crate) fn place(self) -> usize {
        Self::ALL.iter().position(|kind| *kind == self).unwrap_or(0)
    }

    /// How many kinds there are.
    pub(crate) const COUNT: usize = Self::ALL.len();

    /// How many marketing messages a customer of [`Kind::Carts`] gets at most, and within how long.
    pub(crate) const CAP: (usize, SignedDuration) = (2, SignedDuration::from_hours(3 * 24));

    /// The flows that rather do not send at all than twice.
    pub(crate) const HOLDS: [&str; 3] = ["thanks", "out-for-delivery", "delivery-confirmation"];

    /// The flows that are on, by their ids.
    pub(crate) fn flows(self) -> &'static [&'static str] {
        match self {
            Self::Usual => &[
                "cod-confirmation",
                "dispatch-notice",
                "post-delivery-followup",
                "exception-review",
                "where-is-it",
            ],
            Self::Care => &[
                "cod-confirmation",
                "satisfaction-survey",
                "stalled-shipment",
                "out-for-delivery",
                "thanks",
                "where-is-it",
            ],
            Self::Carts => &["cod-confirmation", "cart-recovery", "welcome-series", "dispatch-notice"],
            Self::Quiet => &["exception-review", "win-back", "delivery-confirmation"],
        }
    }

    /// How long things go wrong.
    pub(crate) fn rough(self) -> SignedDuration {
        let days = match self {
            Self::Usual => 5,
            Self::Care | Self::Carts => 12,
            Self::Quiet => 34,
        };
        SignedDuration::from_hours(24 * days)
    }

    /// For how long the sweep has to look for dates, and how often it does then.
    pub(crate) fn dates(self) -> Option<(SignedDuration, SignedDuration)> {
        (self == Self::Quiet).then(|| (SignedDuration::from_hours(24 * 36), SignedDuration::from_hours(9)))
    }

    /// The demo store with those flows, with a number and with secrets that are the same every time.
    pub(crate) fn store(self) -> Result<StoreFile> {
        let mut file = StoreFile::demo("https://shop.example")?;
        file.connections.insert("shopify".to_owned(), json!({ "secrets": ["shop-secret"], "region": "PK" }));
        let whatsapp = json!({
            "secrets": ["meta-secret"], "verify_token": "token", "region": "PK",
            "reference_key": "0123456789abcdef0123456789abcdef", "phone_number_id": "310042001042",
            "access_token": "token", "api_url": "https://graph.example/v23.0",
        });
        file.connections.insert("whatsapp".to_owned(), whatsapp);
        file.templates.extend(PACK_TEMPLATES.iter().map(|text| (*text).to_owned()));
        file.flows.clear();
        for text in FLOWS.iter().chain(&PACK_FLOWS).copied().chain([ANSWERS, THANKS]) {
            let flow = parse::flow(text).ok().context("a flow of the pack cannot be read")?;
            if !self.flows().contains(&flow.id().as_str()) {
                continue;
            }
            let holds = Self::HOLDS.contains(&flow.id().as_str()) && !text.contains("on_ambiguous");
            let more = if holds { "\non_ambiguous: hold" } else { "" };
            file.flows.push(format!("{}{more}\n", text.trim_end()));
        }
        if self == Self::Carts {
            let (most, per) = Self::CAP;
            let per = format!("{}d", per.as_hours() / 24);
            let cap = serde_json::from_value(json!({ "most": most, "per": per, "then": "skip" }))?;
            file.settings.rules.caps.insert(Class::Marketing, cap);
        }
        Ok(file)
    }
}
