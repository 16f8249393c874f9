//! Why an order got what it got: flow by flow, stage by stage.

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use harkara_domain::{FlowId, OrderId, Reason};
use harkara_engine::rehearsal::why::{self, Language, Verdict, WhyFlow, WhyStage};
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    desk::{Desk, Frame, encoded, page},
    failure::Failure,
    filters::{address, filled},
    words::{self, Badge, when::Zoned},
};

#[derive(Template)]
#[template(path = "why.html")]
struct WhyPage {
    frame: Frame,
    order: String,
    href: String,
    standing: String,
    /// The answer's language, for browsers.
    tag: &'static str,
    english: bool,
    /// The flow that is asked for; empty for all.
    chosen: String,
    /// All that can be asked for, with their names.
    choices: Vec<(String, String)>,
    flows: Vec<FlowCard>,
}

/// A flow, and what it made of the order.
struct FlowCard {
    name: String,
    href: String,
    rehearsal: String,
    trigger: String,
    verdicts: Vec<VerdictRow>,
}

/// What became of a flow, once.
struct VerdictRow {
    tone: &'static str,
    mark: &'static str,
    when: Option<String>,
    words: String,
    /// The condition that said no, and what there was instead.
    condition: Option<(String, String)>,
    /// Why, where it was no condition.
    reason: Option<String>,
    stages: Vec<StageRow>,
}

/// What became of a stage.
struct StageRow {
    name: String,
    badge: Badge,
    when: Option<String>,
    words: Option<String>,
    arm: Option<String>,
    /// Its tries, and what providers reported.
    notes: Vec<(String, String)>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    language: Language,
}

pub(crate) async fn why(
    desk: Desk,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let (order, flow) = (OrderId::from(id.as_str()), filled(&asked.flow).map(FlowId::from));
    let language = asked.language;
    let why = why::why(&desk.console.reader, desk.store(), &order, flow.as_ref(), language).await?;
    let why = why.ok_or_else(|| Failure::missing("order, or no such flow"))?;
    let zoned = desk.zoned();
    let mut choices: Vec<(String, String)> =
        desk.shelf.flows.iter().map(|flow| (flow.head.id.to_string(), flow.flow.name.clone())).collect();
    for flow in &why.flows {
        if choices.iter().all(|(id, _)| id != flow.flow.as_str()) {
            choices.push((flow.flow.to_string(), flow.name.clone()));
        }
    }
    page(&WhyPage {
        frame: desk.frame("/orders", format!("Why {id} got what it got")),
        href: format!("/orders/{}", encoded(&id)),
        flows: why.flows.into_iter().map(|flow| FlowCard::of(flow, &id, language, &zoned)).collect(),
        standing: why.standing,
        order: id,
        tag: if language == Language::English { "en" } else { "ur-Latn" },
        english: language == Language::English,
        chosen: asked.flow,
        choices,
    })
}

impl FlowCard {
    fn of(flow: WhyFlow, order: &str, language: Language, zoned: &Zoned) -> Self {
        let href = format!("/flows/{}", encoded(flow.flow.as_str()));
        let row = |verdict| VerdictRow::of(verdict, language, zoned);
        Self {
            rehearsal: address(&format!("{href}/rehearsal"), &[("subject", order)]),
            href,
            name: flow.name,
            trigger: words::capital(&flow.trigger),
            verdicts: flow.verdicts.into_iter().map(row).collect(),
        }
    }
}

impl VerdictRow {
    fn of(verdict: Verdict, language: Language, zoned: &Zoned) -> Self {
        let row = Self {
            tone: "muted",
            mark: "–",
            when: verdict.at().map(|at| zoned.full(at)),
            words: words::capital(&verdict.words(language, |at| zoned.full(at))),
            condition: None,
            reason: None,
            stages: Vec::new(),
        };
        match verdict {
            Verdict::NotCome { .. } | Verdict::BeforeIt { .. } => row,
            Verdict::PassedOver { reason: Reason::ConditionFailed { condition, actual }, .. } => {
                Self { tone: "bad", mark: "✗", condition: Some((condition, actual)), ..row }
            }
            Verdict::PassedOver { words, .. } => {
                Self { tone: "bad", mark: "✗", reason: Some(words::capital(&words)), ..row }
            }
            Verdict::Took { stages, .. } => {
                let stages = stages.into_iter().map(|stage| StageRow::of(stage, language, zoned));
                Self { tone: "good", mark: "✓", stages: stages.collect(), ..row }
            }
        }
    }
}

impl StageRow {
    fn of(stage: WhyStage, language: Language, zoned: &Zoned) -> Self {
        let note = |(at, words): (Timestamp, String)| (zoned.full(at), words::capital(&words));
        let standing = words::capital(stage.standing(language));
        Self {
            badge: Badge::new(standing, words::stage(stage.status).tone),
            when: stage.at.map(|at| zoned.full(at)),
            words: stage.words.map(|words| words::capital(&words)),
            arm: stage.arm,
            notes: stage.attempts.into_iter().chain(stage.receipts).map(note).collect(),
            name: stage.name,
        }
    }
}
