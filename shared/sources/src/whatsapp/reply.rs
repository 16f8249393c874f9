//! What customers answer.

use harkara_domain::{
    CustomerId, FactBody, Phone, Subject,
    fact::{Reply, Said},
};
use serde_json::value::RawValue;

use super::{Delivery, NAME, message_id, model::Message, time};
use crate::{
    Parsed,
    json::read_part,
    limits::{self, cut, line},
    phone,
};

/// What was tapped: the payload that came back, and the words on the button.
type Tap<'t> = (Option<&'t str>, Option<&'t str>);

/// Reads one message. `contact` is who wrote, where the message itself does not say.
pub(super) fn take(delivery: Delivery<'_>, raw: &RawValue, contact: Option<&str>, parsed: &mut Parsed) {
    let Ok(message) = read_part::<Message<'_>>("a message", raw) else {
        return parsed.ignore("message", "unreadable");
    };
    let (Some(id), Some(at)) = (message_id(&message.id), time(&message.timestamp)) else {
        return parsed.ignore("message", "without_id_or_time");
    };
    let (about, said) = match content(&message) {
        Ok(Content::Tapped(tap)) => tapped(delivery, tap),
        Ok(Content::Wrote(text)) => (None, cut(text, limits::MESSAGE).map(Said::Wrote)),
        Err(kind) => return parsed.ignore("message", &kind),
    };
    let Some(said) = said else {
        return parsed.ignore("message", "without_words");
    };
    let from = message.from.as_deref().or(contact).and_then(sender);
    let customer = match &about {
        Some(Subject::Customer(customer)) => Some(customer.clone()),
        _ => CustomerId::of(delivery.context.store, from.as_ref(), None, None),
    };
    let order = about.as_ref().and_then(Subject::order).cloned();
    let reply = Reply { message: id.to_owned(), from, customer, order, said };
    parsed.facts.push(delivery.fact(format!("{NAME}/{id}"), at, FactBody::Reply(reply)));
}

enum Content<'t> {
    Tapped(Tap<'t>),
    Wrote(&'t str),
}

/// The content of a message, or the name of a kind that is left alone.
fn content<'t>(message: &'t Message<'_>) -> Result<Content<'t>, String> {
    let kind = message.kind.as_deref().unwrap_or("without_type");
    match kind {
        "text" => {
            Ok(Content::Wrote(message.text.as_ref().and_then(|t| t.body.as_deref()).unwrap_or_default()))
        }
        "button" => {
            let button = message.button.as_ref().ok_or_else(|| kind.to_owned())?;
            Ok(Content::Tapped((button.payload.as_deref(), button.text.as_deref())))
        }
        "interactive" => {
            let interactive = message.interactive.as_ref().ok_or_else(|| kind.to_owned())?;
            let reply = interactive
                .button_reply
                .as_ref()
                .ok_or_else(|| format!("{kind}/{}", interactive.kind.as_deref().unwrap_or("without_type")))?;
            Ok(Content::Tapped((reply.id.as_deref(), reply.title.as_deref())))
        }
        other => Err(other.to_owned()),
    }
}

/// A tap counts for the order or customer that its payload names, if we signed it for this store; else only the
/// words on the button are known to be the customer's.
fn tapped(delivery: Delivery<'_>, (payload, label): Tap<'_>) -> (Option<Subject>, Option<Said>) {
    let label = label.and_then(|label| line(label, limits::NAME));
    let key = delivery.connection.reference_key.as_ref();
    let ours = key.zip(payload).and_then(|(key, payload)| key.verify(delivery.context.store, payload));
    match ours {
        Some((choice, about)) => {
            let label = label.unwrap_or_else(|| choice.as_str().to_owned());
            (Some(about), Some(Said::Tapped { choice, label }))
        }
        None => (None, label.map(Said::Wrote)),
    }
}

/// A `wa_id`: an international number without its plus sign. Normalised like the phones of orders,
/// so that both find the same customer; one that the numbering plans do not know stays as it is,
/// since WhatsApp has delivered from it.
fn sender(wa_id: &str) -> Option<Phone> {
    let number = format!("+{}", wa_id.trim().trim_start_matches('+'));
    phone::normalise(&number, None).or_else(|| Phone::e164(&number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_the_customer_that_the_order_knows() {
        assert_eq!(sender("923001234567"), phone::normalise("0300-1234567", Some("PK")));
        assert_eq!(sender("+923001234567"), sender("923001234567"));
        assert_eq!(sender("16505551234").map(|p| p.as_str().to_owned()).as_deref(), Some("+16505551234"));
        for bad in ["", "+", "PK.13491208655302741918", "1"] {
            assert_eq!(sender(bad), None, "{bad}");
        }
    }
}
