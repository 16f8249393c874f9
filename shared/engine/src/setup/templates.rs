//! Whether the templates that a flow needs are there, with words for its buttons.

use harkara_channels::template::{self, Template};
use harkara_domain::{
    Flow, StoreId,
    flow::{Message, Stage},
};
use std::collections::{BTreeMap, BTreeSet};

use super::{Setup, SetupError, problems};
use crate::{keys, ownership::Needed, port::TableError, record::load};

/// A template that a message needs and does not have, or not with all its words.
pub(super) struct Lack {
    /// The path of the message's field.
    pub(super) field: String,
    /// The template's name.
    pub(super) template: String,
    /// What is missing, in words.
    pub(super) message: String,
}

/// Every stage of a flow, those in the arms of forks too, with its path; in the order of
/// [`Flow::places`].
pub(super) fn placed(flow: &Flow) -> Vec<(String, &Stage)> {
    let mut found = Vec::new();
    list("stages", &flow.stages, &mut found);
    found
}

/// Every message of a flow with the path of its field.
fn messages(flow: &Flow) -> Vec<(String, &Message)> {
    let stages = placed(flow).into_iter();
    stages.filter_map(|(path, stage)| Some((format!("{path}.message"), stage.message.as_ref()?))).collect()
}

fn list<'a>(path: &str, stages: &'a [Stage], found: &mut Vec<(String, &'a Stage)>) {
    for (index, stage) in stages.iter().enumerate() {
        let path = format!("{path}[{index}]");
        found.push((path.clone(), stage));
        let kind = match stage {
            _ if !stage.wait_for.is_empty() => "wait_for",
            _ if !stage.split.is_empty() => "split",
            _ => "branches",
        };
        let arms = stage.arms();
        let last = arms.len().saturating_sub(1);
        for (arm, stages) in arms.into_iter().enumerate() {
            let path = if arm == last {
                format!("{path}.otherwise")
            } else {
                format!("{path}.{kind}[{arm}].stages")
            };
            list(&path, stages, found);
        }
    }
}

/// The templates of a message, with the fields that name them.
fn named(message: &Message) -> impl Iterator<Item = (String, &str)> {
    let others = message.templates.iter();
    let others = others.map(|(channel, name)| (format!("templates.{}", channel.as_str()), name.as_str()));
    std::iter::once(("template".to_owned(), message.template.as_str())).chain(others)
}

/// What a flow lacks of these templates.
pub(super) fn lacks(flow: &Flow, templates: &BTreeMap<String, Template>) -> Vec<Lack> {
    let mut lacks = Vec::new();
    let there = flow.places().into_iter().zip(flow.coupon_is_there());
    let there = there.filter(|(place, _)| place.stage.message.is_some()).map(|(_, coupon)| coupon);
    for ((path, message), coupon) in messages(flow).into_iter().zip(there) {
        for (field, name) in named(message) {
            let mut lack = |field: &str, message: String| {
                lacks.push(Lack { field: format!("{path}.{field}"), template: name.to_owned(), message });
            };
            let Some(template) = templates.get(name) else {
                lack(&field, format!("there is no template {name}"));
                continue;
            };
            if template.asks_for_coupon() && !coupon {
                lack(&field, format!("the template {name} {}", super::words::NO_COUPON));
            }
            // What is sent without a value would fail each time; it is told once, and not by language.
            let mut told = BTreeSet::new();
            for missing in template::missing_for(template, &flow.trigger) {
                if told.insert(missing.variable) {
                    lack(&field, missing.to_string());
                }
            }
            for button in message.buttons.iter().filter(|button| !template.choices().any(|c| c == **button)) {
                lack("buttons", format!("the template {name} has no words for {}", button.as_str()));
            }
        }
    }
    lacks
}

/// The names of the templates that a flow needs.
pub(super) fn needs(flow: &Flow) -> Vec<String> {
    let messages = messages(flow);
    let mut names: Vec<String> =
        messages.iter().flat_map(|(_, message)| named(message)).map(|(_, name)| name.to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

impl Setup {
    /// Those of these templates that the store has.
    pub(super) async fn templates_of(
        &self,
        store: &StoreId,
        names: &[String],
    ) -> Result<BTreeMap<String, Template>, SetupError> {
        let mut found = BTreeMap::new();
        for name in names {
            if let Some(text) = self.template_text(store, name).await? {
                found.insert(name.clone(), template::parse(&text).map_err(problems)?);
            }
        }
        Ok(found)
    }

    pub(super) async fn template_text(
        &self,
        store: &StoreId,
        name: &str,
    ) -> Result<Option<String>, TableError> {
        let held = load::<String>(&*self.table, &keys::template(store, name)).await?;
        Ok(held.map(|held| held.value))
    }

    pub(super) async fn check_templates(&self, store: &StoreId, flow: &Flow) -> Result<(), SetupError> {
        let templates = self.templates_of(store, &needs(flow)).await?;
        let lacks = lacks(flow, &templates);
        if lacks.is_empty() {
            return Ok(());
        }
        let words = |lack: Lack| format!("{}: {}", lack.field, lack.message);
        Err(SetupError::Problems(lacks.into_iter().map(words).collect()))
    }

    /// The templates that a flow needs, each with what is missing of it.
    pub(super) async fn needed(&self, store: &StoreId, flow: &Flow) -> Result<Vec<Needed>, SetupError> {
        let names = needs(flow);
        let lacks = lacks(flow, &self.templates_of(store, &names).await?);
        let needed = |template: String| {
            let missing = lacks.iter().filter(|lack| lack.template == template);
            let mut missing: Vec<String> = missing.map(|lack| lack.message.clone()).collect();
            missing.sort_unstable();
            missing.dedup();
            Needed { template, missing }
        };
        Ok(names.into_iter().map(needed).collect())
    }
}
