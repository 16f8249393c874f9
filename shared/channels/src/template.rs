//! Message templates.

use std::collections::BTreeMap;

use harkara_domain::fact::Choice;

/// A template filled in for one order, in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The template's name, as registered with Meta.
    pub template: String,
    /// The language it is in: the store's tag, for example `roman-ur` or `en`.
    pub language: String,
    /// The tag that Meta knows the language by, for example `ur` or `en`.
    pub meta_language: String,
    /// The whole text.
    pub text: String,
    /// What was filled in, in the order of the text: Meta's body parameters.
    pub parameters: Vec<String>,
    /// For e-mail.
    pub subject: Option<String>,
    /// The words on the buttons.
    pub labels: BTreeMap<Choice, String>,
}
