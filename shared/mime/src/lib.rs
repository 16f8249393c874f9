//! A mail as MIME: one form for every way that it leaves by.

use harkara_channels::email::Mail;
use lettre::message::{
    MultiPart, SinglePart,
    header::{HeaderName, HeaderValue},
};
pub use lettre::{Message, message::Mailbox};

/// The header that our reference travels in.
pub const REFERENCE: &str = "X-Harkara-Reference";

/// The mail as MIME: its text, beside it the HTML where there is some, and our reference in the header
/// [`REFERENCE`].
///
/// # Errors
/// What is wrong with an address, without the address itself: it will end in logs and pages.
pub fn message(from: &Mailbox, mail: &Mail) -> Result<Message, String> {
    let mut builder = Message::builder().from(from.clone()).subject(&mail.subject);
    for to in &mail.to {
        builder = builder.to(to.parse().map_err(|error| format!("to: {error}"))?);
    }
    if let Some(reference) = &mail.reference {
        let name = HeaderName::new_from_ascii_str(REFERENCE);
        builder = builder.raw_header(HeaderValue::new(name, reference.clone()));
    }
    let text = mail.text.clone();
    let built = match &mail.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, html.clone())),
        None => builder.singlepart(SinglePart::plain(text)),
    };
    built.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            to: vec!["ops@example.com".to_owned()],
            subject: "Two failed — دیکھیں".to_owned(),
            text: "plain".to_owned(),
            html: Some("<p>html</p>".to_owned()),
            reference: Some("shopify-1/cod~order_created/0/1".to_owned()),
        }
    }

    fn written(mail: &Mail) -> String {
        let from = "دکان <shop@example.com>".parse().unwrap();
        String::from_utf8(message(&from, mail).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_has_both_forms_and_our_reference() {
        let text = written(&mail());
        assert!(text.contains("X-Harkara-Reference: shopify-1/cod~order_created/0/1\r\n"), "{text}");
        assert!(text.contains("multipart/alternative"));
        assert!(text.is_ascii(), "names and subjects are encoded: {text}");
    }

    #[test]
    fn a_plain_mail_says_its_character_set() {
        let text = written(&Mail { html: None, text: "آرڈر".to_owned(), ..mail() });
        assert!(text.contains("Content-Type: text/plain; charset=utf-8"), "{text}");
        assert!(text.is_ascii());
    }

    #[test]
    fn a_line_break_in_a_subject_makes_no_header() {
        let text = written(&Mail { subject: "Two\r\nBcc: all@example.com".to_owned(), ..mail() });
        assert!(!text.contains("\nBcc:"), "{text}");
    }

    #[test]
    fn a_bad_address_is_refused_without_being_repeated() {
        let from = "shop@example.com".parse().unwrap();
        let error = message(&from, &Mail { to: vec!["no body".to_owned()], ..mail() }).unwrap_err();
        assert!(!error.contains("body"), "{error}");
    }
}
