//! What is wrong with when stages act.

use jiff::SignedDuration;

use super::{Check, Stage};

impl Check<'_> {
    /// A stage whose wait from the trigger is shorter than that of the stage before it would not come
    /// first: it would come right behind that stage.
    pub(super) fn order(&mut self, path: &str, stages: &[Stage]) {
        let mut earliest = SignedDuration::ZERO;
        for (index, stage) in stages.iter().enumerate() {
            if let Some(wait) = stage.after_previous {
                earliest = earliest.saturating_add(wait.nominal());
            } else if let Some(wait) = stage.after {
                if wait.nominal() < earliest {
                    let message = format!("{wait} after the trigger is earlier than the stage before it");
                    self.say(format!("{path}[{index}].after"), message);
                }
                earliest = earliest.max(wait.nominal());
            }
        }
    }

    pub(super) fn timing(&mut self, path: &str, stage: &Stage, first: bool) {
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
        } else if let Some(at) = stage.at.filter(|at| !stage.when().window_holds(*at)) {
            let message = format!("{at} is outside the stage's own window, {}", window(stage));
            self.say(format!("{path}.at"), message);
        }
        self.spread(path, stage);
        self.once(&format!("{path}.on"), &stage.on, |day| day.as_str());
    }

    /// What is spread over more than a window lasts acts on another day, which nobody meant.
    fn spread(&mut self, path: &str, stage: &Stage) {
        let Some(spread) = stage.spread else { return };
        let lasts = stage.when().window_lasts();
        let windowed = stage.not_before.is_some() || stage.not_after.is_some();
        if windowed && stage.not_before != stage.not_after && spread.nominal() > lasts {
            let message = format!("{spread} is longer than the stage's own window, {}", window(stage));
            self.say(format!("{path}.spread"), message);
        }
    }
}

/// The window of a stage that has one, in words.
fn window(stage: &Stage) -> String {
    match (stage.not_before, stage.not_after) {
        (Some(from), Some(to)) => format!("from {from} to {to}"),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(to)) => format!("until {to}"),
        (None, None) => "all day".to_owned(),
    }
}
