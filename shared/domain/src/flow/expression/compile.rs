//! From a text to what is evaluated: parsing, and letting in only what is bounded.

use rust_decimal::Decimal;
use std::collections::BTreeSet;

use cel::{
    IdedExpr, ParseErrors,
    common::{
        ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr, operators},
        value::CowVal,
    },
    context::VariableResolver,
    parser::PrattParser,
};

use super::{Expression, VARIABLES, function, number::Exact};

/// An expression that can be evaluated.
pub(super) struct Program {
    /// What is evaluated. Its numbers have been taken out: each is a variable of [`Numbers`].
    pub(super) tree: IdedExpr,
    pub(super) numbers: Numbers,
    /// The variables that it uses.
    pub(super) variables: BTreeSet<String>,
    /// The fields of those that it names: `order.total`.
    pub(super) reads: BTreeSet<String>,
}

/// The numbers of an expression, exact, each under a name that nobody can write.
#[derive(Default)]
pub(super) struct Numbers(Vec<Exact>);

impl Numbers {
    fn add(&mut self, number: Decimal) -> Expr {
        let name = format!("#{}", self.0.len());
        self.0.push(Exact(number));
        Expr::Ident(name)
    }
}

impl VariableResolver for Numbers {
    fn resolve<'b>(&'b self, variable: &str) -> Option<CowVal<'b, 'b>> {
        let number = self.0.get(variable.strip_prefix('#')?.parse::<usize>().ok()?)?;
        Some(CowVal::Borrowed(number))
    }
}

const OPERATORS: [&str; 18] = [
    operators::CONDITIONAL,
    operators::LOGICAL_AND,
    operators::LOGICAL_OR,
    operators::LOGICAL_NOT,
    operators::NOT_STRICTLY_FALSE,
    operators::SUBSTRACT,
    operators::ADD,
    operators::MULTIPLY,
    operators::DIVIDE,
    operators::MODULO,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::GREATER_EQUALS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::LESS,
    operators::NEGATE,
    operators::IN,
];

/// Parses and checks.
pub(super) fn compile(text: &str) -> Result<Program, String> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    if count > Expression::MAX_TEXT {
        return Err(format!("has {count} characters; {} is the most", Expression::MAX_TEXT));
    }
    // The parser keeps count before it goes deeper; it begins at nought.
    let depth = u16::try_from(Expression::MAX_DEPTH - 1).unwrap_or(u16::MAX);
    let parser = PrattParser::new().max_recursion_depth(depth);
    let mut tree = parser.parse(text).map_err(|errors| unreadable(&errors))?;
    let mut walk = Walk::default();
    walk.node(&mut tree, 1)?;
    Ok(Program { tree, numbers: walk.numbers, variables: walk.variables, reads: walk.reads })
}

fn too_deep() -> String {
    format!("is nested too deeply; {} levels are the most", Expression::MAX_DEPTH)
}

/// The first thing that the parser could not make sense of: the rest often follows from it.
fn unreadable(errors: &ParseErrors) -> String {
    if errors.errors.iter().any(|error| error.msg.contains("recursion limit")) {
        return too_deep();
    }
    let placed = errors.errors.iter().find(|error| error.pos.0 > 0);
    match placed.or(errors.errors.first()) {
        Some(error) if error.pos.0 > 0 => {
            let line = if error.pos.0 > 1 { format!("line {}, ", error.pos.0) } else { String::new() };
            let what = error.msg.trim_start_matches("Syntax error: ").replace("<EOF>", "the end");
            format!("cannot be read at {line}character {}: {what}", error.pos.1)
        }
        _ => "cannot be read as an expression".to_owned(),
    }
}

/// Goes through a tree once.
#[derive(Default)]
struct Walk {
    numbers: Numbers,
    variables: BTreeSet<String>,
    reads: BTreeSet<String>,
    /// The variables of the loop that it is in.
    own: Vec<String>,
}

impl Walk {
    fn node(&mut self, node: &mut IdedExpr, depth: usize) -> Result<(), String> {
        // A loop is three levels of tree for one that was written.
        if depth > Expression::MAX_DEPTH + 3 {
            return Err(too_deep());
        }
        let deeper = depth + 1;
        match &mut node.expr {
            Expr::Literal(literal) => {
                if let Some(number) = number(literal)? {
                    node.expr = self.numbers.add(number);
                }
                Ok(())
            }
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.field(select, deeper),
            Expr::Call(call) => self.call(call, deeper),
            Expr::List(list) => list.elements.iter_mut().try_for_each(|entry| self.node(entry, deeper)),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, deeper),
            Expr::Map(_) | Expr::Struct(_) => Err("objects cannot be written in an expression".to_owned()),
            Expr::Unspecified => Err("cannot be read as an expression".to_owned()),
        }
    }

    fn variable(&mut self, name: &str) -> Result<(), String> {
        if self.own.iter().any(|own| own == name) {
            return Ok(());
        }
        if !VARIABLES.contains(&name) {
            return Err(format!("there is no `{name}`; there are `{}`", VARIABLES.join("`, `")));
        }
        self.variables.insert(name.to_owned());
        Ok(())
    }

    fn field(&mut self, select: &mut SelectExpr, depth: usize) -> Result<(), String> {
        if let Expr::Ident(name) = &select.operand.expr
            && !self.own.contains(name)
        {
            self.reads.insert(format!("{name}.{}", select.field));
        }
        self.node(&mut select.operand, depth)
    }

    fn call(&mut self, call: &mut CallExpr, depth: usize) -> Result<(), String> {
        let name = call.func_name.as_str();
        if name == operators::INDEX {
            return self.index(call, depth);
        }
        if matches!(name, operators::MAP | operators::FILTER | operators::ALL | operators::EXISTS) {
            return Err(format!(
                "`{name}` needs a list before it, a name and a condition, as in \
                                order.items.exists(item, item.quantity > 1)"
            ));
        }
        let is_operator = call.target.is_none() && OPERATORS.contains(&name);
        if !is_operator && !function::NAMES.contains(&name) {
            let there_are = function::NAMES.join("`, `");
            return Err(format!("there is no function `{name}`; there are `{there_are}`"));
        }
        if !is_operator && call.target.is_none() && name != "size" {
            return Err(format!("`{name}` is written behind a text, as in order.city.{name}(…)"));
        }
        call.target.iter_mut().try_for_each(|target| self.node(target, depth))?;
        call.args.iter_mut().try_for_each(|argument| self.node(argument, depth))
    }

    /// A list's own index stays a number of CEL's: its lists take no other.
    fn index(&mut self, call: &mut CallExpr, depth: usize) -> Result<(), String> {
        for argument in &mut call.args {
            if !matches!(argument.expr, Expr::Literal(LiteralValue::Int(_))) {
                self.node(argument, depth)?;
            }
        }
        Ok(())
    }

    /// `exists`, `all` and `exists_one`. One loop in another would take the product of their lists, and
    /// `map` and `filter` make lists, of which loops could be made again.
    fn comprehension(&mut self, loops: &mut ComprehensionExpr, depth: usize) -> Result<(), String> {
        if matches!(loops.accu_init.expr, Expr::List(_)) {
            return Err("`map` and `filter` are not part of the language; `exists`, `all` and \
                        `exists_one` are"
                .to_owned());
        }
        if !self.own.is_empty() {
            return Err("a loop over a list cannot lie in another".to_owned());
        }
        self.node(&mut loops.iter_range, depth)?;
        self.own = vec![loops.iter_var.clone(), loops.accu_var.clone()];
        let parts = [&mut loops.accu_init, &mut loops.loop_cond, &mut loops.loop_step, &mut loops.result];
        let checked = parts.into_iter().try_for_each(|part| self.node(part, depth));
        self.own.clear();
        checked
    }
}

/// The number that a literal is; its decimals as they were written.
fn number(literal: &LiteralValue) -> Result<Option<Decimal>, String> {
    Ok(Some(match literal {
        LiteralValue::Int(number) => (*number.inner()).into(),
        LiteralValue::UInt(number) => (*number.inner()).into(),
        // The shortest text that reads back as this float is what was written.
        LiteralValue::Double(number) => {
            let text = number.inner().to_string();
            text.parse().map_err(|_| format!("{text} has too many digits"))?
        }
        LiteralValue::Bytes(_) => return Err("bytes cannot be written in an expression".to_owned()),
        LiteralValue::Boolean(_) | LiteralValue::Null | LiteralValue::String(_) => return Ok(None),
    }))
}
