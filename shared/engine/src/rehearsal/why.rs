//! Why an order got, or did not get, what it got: flow by flow, stage by stage.

use harkara_domain::{
    Flow, FlowId, OrderId, Reason, Run, StoreId,
    flow::Channel,
    history::Entry,
    run::{Outcome, StageRun, StageStatus},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::why_words;
use crate::{
    catalog::LoadedFlow,
    port::TableError,
    read::{OrderStory, Reader},
};

/// A language to answer in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Urdu in Latin letters.
    #[serde(rename = "roman-ur")]
    RomanUrdu,
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(tag: &str) -> Result<Self, String> {
        match tag {
            "en" => Ok(Self::English),
            "roman-ur" => Ok(Self::RomanUrdu),
            _ => Err(format!("“{tag}” is neither en nor roman-ur")),
        }
    }
}

/// Why an order got what it got.
#[derive(Clone, Debug, Serialize)]
pub struct Why {
    /// The order.
    pub order: OrderId,
    /// Where it stands, as a sentence.
    #[serde(skip)]
    pub standing: String,
    /// The store's flows, those that took it first.
    pub flows: Vec<WhyFlow>,
    /// The same as text, in the shop's time zone.
    pub text: String,
}

/// What a flow made of an order.
#[derive(Clone, Debug, Serialize)]
pub struct WhyFlow {
    /// The flow.
    pub flow: FlowId,
    /// What the team calls it.
    pub name: String,
    /// What it waits for, in words.
    pub trigger: String,
    /// What became of it, in the order of time.
    pub verdicts: Vec<Verdict>,
}

/// What became of a flow at an order, once.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Its trigger has not come.
    NotCome {
        /// What it waits for.
        #[serde(skip)]
        trigger: Box<harkara_domain::Trigger>,
    },
    /// Its trigger came before the flow was as it is now.
    BeforeIt {
        /// When it came.
        at: Timestamp,
        /// When the flow last changed.
        changed_at: Timestamp,
    },
    /// Its trigger came, and it did not take the order.
    PassedOver {
        /// When.
        at: Timestamp,
        /// What came about, in words.
        occurrence: String,
        /// Why not.
        reason: Reason,
        /// The same in words.
        words: String,
    },
    /// It took the order.
    Took {
        /// The run, with its version of the flow.
        run: Box<Run>,
        /// Its stages.
        stages: Vec<WhyStage>,
    },
}

/// What became of a stage.
#[derive(Clone, Debug, Serialize)]
pub struct WhyStage {
    /// What the team calls it.
    pub name: String,
    /// Where it stands.
    pub status: StageStatus,
    /// When it was over, or else is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// It sends a message.
    pub speaks: bool,
    /// Why, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The arm that the run went on in, of a fork.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Its tries, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<(Timestamp, String)>,
    /// What providers reported, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<(Timestamp, String)>,
}

/// Says why an order got what it got; of one flow, or of all. `None` where nothing is known of the order, or
/// the store has no such flow and the order has no run of it.
///
/// # Errors
/// When a read fails.
pub async fn why(
    reader: &Reader,
    store: &StoreId,
    order: &OrderId,
    flow: Option<&FlowId>,
    language: Language,
) -> Result<Option<Why>, TableError> {
    let (Some(story), Some(shelf)) = (reader.order(store, order).await?, reader.shelf(store).await?) else {
        return Ok(None);
    };
    let mut flows = Vec::new();
    for loaded in &shelf.flows {
        let verdicts = verdicts(reader, &story, &loaded.head.id, Some(loaded), language).await?;
        flows.push(WhyFlow {
            flow: loaded.head.id.clone(),
            name: loaded.flow.name.clone(),
            trigger: why_words::trigger(&loaded.flow.trigger, language),
            verdicts,
        });
    }
    // Flows that are archived took it when they were not.
    for run in &story.runs {
        if flows.iter().all(|held| held.flow != run.run.flow) {
            let verdicts = verdicts(reader, &story, &run.run.flow, None, language).await?;
            let (flow, name) = (run.run.flow.clone(), run.flow.clone());
            flows.push(WhyFlow { flow, name, trigger: String::new(), verdicts });
        }
    }
    if let Some(only) = flow {
        flows.retain(|held| held.flow == *only);
        if flows.is_empty() {
            return Ok(None);
        }
    }
    flows.sort_by_key(|flow| rank(&flow.verdicts));
    let standing = why_words::standing(&story.order, language);
    let mut why = Why { order: order.clone(), standing, flows, text: String::new() };
    why.text = why_words::text(&why, &shelf.zone, language);
    Ok(Some(why))
}

/// Those that took it first, then those that did not, then those whose trigger has not come.
fn rank(verdicts: &[Verdict]) -> u8 {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Took { .. } => 0,
        Verdict::PassedOver { .. } => 1,
        Verdict::BeforeIt { .. } => 2,
        Verdict::NotCome { .. } => 3,
    };
    verdicts.iter().map(rank).min().unwrap_or(3)
}

async fn verdicts(
    reader: &Reader,
    story: &OrderStory,
    id: &FlowId,
    loaded: Option<&LoadedFlow>,
    language: Language,
) -> Result<Vec<Verdict>, TableError> {
    let mut verdicts = Vec::new();
    for entry in &story.history {
        for (_, reason) in entry.passed_over.iter().filter(|(flow, _)| flow == id) {
            verdicts.push(passed_over(entry, loaded, reason, language));
        }
    }
    for run in story.runs.iter().map(|story| &story.run).filter(|run| run.flow == *id) {
        let flow = reader.catalog.version(&run.store, &run.flow, run.version).await?;
        let stages = stages(run, flow.as_deref(), language);
        verdicts.push(Verdict::Took { run: Box::new(run.clone()), stages });
    }
    if let Some(loaded) = loaded.filter(|_| verdicts.is_empty()) {
        verdicts.push(silent(story, loaded, language));
    }
    Ok(verdicts)
}

fn passed_over(entry: &Entry, loaded: Option<&LoadedFlow>, reason: &Reason, language: Language) -> Verdict {
    let kind = loaded.map(|loaded| loaded.flow.trigger.kind());
    let own = entry.transitions.iter().find(|transition| Some(transition.occurrence.kind()) == kind);
    let transition = own.or(entry.transitions.last());
    Verdict::PassedOver {
        at: entry.at,
        occurrence: transition.map_or_else(String::new, |transition| transition.occurrence.to_string()),
        reason: reason.clone(),
        words: why_words::reason(reason, language),
    }
}

/// Where the timeline says nothing of a flow.
fn silent(story: &OrderStory, loaded: &LoadedFlow, language: Language) -> Verdict {
    let kind = loaded.flow.trigger.kind();
    let came = story.history.iter().find_map(|entry| {
        let transition = entry.transitions.iter().find(|transition| transition.occurrence.kind() == kind)?;
        Some((entry.at, transition))
    });
    match came {
        None => Verdict::NotCome { trigger: Box::new(loaded.flow.trigger.clone()) },
        Some((at, _)) if loaded.head.changed_at > at => {
            Verdict::BeforeIt { at, changed_at: loaded.head.changed_at }
        }
        Some((at, transition)) => {
            let occurrence = transition.occurrence.to_string();
            // Timelines leave drafts out. Of others, it came and was not what the trigger's parameter asks for.
            let reason = match loaded.head.state.off() {
                Some(state) => Reason::FlowOff { state },
                None => Reason::NotThis { actual: occurrence.clone() },
            };
            let words = why_words::reason(&reason, language);
            Verdict::PassedOver { at, occurrence, reason, words }
        }
    }
}

fn stages(run: &Run, flow: Option<&Flow>, language: Language) -> Vec<WhyStage> {
    let places = flow.map(Flow::places).unwrap_or_default();
    let stage = |(index, state): (usize, &StageRun)| {
        let stage = places.get(index).map(|place| place.stage);
        WhyStage {
            name: stage.map_or_else(|| format!("{}", index + 1), |stage| stage.name.clone()),
            status: state.status,
            at: state.ended_at.or(state.due),
            speaks: stage.is_some_and(|stage| stage.message.is_some()),
            words: state.reason.as_ref().map(|reason| why_words::reason(reason, language)),
            arm: state.arm.and_then(|arm| Some(stage?.arm_name(arm))),
            attempts: state
                .attempts
                .iter()
                .map(|attempt| (attempt.at, tried(&attempt.outcome, attempt.channel, language)))
                .collect(),
            receipts: state
                .receipts
                .iter()
                .map(|receipt| (receipt.at, why_words::receipt(receipt, language)))
                .collect(),
        }
    };
    run.stages.iter().enumerate().map(stage).collect()
}

fn tried(outcome: &Outcome, channel: Option<Channel>, language: Language) -> String {
    let by = channel.map_or_else(String::new, |channel| format!("{channel}: "));
    format!("{by}{}", why_words::outcome(outcome, language))
}
