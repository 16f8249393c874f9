//! What a store has set up, read.

use harkara_channels::template::{self, Category, Template};
use harkara_domain::{
    Flow, Occurrence, Run,
    calendar::Hours,
    flow::{Channel, Class, Condition, Index, Message, ReEntry},
    occurrence::Kind,
    place::Ground,
};
use jiff::{Timestamp, tz::TimeZone};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::{FlowHead, Pause, words};
use crate::{gap::Gap, settings::Settings};

/// A flow, read.
#[derive(Clone, Debug)]
pub struct LoadedFlow {
    /// Its head.
    pub head: FlowHead,
    /// What it says.
    pub flow: Arc<Flow>,
    /// Whether its conditions ask about the subject's runs.
    looks_at_runs: bool,
}

impl LoadedFlow {
    pub(crate) fn new(head: FlowHead, flow: Arc<Flow>) -> Self {
        let looks_at_runs = flow.conditions.as_ref().is_some_and(Condition::looks_at_runs);
        Self { head, flow, looks_at_runs }
    }
}

/// What a store has set up.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// Its settings.
    pub settings: Settings,
    /// Its time zone.
    pub zone: TimeZone,
    /// Its cities and areas.
    pub ground: Ground,
    /// Its flows but for those that are archived, by id.
    pub flows: Vec<LoadedFlow>,
    /// The places of flows in `flows`, by what they wait for.
    pub(super) index: Index,
    /// Its templates, by name, read when they are used.
    pub(super) templates: HashMap<String, SavedTemplate>,
    /// Its paused channels.
    pub pauses: HashMap<String, Pause>,
    /// The gap that a restored backup left.
    pub gap: Option<Gap>,
    /// It is in the list of watched stores.
    pub(crate) enlisted: bool,
    /// The changes that it holds.
    pub(super) changes: u64,
}

/// A template as it was saved.
#[derive(Clone, Debug)]
pub(super) struct SavedTemplate {
    pub(super) text: String,
    pub(super) read: OnceLock<Result<Template, String>>,
}

impl Shelf {
    /// The same with a flow that stands in for the one of its id, or is another, and without pauses and gap:
    /// what was held when is not known any more.
    pub(crate) fn with(&self, flow: LoadedFlow) -> Self {
        let mut shelf = Self { pauses: HashMap::new(), gap: None, ..self.clone() };
        match shelf.flows.iter_mut().find(|held| held.head.id == flow.head.id) {
            Some(held) => *held = flow,
            None => shelf.flows.push(flow),
        }
        shelf.index = Index::of(shelf.flows.iter().map(|loaded| &*loaded.flow));
        shelf
    }

    /// The flows, on and off, that an occurrence may start: however many others there are, only these are
    /// looked at.
    pub fn flows_for<'a>(&'a self, occurrence: &'a Occurrence) -> impl Iterator<Item = &'a LoadedFlow> {
        let kind = occurrence.kind();
        // Another flow starts the one that it names, whatever that waits for itself, and no other.
        let named = match occurrence {
            Occurrence::StartedBy { flow, .. } => Some(flow),
            _ => None,
        };
        let waiting = named.is_none().then(|| self.index.waiting_for(kind)).into_iter().flatten();
        let waiting = waiting.filter_map(|place| self.flows.get(*place));
        let named = named.into_iter().flat_map(|flow| self.flows.iter().filter(move |l| l.head.id == *flow));
        waiting.chain(named)
    }

    /// The flows that a kind of occurrence starts.
    pub(crate) fn active(&self, kind: Kind) -> impl Iterator<Item = &Flow> {
        let waiting = self.index.waiting_for(kind).iter();
        let waiting = waiting.filter_map(|place| self.flows.get(*place));
        waiting.filter(|loaded| loaded.head.is_active()).map(|loaded| &*loaded.flow)
    }

    /// Whether the subject's runs have to be known to say which flows an occurrence starts.
    pub fn asks_for_runs(&self, occurrence: &Occurrence) -> bool {
        let once = |flow: &Flow| occurrence.recurs() && flow.re_entry() == ReEntry::OncePerOrder;
        let asks = |loaded: &LoadedFlow| loaded.looks_at_runs || once(&loaded.flow);
        // A date is found once for each flow that waits for it, and may start the others, too.
        occurrence.kind().comes_by_date() || self.flows_for(occurrence).any(asks)
    }

    /// The time zone of a run: its recipient's where it is known, else the store's.
    pub fn zone_of(&self, run: &Run) -> TimeZone {
        let own = run.zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        own.unwrap_or_else(|| self.zone.clone())
    }

    /// The store's hours in a time zone.
    pub fn hours<'a>(&'a self, zone: &'a TimeZone) -> Hours<'a> {
        Hours { zone, calendar: &self.settings.rules.calendar }
    }

    /// The names of its templates, in order.
    pub fn template_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.templates.keys().map(String::as_str).collect();
        names.sort_unstable();
        names
    }

    /// A template; `None` where there is none of that name.
    ///
    /// # Errors
    /// What is wrong with its text, which saving does not let pass.
    pub fn template(&self, name: &str) -> Option<Result<&Template, &str>> {
        let saved = self.templates.get(name)?;
        let read =
            saved.read.get_or_init(|| template::parse(&saved.text).map_err(|problems| words(&problems)));
        Some(read.as_ref().map_err(String::as_str))
    }

    /// What a message is for.
    pub(crate) fn class(&self, message: &Message) -> Class {
        let marketing = |name: &str| {
            let template = self.template(name).and_then(Result::ok);
            template.is_some_and(|template| template.category() == Category::Marketing)
        };
        let any = message.all_templates().any(|(_, name)| marketing(name));
        if any { Class::Marketing } else { Class::Transactional }
    }

    /// The pause of a channel, if it holds now.
    pub fn paused(&self, channel: Channel, now: Timestamp) -> Option<&Pause> {
        self.pauses.get(channel.as_str()).filter(|pause| pause.until > now)
    }
}
