//! Orders that stand still: nothing was handed to a courier, or a parcel on its way is not scanned.

use jiff::Timestamp;

use super::OrderView;
use crate::{
    awaited,
    occurrence::Occurrence,
    shipment::{Issue, Shipment, ShipmentStatus},
    status::{OrderStatus, Point},
};

impl OrderView {
    /// Whether what a fact says came about by time alone is so.
    pub fn is_so(&self, occurrence: &Occurrence) -> bool {
        match occurrence {
            Occurrence::StartedBy { .. } | Occurrence::MessageReported { .. } => true,
            Occurrence::ShipmentIssue { issue, since } => self.unmoved().contains(&(*issue, *since)),
            _ => false,
        }
    }

    /// What has to move next, and since when it has not: the order itself until a courier has it, then each
    /// parcel that is on its way.
    pub fn unmoved(&self) -> Vec<(Issue, Timestamp)> {
        let status = self.status();
        if self.snapshot.is_none() || status >= OrderStatus::Delivered {
            return Vec::new();
        }
        if status < OrderStatus::Dispatched {
            let placed = self.reached.get(&Point::Created);
            return placed.map(|at| (Issue::FulfillmentStalled, *at)).into_iter().collect();
        }
        let scans = self.shipments.values().filter(|parcel| is_on_its_way(parcel));
        scans.filter_map(|parcel| Some((Issue::ShipmentStalled, parcel.scanned_at?))).collect()
    }

    pub(super) fn take_occurrence(&mut self, occurrence: &Occurrence) {
        awaited::settle(&mut self.awaits, occurrence);
        // What is not so is forgotten at once.
        if let Occurrence::ShipmentIssue { issue, since } = occurrence {
            self.stalled.insert((*issue, *since));
        }
    }

    /// What has moved since is not stalled any more.
    pub(super) fn forget_stalls(&mut self) {
        if !self.stalled.is_empty() {
            let unmoved = self.unmoved();
            self.stalled.retain(|stall| unmoved.contains(stall));
        }
    }
}

fn is_on_its_way(parcel: &Shipment) -> bool {
    matches!(parcel.status, Some(ShipmentStatus::Dispatched | ShipmentStatus::OutForDelivery))
}
