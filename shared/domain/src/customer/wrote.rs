//! Which order a customer meant when they wrote without a button: once it has been settled, it stays so.

use super::CustomerView;
use crate::{
    fact::{Fact, FactBody, Reply, Said},
    id::{CustomerId, FactId, OrderId, digest},
    subject::Subject,
};

/// Whose words a fact brings, where nothing but what is known of them tells what they are about.
pub fn words_of(fact: &Fact) -> Option<&CustomerId> {
    match &fact.body {
        FactBody::Reply(Reply { order: None, customer, said: Said::Wrote(_), .. }) => customer.as_ref(),
        _ => None,
    }
}

impl CustomerView {
    /// Texts kept.
    pub const MAX_WROTE: usize = 8;

    /// Takes note of what a text was taken to be about: an order, or themselves.
    pub fn note_text(&mut self, text: &FactId, order: Option<&OrderId>) {
        if self.text_about(text).is_some() {
            return;
        }
        self.wrote.push((place(text), order.cloned()));
        let over = self.wrote.len().saturating_sub(Self::MAX_WROTE);
        self.wrote.drain(..over);
    }

    /// What a text was taken to be about, where it came before.
    pub fn text_about(&self, text: &FactId) -> Option<Subject> {
        let place = place(text);
        let (_, order) = self.wrote.iter().find(|(held, _)| *held == place)?;
        Some(order.clone().map_or_else(|| self.id.clone().into(), Into::into))
    }
}

/// Shorter than what providers call it.
fn place(text: &FactId) -> String {
    digest(text.as_str()).chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_texts_are_kept_each_with_what_it_was_about_first() {
        let mut view = CustomerView::empty(&"demo".into(), &"c".into());
        let text = |number: usize| FactId::new(format!("wamid.{number}"));
        for number in 0..=CustomerView::MAX_WROTE {
            let order = OrderId::new(format!("shopify-{number}"));
            view.note_text(&text(number), (number != 3).then_some(&order));
            view.note_text(&text(number), Some(&"another".into()));
        }
        assert_eq!(view.wrote.len(), CustomerView::MAX_WROTE);
        assert_eq!(view.text_about(&text(0)), None);
        assert_eq!(view.text_about(&text(1)), Some(Subject::Order("shopify-1".into())));
        assert_eq!(view.text_about(&text(3)), Some(Subject::Customer("c".into())));
    }
}
