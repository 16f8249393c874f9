//! What the types cannot say: limits, and combinations that cannot be meant.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use crate::flow::{Action, Condition, Flow, Message, Stage};

/// A path with what is wrong there.
pub(super) type Found = (String, String);

/// Collects problems.
struct Check {
    found: Vec<Found>,
}

/// Every problem of a flow that could be read.
pub(super) fn check(flow: &Flow) -> Vec<Found> {
    let mut check = Check { found: Vec::new() };
    check.flow(flow);
    check.found
}

impl Check {
    fn say(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.found.push((path.into(), message.into()));
    }

    fn flow(&mut self, flow: &Flow) {
        self.text("name", &flow.name, Flow::MAX_NAME);
        if !flow.name.trim().is_empty() && flow.id().as_str().is_empty() {
            self.say("name", "needs at least one letter or digit");
        }
        if let Some(conditions) = &flow.conditions {
            self.condition("conditions", conditions);
        }
        let count = flow.stages.len();
        if count == 0 {
            self.say("stages", "a flow needs at least one stage");
        } else if count > Flow::MAX_STAGES {
            self.say("stages", format!("has {count} stages; {} is the most", Flow::MAX_STAGES));
        }
        let mut names = BTreeSet::new();
        for (index, stage) in flow.stages.iter().enumerate() {
            let path = format!("stages[{index}]");
            if !names.insert(stage.name.trim().to_lowercase()) {
                self.say(format!("{path}.name"), format!("another stage is called “{}” already", stage.name));
            }
            self.stage(&path, stage, index == 0);
        }
        self.order(&flow.stages);
    }

    /// A stage whose wait from the trigger is shorter than that of the stage before it would not come
    /// first: it would come right behind that stage.
    fn order(&mut self, stages: &[Stage]) {
        let mut earliest = SignedDuration::ZERO;
        for (index, stage) in stages.iter().enumerate() {
            if let Some(wait) = stage.after_previous {
                earliest = earliest.saturating_add(wait.nominal());
            } else if let Some(wait) = stage.after {
                if wait.nominal() < earliest {
                    let message = format!("{wait} after the trigger is earlier than the stage before it");
                    self.say(format!("stages[{index}].after"), message);
                }
                earliest = earliest.max(wait.nominal());
            }
        }
    }

    fn stage(&mut self, path: &str, stage: &Stage, first: bool) {
        self.text(&format!("{path}.name"), &stage.name, Stage::MAX_NAME);
        self.timing(path, stage, first);
        if let Some(condition) = &stage.skip_if {
            self.condition(&format!("{path}.skip_if"), condition);
        }
        if stage.message.is_none() && stage.workflow.is_empty() {
            self.say(path, "a stage needs a `message` or a `workflow`");
        }
        if let Some(message) = &stage.message {
            self.message(&format!("{path}.message"), message);
        }
        let count = stage.workflow.len();
        if count > Stage::MAX_ACTIONS {
            let message = format!("has {count} actions; {} is the most", Stage::MAX_ACTIONS);
            self.say(format!("{path}.workflow"), message);
        }
        for (index, action) in stage.workflow.iter().enumerate() {
            self.action(&format!("{path}.workflow[{index}]"), action);
        }
    }

    fn timing(&mut self, path: &str, stage: &Stage, first: bool) {
        if stage.after_previous.is_some() {
            let field = format!("{path}.after_previous");
            if stage.after.is_some() {
                self.say(&field, "a stage has either `after` or `after_previous`, not both");
            }
            if first {
                self.say(&field, "the first stage has none before it; use `after`");
            }
        }
        if stage.not_before.is_some() && stage.not_before == stage.not_after {
            let message = "is the same as `not_before`, which leaves no time to send in";
            self.say(format!("{path}.not_after"), message);
        } else if let Some(at) = stage.at.filter(|at| !stage.window_holds(*at)) {
            let open = match (stage.not_before, stage.not_after) {
                (Some(from), Some(to)) => format!("from {from} to {to}"),
                (Some(from), None) => format!("from {from} on"),
                (None, Some(to)) => format!("until {to}"),
                (None, None) => "all day".to_owned(),
            };
            self.say(format!("{path}.at"), format!("{at} is outside the stage's own window, {open}"));
        }
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

    fn action(&mut self, path: &str, action: &Action) {
        match action {
            Action::Confirm | Action::Cancel | Action::SetStatus(_) | Action::CancelPending => {}
            Action::AddNote(text) => self.text(&format!("{path}.add_note"), text, Action::MAX_TEXT),
            Action::LogEvent(text) => self.text(&format!("{path}.log_event"), text, Action::MAX_TEXT),
            Action::SetFlag(flag) => self.text(&format!("{path}.set_flag"), flag, Action::MAX_NAME),
            Action::ClearFlag(flag) => self.text(&format!("{path}.clear_flag"), flag, Action::MAX_NAME),
            Action::EscalateTeam(team) => self.text(&format!("{path}.escalate_team"), team, Action::MAX_NAME),
            Action::AssignUser(person) => {
                let field = format!("{path}.assign_user");
                self.text(&field, person, Action::MAX_ADDRESS);
                let sound =
                    person.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
                if !person.trim().is_empty() && !sound {
                    self.say(field, format!("“{person}” is not an e-mail address"));
                }
            }
        }
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
