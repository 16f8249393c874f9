//! Dry runs of a store's flows: against an invented subject, one that the store has, or an order as JSON.
//! Nothing is sent and nothing is written.

mod cast;
pub mod roman_urdu;
mod shown;
mod timetable;
pub mod why;
mod why_words;
pub mod words;

use harkara_channels::template::Problem;
use harkara_domain::{
    Flow, FlowId, Occurrence, StoreId, Subject,
    flow::{ReEntry, parse},
    occurrence::Transition,
    rehearse::{Known as KnownOf, Meanwhile, Occasion, Rehearsal, play},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

use crate::{
    catalog::{Catalog, FlowHead, LoadedFlow, Shelf},
    keys,
    matching::rehearse::{Known, Learned},
    ownership::FlowState,
    port::{Clock, Secrets, SecretsError, Table, TableError},
    record::load,
    stage::rehearse::{Sender, Stand, Whom},
    views::View,
};
use cast::Cast;
pub use shown::{Shown, ShownAction, ShownButton, ShownMessage};

/// Makes dry runs.
pub struct Rehearser {
    /// Where views and runs lie.
    pub table: Arc<dyn Table>,
    /// What stores have set up.
    pub catalog: Arc<Catalog>,
    /// The connections of stores: whether there is a number to send from, and a key for buttons.
    pub secrets: Arc<dyn Secrets>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// What is to be rehearsed. With neither a subject nor an order it is an invented one that fits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// One of the store's flows: its draft, where it has one, else its current version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowId>,
    /// Its current version, though it has a draft.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub current: bool,
    /// A flow as YAML or JSON, instead of one of the store's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// An order, customer or cart of the store, as it is now: `shopify-1042`, `customer:…`, `cart:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// An order: as the store's API gives its `snapshot`, or as Shopify's webhooks say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Value>,
    /// When the trigger comes; now, where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// What is assumed to happen meanwhile: `10m confirm`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meanwhile: Vec<Meanwhile>,
    /// Go through the stages though the flow would not take the subject.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anyway: bool,
}

/// A dry run, with what it was made of.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Whom it was for.
    pub subject: Subject,
    /// Which text of the flow: `version 3`, `draft`, `file`.
    pub text: String,
    /// They are invented.
    pub sample: bool,
    /// What would come of it.
    #[serde(flatten)]
    pub rehearsal: Rehearsal<Shown>,
    /// The same as text, in the shop's time zone.
    pub timetable: String,
}

/// Why there was no dry run.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// There is no such store.
    #[error("there is no such store")]
    NoStore,
    /// There is no such flow.
    #[error("there is no such flow")]
    NoFlow,
    /// Nothing is known of the subject.
    #[error("nothing is known of {0}")]
    Unknown(Subject),
    /// The flow has problems, each with its line and field.
    #[error("{}", .0.join("\n"))]
    Problems(Vec<String>),
    /// What was asked for does not go together, or cannot be read.
    #[error("{0}")]
    Wish(String),
    /// A read failed.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A connection could not be read.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl Rehearser {
    /// The most things that can be assumed to happen meanwhile.
    pub const MAX_MEANWHILE: usize = 100;

    /// Rehearses a flow.
    ///
    /// # Errors
    /// [`RehearsalError`]: what cannot be rehearsed, and why.
    pub async fn rehearse(&self, store: &StoreId, wish: &Wish) -> Result<Told, RehearsalError> {
        if wish.meanwhile.len() > Self::MAX_MEANWHILE {
            let words = format!("at most {} things can be assumed", Self::MAX_MEANWHILE);
            return Err(RehearsalError::Wish(words));
        }
        let shelf = self.catalog.shelf(store).await?.ok_or(RehearsalError::NoStore)?;
        let (loaded, text) = self.flow(store, wish).await?;
        let at = wish.at.unwrap_or_else(|| self.clock.now());
        let cast = self.cast(store, wish, &loaded, at).await?;
        let whatsapp = self.secrets.get(store.as_str(), "whatsapp").await?;
        let (subject, sample) = (cast.subject.clone(), cast.sample);
        let rehearsal = played(&shelf, &loaded, cast, wish, at, whatsapp.as_deref());
        let mut told = Told { subject, text, sample, rehearsal, timetable: String::new() };
        told.timetable = timetable::timetable(&told, &shelf.zone);
        Ok(told)
    }

    /// The flow that is meant, as if it were active, and which of its texts it is.
    pub(crate) async fn flow(
        &self,
        store: &StoreId,
        wish: &Wish,
    ) -> Result<(LoadedFlow, String), RehearsalError> {
        let read = |text: &str| {
            let words = |problems: Vec<Problem>| problems.iter().map(ToString::to_string).collect();
            parse::flow(text).map_err(|problems| RehearsalError::Problems(words(problems)))
        };
        let (id, version, text, what) = match (&wish.flow, &wish.text) {
            (Some(id), None) => {
                let stored = load::<FlowHead>(&*self.table, &keys::flow(store, id)).await?;
                let head = stored.ok_or(RehearsalError::NoFlow)?.value;
                let draft = head.draft.as_ref().filter(|_| !wish.current);
                let what = draft.map_or_else(|| format!("version {}", head.version), |_| "draft".to_owned());
                let version = head.version + u32::from(draft.is_some());
                let text = draft.map_or_else(|| head.text.clone(), |draft| draft.text.clone());
                (Some(head.id), version, text, what)
            }
            (None, Some(text)) => (None, 1, text.clone(), "file".to_owned()),
            _ => return Err(RehearsalError::Wish("say either a flow or its text".to_owned())),
        };
        let flow = read(&text)?;
        let head = FlowHead {
            id: id.unwrap_or_else(|| flow.id()),
            version,
            state: FlowState::Active,
            because: None,
            changed_at: self.clock.now(),
            text,
            flow: None,
            draft: None,
        };
        Ok((LoadedFlow::new(head, Arc::new(flow)), what))
    }
}

/// Brings the trigger about and plays what follows.
fn played(
    shelf: &Arc<Shelf>,
    loaded: &LoadedFlow,
    cast: Cast,
    wish: &Wish,
    at: Timestamp,
    whatsapp: Option<&str>,
) -> Rehearsal<Shown> {
    let Cast { subject, view, customer, others, .. } = cast;
    let store = match &view {
        View::Order(view) => view.store.clone(),
        View::Customer(view) => view.store.clone(),
        View::Cart(view) => view.store.clone(),
    };
    let flow = &loaded.flow;
    let known = KnownOf {
        store: &store,
        subject: &subject,
        order: view.order(),
        customer: view.customer().or(customer.as_ref()),
        cart: view.cart(),
    };
    let occasion = Occasion::of(&flow.trigger, &loaded.head.id, known, at, &shelf.zone);
    let known = Known { store: &store, subject: &subject, view: Some(view), customer: customer.as_ref() };
    let learned = Learned::of(known, shelf, &occasion.facts, at);
    let found = learned.transition(loaded).cloned();
    let transition = match (found, occasion.occurrence) {
        (Some(found), _) => found,
        (None, Some(occurrence)) => learned.comes_about(occurrence, at),
        // The facts said nothing new: what is said of the trigger is all that can be said.
        (None, None) => {
            let occurrence = Occurrence::Custom {
                id: "rehearsal".to_owned(),
                name: flow.trigger.kind().as_str().to_owned(),
            };
            learned.comes_about(occurrence, at)
        }
    };
    let (chosen, judged) = learned.choose(shelf, &others, loaded, &transition, at);
    let (run, reason) = match chosen {
        Ok(run) => (run, None),
        Err(reason) if wish.anyway => {
            // The same flow as if it took whatever comes.
            let takes_all = Flow { conditions: None, re_entry: Some(ReEntry::Always), ..(**flow).clone() };
            let loaded = LoadedFlow::new(loaded.head.clone(), Arc::new(takes_all));
            let transition = Transition { overtaken_by: None, ..transition };
            match learned.choose(shelf, &others, &loaded, &transition, at).0 {
                Ok(run) => (run, Some(reason)),
                Err(_) => return Rehearsal::none(flow, transition.occurrence, at, reason, judged),
            }
        }
        Err(reason) => return Rehearsal::none(flow, transition.occurrence, at, reason, judged),
    };
    let meanwhile = wish.meanwhile.iter();
    let meanwhile =
        meanwhile.map(|assumed| (assumed.at.time(at, &shelf.zone), assumed.what.clone())).collect();
    let (view, customer) = learned.views();
    let whom = Whom { view, customer, others };
    let mut stand = Stand::new(shelf.clone(), flow.clone(), run.clone(), whom, Sender::of(whatsapp));
    let played = play(&mut stand, flow, run, judged, meanwhile);
    Rehearsal { passed_over: reason, ..played }
}
