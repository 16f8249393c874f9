//! Receipts as WhatsApp posts them: each message that came to the mock is told of with its reference, as
//! often as it takes until that is acknowledged.

use std::fmt::Write;

use anyhow::{Result, ensure};
use harkara_sources::whatsapp;

use super::client::{Connection, Loopback};
use super::measure::unix_micros;
use super::mock::Asker;
use super::store;

/// Receipts in one webhook.
const AT_ONCE: usize = 50;

/// How far the messages have been told of.
#[derive(Debug)]
pub(crate) struct Receipts {
    told: usize,
}

impl Receipts {
    /// The first `told` messages need no receipt.
    pub(crate) fn new(told: usize) -> Self {
        Self { told }
    }

    /// Posts a receipt of each message that has come since those that were acknowledged.
    ///
    /// # Errors
    /// When harkara does not take one, or is gone; it is posted again by the next call.
    pub(crate) async fn send(&mut self, to: Loopback, mock: &mut Asker) -> Result<()> {
        let messages = self.untold(mock).await?;
        self.tell(to, &messages).await
    }

    /// The references of the messages that have come since those that were acknowledged.
    ///
    /// # Errors
    /// When the mock is gone.
    pub(crate) async fn untold(&self, mock: &mut Asker) -> Result<Vec<String>> {
        Ok(mock.arrivals(self.told).await?.into_iter().map(|(_, reference)| reference).collect())
    }

    /// Posts receipts of the messages that are [untold](Self::untold). It may be dropped on the way.
    ///
    /// # Errors
    /// As [`Receipts::send`].
    pub(crate) async fn tell(&mut self, to: Loopback, messages: &[String]) -> Result<()> {
        let mut connection = None;
        for some in messages.chunks(AT_ONCE) {
            let connection = match &mut connection {
                Some(open) => open,
                none => none.insert(Connection::open(to).await?),
            };
            let answer = connection.send(&request(to, self.told, some)).await?;
            ensure!(answer.status == 200, "receipts were answered {}", answer.status);
            self.told += some.len();
        }
        Ok(())
    }
}

/// A webhook that says of messages, by their references, that they were delivered; `before` is how many came
/// before them, by which the mock numbers them.
fn request(to: Loopback, before: usize, references: &[String]) -> Vec<u8> {
    let now = unix_micros() / 1_000_000;
    let mut statuses = String::new();
    // Writing into memory does not fail.
    for (place, reference) in references.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(
            statuses,
            r#"{comma}{{"id":"wamid.LOAD{:012}","status":"delivered","timestamp":"{now}","biz_opaque_callback_data":"{reference}"}}"#,
            before + place + 1,
        );
    }
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"1","changes":[{{"field":"messages","value":{{"messaging_product":"whatsapp","statuses":[{statuses}]}}}}]}}]}}"#
    );
    let signature = whatsapp::sign(store::WHATSAPP_SECRET, body.as_bytes());
    let head = format!(
        "POST /webhooks/{store}/whatsapp HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\n\
         {name}: {signature}\r\ncontent-length: {length}\r\n\r\n",
        store = store::NAME,
        name = whatsapp::SIGNATURE,
        length = body.len(),
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_domain::FactBody;

    #[test]
    fn receipts_are_what_the_source_takes() {
        let request = request(Loopback(9), 7, &["shopify-1/a~t/0/1", "shopify-2/a~t/0/2"].map(str::to_owned));
        let parsed = super::super::taken::taken_in("whatsapp", &request, jiff::Timestamp::now());
        assert!(parsed.ignored.is_empty());
        assert_eq!(parsed.facts.len(), 2);
        for (fact, order) in parsed.facts.iter().zip(["shopify-1", "shopify-2"]) {
            assert!(matches!(fact.body, FactBody::Receipt(_)), "{fact:?}");
            assert_eq!(fact.subject().map(|subject| subject.to_string()).as_deref(), Some(order));
        }
    }
}
