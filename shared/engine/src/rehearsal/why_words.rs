//! The answer to "why", as text.

use harkara_domain::{
    Reason, Trigger,
    fact::ReceiptStatus,
    run::{Outcome, ReceiptMark, StageStatus},
};
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

use super::{
    roman_urdu,
    why::{Language, Verdict, Why, WhyStage},
};
use crate::read::OrderStory;

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

/// The whole answer.
pub(super) fn text(why: &Why, story: &OrderStory, zone: &TimeZone, language: Language) -> String {
    let mut page = String::new();
    // Writing into a string cannot fail.
    let _ = write(&mut page, why, story, zone, language);
    page
}

fn write(
    page: &mut String,
    why: &Why,
    story: &OrderStory,
    zone: &TimeZone,
    language: Language,
) -> std::fmt::Result {
    let status = story.order.status();
    match language {
        Language::English => writeln!(page, "The order {} is {status}.", why.order)?,
        Language::RomanUrdu => writeln!(page, "Order {} {} hai.", why.order, roman_urdu::status(status))?,
    }
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
    let english = language == Language::English;
    match verdict {
        Verdict::NotCome { trigger } if english => writeln!(page, "  Its trigger has not come: {trigger}."),
        Verdict::NotCome { trigger } => {
            writeln!(page, "  Is ka trigger abhi nahin aaya: jab {}.", roman_urdu::trigger(trigger))
        }
        Verdict::BeforeIt { at, changed_at } => {
            let (at, changed) = (time(*at, zone), time(*changed_at, zone));
            if english {
                writeln!(page, "  Its trigger came on {at}, before the flow was changed on {changed}.")
            } else {
                writeln!(page, "  Is ka trigger {at} ko aaya tha, flow {changed} ko badla gaya.")
            }
        }
        Verdict::PassedOver { at, occurrence, words, .. } => {
            let (at, no) = (
                time(*at, zone),
                if english { "It did not take the order" } else { "Flow ne order nahin liya" },
            );
            writeln!(page, "  {at}  {occurrence}. {no}: {words}.")
        }
        Verdict::Took { run, stages } => {
            let (at, occurrence) = (time(run.started_at, zone), &run.occurrence);
            if english {
                writeln!(
                    page,
                    "  {at}  {occurrence}. It took the order; the run is {}.",
                    run.status.as_str()
                )?;
            } else {
                let status = roman_urdu::run(run.status);
                writeln!(page, "  {at}  {occurrence}. Flow ne order le liya; ab {status}.")?;
            }
            let numbered = stages.iter().enumerate();
            numbered.into_iter().try_for_each(|(index, told)| stage(page, index + 1, told, zone, language))
        }
    }
}

fn stage(
    page: &mut String,
    number: usize,
    told: &WhyStage,
    zone: &TimeZone,
    language: Language,
) -> std::fmt::Result {
    let english = language == Language::English;
    let status = match told.status {
        status if !english => roman_urdu::stage(status, told.speaks),
        StageStatus::Queued => "still to come",
        StageStatus::Sent if told.speaks => "sent",
        StageStatus::Sent => "done",
        StageStatus::Failed => "failed",
        StageStatus::Cancelled => "cancelled",
        StageStatus::Skipped => "left out",
    };
    let at = told.at.map_or_else(String::new, |at| format!(", {}", time(at, zone)));
    let words = told.words.as_ref().map_or_else(String::new, |words| format!(": {words}"));
    let arm = told.arm.as_ref().map_or_else(String::new, |arm| format!(" → {arm}"));
    writeln!(page, "    {number}. {}: {status}{at}{words}{arm}", told.name)?;
    for (at, words) in told.attempts.iter().chain(&told.receipts) {
        writeln!(page, "         {}  {words}", time(*at, zone))?;
    }
    Ok(())
}
