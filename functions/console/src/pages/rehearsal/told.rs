//! A dry run for the eye.

use harkara_domain::{
    Subject,
    flow::{Channel, condition::Judged},
    rehearse::{self, AtStage, Event, Moment, Outcome},
};
use harkara_engine::rehearsal::{Shown, ShownAction, ShownMessage, Told, words};
use jiff::Timestamp;

use crate::{
    desk::encoded,
    words::{capital, when::Zoned},
};

/// A dry run for the eye.
pub(super) struct Answer {
    pub(super) whom: String,
    /// The page of whom it is for, where there is one.
    pub(super) href: Option<String>,
    pub(super) sample: bool,
    pub(super) text: String,
    pub(super) zone: String,
    pub(super) when: String,
    pub(super) occurrence: String,
    pub(super) takes: bool,
    pub(super) verdict: String,
    pub(super) asked: Vec<Question>,
    pub(super) moments: Vec<Row>,
    pub(super) ending: String,
}

/// A condition that was asked, with its parts.
pub(super) struct Question {
    pub(super) asks: String,
    pub(super) parts: Vec<Part>,
}

/// A condition, or a group of them, as it came out.
pub(super) struct Part {
    /// How far it is indented: a class of the style sheet.
    pub(super) inset: usize,
    pub(super) condition: String,
    pub(super) held: bool,
    pub(super) actual: String,
}

/// A moment of the timetable.
pub(super) struct Row {
    pub(super) when: String,
    pub(super) machine: String,
    pub(super) since: String,
    pub(super) tone: &'static str,
    pub(super) inset: usize,
    pub(super) title: String,
    pub(super) asked: Vec<Question>,
    pub(super) actions: Vec<ShownAction>,
    pub(super) messages: Vec<Message>,
}

/// A message as one channel would carry it.
pub(super) struct Message {
    pub(super) mail: bool,
    pub(super) head: String,
    /// Why it does not go by this channel.
    pub(super) hindrance: Option<String>,
    /// There is something wrong with it.
    pub(super) wrong: bool,
    pub(super) shown: ShownMessage,
}

/// The deepest inset that the style sheet knows.
const DEEPEST: usize = 4;

impl Answer {
    pub(super) fn of(told: Told, zoned: &Zoned) -> Self {
        let rehearsal = told.rehearsal;
        let whom = told.subject.to_string();
        let known = matches!(told.subject, Subject::Order(_)) && !told.sample;
        Self {
            href: known.then(|| format!("/orders/{}", encoded(&whom))),
            whom,
            sample: told.sample,
            text: told.text,
            zone: zoned.zone.iana_name().unwrap_or("UTC").to_owned(),
            when: zoned.full(rehearsal.at),
            occurrence: capital(&rehearsal.occurrence.to_string()),
            takes: rehearsal.passed_over.is_none(),
            verdict: words::verdict(&rehearsal),
            ending: words::ending(&rehearsal),
            asked: rehearsal.judged.iter().map(Question::of).collect(),
            moments: rehearsal.moments.into_iter().map(|one| Row::of(one, rehearsal.at, zoned)).collect(),
        }
    }
}

impl Question {
    fn of(asked: &rehearse::Asked) -> Self {
        let number = match asked.asks {
            rehearse::Asks::Arm(arm) => format!(" {}", arm + 1),
            _ => String::new(),
        };
        Self {
            asks: format!("{}{number}", words::asks(asked.asks)),
            parts: asked
                .judged
                .iter()
                .enumerate()
                .map(|(at, one)| Part::of(one, &asked.judged, at))
                .collect(),
        }
    }
}

impl Part {
    fn of(judged: &Judged, all: &[Judged], at: usize) -> Self {
        // What is in a group stands right behind it, so the group itself need not say it again.
        let group = all.get(at + 1).is_some_and(|next| next.depth() > judged.depth());
        let name = judged.path.rsplit('.').next().unwrap_or_default();
        Self {
            inset: judged.depth().min(DEEPEST),
            condition: if group { format!("{name} of these") } else { judged.condition.clone() },
            held: judged.held,
            actual: judged.actual.clone(),
        }
    }
}

impl Row {
    fn of(moment: Moment<Shown>, began: Timestamp, zoned: &Zoned) -> Self {
        let row = Self {
            when: zoned.full(moment.at),
            machine: zoned.machine(moment.at),
            since: Zoned::since(began, moment.at),
            tone: tone(&moment.event),
            inset: 0,
            title: words::event(&moment.event, |at| zoned.full(at)),
            asked: Vec::new(),
            actions: Vec::new(),
            messages: Vec::new(),
        };
        let Event::Stage(stage) = moment.event else { return row };
        let AtStage { depth, judged, shown, .. } = *stage;
        let Shown { messages, actions } = shown.unwrap_or_default();
        Self {
            inset: usize::from(depth).min(DEEPEST),
            asked: judged.iter().map(Question::of).collect(),
            messages: messages.into_iter().map(Message::of).collect(),
            actions,
            ..row
        }
    }
}

impl Message {
    fn of(shown: ShownMessage) -> Self {
        let language = shown.language.as_ref().map_or_else(String::new, |tag| format!(" · {tag}"));
        Self {
            mail: shown.channel == Channel::Email,
            head: format!("{} · {}{language}", capital(&shown.channel.to_string()), shown.template),
            hindrance: words::hindrance(&shown).map(capital),
            wrong: shown.problem.is_some(),
            shown,
        }
    }
}

/// A class of the style sheet.
fn tone(event: &Event<Shown>) -> &'static str {
    match event {
        Event::Assumed { .. } => "talk",
        Event::Ended { .. } => "calm",
        Event::Stage(stage) => match stage.outcome {
            Outcome::Sent => "good",
            Outcome::Failed { .. } => "bad",
            Outcome::Skipped { .. } | Outcome::Cancelled { .. } | Outcome::Left { .. } => "calm",
            Outcome::Waits { .. } | Outcome::Listens { .. } => "warn",
            Outcome::Takes { .. } => "info",
        },
    }
}
