//! Every condition with how it came out: for a dry run, and for who asks why.

use serde::{Deserialize, Serialize};

use super::{Circumstances, Condition};

/// How a condition, or a group of them, came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Where it stands: `all[1].city`; of a group `all` or `all[2].any`.
    pub path: String,
    /// The condition, in words.
    pub condition: String,
    /// Whether it held.
    pub held: bool,
    /// The value that was found, in words; of a group, how many in it held.
    pub actual: String,
}

impl Judged {
    /// How many groups it stands within.
    pub fn depth(&self) -> usize {
        // Behind each group's place stands a dot.
        self.path.matches('.').count()
    }
}

impl Condition {
    /// Judges each condition and group, also those that would not have to be looked at any more: a group
    /// before what is in it.
    pub fn explain(&self, on: Circumstances<'_>) -> Vec<Judged> {
        let mut judged = Vec::new();
        self.explain_at("", on, &mut judged);
        judged
    }

    fn explain_at(&self, path: &str, on: Circumstances<'_>, judged: &mut Vec<Judged>) {
        let name = self.group().map(|(name, _)| name).or_else(|| Some(self.listed()?.field));
        let path = format!("{path}{}", name.unwrap_or_default());
        let inner = self.group().map(|(_, inner)| inner);
        let actual = match inner {
            Some(inner) => {
                let held = inner.iter().filter(|condition| condition.holds(on)).count();
                format!("{held} of {} hold", inner.len())
            }
            None => self.actual(on),
        };
        judged.push(Judged { path: path.clone(), condition: self.to_string(), held: self.holds(on), actual });
        for (index, condition) in inner.into_iter().flatten().enumerate() {
            condition.explain_at(&format!("{path}[{index}]."), on, judged);
        }
    }
}
