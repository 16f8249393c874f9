//! The pure core of Harkara.
//!
//! Facts fold into views, transitions of a view are triggers, flows select runs, and
//! [`decide`](decide::decide) says what a stage does now. Nothing here performs IO, reads a
//! clock or an environment: time, ids and configuration are passed in.

pub mod awaited;
pub mod calendar;
pub mod cart;
pub mod customer;
pub mod decide;
pub mod fact;
pub mod flow;
pub mod history;
pub mod id;
pub mod money;
pub mod occurrence;
pub mod order;
pub mod phone;
mod phrase;
pub mod place;
pub mod reason;
pub mod reference;
pub mod rehearse;
pub mod rhythm;
pub mod rules;
pub mod run;
pub mod shipment;
pub mod status;
pub mod subject;
pub mod web;

pub use awaited::Awaited;
pub use cart::CartView;
pub use customer::CustomerView;
pub use fact::{Fact, FactBody};
pub use flow::{Flow, Trigger};
pub use id::{CartId, CustomerId, FactId, FlowId, OrderId, RunId, ShipmentId, StoreId, UserId};
pub use money::{Currency, Money};
pub use occurrence::Occurrence;
pub use order::OrderView;
pub use phone::Phone;
pub use reason::Reason;
pub use rhythm::Rhythm;
pub use rules::Rules;
pub use run::Run;
pub use status::{OrderStatus, Point};
pub use subject::Subject;
