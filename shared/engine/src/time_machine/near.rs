//! How near the messages of other flows come to those of the asked one.

use harkara_domain::FlowId;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};

use super::report::Near;

/// Messages by whom they reach: when each of the asked flow's went out, and those of the others.
#[derive(Debug, Default)]
pub(super) struct Sends {
    own: HashMap<String, Vec<Timestamp>>,
    others: HashMap<String, Vec<(Timestamp, FlowId)>>,
}

impl Sends {
    /// Notes a message; `own` is its time where it is the asked flow's.
    pub(super) fn note(&mut self, whom: String, own: Option<Timestamp>, flow: &FlowId, at: Timestamp) {
        match own {
            Some(at) => self.own.entry(whom).or_default().push(at),
            None => self.others.entry(whom).or_default().push((at, flow.clone())),
        }
    }

    /// The other flows that come near, with how many messages from `from` on and customers that concerns.
    pub(super) fn near(&self, from: Timestamp) -> BTreeMap<FlowId, (u64, u64)> {
        let mut near: BTreeMap<FlowId, (u64, u64)> = BTreeMap::new();
        for (whom, own) in &self.own {
            let Some(others) = self.others.get(whom) else { continue };
            let mut of_customer: BTreeMap<&FlowId, u64> = BTreeMap::new();
            for at in own.iter().filter(|at| **at >= from) {
                let close =
                    |(other, _): &&(Timestamp, FlowId)| other.duration_since(*at).abs() <= Near::WITHIN;
                let mut flows: Vec<&FlowId> = others.iter().filter(close).map(|(_, flow)| flow).collect();
                flows.sort_unstable();
                flows.dedup();
                flows.into_iter().for_each(|flow| *of_customer.entry(flow).or_default() += 1);
            }
            for (flow, messages) in of_customer {
                let counted = near.entry(flow.clone()).or_default();
                *counted = (counted.0 + messages, counted.1 + 1);
            }
        }
        near
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn what_is_within_an_hour_is_near_and_each_message_counts_once() {
        let (own, other) = (FlowId::new("own"), FlowId::new("other"));
        let start = Timestamp::UNIX_EPOCH;
        let at = |minutes: i64| start + SignedDuration::from_mins(minutes);
        let mut sends = Sends::default();
        for minutes in [0, 30, 300] {
            sends.note("a".to_owned(), Some(at(minutes)), &own, at(minutes));
        }
        for minutes in [-10, 60, 91, 500] {
            sends.note("a".to_owned(), None, &other, at(minutes));
        }
        sends.note("b".to_owned(), None, &other, at(0));
        assert_eq!(sends.near(start), BTreeMap::from([(other.clone(), (2, 1))]));
        // The message at 0 is before what is counted; that at 30 still has one at 60 and one at -10.
        assert_eq!(sends.near(at(1)), BTreeMap::from([(other, (1, 1))]));
    }
}
