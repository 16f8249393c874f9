//! Links in our messages that were opened.

use harkara_domain::{
    FactBody,
    fact::{Receipt, ReceiptStatus},
};

use super::{Kind, Saying, shape::object, value::MessageReference};

object! {
    /// A link in one of our messages was opened: what a link shortener or the landing page saw.
    struct MessageClicked {
        /// Which message: the reference that the provider got with it, as `stage` in the outbox and
        /// in the provider's reports: `shopify-1/cod-confirmation~order_created/0/1`.
        message: MessageReference,
    }
}

impl Kind for MessageClicked {
    const KIND: &'static str = "message_clicked";

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let stage = self.message.0;
        vec![FactBody::Receipt(Receipt {
            message: stage.to_string(),
            stage: Some(stage),
            status: ReceiptStatus::Clicked,
            at: saying.at,
            error: None,
        })]
    }
}
