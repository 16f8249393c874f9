//! The domain's promises, from outside: what it reads, when things are due, and that facts in any
//! order and number end at the same view.

// clippy.toml frees tests of these, but not what helps them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod condition;
mod convergence;
mod customer;
mod flows;
mod fold;
mod make;
mod parse;
mod run;
mod timing;
