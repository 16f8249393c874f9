//! Flows and templates that are compared, put or taken out together: the files of a folder in a repository.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Flows and templates, as files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Flows.
    #[serde(default)]
    pub flows: Vec<Sheet>,
    /// Templates.
    #[serde(default)]
    pub templates: Vec<Sheet>,
}

/// A file with its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    /// Its path within the folder, for whoever reads of its problems.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// What else to do about a bundle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// Archive the flows that it does not hold.
    #[serde(default)]
    pub prune: bool,
    /// Activate those that it holds. Without it, each keeps its state.
    #[serde(default)]
    pub activate: bool,
}

/// What is wrong with a bundle, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileProblem {
    /// The file; empty where it concerns the whole bundle.
    pub file: String,
    /// From 1; `None` where it concerns the whole file.
    pub line: Option<u64>,
    /// The path of the field: `stages[1].after`; empty where it concerns the whole file.
    pub field: String,
    /// What is wrong, in words.
    pub message: String,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}: ", self.file)?;
        }
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// What a bundle says of one flow or template, beside what the store has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which of the two it is.
    pub kind: Kind,
    /// The template's name, or the flow's id.
    pub name: String,
    /// The file; `None` for a flow that the bundle does not hold.
    pub file: Option<String>,
    /// What is to be done, in this order; nothing where both are the same.
    pub acts: Vec<Act>,
    /// The store's text, where the texts differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The bundle's text, where the texts differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Which of the two something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A template.
    Template,
    /// A flow.
    Flow,
}

/// Something to be done about a flow or template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// The store does not have it.
    Create,
    /// The store has another text.
    Change,
    /// The store has archived it.
    Restore,
    /// It is to start runs.
    Activate,
    /// The bundle does not hold it.
    Archive,
}

impl Act {
    /// What was done, in a word.
    pub fn done(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Change => "changed",
            Self::Restore => "restored",
            Self::Activate => "activated",
            Self::Archive => "archived",
        }
    }

    /// What would be done.
    pub fn to_do(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Restore => "restore",
            Self::Activate => "activate",
            Self::Archive => "archive",
        }
    }
}
