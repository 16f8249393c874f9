//! What a rehearsed stage has to show.

use harkara_channels::OutgoingMessage;
use harkara_domain::{
    Reason,
    fact::Choice,
    flow::{Action, Channel, Message},
};
use serde::Serialize;

use super::words;

/// What a rehearsed stage has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Its message, by each of its channels in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<ShownMessage>,
    /// Its actions, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ShownAction>,
}

/// A message as one channel would carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownMessage {
    /// The channel.
    pub channel: Channel,
    /// It goes by this one.
    pub goes: bool,
    /// The template.
    pub template: String,
    /// The language that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The subject of a mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its buttons.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<ShownButton>,
    /// What is wrong with it, or why it does not go by this channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownButton {
    /// What it means.
    pub choice: Choice,
    /// The words on it.
    pub label: String,
}

/// An action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownAction {
    /// Its name in the flow language.
    pub name: String,
    /// What it does, in words.
    pub words: String,
    /// The subject and text of its mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mail: Option<(String, String)>,
    /// Why it would not be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl ShownMessage {
    /// A message as it was composed for a channel.
    pub(crate) fn of(
        channel: Channel,
        message: &Message,
        composed: &Result<OutgoingMessage, Reason>,
    ) -> Self {
        let bare = Self {
            channel,
            goes: false,
            template: message.template(channel).to_owned(),
            language: None,
            subject: None,
            text: None,
            buttons: Vec::new(),
            problem: None,
        };
        match composed {
            Err(reason) => Self { problem: Some(reason.to_string()), ..bare },
            Ok(outgoing) => {
                let content = &outgoing.content;
                let button = |button: &harkara_channels::Button| ShownButton {
                    choice: button.choice,
                    label: button.title.clone(),
                };
                let subject = content.subject.clone().filter(|_| channel == Channel::Email);
                Self {
                    language: Some(content.language.clone()),
                    subject,
                    text: Some(content.text.clone()),
                    buttons: outgoing.buttons.iter().map(button).collect(),
                    ..bare
                }
            }
        }
    }
}

impl ShownAction {
    /// An action in words.
    pub(crate) fn of(action: &Action) -> Self {
        Self { name: words::name(action), words: words::action(action), mail: None, problem: None }
    }
}
