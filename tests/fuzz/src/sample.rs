//! A store to read things for.

use harkara_domain::{
    OrderView, Rules, StoreId, Trigger,
    flow::condition::Circumstances,
    place::{Destination, Ground},
    reference::ReferenceKey,
    rehearse::Sample,
};
use harkara_sources::{Connection, Context};
use jiff::{Timestamp, tz::TimeZone};
use std::sync::LazyLock;

/// Signs the store's webhooks. Whatever is answered or told must not hold it.
pub(crate) const SECRET: &str = "hush-hush-4f1d";
/// What a handshake must present.
pub(crate) const TOKEN: &str = "let-me-in-77ac";
/// Signs the store's buttons.
pub(crate) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// Whether a text tells a secret of the store.
pub(crate) fn tells(text: &str) -> bool {
    [SECRET, TOKEN, KEY].iter().any(|secret| text.contains(secret))
}

/// The time: no fact is received at another.
pub(crate) fn now() -> Timestamp {
    // 2026-11-22T09:05:12Z
    Timestamp::from_second(1_795_338_312).expect("a time")
}

pub(crate) static STORE: LazyLock<StoreId> = LazyLock::new(|| StoreId::new("demo"));

pub(crate) static CONNECTION: LazyLock<Connection> = LazyLock::new(|| Connection {
    secrets: vec![SECRET.to_owned()],
    verify_token: Some(TOKEN.to_owned()),
    region: Some("PK".to_owned()),
    reference_key: Some(ReferenceKey::new(KEY)),
    rate: None,
});

/// A delivery at a time.
pub(crate) fn received(received_at: Timestamp) -> Context<'static> {
    Context { store: &STORE, received_at }
}

/// An order, its customer, a store with rules: what conditions are judged on.
pub(crate) struct Scene {
    sample: Sample,
    cart: Sample,
    rules: Rules,
    ground: Ground,
    destination: Destination,
    zone: TimeZone,
}

pub(crate) static SCENE: LazyLock<Scene> = LazyLock::new(|| {
    let trigger = |text: &str| -> Trigger { serde_json::from_str(text).expect("a trigger") };
    let sample = Sample::of(&trigger("\"order_delivered\""), &STORE, now());
    let cart = Sample::of(&trigger("{\"cart_abandoned\":\"1h\"}"), &STORE, now());
    let rules: Rules = serde_json::from_str(
        r#"{ "areas": { "far": ["Quetta", "87300"] }, "city_aliases": { "Karachi": ["Khi", "کراچی"] } }"#,
    )
    .expect("rules");
    let ground = Ground::of(&rules);
    let destination = Destination::of(sample.order.as_ref(), &ground);
    let zone = TimeZone::get("Asia/Karachi").expect("a zone");
    Scene { sample, cart, rules, ground, destination, zone }
});

impl Scene {
    /// The order.
    pub(crate) fn order(&self) -> Option<&OrderView> {
        self.sample.order.as_ref()
    }

    /// All that is known of the order.
    pub(crate) fn known(&self) -> Circumstances<'_> {
        Circumstances {
            order: self.sample.order.as_ref(),
            customer: Some(&self.sample.customer),
            cart: self.cart.cart.as_ref(),
            run: None,
            runs: &[],
            rules: &self.rules,
            ground: &self.ground,
            destination: &self.destination,
            zone: &self.zone,
            now: now(),
        }
    }

    /// Nothing is known.
    pub(crate) fn unknown(&self) -> Circumstances<'_> {
        Circumstances { order: None, customer: None, cart: None, ..self.known() }
    }
}
