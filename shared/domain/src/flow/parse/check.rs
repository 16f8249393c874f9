//! What the types cannot say: limits, and combinations that cannot be meant.

mod action;
mod timing;
mod trigger;

use std::collections::BTreeSet;

use crate::flow::{Awaited, Condition, Flow, Message, Stage};

/// A path with what is wrong there.
pub(super) type Found = (String, String);

/// Collects problems.
struct Check<'f> {
    flow: &'f Flow,
    found: Vec<Found>,
}

/// Every problem of a flow that could be read.
pub(super) fn check(flow: &Flow) -> Vec<Found> {
    let mut check = Check { flow, found: Vec::new() };
    check.flow(flow);
    check.found
}

impl Check<'_> {
    fn say(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.found.push((path.into(), message.into()));
    }

    fn flow(&mut self, flow: &Flow) {
        self.text("name", &flow.name, Flow::MAX_NAME);
        if !flow.name.trim().is_empty() && flow.id().as_str().is_empty() {
            self.say("name", "needs at least one letter or digit");
        }
        self.trigger(&flow.trigger);
        if let Some(conditions) = &flow.conditions {
            self.condition("conditions", conditions);
        }
        if let Some(exit) = &flow.exit_if {
            self.condition("exit_if", exit);
        }
        let places = flow.places();
        let count = places.len();
        if count == 0 {
            self.say("stages", "a flow needs at least one stage");
        } else if count > Flow::MAX_STAGES {
            self.say("stages", format!("has {count} stages; {} is the most", Flow::MAX_STAGES));
        }
        if places.iter().any(|place| usize::from(place.depth) > Flow::MAX_DEPTH) {
            self.say("stages", format!("has forks within forks; {} deep is the most", Flow::MAX_DEPTH));
        }
        self.stages("stages", &flow.stages, &mut BTreeSet::new());
    }

    fn stages(&mut self, path: &str, stages: &[Stage], names: &mut BTreeSet<String>) {
        for (index, stage) in stages.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if !names.insert(stage.name.trim().to_lowercase()) {
                self.say(format!("{path}.name"), format!("another stage is called “{}” already", stage.name));
            }
            self.stage(&path, stage, index == 0);
            self.fork(&path, stage, names);
        }
        self.order(path, stages);
    }

    /// A fork is of one kind, sends and does nothing itself, and each way out of it is written down.
    fn fork(&mut self, path: &str, stage: &Stage, names: &mut BTreeSet<String>) {
        let kinds = [
            ("wait_for", stage.wait_for.len()),
            ("split", stage.split.len()),
            ("branches", stage.branches.len()),
        ];
        for (name, count) in kinds.iter().filter(|(_, count)| *count > Stage::MAX_ARMS) {
            let message = format!("has {count} arms; {} is the most", Stage::MAX_ARMS);
            self.say(format!("{path}.{name}"), message);
        }
        let mut named = kinds.iter().filter(|(_, count)| *count > 0).map(|(name, _)| *name);
        let kind = named.next();
        if let (Some(first), Some(second)) = (kind, named.next()) {
            self.say(format!("{path}.{second}"), format!("a stage has one fork; it has `{first}` already"));
        }
        if kind.is_some() && (stage.message.is_some() || !stage.workflow.is_empty()) {
            self.say(path, "a fork sends and does nothing itself; put that into a stage of its own");
        }
        match (kind, stage.timeout) {
            (Some("wait_for"), None) => self.say(path, "a stage that waits needs a `timeout`"),
            (kind, Some(_)) if kind != Some("wait_for") => {
                self.say(format!("{path}.timeout"), "only a stage with `wait_for` has one");
            }
            _ => {}
        }
        if !stage.otherwise.is_empty() && !matches!(kind, Some("wait_for" | "branches")) {
            self.say(format!("{path}.otherwise"), "only a stage with `wait_for` or `branches` has one");
        }
        self.arms(path, stage, names);
    }

    fn arms(&mut self, path: &str, stage: &Stage, names: &mut BTreeSet<String>) {
        for (index, arm) in stage.wait_for.iter().enumerate() {
            let path = format!("{path}.wait_for[{index}]");
            if let Awaited::Condition(condition) = &arm.until {
                self.condition(&format!("{path}.until.condition"), condition);
            }
            self.stages(&format!("{path}.stages"), &arm.stages, names);
        }
        let mut variants = BTreeSet::new();
        for (index, arm) in stage.split.iter().enumerate() {
            let path = format!("{path}.split[{index}]");
            self.text(&format!("{path}.name"), &arm.name, Stage::MAX_NAME);
            if !variants.insert(arm.name.trim().to_lowercase()) {
                self.say(format!("{path}.name"), format!("another arm is called “{}” already", arm.name));
            }
            self.stages(&format!("{path}.stages"), &arm.stages, names);
        }
        if !stage.split.is_empty() && stage.split.iter().all(|arm| arm.weight == 0) {
            self.say(format!("{path}.split"), "no arm has a weight over 0");
        }
        for (index, arm) in stage.branches.iter().enumerate() {
            let path = format!("{path}.branches[{index}]");
            self.condition(&format!("{path}.when"), &arm.when);
            self.stages(&format!("{path}.stages"), &arm.stages, names);
        }
        self.stages(&format!("{path}.otherwise"), &stage.otherwise, names);
    }

    fn stage(&mut self, path: &str, stage: &Stage, first: bool) {
        self.text(&format!("{path}.name"), &stage.name, Stage::MAX_NAME);
        self.timing(path, stage, first);
        if let Some(condition) = &stage.skip_if {
            self.condition(&format!("{path}.skip_if"), condition);
        }
        if let Some(condition) = &stage.only_if {
            self.condition(&format!("{path}.only_if"), condition);
        }
        if stage.message.is_none() && stage.workflow.is_empty() && !stage.is_fork() {
            self.say(path, "a stage needs a `message`, a `workflow` or a fork");
        }
        if let Some(message) = &stage.message {
            self.message(&format!("{path}.message"), message);
        }
        let count = stage.workflow.len();
        if count > Stage::MAX_ACTIONS {
            let message = format!("has {count} actions; {} is the most", Stage::MAX_ACTIONS);
            self.say(format!("{path}.workflow"), message);
        }
        self.actions(path, stage);
    }

    fn condition(&mut self, path: &str, condition: &Condition) {
        let (count, depth) = condition.size();
        if count > Condition::MAX_COUNT {
            let most = Condition::MAX_COUNT;
            self.say(path, format!("has {count} conditions and groups; {most} is the most"));
        }
        if depth > Condition::MAX_DEPTH {
            let most = Condition::MAX_DEPTH;
            self.say(path, format!("has groups within groups {depth} deep; {most} is the most"));
        }
        for (field, message) in condition.flaws(path) {
            self.say(field, message);
        }
    }

    fn message(&mut self, path: &str, message: &Message) {
        self.text(&format!("{path}.template"), &message.template, Message::MAX_TEMPLATE);
        for (channel, template) in &message.templates {
            self.text(&format!("{path}.templates.{}", channel.as_str()), template, Message::MAX_TEMPLATE);
        }
        if message.channels.is_empty() {
            self.say(format!("{path}.channels"), "names no channel; give it at least one, such as whatsapp");
        }
        self.once(&format!("{path}.channels"), &message.channels, |channel| channel.as_str());
        let count = message.buttons.len();
        if count > Message::MAX_BUTTONS {
            let most = Message::MAX_BUTTONS;
            self.say(format!("{path}.buttons"), format!("has {count} buttons; {most} is the most"));
        }
        self.once(&format!("{path}.buttons"), &message.buttons, |choice| choice.as_str());
    }

    fn text(&mut self, path: &str, text: &str, most: usize) {
        let count = text.chars().count();
        if text.trim().is_empty() {
            self.say(path, "is empty");
        } else if count > most {
            self.say(path, format!("has {count} characters; {most} is the most"));
        }
    }

    fn once<T: Ord>(&mut self, path: &str, list: &[T], name: impl Fn(&T) -> &'static str) {
        let mut seen = BTreeSet::new();
        for (index, value) in list.iter().enumerate() {
            if !seen.insert(value) {
                self.say(format!("{path}[{index}]"), format!("names {} a second time", name(value)));
            }
        }
    }
}
