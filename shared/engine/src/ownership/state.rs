//! The states of a flow.

use harkara_domain::reason::Off;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::catalog::FlowHead;

/// Whether a flow starts runs, and what may become of it. Runs that have begun go on in every state, with
/// the version that they began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowState {
    /// Being written: it has not been activated since it was made or restored.
    Draft,
    /// It starts runs.
    Active,
    /// It starts none until it is activated again.
    Paused,
    /// Put away: it starts none, and lists leave it out unless asked. It can be restored.
    Archived,
}

impl FlowState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Draft, Self::Active, Self::Paused, Self::Archived];

    /// As in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Archived => "archived",
        }
    }

    /// What keeps a flow in this state from starting runs.
    pub fn off(self) -> Option<Off> {
        match self {
            Self::Active => None,
            Self::Draft => Some(Off::Draft),
            Self::Paused => Some(Off::Paused),
            Self::Archived => Some(Off::Archived),
        }
    }

    /// Whether a flow in this state may be brought into that one by a person. Each may stay what it is.
    pub fn may_become(self, to: Self) -> bool {
        match to {
            _ if self == to => true,
            Self::Active => matches!(self, Self::Draft | Self::Paused),
            Self::Paused => self == Self::Active,
            Self::Archived => true,
            Self::Draft => self == Self::Archived,
        }
    }
}

impl fmt::Display for FlowState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An edit that is kept beside a flow's current version. It does nothing until the flow is activated, which
/// makes it the next version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its text.
    pub text: String,
    /// When it was saved.
    pub saved_at: Timestamp,
    /// By whom.
    pub by: String,
}

impl FlowHead {
    /// Whether it starts runs.
    pub fn is_active(&self) -> bool {
        self.state == FlowState::Active
    }

    /// The text that activating it would make current: the draft where there is one.
    pub fn next_text(&self) -> &str {
        self.draft.as_ref().map_or(&self.text, |draft| &draft.text)
    }
}

/// How a head keeps its state: with `active` beside it, all that heads had before there were four states.
/// One that was switched off then reads as paused, which is what being off was.
pub(crate) mod kept {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::FlowState;

    #[derive(Serialize, Deserialize)]
    struct Kept {
        state: Option<FlowState>,
        active: Option<bool>,
    }

    pub(crate) fn serialize<S: Serializer>(state: &FlowState, serializer: S) -> Result<S::Ok, S::Error> {
        Kept { state: Some(*state), active: Some(*state == FlowState::Active) }.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FlowState, D::Error> {
        let Kept { state, active } = Kept::deserialize(deserializer)?;
        match (state, active) {
            (Some(state), _) => Ok(state),
            (None, Some(true)) => Ok(FlowState::Active),
            (None, Some(false)) => Ok(FlowState::Paused),
            (None, None) => Err(D::Error::missing_field("state")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_before_there_were_states_are_read() {
        let old = |rest: &str| {
            let text = format!(
                r#"{{"id":"f","version":2,{rest}"changed_at":"2026-11-22T10:00:00Z","text":"name: F"}}"#
            );
            serde_json::from_str::<FlowHead>(&text)
        };
        assert_eq!(old(r#""active":true,"#).unwrap().state, FlowState::Active);
        assert_eq!(old(r#""active":false,"because":"x","#).unwrap().state, FlowState::Paused);
        assert_eq!(old(r#""state":"archived","active":false,"#).unwrap().state, FlowState::Archived);
        assert!(old("").is_err(), "a head without either is no head");
        let head = old(r#""active":true,"#).unwrap();
        let kept = serde_json::to_value(&head).unwrap();
        assert_eq!((&kept["state"], &kept["active"]), (&"active".into(), &true.into()));
        assert_eq!(serde_json::from_value::<FlowHead>(kept).unwrap(), head);
    }

    #[test]
    fn a_person_may_take_these_ways_and_no_others() {
        use FlowState::{Active, Archived, Draft, Paused};
        let ways: Vec<_> = FlowState::ALL
            .into_iter()
            .flat_map(|from| FlowState::ALL.map(|to| (from, to)))
            .filter(|(from, to)| from != to && from.may_become(*to))
            .collect();
        let expected = [
            (Draft, Active),
            (Draft, Archived),
            (Active, Paused),
            (Active, Archived),
            (Paused, Active),
            (Paused, Archived),
            (Archived, Draft),
        ];
        assert_eq!(ways, expected);
    }
}
