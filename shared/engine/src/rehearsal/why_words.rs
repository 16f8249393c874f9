//! The answer to "why", as text.

use harkara_domain::{
    OrderView, Reason, Trigger,
    fact::ReceiptStatus,
    run::{Outcome, ReceiptMark, StageStatus},
};
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

use super::{
    roman_urdu,
    why::{Language, Verdict, Why, WhyStage},
};

pub(super) fn reason(reason: &Reason, language: Language) -> String {
    match language {
        Language::English => reason.to_string(),
        Language::RomanUrdu => roman_urdu::reason(reason),
    }
}

pub(super) fn trigger(trigger: &Trigger, language: Language) -> String {
    match language {
        Language::English => trigger.to_string(),
        Language::RomanUrdu => roman_urdu::trigger(trigger),
    }
}

/// What came of a try.
pub(super) fn outcome(outcome: &Outcome, language: Language) -> String {
    match (outcome, language) {
        (Outcome::Accepted(_), Language::English) => "accepted".to_owned(),
        (Outcome::Accepted(_), Language::RomanUrdu) => "le liya gaya".to_owned(),
        (Outcome::Refused(error), Language::English) => format!("refused: {error}"),
        (Outcome::Refused(error), Language::RomanUrdu) => format!("mana kar diya: {error}"),
        (Outcome::Ambiguous, Language::English) => "the answer was lost".to_owned(),
        (Outcome::Ambiguous, Language::RomanUrdu) => "jawab nahin mila".to_owned(),
        (Outcome::NotSent(problem), Language::English) => format!("not sent: {problem}"),
        (Outcome::NotSent(problem), Language::RomanUrdu) => format!("nahin gaya: {problem}"),
    }
}

/// What a provider reported.
pub(super) fn receipt(mark: &ReceiptMark, language: Language) -> String {
    let words = match (mark.status, language) {
        (ReceiptStatus::Sent, Language::English) => "taken by the provider",
        (ReceiptStatus::Sent, Language::RomanUrdu) => "provider ne le liya",
        (ReceiptStatus::Failed, Language::English) => "could not be brought",
        (ReceiptStatus::Failed, Language::RomanUrdu) => "nahin pohanch saka",
        (ReceiptStatus::Delivered, Language::English) => "delivered",
        (ReceiptStatus::Delivered, Language::RomanUrdu) => "pohanch gaya",
        (ReceiptStatus::Read, Language::English) => "read",
        (ReceiptStatus::Read, Language::RomanUrdu) => "parh liya gaya",
        (ReceiptStatus::Clicked, Language::English) => "a link was opened",
        (ReceiptStatus::Clicked, Language::RomanUrdu) => "link khola gaya",
    };
    let error = mark.error.as_ref().map_or_else(String::new, |error| format!(": {error}"));
    format!("{words}{error}")
}

/// Where an order stands.
pub(super) fn standing(order: &OrderView, language: Language) -> String {
    match language {
        Language::English => format!("The order {} is {}.", order.id, order.status()),
        Language::RomanUrdu => format!("Order {} {} hai.", order.id, roman_urdu::status(order.status())),
    }
}

impl Verdict {
    /// When the flow took the order, or did not.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::NotCome { .. } | Self::BeforeIt { .. } => None,
            Self::PassedOver { at, .. } => Some(*at),
            Self::Took { run, .. } => Some(run.started_at),
        }
    }

    /// What became of the flow, without its full stop; why it did not take the order follows by itself.
    /// `time` says times.
    pub fn words(&self, language: Language, time: impl Fn(Timestamp) -> String) -> String {
        let english = language == Language::English;
        match self {
            Self::NotCome { trigger } if english => format!("Its trigger has not come: {trigger}"),
            Self::NotCome { trigger } => {
                format!("Is ka trigger abhi nahin aaya: jab {}", roman_urdu::trigger(trigger))
            }
            Self::BeforeIt { at, changed_at } => {
                let (at, changed) = (time(*at), time(*changed_at));
                if english {
                    format!("Its trigger came on {at}, before the flow was changed on {changed}")
                } else {
                    format!("Is ka trigger {at} ko aaya tha, flow {changed} ko badla gaya")
                }
            }
            Self::PassedOver { occurrence, .. } if english => {
                format!("{occurrence}. It did not take the order")
            }
            Self::PassedOver { occurrence, .. } => format!("{occurrence}. Flow ne order nahin liya"),
            Self::Took { run, .. } if english => {
                format!("{}. It took the order; the run is {}", run.occurrence, run.status.as_str())
            }
            Self::Took { run, .. } => {
                format!("{}. Flow ne order le liya; ab {}", run.occurrence, roman_urdu::run(run.status))
            }
        }
    }
}

impl WhyStage {
    /// Where it stands, in words.
    pub fn standing(&self, language: Language) -> &'static str {
        match self.status {
            status if language == Language::RomanUrdu => roman_urdu::stage(status, self.speaks),
            StageStatus::Queued => "still to come",
            StageStatus::Sent if self.speaks => "sent",
            StageStatus::Sent => "done",
            StageStatus::Failed => "failed",
            StageStatus::Cancelled => "cancelled",
            StageStatus::Skipped => "left out",
        }
    }
}

/// The whole answer.
pub(super) fn text(why: &Why, zone: &TimeZone, language: Language) -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut page, why, zone, language);
    page
}

fn write(page: &mut String, why: &Why, zone: &TimeZone, language: Language) -> std::fmt::Result {
    writeln!(page, "{}", why.standing)?;
    for flow in &why.flows {
        writeln!(page, "\n{} ({})", flow.name, flow.flow)?;
        for verdict in &flow.verdicts {
            self::verdict(page, verdict, zone, language)?;
        }
    }
    Ok(())
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M:%S").to_string()
}

fn verdict(page: &mut String, verdict: &Verdict, zone: &TimeZone, language: Language) -> std::fmt::Result {
    let at = verdict.at().map_or_else(String::new, |at| format!("{}  ", time(at, zone)));
    let words = verdict.words(language, |at| time(at, zone));
    let (why, stages) = match verdict {
        Verdict::PassedOver { words, .. } => (format!(": {words}"), &[][..]),
        Verdict::Took { stages, .. } => (String::new(), stages.as_slice()),
        Verdict::NotCome { .. } | Verdict::BeforeIt { .. } => (String::new(), &[][..]),
    };
    writeln!(page, "  {at}{words}{why}.")?;
    (1..).zip(stages).try_for_each(|(number, told)| stage(page, number, told, zone, language))
}

fn stage(
    page: &mut String,
    number: u16,
    told: &WhyStage,
    zone: &TimeZone,
    language: Language,
) -> std::fmt::Result {
    let status = told.standing(language);
    let at = told.at.map_or_else(String::new, |at| format!(", {}", time(at, zone)));
    let words = told.words.as_ref().map_or_else(String::new, |words| format!(": {words}"));
    let arm = told.arm.as_ref().map_or_else(String::new, |arm| format!(" → {arm}"));
    writeln!(page, "    {number}. {}: {status}{at}{words}{arm}", told.name)?;
    for (at, words) in told.attempts.iter().chain(&told.receipts) {
        writeln!(page, "         {}  {words}", time(*at, zone))?;
    }
    Ok(())
}
