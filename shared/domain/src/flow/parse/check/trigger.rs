//! What is wrong with a trigger's parameter.

use crate::{
    flow::{
        Trigger,
        heard::{MAX_OWN, MAX_PHRASE},
        trigger::Often,
    },
    phrase::Speech,
};

use super::Check;

impl Check<'_> {
    /// What is wrong with what a trigger asks for: that it could never come about, or is over the limits.
    pub(super) fn trigger(&mut self, trigger: &Trigger) {
        match trigger {
            Trigger::MilestoneOrder(which) => {
                let path = "trigger.milestone_order";
                let most = Trigger::MAX_MILESTONES;
                match which.len() {
                    0 => self.say(path, "names no order; give it at least one number, such as 5"),
                    count if count > most => {
                        self.say(path, format!("has {count} numbers; {most} is the most"));
                    }
                    _ => {}
                }
                for (index, _) in which.iter().enumerate().filter(|(_, number)| **number == 0) {
                    self.say(format!("{path}[{index}]"), "a customer's first order is number 1");
                }
            }
            Trigger::ProductViewed(often) => self.often("trigger.product_viewed", often),
            Trigger::CategoryBrowsed(often) => self.often("trigger.category_browsed", often),
            Trigger::MessageReceived(heard) => {
                self.heard("trigger.message_received.contains", &heard.contains);
            }
            Trigger::Custom(name) => self.text("trigger.custom", name, Trigger::MAX_NAME),
            _ => {}
        }
    }

    fn often(&mut self, path: &str, often: &Often) {
        if !(1..=Often::MAX_TIMES).contains(&often.times) {
            self.say(format!("{path}.times"), format!("{} is not 1 to {}", often.times, Often::MAX_TIMES));
        }
        if often.within.nominal().is_zero() {
            self.say(format!("{path}.within"), "leaves no time");
        }
    }

    fn heard(&mut self, path: &str, phrases: &[String]) {
        if phrases.len() > MAX_OWN {
            self.say(path, format!("has {} phrases; {MAX_OWN} is the most", phrases.len()));
        }
        for (index, phrase) in phrases.iter().take(MAX_OWN).enumerate() {
            let field = format!("{path}[{index}]");
            self.text(&field, phrase, MAX_PHRASE);
            if !phrase.trim().is_empty() && Speech::of(phrase).words().is_empty() {
                self.say(field, "has no word in it");
            }
        }
    }
}
