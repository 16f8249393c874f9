//! Which operators there are, by family.

use super::{Amount, Choice, City, Elapsed, Hour, Set, Text};

/// A family of operators, each written as `condition: { operator: value }`; none of them, where the condition
/// takes its value alone.
pub trait Family {
    /// Their names in the flow language.
    const OPERATORS: &'static [&'static str];
}

impl Family for bool {
    const OPERATORS: &'static [&'static str] = &[];
}

impl<T> Family for Choice<T> {
    const OPERATORS: &'static [&'static str] = &["is", "is_not", "in", "not_in"];
}

impl Family for City {
    const OPERATORS: &'static [&'static str] = &["is", "is_not", "in", "not_in", "exists"];
}

impl Family for Text {
    const OPERATORS: &'static [&'static str] =
        &["is", "is_not", "in", "not_in", "contains", "matches", "exists"];
}

impl<T> Family for Set<T> {
    const OPERATORS: &'static [&'static str] =
        &["contains", "contains_any", "contains_all", "contains_none", "exists"];
}

impl<N> Family for Amount<N> {
    const OPERATORS: &'static [&'static str] = &["is", "at_least", "at_most", "between", "exists"];
}

impl Family for Elapsed {
    const OPERATORS: &'static [&'static str] = &["at_least", "at_most", "between", "exists"];
}

impl Family for Hour {
    const OPERATORS: &'static [&'static str] = &["is", "in", "not_in", "between"];
}
