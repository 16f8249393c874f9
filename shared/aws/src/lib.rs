//! The ports on AWS: DynamoDB, SQS, EventBridge Scheduler, SES and Parameter Store, and what every
//! Lambda needs to begin.
//!
//! A function makes one [`Session`] at its cold start from what the template puts into its
//! environment, and takes from it only the ports that it uses: what is not taken is not linked.

mod body;
mod config;
pub mod doctor;
mod fault;
pub mod function;
mod mailer;
mod queue;
mod scheduler;
mod secrets;
mod session;
mod table;

pub use config::{Config, Missing};
pub use mailer::SesMailer;
pub use queue::{QueueUrls, SqsQueue};
pub use scheduler::{EventBridge, queue_arns, undelivered};
pub use secrets::ParameterStore;
pub use session::{Service, Session};
pub use table::{DynamoTable, stored_bytes};
