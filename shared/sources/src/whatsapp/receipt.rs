//! What became of our messages. Statuses come in any order, and `delivered` may never come.

use harkara_domain::{
    FactBody,
    fact::{ProviderError, Receipt, ReceiptStatus},
};
use serde_json::value::RawValue;

use super::{
    Delivery, NAME, message_id,
    model::{Fault, Status},
    time,
};
use crate::{
    Parsed,
    json::read_part,
    limits::{self, line},
};

/// Reads one status.
pub(super) fn take(delivery: Delivery<'_>, raw: &RawValue, parsed: &mut Parsed) {
    let Ok(report) = read_part::<Status<'_>>("a status", raw) else {
        return parsed.ignore("status", "unreadable");
    };
    let word = report.status.as_deref().unwrap_or("without_status");
    let status = match word {
        "sent" => ReceiptStatus::Sent,
        "delivered" => ReceiptStatus::Delivered,
        "read" => ReceiptStatus::Read,
        "failed" => ReceiptStatus::Failed,
        // `played` is of voice messages, which we never send.
        other => return parsed.ignore("status", other),
    };
    let (Some(id), Some(at)) = (message_id(&report.id), time(&report.timestamp)) else {
        return parsed.ignore("status", "without_id_or_time");
    };
    let failed = status == ReceiptStatus::Failed;
    let receipt = Receipt {
        message: id.to_owned(),
        stage: report
            .biz_opaque_callback_data
            .as_deref()
            .filter(|data| data.len() <= limits::REFERENCE)
            .and_then(|data| data.parse().ok()),
        status,
        at,
        error: report.errors.as_deref().filter(|_| failed).and_then(error),
    };
    let fact =
        delivery.fact(format!("{NAME}/{id}/{word}/{}", at.as_second()), at, FactBody::Receipt(receipt));
    parsed.facts.push(fact);
}

/// The first error that has a code. A failure without one gets none: every number means something
/// at Meta, 0 that the account may no longer send.
fn error(faults: &[Fault<'_>]) -> Option<ProviderError> {
    let coded = |fault: &Fault<'_>| fault.code.as_deref().and_then(|code| code.trim().parse::<i64>().ok());
    let (code, fault) = faults.iter().find_map(|fault| coded(fault).map(|code| (code, fault)))?;
    let details = fault.error_data.as_ref().and_then(|data| data.details.as_deref());
    let words = [details, fault.message.as_deref(), fault.title.as_deref()];
    let message = words.into_iter().flatten().find_map(|words| line(words, limits::ERROR));
    Some(ProviderError { code, message: message.unwrap_or_default() })
}
