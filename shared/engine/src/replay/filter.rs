//! Which dead letters a replay is for.

use harkara_domain::StoreId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    bury::{Content, DeadLetter},
    keys,
    port::Query,
};

/// Which dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Just this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Of the flow with this name; case does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// Whose reason has these words in it; case does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// That failed at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// That failed at this time or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
}

impl Filter {
    /// Whether it is for this letter. A letter that was replayed is not for any filter: if it failed
    /// again, there is a new one.
    pub fn admits(&self, letter: &DeadLetter) -> bool {
        let has = |text: &str, part: &str| text.to_lowercase().contains(&part.to_lowercase());
        let flow = match &letter.content {
            Content::Stage { flow, .. } => flow.as_str(),
            Content::Message { .. } => "",
        };
        letter.replayed.is_none()
            && self.id.as_ref().is_none_or(|id| *id == letter.id)
            && self.flow.as_ref().is_none_or(|name| name.to_lowercase() == flow.to_lowercase())
            && self.error.as_ref().is_none_or(|words| has(&letter.reason.to_string(), words))
            && self.from.is_none_or(|from| letter.at >= from)
            && self.to.is_none_or(|to| letter.at <= to)
    }

    pub(super) fn query(&self, store: &StoreId) -> Query {
        let mut query = Query::partition(keys::dead_letters(store));
        match &self.id {
            Some(id) => (query.from, query.to) = (Some(id.clone()), Some(id.clone())),
            None => {
                query.from = self.from.map(keys::stamp);
                query.to = self.to.map(|to| Query::end_of(&keys::stamp(to)));
            }
        }
        query
    }
}
