//! A bundle beside what the store has: what is wrong with it as a whole, and what it would change.

use harkara_channels::template::{self, Template};
use harkara_domain::{Flow, FlowId, StoreId, flow::parse::Problem};
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Setup, SetupError,
    lifecycle::starters,
    templates::{Lack, lacks, needs},
    words,
};
use crate::{
    catalog::FlowHead,
    ownership::{
        Act, Bundle, Difference, FileProblem, FlowState, Kind, Sheet, Wish,
        plan::{Starter, plan_room, trigger_room},
    },
};

/// A bundle that was read.
struct Read<'a> {
    flows: Vec<(&'a Sheet, Flow)>,
    templates: Vec<(&'a Sheet, Template)>,
    problems: Vec<FileProblem>,
}

impl<'a> Read<'a> {
    fn of(bundle: &'a Bundle) -> Self {
        let mut problems = Vec::new();
        let flows = read(&bundle.flows, words::read_flow, &mut problems);
        let templates = read(&bundle.templates, template::parse, &mut problems);
        let mut read = Self { flows, templates, problems };
        let flows = read.flows.iter().map(|(sheet, flow)| (*sheet, flow.id().to_string()));
        let twice = twice(flows.collect(), "flow");
        let templates = read.templates.iter().map(|(sheet, template)| (*sheet, template.name().to_owned()));
        let templates_twice = self::twice(templates.collect(), "template");
        read.problems.extend(twice.into_iter().chain(templates_twice));
        let mut names = BTreeSet::new();
        let same = bundle.flows.iter().filter(|sheet| !names.insert(sheet.file.as_str()));
        read.problems.extend(same.map(|sheet| FileProblem {
            file: sheet.file.clone(),
            ..whole("another file has this name already")
        }));
        read
    }
}

fn read<'a, T>(
    sheets: &'a [Sheet],
    parse: impl Fn(&str) -> Result<T, Vec<Problem>>,
    problems: &mut Vec<FileProblem>,
) -> Vec<(&'a Sheet, T)> {
    let mut read = Vec::new();
    for sheet in sheets {
        match parse(&sheet.text) {
            Ok(value) => read.push((sheet, value)),
            Err(found) => problems.extend(found.into_iter().map(|Problem { line, field, message }| {
                FileProblem { file: sheet.file.clone(), line, field, message }
            })),
        }
    }
    read
}

fn twice(named: Vec<(&Sheet, String)>, what: &str) -> Vec<FileProblem> {
    let mut first: BTreeMap<String, &Sheet> = BTreeMap::new();
    let mut problems = Vec::new();
    for (sheet, name) in named {
        match first.get(&name) {
            Some(other) => problems.push(FileProblem {
                file: sheet.file.clone(),
                line: line_of(&sheet.text, "name", None),
                field: "name".to_owned(),
                message: format!("{} holds the {what} {name} too", other.file),
            }),
            None => drop(first.insert(name, sheet)),
        }
    }
    problems
}

/// The first line on which a field has this value, or any: `template: ask`, `{ "template": "ask" }`.
fn line_of(text: &str, field: &str, value: Option<&str>) -> Option<u64> {
    let quotes = |c: char| c == '"' || c == '\'';
    let holds = |line: &str| {
        line.match_indices(field).any(|(at, _)| {
            let rest = line.get(at + field.len()..).unwrap_or_default();
            let Some(rest) = rest.trim_start_matches(quotes).trim_start().strip_prefix(':') else {
                return false;
            };
            let word = rest.trim_start().trim_start_matches(quotes);
            value.is_none_or(|value| {
                let after = word.strip_prefix(value);
                after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
        })
    };
    let place = text.lines().position(holds)?;
    u64::try_from(place + 1).ok()
}

impl Setup {
    /// What a bundle would change, by templates and flows, those that are the same too. Changes nothing.
    ///
    /// # Errors
    /// [`SetupError::Bundle`] with every problem of every file, each with its line and field; also for a
    /// plan that has no room for what is to be active.
    pub async fn compare(
        &self,
        store: &StoreId,
        bundle: &Bundle,
        wish: Wish,
    ) -> Result<Vec<Difference>, SetupError> {
        let mut read = Read::of(bundle);
        let heads = self.heads(store).await?;
        let lacking = self.lacking(store, &read, &heads, wish).await?;
        read.problems.extend(lacking);
        if wish.prune && bundle.flows.is_empty() {
            read.problems.push(whole("it holds no flows; pruning would archive all that there are"));
        }
        // What a file says that cannot be read would only be guessed at.
        if read.problems.is_empty() {
            let full = self.without_room(store, &read, &heads, wish).await?;
            read.problems.extend(full);
        }
        if !read.problems.is_empty() {
            read.problems.sort();
            read.problems.dedup();
            return Err(SetupError::Bundle(read.problems));
        }
        let mut differences = self.of_templates(store, &read).await?;
        differences.extend(of_flows(&read, &heads, wish));
        Ok(differences)
    }

    /// What flows lack of the templates that there will be. Flows of the store that stay what they are count
    /// too: a template that changes must not take their words away.
    async fn lacking(
        &self,
        store: &StoreId,
        read: &Read<'_>,
        heads: &[FlowHead],
        wish: Wish,
    ) -> Result<Vec<FileProblem>, SetupError> {
        let mut names: Vec<String> = read.flows.iter().flat_map(|(_, flow)| needs(flow)).collect();
        names.sort_unstable();
        names.dedup();
        let mut templates = self.templates_of(store, &names).await?;
        let changed: BTreeMap<&str, &Sheet> =
            read.templates.iter().map(|(sheet, template)| (template.name(), *sheet)).collect();
        templates.extend(
            read.templates.iter().map(|(_, template)| (template.name().to_owned(), template.clone())),
        );
        let mut problems = Vec::new();
        for (sheet, flow) in &read.flows {
            problems.extend(lacks(flow, &templates).into_iter().map(|Lack { field, template, message }| {
                let named = field.rsplit('.').next().unwrap_or_default();
                let line = line_of(&sheet.text, named, Some(&template));
                let line = line.or_else(|| line_of(&sheet.text, "template", Some(&template)));
                FileProblem { file: sheet.file.clone(), line, field, message }
            }));
        }
        let held = bundled(read);
        for head in heads.iter().filter(|head| head.is_active() && !wish.prune && !held.contains(&head.id)) {
            let Some(flow) = &head.flow else { continue };
            for Lack { template, message, .. } in lacks(flow, &templates) {
                let Some(sheet) = changed.get(template.as_str()) else { continue };
                let message = format!("{message}, which the active flow {} needs", flow.name);
                let (file, field) = (sheet.file.clone(), "labels".to_owned());
                problems.push(FileProblem {
                    file,
                    line: line_of(&sheet.text, "labels", None),
                    field,
                    message,
                });
            }
        }
        Ok(problems)
    }

    /// Whether there is room for all that will be active. What is over a limit already may stay.
    async fn without_room(
        &self,
        store: &StoreId,
        read: &Read<'_>,
        heads: &[FlowHead],
        wish: Wish,
    ) -> Result<Vec<FileProblem>, SetupError> {
        let held = bundled(read);
        let new = held.iter().filter(|id| live(heads, id).is_none()).count();
        let kept = heads.iter().filter(|head| head.state != FlowState::Archived);
        let kept = kept.filter(|head| !wish.prune || held.contains(&head.id)).count();
        if new > 0 && new + kept > Self::MAX_FLOWS {
            let most = Self::MAX_FLOWS;
            return Ok(vec![whole(format!("a store has at most {most} flows that are not archived"))]);
        }
        let stays = |head: &&FlowHead| !wish.prune && !held.contains(&head.id);
        let mut active = starters(heads.iter().filter(stays))?;
        let was_active = |id: &FlowId| live(heads, id).is_some_and(FlowHead::is_active);
        // Those that are active already come first: they have their places.
        let mut coming: Vec<_> =
            read.flows.iter().map(|(sheet, flow)| (!was_active(&flow.id()), sheet, flow)).collect();
        coming.retain(|(new, ..)| wish.activate || !new);
        coming.sort_by_key(|(new, ..)| *new);
        let plan = self.store_settings(store).await?.plan;
        let mut problems = Vec::new();
        for (new, sheet, flow) in coming {
            let trigger = flow.trigger.kind().as_str();
            let in_plan = if new { plan_room(plan, &active) } else { Ok(()) };
            if let Err(full) = in_plan.and_then(|()| trigger_room(trigger, &active)) {
                let (file, message) = (sheet.file.clone(), full.to_string());
                problems.push(FileProblem { file, line: None, field: String::new(), message });
                continue;
            }
            active.push(Starter { name: flow.name.clone(), trigger });
        }
        Ok(problems)
    }

    async fn of_templates(&self, store: &StoreId, read: &Read<'_>) -> Result<Vec<Difference>, SetupError> {
        let mut differences = Vec::new();
        for (sheet, template) in &read.templates {
            let before = self.template_text(store, template.name()).await?;
            let acts = match &before {
                None => vec![Act::Create],
                Some(text) if *text != sheet.text => vec![Act::Change],
                Some(_) => Vec::new(),
            };
            let name = template.name().to_owned();
            differences.push(difference(Kind::Template, name, sheet, acts, before));
        }
        Ok(differences)
    }
}

fn of_flows(read: &Read<'_>, heads: &[FlowHead], wish: Wish) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (sheet, flow) in &read.flows {
        let id = flow.id();
        let held = heads.iter().find(|head| head.id == id);
        let mut acts = match held {
            None => vec![Act::Create],
            Some(head) if head.state == FlowState::Archived => vec![Act::Restore],
            Some(_) => Vec::new(),
        };
        // One of before what flows say was kept is saved anew.
        if held.is_some_and(|head| head.text != sheet.text || head.flow.is_none()) {
            acts.push(Act::Change);
        }
        if wish.activate && !held.is_some_and(FlowHead::is_active) {
            acts.push(Act::Activate);
        }
        let before = held.map(|head| head.text.clone());
        differences.push(difference(Kind::Flow, id.to_string(), sheet, acts, before));
    }
    let held = bundled(read);
    let others = heads.iter().filter(|head| head.state != FlowState::Archived && !held.contains(&head.id));
    differences.extend(others.map(|head| Difference {
        kind: Kind::Flow,
        name: head.id.to_string(),
        file: None,
        acts: if wish.prune { vec![Act::Archive] } else { Vec::new() },
        before: None,
        after: None,
    }));
    differences
}

fn difference(kind: Kind, name: String, sheet: &Sheet, acts: Vec<Act>, before: Option<String>) -> Difference {
    let differs = before.as_ref() != Some(&sheet.text);
    let after = differs.then(|| sheet.text.clone());
    Difference { kind, name, file: Some(sheet.file.clone()), acts, before: before.filter(|_| differs), after }
}

fn bundled(read: &Read<'_>) -> BTreeSet<FlowId> {
    read.flows.iter().map(|(_, flow)| flow.id()).collect()
}

/// The head of a flow that is not archived.
fn live<'a>(heads: &'a [FlowHead], id: &FlowId) -> Option<&'a FlowHead> {
    heads.iter().find(|head| head.id == *id && head.state != FlowState::Archived)
}

fn whole(message: impl Into<String>) -> FileProblem {
    FileProblem { file: String::new(), line: None, field: String::new(), message: message.into() }
}
