//! The flow language: what a shop writes down once.
//!
//! A flow has a trigger, conditions and stages; a stage sends a message, performs a workflow, or
//! both. Unknown fields are errors. Read one with [`parse::flow`].

pub mod action;
pub mod condition;
pub mod parse;
pub mod timing;

use serde::{Deserialize, Serialize};

use crate::{fact::Choice, id::FlowId, status::Trigger};
pub use action::Action;
pub use condition::Condition;
pub use timing::{Delay, TimeOfDay};

/// A flow as written; which id and version it has is its place in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What the team calls it.
    pub name: String,
    /// What starts it.
    pub trigger: Trigger,
    /// Which orders it is for; all, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Condition>,
    /// What to do about a send whose answer was lost.
    #[serde(default)]
    pub on_ambiguous: OnAmbiguous,
    /// What it does, in order; 1 to [`Flow::MAX_STAGES`].
    pub stages: Vec<Stage>,
}

impl Flow {
    /// The most stages that a flow may have.
    pub const MAX_STAGES: usize = 30;
    /// The most characters of its name.
    pub const MAX_NAME: usize = 80;

    /// The id that the name gives: `COD confirmation` is `cod-confirmation`.
    pub fn id(&self) -> FlowId {
        let words: Vec<String> = self
            .name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        FlowId::new(words.join("-"))
    }
}

/// What to do about a send whose answer was lost, when no receipt has settled it within the first
/// wait of the retry ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnAmbiguous {
    /// Send again: a provider that had accepted would have reported by then.
    #[default]
    Resend,
    /// Hold it as failed, for a person to replay.
    Hold,
}

/// One stage of a flow. Without `after` or `after_previous` it is due at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What the team calls it.
    pub name: String,
    /// How long after the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Delay>,
    /// How long after the stage before was done with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_previous: Option<Delay>,
    /// At this time of that day, or of the next if past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<TimeOfDay>,
    /// Never earlier in the day than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<TimeOfDay>,
    /// Never later in the day than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<TimeOfDay>,
    /// Leave the stage out when this holds at its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip_if: Option<Condition>,
    /// What to say to the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// What to do about the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflow: Vec<Action>,
}

impl Stage {
    /// The most characters of its name.
    pub const MAX_NAME: usize = 80;
    /// The most actions of its workflow.
    pub const MAX_ACTIONS: usize = 20;
}

/// What to say to the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// In the order of preference; the next is used when one cannot reach the customer for good.
    pub channels: Vec<Channel>,
    /// The name of one of the store's templates.
    pub template: String,
    /// Answers to offer, at most three; they carry a signed reference to the order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Choice>,
}

impl Message {
    /// The most answers that it may offer: WhatsApp's limit for reply buttons.
    pub const MAX_BUTTONS: usize = 3;
    /// The most characters of a template's name.
    pub const MAX_TEMPLATE: usize = 100;
}

/// A way to reach a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// WhatsApp.
    Whatsapp,
    /// E-mail.
    Email,
}

impl Channel {
    /// As in the flow language.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whatsapp => "whatsapp",
            Self::Email => "email",
        }
    }
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Whatsapp => "WhatsApp",
            Self::Email => "e-mail",
        })
    }
}
