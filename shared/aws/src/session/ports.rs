//! The ports that a session gives. A function that does not ask for one does not link it.

use harkara_engine::port::{Mailer, PerQueue, Queue, Scheduler, Secrets, Table};
use std::sync::Arc;

use super::{Service, Session};
use crate::{
    Config, DynamoTable, EventBridge, Missing, ParameterStore, QueueUrls, SesMailer, SqsQueue, queue_arns,
};

impl Session {
    /// The table.
    ///
    /// # Errors
    /// [`Missing`] when its name is not set.
    pub fn table(&self) -> Result<Arc<dyn Table>, Missing> {
        let client = aws_sdk_dynamodb::Client::new(&self.sdk(Service::DynamoDb));
        Ok(Arc::new(DynamoTable::new(client, self.config.require(Config::TABLE)?)))
    }

    /// The queues.
    ///
    /// # Errors
    /// [`Missing`] when a queue's URL is not set.
    pub fn queue(&self) -> Result<Arc<dyn Queue>, Missing> {
        let client = aws_sdk_sqs::Client::new(&self.sdk(Service::Sqs));
        let queue = SqsQueue::new(client, self.queue_urls()?);
        let fair = self.config().get(Config::FAIR) == Some("true");
        Ok(Arc::new(if fair { queue.fair() } else { queue }))
    }

    /// The schedules.
    ///
    /// # Errors
    /// [`Missing`] when the group, the role or a queue's URL is not set.
    pub fn scheduler(&self) -> Result<Arc<dyn Scheduler>, Missing> {
        let (group, role) = (self.config.require(Config::GROUP)?, self.config.require(Config::ROLE)?);
        let queues = queue_arns(&self.queue_urls()?, self.config.require("AWS_REGION")?, role);
        let queues = queues.ok_or_else(|| Missing {
            name: Config::ROLE,
            problem: "it is no role's ARN, or a queue's URL does not end with /<account>/<name>".to_owned(),
        })?;
        let client = aws_sdk_scheduler::Client::new(&self.sdk(Service::Scheduler));
        Ok(Arc::new(EventBridge::new(client, group, role, queues, self.clock())))
    }

    /// Mail.
    ///
    /// # Errors
    /// [`Missing`] when the sender is not set, or no address.
    pub fn mailer(&self) -> Result<Arc<dyn Mailer>, Missing> {
        let client = aws_sdk_ses::Client::new(&self.sdk(Service::Ses));
        Ok(Arc::new(SesMailer::new(client, self.config.require(Config::MAIL_FROM)?)?))
    }

    /// The connections of stores.
    ///
    /// # Errors
    /// [`Missing`] when their place is not set.
    pub fn secrets(&self) -> Result<Arc<dyn Secrets>, Missing> {
        let client = aws_sdk_ssm::Client::new(&self.sdk(Service::Ssm));
        Ok(Arc::new(ParameterStore::new(client, self.config.require(Config::PARAMETERS)?, self.clock())))
    }

    fn queue_urls(&self) -> Result<QueueUrls, Missing> {
        PerQueue::try_of(|queue| self.config.queue(queue).map(str::to_owned))
    }
}
