//! The domain's promises, from outside: what it reads, when things are due, and that facts in any
//! order and number end at the same view.

// clippy.toml frees tests of these, but not what helps them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod calendar;
mod cart;
mod condition;
mod conditions;
mod convergence;
mod customer;
mod customer_converges;
mod expression;
mod flows;
mod fold;
mod heard;
mod make;
mod operators;
mod parse;
mod parse_all;
mod place;
mod reference;
mod rehearse;
mod rhythm;
mod run;
mod schema;
mod timing;
mod web;
mod written;
