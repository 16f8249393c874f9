//! The ports: small, and shaped by what AWS gives, so that the embedded twin can be honest.

mod clock;
mod http;
pub mod limits;
mod mail;
mod queue;
mod scheduler;
mod secrets;
mod table;

pub use clock::{Clock, SystemClock};
pub use http::{Http, HttpError, HttpRequest, HttpResponse, Reach};
pub use mail::{Mail, MailError, Mailer};
pub use queue::{Delivery, Outgoing, PerQueue, Queue, QueueError, QueueName, Unprocessed};
pub use scheduler::{Scheduler, SchedulerError};
pub use secrets::{Secrets, SecretsError};
pub use table::{Expect, Index, IndexKey, Item, Key, Page, Query, Table, TableError, Write, WriteError};
