//! Parcels.

use harkara_domain::{
    FactBody,
    shipment::{self, ShipmentStatus, ShipmentUpdate},
};
use jiff::Timestamp;

use super::{
    Kind, Saying,
    shape::object,
    value::{Line, OneOf, Page, Reference, Word},
};
use crate::limits::NAME;

object! {
    /// How a parcel is followed.
    struct Tracking with one of [company, number, url] {
        /// The courier's name.
        company: Option<Line<NAME>>,
        /// Consignment number.
        number: Option<Line<NAME>>,
        /// A page that a customer can open.
        url: Option<Page>,
    }
}

object! {
    /// What is known of a parcel.
    struct Parcel with one of [status, attempted, tracking] {
        /// The parcel: `custom-<your id>`, or as the API shows its id.
        shipment: Reference,
        /// Where it stands.
        status: Option<OneOf<ShipmentStatus>>,
        /// A delivery was tried, and failed.
        attempted: Option<bool>,
        /// How it is followed.
        tracking: Option<Tracking>,
    }
}

object! {
    /// News of a parcel.
    struct ShipmentNews {
        /// The order that it belongs to, as the API shows its id.
        order: Reference,
        /// What is known of it.
        parcel: Parcel,
    }
}

impl Word for ShipmentStatus {
    const ALL: &'static [Self] = &[
        Self::Unknown,
        Self::Error,
        Self::Failure,
        Self::Pending,
        Self::Booked,
        Self::Dispatched,
        Self::AvailableForPickup,
        Self::OutForDelivery,
        Self::Delivered,
        Self::PickedUp,
        Self::ReturnToSender,
        Self::Cancelled,
    ];

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Parcel {
    pub(super) fn update(self, at: Timestamp) -> ShipmentUpdate {
        ShipmentUpdate {
            shipment: self.shipment.0.into(),
            status: self.status.map(|status| status.0),
            tracking: self.tracking.map(|tracking| shipment::Tracking {
                company: tracking.company.map(|company| company.0),
                number: tracking.number.map(|number| number.0),
                url: tracking.url.map(|url| url.0),
            }),
            attempted: self.attempted.unwrap_or_default(),
            at,
        }
    }
}

impl Kind for ShipmentNews {
    const KIND: &'static str = "shipment";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        vec![FactBody::Shipment { order: self.order.0.into(), update: self.parcel.update(saying.at) }]
    }
}
