//! What the time machine says.

use harkara_domain::{
    Currency, FlowId, OrderId,
    flow::{Channel, Class},
};
use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::BTreeMap;

/// What a flow would have done. Counts are of `from` to `to`, and of this flow alone, unless they say so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The flow.
    pub flow: FlowId,
    /// What the team calls it.
    pub name: String,
    /// Which text of the flow: `version 3`, `draft`, `file`.
    pub text: String,
    /// The first moment that is counted.
    pub from: Timestamp,
    /// The moment at which it was asked.
    pub to: Timestamp,
    /// From when on the journal's facts were folded; `None` where it holds none.
    pub journal_from: Option<Timestamp>,
    /// IANA name of the shop's time zone: days and hours are in it.
    pub timezone: String,
    /// Facts that were folded.
    pub facts: u64,
    /// Orders that something was heard of.
    pub orders: u64,
    /// The flow's runs.
    pub runs: Runs,
    /// Why the flow did not take what its trigger came about for, the most frequent first.
    pub passed_over: Vec<Counted>,
    /// Its messages.
    pub messages: Messages,
    /// What they would have cost.
    pub cost: Cost,
    /// Its stages, in order, those in arms included.
    pub stages: Vec<StageReport>,
    /// Actions that were done, by their name in the flow language.
    pub actions: BTreeMap<String, u64>,
    /// How it gets in the way of other messages, and they in its.
    pub collisions: Collisions,
    /// Orders that were there before the journal began, so that not all is known of them.
    pub incomplete: Incomplete,
    /// What has to be known to read the numbers, in sentences.
    pub notes: Vec<String>,
    /// All of it as text, in the shop's time zone.
    pub page: String,
}

/// Runs, by where they stand at the end; `begun` is their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Runs {
    /// That began.
    pub begun: u64,
    /// Something is still to come.
    pub running: u64,
    /// Every stage was sent or skipped.
    pub finished: u64,
    /// A stage failed for good.
    pub failed: u64,
    /// What was pending was cancelled.
    pub cancelled: u64,
}

/// So many, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// In words, without what differs from one order to the next.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// Messages that would have gone out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Messages {
    /// In all.
    pub total: u64,
    /// By day of the shop; days without any are there, too.
    pub by_day: BTreeMap<Date, u64>,
    /// By hour of the shop's day: 24 of them, from midnight on.
    pub by_hour: Vec<u64>,
    /// By channel.
    pub by_channel: BTreeMap<Channel, u64>,
    /// By template.
    pub by_template: BTreeMap<String, u64>,
    /// The busiest minute; of several, the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub busiest: Option<Busiest>,
}

/// The busiest minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Busiest {
    /// Its beginning.
    pub at: Timestamp,
    /// Messages of the flow in it.
    pub messages: u64,
}

/// What messages would have cost, by the store's prices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// The currency of the prices; `None` in a store without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The sum of what has a price.
    pub total: Decimal,
    /// Its parts.
    pub parts: Vec<Priced>,
    /// Messages that have no price.
    pub unpriced: u64,
}

/// Messages of one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Priced {
    /// By which channel.
    pub channel: Channel,
    /// What they are for.
    pub class: Class,
    /// How many.
    pub messages: u64,
    /// What one of them costs; `None` where the store has set no price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Decimal>,
}

/// What became of one stage, over all runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// Its number, from 0, over all stages of the flow.
    pub stage: u16,
    /// What the team calls it.
    pub name: String,
    /// How many forks it lies within.
    pub depth: u16,
    /// Sent, or done.
    pub sent: u64,
    /// Left out, by reason, the most frequent first.
    pub skipped: Vec<Counted>,
    /// Ended with their run or their order, by reason.
    pub cancelled: Vec<Counted>,
    /// Failed for good, by reason.
    pub failed: Vec<Counted>,
    /// Still to come.
    pub queued: u64,
    /// Runs that went on in each arm, of a fork, by the arm's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub arms: BTreeMap<String, u64>,
}

/// How a flow's messages and others get in each other's way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Collisions {
    /// Messages that waited, by reason: for a cap to leave room, for the end of quiet hours or special days.
    pub deferred: Vec<Counted>,
    /// Messages that were left out, by reason: over a cap, without consent, after a STOP.
    pub held_back: Vec<Counted>,
    /// The other flows whose messages reach the same customers at about the same time.
    pub near: Vec<Near>,
    /// Messages of other flows that a cap put off or left out.
    pub others_capped: u64,
}

/// How close another flow's messages come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Near {
    /// The other flow.
    pub flow: FlowId,
    /// What the team calls it.
    pub name: String,
    /// How many of the asked flow's messages have one of the other's within [`Near::WITHIN`], before or after.
    pub messages: u64,
    /// How many customers that concerns.
    pub customers: u64,
}

impl Near {
    /// What counts as near.
    pub const WITHIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);
}

/// Orders of which the journal has not all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Incomplete {
    /// How many.
    pub count: u64,
    /// Some of them, at most [`Incomplete::NAMED`].
    pub some: Vec<OrderId>,
}

impl Incomplete {
    /// The most that are named.
    pub const NAMED: usize = 20;
}
