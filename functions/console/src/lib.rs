//! The shop's web page and the JSON API: server-rendered, closed by default.
//!
//! Everything but the sign-in, setup links, static files and `/healthz` needs a session or an API key
//! (`guard.rs`); everything that changes something needs the right role, and a form's own token where a
//! browser's cookie speaks for somebody.

mod act;
mod api;
mod desk;
pub mod diff;
mod dress;
mod failure;
mod filters;
mod flows;
mod guard;
mod pages;
mod routes;
mod sign_in;
mod timeline;
mod words;

use harkara_domain::StoreId;
use harkara_engine::{
    count::Counters,
    people::{People, PeopleError},
    port::{Clock, Http, Queue, Secrets, Table},
    rates::Rates,
    read::Reader,
    replay::Replayer,
    setup::Setup,
    tasks::Tasks,
    time_machine::UnderWay,
};
use std::sync::Arc;

pub use routes::{FLOW_SCHEMA, router};

/// Tells how many messages each queue holds, by the queue's name.
pub type QueueDepths = Box<dyn Fn() -> Vec<(String, u64)> + Send + Sync>;

/// What the console works with.
pub struct Console {
    /// Reads for people.
    pub reader: Arc<Reader>,
    /// Saves flows, and does what people want done with them.
    pub setup: Arc<Setup>,
    /// Runs dead letters again.
    pub replayer: Arc<Replayer>,
    /// Where people, sessions and the audit log lie.
    pub table: Arc<dyn Table>,
    /// Where facts go that people of the team make.
    pub queue: Arc<dyn Queue>,
    /// For the taps of the outbox.
    pub http: Arc<dyn Http>,
    /// For the secret that signs those taps.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What this process has counted.
    pub counters: Arc<Counters>,
    /// How fast programs tell facts.
    pub rates: Arc<Rates>,
    /// The stores whose time machine is at work in this process.
    pub under_way: Arc<UnderWay>,
    /// The store whose console it is.
    pub store: StoreId,
    /// The console's own public address, without a slash at its end. Taps of the outbox are posted
    /// to `{base_url}/webhooks/{store}/whatsapp`, and browsers must name it, or the host that they
    /// called, as the origin of what they post.
    pub base_url: String,
    /// Send cookies over HTTPS only. To be on wherever there is HTTPS.
    pub secure_cookies: bool,
    /// Where the runtime can tell.
    pub queue_depths: Option<QueueDepths>,
}

impl Console {
    pub(crate) fn people(&self) -> People {
        People { table: self.table.clone(), clock: self.clock.clone() }
    }

    pub(crate) fn tasks(&self) -> Tasks {
        Tasks { table: self.table.clone(), clock: self.clock.clone() }
    }

    /// The path of a link that lets somebody become the first owner, once, within 24 hours; a later
    /// call puts another in its place. `None` once there is an owner.
    ///
    /// # Errors
    /// When no token can be made, or the table fails.
    pub async fn first_link(&self) -> Result<Option<String>, PeopleError> {
        let invitation = self.people().first_link(&self.store).await?;
        Ok(invitation.map(|invitation| format!("/setup/{}", invitation.token)))
    }
}
