//! Message templates: what a shop writes once, in its languages, for all its channels.
//!
//! ```yaml
//! name: cod_confirmation            # as registered with Meta
//! category: utility
//! subject: "{{ store.name }}: {{ order.name }}"      # for e-mail; or a text for each language
//! texts:
//!   roman-ur: 'Salam {{ customer.first_name | default: "dost" }}! Aap ka order {{ order.name }} mil gaya.'
//!   en: 'Hello {{ customer.first_name | default: "there" }}! We have your order {{ order.name }} here.'
//! labels:                           # the words on buttons, at most 20 characters
//!   confirm: { roman-ur: "Haan, bhej dein", en: "Yes, send it" }
//! meta_languages: { roman-ur: ur }  # where Meta's tag is not the usual one
//! ```
//!
//! The body that is registered with Meta is the same text with its outputs numbered
//! ([`Template::meta_body`]), and a message's parameters are what the outputs became, so a text is
//! written once.

mod growth;
mod language;
mod missing;
mod output;
mod source;
mod text;
mod variables;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use harkara_domain::fact::Choice;

pub use harkara_domain::flow::parse::Problem;
pub use missing::{Missing, missing_for};
pub use output::FILTERS;
pub use source::{Category, parse};
pub use variables::{VARIABLES, Variables};
pub use words::Words;

use output::Output;
use text::Text;

/// A template filled in for one order, in one language. Its `Debug` form shows none of what it says.
#[derive(Clone, Default, PartialEq, Eq)]
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

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Rendered({}, {})", self.template, self.language)
    }
}

/// Why a template could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// There is no value for a variable, and no `default` for it.
    #[error("no value for {variable}, and no default")]
    MissingValue {
        /// One of [`VARIABLES`].
        variable: &'static str,
    },
    /// A filter could not take a value.
    #[error("a filter on {variable} failed: {problem}")]
    Filter {
        /// The output's variable.
        variable: &'static str,
        /// What the filter said.
        problem: String,
    },
    /// The template has no text at all; [`parse`] lets none through.
    #[error("the template has no text")]
    NoText,
}

/// A template, compiled. Clones share what was compiled.
#[derive(Clone)]
pub struct Template {
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    category: Category,
    /// In the order in which they were written; the first is what everybody else gets.
    versions: Vec<Version>,
}

/// The template in one language.
struct Version {
    language: String,
    meta_language: String,
    text: Text,
    subject: Option<Text>,
    labels: BTreeMap<Choice, String>,
}

impl Version {
    /// The outputs of its text and of its subject.
    fn outputs(&self) -> impl Iterator<Item = &Output> {
        [Some(&self.text), self.subject.as_ref()].into_iter().flatten().flat_map(Text::outputs)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.inner.name)
            .field("languages", &self.languages().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// The name that flows use, and that it is registered by with Meta.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The category that it is registered in with Meta.
    pub fn category(&self) -> Category {
        self.inner.category
    }

    /// The languages it is written in, the first being what everybody else gets.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.inner.versions.iter().map(|version| version.language.as_str())
    }

    /// The answers that it has words for.
    pub fn choices(&self) -> impl Iterator<Item = Choice> {
        self.inner.versions.first().into_iter().flat_map(|version| version.labels.keys().copied())
    }

    /// The tag to register a language by with Meta; `None` if the template is not written in it.
    pub fn meta_language(&self, language: &str) -> Option<&str> {
        self.version(language).map(|version| version.meta_language.as_str())
    }

    /// The body to register with Meta for a language: outputs are `{{1}}`, `{{2}}`… in the order of the
    /// text. `None` if the template is not written in that language.
    pub fn meta_body(&self, language: &str) -> Option<String> {
        self.version(language).map(|version| version.text.numbered())
    }

    /// Whether there is no filling it in without a coupon, in one of its languages at least.
    pub fn asks_for_coupon(&self) -> bool {
        let asks = |version: &Version| {
            version.text.asks_for_coupon() || version.subject.as_ref().is_some_and(Text::asks_for_coupon)
        };
        self.inner.versions.iter().any(asks)
    }

    fn version(&self, language: &str) -> Option<&Version> {
        self.inner.versions.iter().find(|version| version.language == language)
    }

    /// The variables that it uses, in any of its languages, by name.
    pub fn variables_used(&self) -> BTreeSet<&'static str> {
        self.inner.versions.iter().flat_map(Version::outputs).flat_map(Output::variables).collect()
    }

    /// Fills it in, in the first of `languages` (in order of preference) that it is written in, else in
    /// its own first.
    ///
    /// # Errors
    /// [`RenderError::MissingValue`] rather than a text with a hole; [`RenderError::Filter`] when a
    /// filter fails.
    pub fn render(&self, variables: &Variables, languages: &[&str]) -> Result<Rendered, RenderError> {
        let version = language::pick(&self.inner.versions, |version| &version.language, languages)
            .ok_or(RenderError::NoText)?;
        let mut parameters = Vec::new();
        let text = version.text.fill(variables, &mut parameters)?;
        let subject =
            version.subject.as_ref().map(|text| text.fill(variables, &mut Vec::new())).transpose()?;
        Ok(Rendered {
            template: self.inner.name.clone(),
            language: version.language.clone(),
            meta_language: version.meta_language.clone(),
            text,
            parameters,
            subject,
            labels: version.labels.clone(),
        })
    }
}
