//! What is to be rehearsed, as the form says it.

use harkara_domain::{
    FlowId,
    rehearse::{Happening, Meanwhile},
};
use harkara_engine::rehearsal::Wish;
use serde::Deserialize;

use crate::{filters::filled, words::when::Zoned};

/// What is to be rehearsed, as the form says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    /// `sample`, `known` or `json`; whichever is filled in, where absent.
    who: String,
    /// Of the store: an order's id, `customer:…`, `cart:…`.
    pub(super) subject: String,
    /// An order as JSON.
    pub(super) order: String,
    /// The current version, though there is a draft.
    pub(super) current: bool,
    /// A local time, as fields for one send it.
    pub(super) at: String,
    /// What is assumed, one a line.
    pub(super) meanwhile: String,
    /// One more that is assumed: after which wait, and what.
    after: String,
    what: String,
    pub(super) anyway: bool,
    /// The flow itself, where it is not one of the store's.
    pub(super) text: String,
}

impl Asked {
    /// The same in the form in which it is worked on: lines end as ours do, and what was added stands with
    /// the others.
    pub(super) fn tidied(self) -> Self {
        let unix = |text: &str| text.replace("\r\n", "\n");
        let mut meanwhile = unix(self.meanwhile.trim());
        if let Some(what) = filled(&self.what) {
            let sign = if meanwhile.is_empty() { "" } else { "\n" };
            meanwhile += &format!("{sign}{} {what}", filled(&self.after).unwrap_or("0m"));
        }
        let (after, what) = (String::new(), String::new());
        Self { who: self.who().to_owned(), meanwhile, after, what, text: unix(&self.text), ..self }
    }

    /// Whom it is for: `sample`, `known` or `json`.
    pub(super) fn who(&self) -> &'static str {
        match self.who.as_str() {
            "sample" => "sample",
            "known" => "known",
            "json" => "json",
            _ if filled(&self.subject).is_some() => "known",
            _ if filled(&self.order).is_some() => "json",
            _ => "sample",
        }
    }

    /// As the engine takes it; else all that is wrong with it.
    pub(super) fn wish(&self, flow: Option<FlowId>, zoned: &Zoned) -> Result<Wish, Vec<String>> {
        let (mut wish, mut problems) = (Wish { flow, anyway: self.anyway, ..Wish::default() }, Vec::new());
        wish.current = self.current && wish.flow.is_some();
        wish.text = wish.flow.is_none().then(|| self.text.clone());
        match (self.who(), filled(&self.subject), filled(&self.order)) {
            ("known", Some(subject), _) => wish.subject = Some(subject.into()),
            ("known", None, _) => problems.push("Say the id of an order, a customer or a cart.".to_owned()),
            ("json", _, order) => match serde_json::from_str(order.unwrap_or_default()) {
                Ok(order) => wish.order = Some(order),
                Err(error) => problems.push(format!("The order is no JSON: {error}")),
            },
            _ => {}
        }
        match filled(&self.at).map(|at| zoned.local(at).ok_or(at)) {
            Some(Err(at)) => problems.push(format!("“{at}” is not a time such as 2026-11-22T14:00.")),
            at => wish.at = at.and_then(Result::ok),
        }
        for line in self.meanwhile.lines().filter_map(filled) {
            match line.parse::<Meanwhile>() {
                Ok(assumed) => wish.meanwhile.push(assumed),
                Err(error) => problems.push(error.to_string()),
            }
        }
        if problems.is_empty() { Ok(wish) } else { Err(problems) }
    }
}

/// What can be assumed, each with its meaning.
pub(super) fn happenings() -> Vec<(String, String)> {
    Happening::all().iter().map(|happening| (happening.word(), happening.to_string())).collect()
}
