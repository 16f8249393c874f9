//! Where orders go, worked out once: of a store when its rules are read, of an order when it is judged.

use super::{Areas, Cities, normalise};
use crate::{order::OrderView, rules::Rules};

/// The cities and areas of a store, as they are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    /// Its cities.
    pub cities: Cities,
    /// Its named lists of places.
    pub areas: Areas,
}

impl Ground {
    /// Compiles a store's rules.
    pub fn of(rules: &Rules) -> Self {
        let cities = Cities::new(&rules.city_aliases);
        Self { areas: Areas::new(&rules.areas, &cities), cities }
    }
}

/// Where an order goes, in the forms in which places are compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    city: String,
    postal_code: String,
}

impl Destination {
    /// Where `order` goes, on a store's ground; nowhere without an order or an address.
    pub fn of(order: Option<&OrderView>, ground: &Ground) -> Self {
        let address = order.and_then(|order| order.snapshot.as_ref()?.address.as_ref());
        address.map_or_else(Self::default, |address| Self {
            city: ground.cities.canonical(&address.city).into_owned(),
            postal_code: normalise(&address.postal_code),
        })
    }

    /// The [canonical form](Cities::canonical) of its city; empty where it is not known.
    pub fn city(&self) -> &str {
        &self.city
    }

    /// The [normal form](normalise) of its postal code; empty where it is not known.
    pub fn postal_code(&self) -> &str {
        &self.postal_code
    }
}
