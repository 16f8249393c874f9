//! Which flows an occurrence may start, without looking at the others.

use std::collections::HashMap;

use super::Flow;
use crate::occurrence::Kind;

/// The places of flows in a list, by the kind of occurrence that they wait for: however many flows there
/// are, only those that may start are looked at.
#[derive(Clone, Debug, Default)]
pub struct Index(HashMap<Kind, Vec<usize>>);

impl Index {
    /// The index of a list of flows.
    pub fn of<'f>(flows: impl IntoIterator<Item = &'f Flow>) -> Self {
        let mut places: HashMap<Kind, Vec<usize>> = HashMap::new();
        for (place, flow) in flows.into_iter().enumerate() {
            places.entry(flow.trigger.kind()).or_default().push(place);
        }
        Self(places)
    }

    /// The places of the flows that wait for a kind of occurrence, in the order of the list.
    pub fn waiting_for(&self, kind: Kind) -> &[usize] {
        self.0.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }
}
