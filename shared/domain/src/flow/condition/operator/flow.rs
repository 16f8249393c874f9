//! Flows as another flow names them.

use serde::{Deserialize, Serialize};

use super::{Flaw, Member, text_flaw};
use crate::{flow::Flow, id::FlowId};

/// A flow by its name or id: `COD confirmation` and `cod-confirmation` are the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct FlowName {
    written: String,
    id: FlowId,
}

impl From<String> for FlowName {
    fn from(written: String) -> Self {
        Self { id: Flow::id_of(&written), written }
    }
}

impl From<FlowName> for String {
    fn from(name: FlowName) -> Self {
        name.written
    }
}

impl Member<&FlowId> for FlowName {
    fn is(&self, actual: &FlowId) -> bool {
        self.id == *actual
    }
    fn spoken(&self) -> String {
        self.written.clone()
    }
    fn found(actual: &FlowId) -> String {
        actual.to_string()
    }
    fn flaw(&self, at: String) -> Option<Flaw> {
        let nameless = self.id.as_str().is_empty() && !self.written.trim().is_empty();
        let flaw = nameless.then(|| Flaw::new(at.clone(), "needs at least one letter or digit"));
        flaw.or_else(|| text_flaw(at, &self.written))
    }
}
