//! What is wrong with actions.

use crate::{
    flow::{
        Action, Flow,
        action::{CouponOffer, Letter, Needs, Repeat, TaskToDo, Webhook, Worth},
    },
    id::RunId,
    occurrence::Kind,
    web,
};
use rust_decimal::Decimal;

use super::{Check, Stage};

impl Check<'_> {
    /// What is wrong with a stage's actions, each by itself and in this flow.
    pub(super) fn actions(&mut self, path: &str, stage: &Stage) {
        let mails = stage.workflow.iter().filter(|action| action.repeat() == Repeat::Doubles).count();
        if mails > Action::MAX_MAILS {
            let message = format!("has {mails} e-mails; {} is the most of one stage", Action::MAX_MAILS);
            self.say(format!("{path}.workflow"), message);
        }
        let coupons = stage.workflow.iter().filter(|action| matches!(action, Action::CreateCoupon(_)));
        if coupons.count() > 1 {
            self.say(format!("{path}.workflow"), "makes more than one coupon; a run has one at a time");
        }
        let trigger = &self.flow.trigger;
        let of_orders = trigger.kind().is_of_orders() || trigger.kind() == Kind::StartedBy;
        for (index, action) in stage.workflow.iter().enumerate() {
            let path = format!("{path}.workflow[{index}]");
            if !of_orders && action.effect(&RunId::new("")).needs() == Needs::Order {
                self.say(path.clone(), format!("is for orders, and this flow starts when {trigger}"));
            }
            self.action(&path, action);
        }
    }

    fn action(&mut self, path: &str, action: &Action) {
        let field = |name: &str| format!("{path}.{name}");
        match action {
            Action::Confirm | Action::Cancel | Action::SetStatus(_) | Action::CancelPending => {}
            Action::AddNote(text) => self.text(&field("add_note"), text, Action::MAX_TEXT),
            Action::LogEvent(text) => self.text(&field("log_event"), text, Action::MAX_TEXT),
            Action::SetFlag(flag) => self.text(&field("set_flag"), flag, Action::MAX_NAME),
            Action::ClearFlag(flag) => self.text(&field("clear_flag"), flag, Action::MAX_NAME),
            Action::EscalateTeam(team) => self.text(&field("escalate_team"), team, Action::MAX_NAME),
            Action::AddTag(tag) => self.text(&field("add_tag"), tag, Action::MAX_NAME),
            Action::RemoveTag(tag) => self.text(&field("remove_tag"), tag, Action::MAX_NAME),
            Action::SetTier(tier) => self.text(&field("set_tier"), tier, Action::MAX_NAME),
            Action::AssignUser(person) => self.address(&field("assign_user"), person),
            Action::SendEmail(letter) => self.letter(&field("send_email"), letter),
            Action::CreateCoupon(offer) => self.offer(&field("create_coupon"), offer),
            Action::AddPoints(points) => self.points(&field("add_points"), *points),
            Action::CreateTask(task) => self.task(&field("create_task"), task),
            Action::CallWebhook(webhook) => self.webhook(&field("call_webhook"), webhook),
            Action::StartFlow(name) => self.named_flow(&field("start_flow"), name),
        }
    }

    fn address(&mut self, path: &str, text: &str) {
        self.text(path, text, Action::MAX_ADDRESS);
        if !text.trim().is_empty() && !is_address(text.trim()) {
            self.say(path, format!("“{text}” is not an e-mail address"));
        }
    }

    fn letter(&mut self, path: &str, letter: &Letter) {
        let to = format!("{path}.to");
        if letter.is_to_address() {
            self.address(&to, &letter.to);
        } else {
            self.text(&to, &letter.to, Action::MAX_NAME);
        }
        self.text(&format!("{path}.subject"), &letter.subject, Letter::MAX_SUBJECT);
        if letter.subject.trim().contains('\n') {
            self.say(format!("{path}.subject"), "must be one line");
        }
        self.text(&format!("{path}.text"), &letter.text, Letter::MAX_TEXT);
    }

    fn offer(&mut self, path: &str, offer: &CouponOffer) {
        match offer.worth() {
            None => self.say(path, "needs either `percent` or `amount`, and not both"),
            Some(Worth::Percent(percent)) if percent <= Decimal::ZERO || percent > Decimal::ONE_HUNDRED => {
                let message = format!("{percent} is not more than 0 and at most 100");
                self.say(format!("{path}.percent"), message);
            }
            Some(Worth::Amount(amount)) if amount <= Decimal::ZERO => {
                self.say(format!("{path}.amount"), format!("{amount} is not more than 0"));
            }
            Some(_) => {}
        }
        if offer.expires.nominal().is_zero() {
            self.say(format!("{path}.expires"), "leaves no time to use it");
        }
        let Some(prefix) = &offer.prefix else { return };
        let count = prefix.chars().count();
        if prefix.is_empty() || !prefix.chars().all(|c| c.is_ascii_alphanumeric()) {
            self.say(format!("{path}.prefix"), format!("“{prefix}” is not letters and digits from A to 9"));
        } else if count > CouponOffer::MAX_PREFIX {
            let most = CouponOffer::MAX_PREFIX;
            self.say(format!("{path}.prefix"), format!("has {count} characters; {most} is the most"));
        }
    }

    fn points(&mut self, path: &str, points: i64) {
        if points == 0 {
            self.say(path, "0 points change nothing");
        } else if points.unsigned_abs() > Action::MAX_POINTS.unsigned_abs() {
            self.say(path, format!("{points} is more than {} points", Action::MAX_POINTS));
        }
    }

    fn task(&mut self, path: &str, task: &TaskToDo) {
        self.text(&format!("{path}.title"), &task.title, Action::MAX_TEXT);
        if let Some(team) = &task.team {
            self.text(&format!("{path}.team"), team, Action::MAX_NAME);
        }
    }

    fn webhook(&mut self, path: &str, webhook: &Webhook) {
        if let Err(problem) = web::target(&webhook.url) {
            self.say(format!("{path}.url"), problem.to_string());
        }
        let count = webhook.data.len();
        if count > Webhook::MAX_DATA {
            let most = Webhook::MAX_DATA;
            self.say(format!("{path}.data"), format!("has {count} fields; {most} is the most"));
        }
        for (name, text) in &webhook.data {
            let field = format!("{path}.data.{name}");
            if name.trim().is_empty() || name.chars().count() > Action::MAX_NAME {
                let most = Action::MAX_NAME;
                self.say(field.clone(), format!("a field's name has 1 to {most} characters"));
            }
            if text.chars().count() > Action::MAX_TEXT {
                self.say(field, format!("has more than {} characters", Action::MAX_TEXT));
            }
        }
    }

    fn named_flow(&mut self, path: &str, name: &str) {
        self.text(path, name, Flow::MAX_NAME);
        if !name.trim().is_empty() && Flow::id_of(name).as_str().is_empty() {
            self.say(path, format!("“{name}” is not the name of a flow"));
        } else if Flow::id_of(name) == self.flow.id() {
            self.say(path, "a flow cannot start itself");
        }
    }
}

/// One address, and nothing that could break out of a header; whether it exists, only a mail can tell.
fn is_address(text: &str) -> bool {
    let stray = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>');
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(mailbox, host)| !mailbox.is_empty() && !host.is_empty()) && !text.contains(stray)
}
