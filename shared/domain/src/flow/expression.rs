//! Expressions: for what no condition lists. `order.total / order.item_count > 500 && "vip" in
//! order.tags`
//!
//! The language is [CEL](https://cel.dev) without what could take long or much: its parser and
//! interpreter are the crate `cel`'s, but of its functions and macros only those in `function` and
//! `compile` are let in, and a loop may not lie in another. Numbers are of one kind here, exact ones.

mod compile;
mod function;
mod number;
mod value;
mod words;

use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

use cel::{Context, common::types::CelBool};

use super::condition::{Flaw, Operator};
use compile::Program;
pub use value::Value;

/// The variables that an expression may use; what each holds is up to the [`Input`].
pub const VARIABLES: [&str; 5] = ["order", "customer", "cart", "now", "fact"];

/// An expression that is true or false: parsed once, when it is read.
///
/// One that cannot be parsed is kept with what is wrong, so that it is told together with all other
/// problems of its flow, and a flow that was stored can always be read.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Expression {
    text: Arc<str>,
    program: Result<Arc<Program>, BadExpression>,
}

/// The text is not an expression; the message says what is wrong and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadExpression(String);

/// Why an expression is neither true nor false.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionError {
    /// It could not be parsed.
    #[error(transparent)]
    Bad(#[from] BadExpression),
    /// A variable or field that there is not, here and now.
    #[error("{0} is not known")]
    Unknown(String),
    /// An operator or function that does not go with these values.
    #[error("{0}")]
    Mismatch(String),
    /// It gives something else.
    #[error("gives {0}, and neither true nor false")]
    NotBool(&'static str),
    /// Arithmetic or a list's entry that cannot be done.
    #[error("{0}")]
    Impossible(&'static str),
}

/// What an expression is evaluated on. A variable is asked for at most once an evaluation, and only if
/// the expression uses it.
pub trait Input {
    /// The value of one of [`VARIABLES`]; `None` where there is none here.
    fn variable(&self, name: &str) -> Option<Value<'_>>;
}

impl<I: Input + ?Sized> Input for &I {
    fn variable(&self, name: &str) -> Option<Value<'_>> {
        (**self).variable(name)
    }
}

impl Expression {
    /// The most characters of one.
    pub const MAX_TEXT: usize = 500;
    /// How deep brackets, operators and calls may lie in one another.
    pub const MAX_DEPTH: usize = 16;

    /// Parses a text.
    pub fn new(text: &str) -> Self {
        let program = compile::compile(text).map(Arc::new).map_err(BadExpression);
        Self { text: text.into(), program }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it could be parsed.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn sound(&self) -> Result<(), &BadExpression> {
        self.program.as_ref().map(|_| ())
    }

    /// The fields of variables that it names: `order.total`. A field below another is not among them.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        self.program.iter().flat_map(|program| program.reads.iter().map(String::as_str))
    }

    /// Whether it is true of `input`. Takes time in proportion to its length and to the lists of the
    /// input, of which none is longer than [`Value::MAX_LIST`].
    ///
    /// # Errors
    /// [`ExpressionError`], when it is neither true nor false.
    pub fn evaluate(&self, input: &dyn Input) -> Result<bool, ExpressionError> {
        let program = self.program.as_ref().map_err(Clone::clone)?;
        let mut context = Context::with_env(function::env());
        context.set_variable_resolver(&program.numbers);
        for name in &program.variables {
            if let Some(value) = input.variable(name) {
                context.add_variable_as_val(name.clone(), value.into_val());
            }
        }
        let result = cel::Value::resolve_val(&program.tree, &context).map_err(|error| words::of(&error))?;
        let truth = result.downcast_ref::<CelBool>().map(|truth| truth.into_inner());
        truth.ok_or_else(|| ExpressionError::NotBool(words::kind(result.get_type().name())))
    }
}

impl From<String> for Expression {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text.as_ref().to_owned()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The one operator that allocates: what it is about is made for it.
impl<I: Input + Clone> Operator<I> for Expression {
    fn holds(&self, actual: I) -> bool {
        self.evaluate(&actual) == Ok(true)
    }

    fn spoken(&self, actual: I) -> String {
        match self.evaluate(&actual) {
            Ok(true) => "so".to_owned(),
            Ok(false) => "not so".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    fn words(&self, subject: &str) -> String {
        format!("{subject} “{}” is true", self.text)
    }

    fn flaws(&self) -> Vec<Flaw> {
        let flaw = |bad: &BadExpression| Flaw { at: "".into(), why: bad.0.clone().into() };
        self.sound().err().map(flaw).into_iter().collect()
    }
}
