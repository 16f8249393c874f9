//! What the doctor asks of AWS beside the ports, with the operator's own permissions, and changes nothing:
//! `scheduler:ListSchedules`, `ses:GetSendQuota`, `ses:GetIdentityVerificationAttributes`.

use aws_sdk_ses::{error::DisplayErrorContext, types::VerificationStatus};
use harkara_engine::doctor::{Check, Finding, Planned};

use crate::{Config, Service, Session};

/// The schedules of a page.
const PAGE: i32 = 100;

/// The names of the schedules that wait, at most so many.
///
/// # Errors
/// In words, when they cannot be listed.
pub async fn planned(session: &Session, most: usize) -> Result<Vec<Planned>, String> {
    let group = session.config().require(Config::GROUP).map_err(|error| error.to_string())?;
    let client = aws_sdk_scheduler::Client::new(&session.sdk(Service::Scheduler));
    let (mut all, mut next) = (Vec::new(), None);
    while all.len() < most {
        let asked = client.list_schedules().group_name(group).max_results(PAGE).set_next_token(next);
        let page = asked.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        let names = page.schedules().iter().filter_map(|summary| summary.name());
        all.extend(names.map(|name| Planned { name: name.to_owned(), body: None }));
        next = page.next_token().map(str::to_owned);
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}

/// Whether SES sends for us, and how much is left of the day's quota.
pub async fn mail(session: &Session) -> Vec<Finding> {
    let check = Check::Mail;
    let from = match session.config().require(Config::MAIL_FROM) {
        Ok(from) => from,
        Err(error) => {
            let todo = "set the stack's parameter MailFrom, and deploy";
            return vec![Finding::trouble(check, error.to_string(), todo)];
        }
    };
    let client = aws_sdk_ses::Client::new(&session.sdk(Service::Ses));
    let mut found = Vec::new();
    match client.get_send_quota().send().await {
        Ok(quota) => found.extend(spent(quota.max24_hour_send(), quota.sent_last24_hours())),
        Err(error) => {
            let todo = "allow yourself ses:GetSendQuota, and see that the region is the stack's";
            let what = format!("SES cannot be asked: {}", DisplayErrorContext(error));
            return vec![Finding::warning(check, what, todo)];
        }
    }
    // Verified is the address itself, or its domain.
    let identities = identities(from);
    let asked = client.get_identity_verification_attributes().set_identities(Some(identities.clone()));
    match asked.send().await {
        Ok(said) => {
            let all = said.verification_attributes();
            let is_verified = |identity: &String| {
                let state = all.get(identity).map(|state| state.verification_status());
                state == Some(&VerificationStatus::Success)
            };
            if identities.iter().any(is_verified) {
                found.push(Finding::ok(check, "SES has verified the sender"));
            } else {
                let todo = "verify the address or its domain in SES, in the stack's region";
                let what = format!("SES has not verified {}", identities.join(" or "));
                found.push(Finding::trouble(check, what, todo));
            }
        }
        Err(error) => {
            let todo = "allow yourself ses:GetIdentityVerificationAttributes";
            let what = format!("SES does not say who the sender is: {}", DisplayErrorContext(error));
            found.push(Finding::warning(check, what, todo));
        }
    }
    found
}

/// What is left of the mails of 24 hours. An account in the sandbox has 200, to verified addresses alone.
fn spent(most: f64, sent: f64) -> Option<Finding> {
    const SANDBOX: f64 = 200.0;
    let check = Check::Mail;
    let ask = "ask for more on SES's account dashboard";
    if (0.0..=SANDBOX).contains(&most) {
        let what = "SES is in its sandbox: mails go to verified addresses alone";
        return Some(Finding::warning(check, what, "ask for production access on SES's account dashboard"));
    }
    let used = format!("{sent:.0} of {most:.0} mails of 24 hours are used");
    if most > 0.0 && sent >= most {
        Some(Finding::trouble(check, used, ask))
    } else if most > 0.0 && sent >= 0.8 * most {
        Some(Finding::warning(check, used, ask))
    } else {
        None
    }
}

/// The address of a sender, and its domain.
fn identities(from: &str) -> Vec<String> {
    let bare = from.rsplit_once('<').map_or(from, |(_, address)| address.trim_end_matches('>')).trim();
    let domain = bare.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    [Some(bare.to_owned()), domain].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_engine::doctor::Gravity;

    #[test]
    fn a_quota_is_told_of_before_it_is_spent() {
        let grave = |most, sent| spent(most, sent).map(|finding| finding.gravity);
        assert_eq!(grave(200.0, 0.0), Some(Gravity::Warning));
        assert_eq!(grave(50_000.0, 100.0), None);
        assert_eq!(grave(50_000.0, 41_000.0), Some(Gravity::Warning));
        assert_eq!(grave(50_000.0, 50_000.0), Some(Gravity::Trouble));
        // -1: no limit.
        assert_eq!(grave(-1.0, 100.0), None);
    }

    #[test]
    fn an_identity_is_an_address_or_its_domain() {
        assert_eq!(identities("Shop <shop@example.com>"), ["shop@example.com", "example.com"]);
        assert_eq!(identities("shop@example.com"), ["shop@example.com", "example.com"]);
    }
}
