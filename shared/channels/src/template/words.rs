//! Words with outputs in them outside of a template: a mail that a flow sends.

use super::{Problem, RenderError, Variables, source, text::Text};

/// Words, compiled.
pub struct Words(Text);

impl Words {
    /// Reads words whose only Liquid is `{{ … }}`, with the variables and filters of templates.
    ///
    /// # Errors
    /// Every fault that was found, in words.
    pub fn parse(words: &str) -> Result<Self, Vec<String>> {
        let said = |found: Vec<Problem>| found.into_iter().map(|problem| problem.message).collect::<Vec<_>>();
        let text = Text::parse(words, &source::parser().map_err(said)?)
            .map_err(|faults| faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>())?;
        // Finds filters with arguments that they cannot take before an order does.
        text.fill(&Variables::sample(), &mut Vec::new()).map_err(|error| vec![error.to_string()])?;
        Ok(Self(text))
    }

    /// Whether there is no filling them in without a coupon.
    pub fn asks_for_coupon(&self) -> bool {
        self.0.asks_for_coupon()
    }

    /// Fills them in.
    ///
    /// # Errors
    /// As [`Template::render`](super::Template::render).
    pub fn fill(&self, variables: &Variables) -> Result<String, RenderError> {
        self.0.fill(variables, &mut Vec::new())
    }
}
