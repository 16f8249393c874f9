//! What can be done with a single condition: judge it, put it in words, check how it is written.

use std::borrow::Cow;

use super::{Circumstances, Listed, Operator, Verdict};

/// Something that looks at a single condition.
pub(super) trait Look<'a> {
    /// What it finds.
    type Seen;
    /// `actual` gets what `operator` is about.
    fn see<A: Clone, O: Operator<A>>(
        self,
        listed: &'static Listed,
        operator: &O,
        actual: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen;
}

/// Whether it holds; makes no words.
pub(super) struct Holds<'o, 'a>(pub(super) &'o Circumstances<'a>);

impl<'a> Look<'a> for Holds<'_, 'a> {
    type Seen = bool;
    #[inline]
    fn see<A: Clone, O: Operator<A>>(
        self,
        _: &'static Listed,
        operator: &O,
        actual: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> bool {
        actual(self.0).map_or_else(|| operator.holds_of_nothing(), |actual| operator.holds(actual))
    }
}

/// Judges it, in words; `None` where nothing is known.
pub(super) struct Judge<'o, 'a>(pub(super) &'o Circumstances<'a>);

impl<'a> Look<'a> for Judge<'_, 'a> {
    type Seen = Option<Verdict>;
    fn see<A: Clone, O: Operator<A>>(
        self,
        _: &'static Listed,
        operator: &O,
        actual: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        actual(self.0).map(|actual| operator.judge(actual))
    }
}

/// Puts it in words.
pub(super) struct Words;

impl<'a> Look<'a> for Words {
    type Seen = String;
    fn see<A: Clone, O: Operator<A>>(
        self,
        listed: &'static Listed,
        operator: &O,
        _: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        operator.words(listed.words)
    }
}

/// Finds its entry in the list of conditions.
pub(super) struct Which;

impl<'a> Look<'a> for Which {
    type Seen = &'static Listed;
    fn see<A: Clone, O: Operator<A>>(
        self,
        listed: &'static Listed,
        _: &O,
        _: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        listed
    }
}

/// Finds what is wrong with how it is written, at this path.
pub(super) struct Flaws<'p>(pub(super) &'p str);

impl<'a> Look<'a> for Flaws<'_> {
    type Seen = Vec<(String, Cow<'static, str>)>;
    fn see<A: Clone, O: Operator<A>>(
        self,
        listed: &'static Listed,
        operator: &O,
        _: impl FnOnce(&Circumstances<'a>) -> Option<A>,
    ) -> Self::Seen {
        let path = |at: &str| {
            let dot = if at.is_empty() { "" } else { "." };
            format!("{}.{}{dot}{at}", self.0, listed.field)
        };
        operator.flaws().into_iter().map(|flaw| (path(&flaw.at), flaw.why)).collect()
    }
}
