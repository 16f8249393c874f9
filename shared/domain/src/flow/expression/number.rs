//! The one kind of number that expressions have.

use rust_decimal::Decimal;
use std::{any::Any, cmp::Ordering};

use cel::{
    ExecutionError,
    common::{
        traits::{Adder, Comparer, Divider, Modder, Multiplier, Negator, Subtractor},
        types::Type,
        value::{CowVal, StaticVal, Val},
    },
};

/// Its name in messages, and for functions to be chosen by.
pub(super) static NUMBER: Type = Type::new_unspecified_type("number");
/// A result that has more digits than fit.
pub(super) const OVERFLOW: &str = "a number grows too large";
/// A division by nothing.
pub(super) const BY_ZERO: &str = "divides by zero";

/// An exact number. CEL's own are of three kinds that do not mix in arithmetic, and its fractions are
/// binary; amounts of money are neither.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Exact(pub(super) Decimal);

fn operate<'b, 'v>(
    rhs: &(dyn Val + 'v),
    operator: &str,
    result: impl FnOnce(Decimal) -> Option<Decimal>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let Some(Exact(other)) = rhs.downcast_ref::<Exact>() else {
        let types = [NUMBER.name(), rhs.get_type().name()];
        return Err(ExecutionError::no_such_overload(operator, types.map(str::to_owned).to_vec()));
    };
    let why = if other.is_zero() && matches!(operator, "_/_" | "_%_") { BY_ZERO } else { OVERFLOW };
    let number = result(*other).map(|number| CowVal::owned(Exact(number)));
    number.ok_or_else(|| ExecutionError::InternalError(why.to_owned()))
}

macro_rules! operator {
    ($capability:ident, $method:ident, $operator:literal, $checked:ident) => {
        impl $capability for Exact {
            fn $method<'b, 'v>(&'b self, rhs: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
            where
                Self: 'v,
            {
                operate(rhs, $operator, |other| self.0.$checked(other))
            }
        }
    };
}

operator!(Adder, add, "_+_", checked_add);
operator!(Subtractor, sub, "_-_", checked_sub);
operator!(Multiplier, mul, "_*_", checked_mul);
operator!(Divider, div, "_/_", checked_div);
operator!(Modder, modulo, "_%_", checked_rem);

impl Comparer for Exact {
    fn compare(&self, rhs: &dyn Val) -> Result<Ordering, ExecutionError> {
        let mismatch = || ExecutionError::no_such_overload("_<_", Vec::new());
        rhs.downcast_ref::<Self>().map(|other| self.0.cmp(&other.0)).ok_or_else(mismatch)
    }
}

impl Negator for Exact {
    fn negate<'v>(&self) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        Ok(Box::new(Self(-self.0)))
    }
}

impl StaticVal for Exact {}

impl Val for Exact {
    fn get_type(&self) -> &Type {
        &NUMBER
    }
    fn cel_type() -> &'static Type {
        &NUMBER
    }
    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_subtractor<'b, 'v>(&'b self) -> Option<&'b (dyn Subtractor + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_multiplier<'b, 'v>(&'b self) -> Option<&'b (dyn Multiplier + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_divider<'b, 'v>(&'b self) -> Option<&'b (dyn Divider + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_modder<'b, 'v>(&'b self) -> Option<&'b (dyn Modder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_negator<'b, 'v>(&'b self) -> Option<&'b (dyn Negator + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }
    fn as_comparer(&self) -> Option<&dyn Comparer> {
        Some(self)
    }
    fn equals(&self, other: &dyn Val) -> bool {
        other.downcast_ref::<Self>() == Some(self)
    }
    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}
