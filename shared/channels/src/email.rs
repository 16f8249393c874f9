//! E-mail. What sends it (SES, SMTP, the outbox) is the engine's `Mailer`.

use crate::{
    OutgoingMessage, Unsendable,
    text::{at_most, one_line},
};

/// The characters of a subject that is made from the text.
const MAX_SUBJECT: usize = 70;

/// A mail, ready to be sent. Its `Debug` form shows neither addresses nor words.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    /// Addresses.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML, where there is more to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Our reference, for receipts; goes into a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mail(to {}, {} bytes, {:?})", self.to.len(), self.text.len(), self.reference)
    }
}

/// A message as a mail. Buttons are left out: a mail has nothing to tap that would reach us.
///
/// # Errors
/// [`Unsendable::NoAddress`] without a usable address; [`Unsendable::Content`] without a text.
pub fn mail(message: &OutgoingMessage) -> Result<Mail, Unsendable> {
    let address = message.to.email.as_deref().and_then(address).ok_or(Unsendable::NoAddress)?;
    let text = message.content.text.trim();
    let Some(first_line) = text.lines().next() else {
        return Err(Unsendable::Content("an empty text".to_owned()));
    };
    let subject = message.content.subject.as_deref().map(one_line).filter(|subject| !subject.is_empty());
    Ok(Mail {
        to: vec![address.to_owned()],
        subject: subject.unwrap_or_else(|| at_most(one_line(first_line), MAX_SUBJECT)),
        text: text.to_owned(),
        html: Some(html(text, None)),
        reference: Some(message.reference.to_string()),
    })
}

/// A mail to the team: its lines one below the other, and a link to the console.
pub fn alert(to: Vec<String>, subject: String, lines: &[String], link: Option<&str>) -> Mail {
    let text = lines.join("\n");
    let html = html(&text, link);
    let text = match link {
        Some(link) => format!("{text}\n\n{link}"),
        None => text,
    };
    let subject = if subject.contains(char::is_control) { one_line(&subject) } else { subject };
    Mail { to, subject, text, html: Some(html), reference: None }
}

/// An address that cannot break out of its header; whether it exists, only a mail can tell.
fn address(text: &str) -> Option<&str> {
    let text = text.trim();
    let (mailbox, host) = text.rsplit_once('@')?;
    let stray = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>');
    (!mailbox.is_empty() && !host.is_empty() && !text.contains(stray)).then_some(text)
}

/// Paragraphs, each in the direction of its own script, so that Urdu runs from the right.
fn html(text: &str, link: Option<&str>) -> String {
    let mut html = String::with_capacity(text.len() * 2);
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        let lines: Vec<String> = paragraph.lines().map(|line| escaped(line.trim())).collect();
        html.push_str("<p dir=\"auto\">");
        html.push_str(&lines.join("<br>\n"));
        html.push_str("</p>\n");
    }
    if let Some(link) = link.filter(|link| link.starts_with("https://") || link.starts_with("http://")) {
        let link = escaped(link);
        html.push_str("<p><a href=\"");
        html.push_str(&link);
        html.push_str("\">");
        html.push_str(&link);
        html.push_str("</a></p>\n");
    }
    html
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}
