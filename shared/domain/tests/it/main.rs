//! The domain's promises, from outside: what it reads, when things are due, and that facts in any
//! order and number end at the same view.

mod condition;
mod convergence;
mod customer;
mod flows;
mod fold;
mod make;
mod parse;
//mod run;
mod timing;
