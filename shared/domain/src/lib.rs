//! The pure core of Harkara.
//!
//! Facts fold into views, transitions of a view are triggers, flows select runs, and
//! [`decide`](decide::decide) says what a stage does now. Nothing here performs IO, reads a
//! clock or an environment: time, ids and configuration are passed in.

pub mod customer;
pub mod decide;
pub mod fact;
pub mod flow;
pub mod history;
pub mod id;
pub mod money;
pub mod order;
pub mod phone;
pub mod reason;
pub mod reference;
pub mod run;
pub mod shipment;
pub mod status;

pub use customer::CustomerView;
pub use fact::{Fact, FactBody};
pub use flow::Flow;
pub use id::{CustomerId, FactId, FlowId, OrderId, RunId, ShipmentId, StoreId, UserId};
pub use money::{Currency, Money};
pub use order::OrderView;
pub use phone::Phone;
pub use reason::Reason;
pub use run::Run;
pub use status::{OrderStatus, Trigger};
