//! Mail by SES, whole: the message is made here, so that our reference is in its header.

use std::{error::Error, time::Duration};

use async_trait::async_trait;
use aws_sdk_ses::{
    Client,
    config::{Builder, retry::RetryConfig, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation::send_raw_email::SendRawEmailError,
    primitives::Blob,
    types::RawMessage,
};
use harkara_domain::StoreId;
use harkara_engine::port::{Mail, MailError, Mailer};
use harkara_http::NoAnswer;
use harkara_mime::{Mailbox, Message, message};

use crate::{Config, Missing, fault::words};

/// How long one try may take. All of them together stay under the 20 s that a mail may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The waits before further tries of what was certainly not taken: SES's limit is a rate by the second.
const WAITS: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1000)];

/// Mail by SES, from one sender.
#[derive(Clone, Debug)]
pub struct SesMailer {
    client: Client,
    from: Mailbox,
}

impl SesMailer {
    /// Mail by this client, from an address that SES has verified: `Shop <shop@example.com>`.
    ///
    /// # Errors
    /// [`Missing`] where the sender is no address.
    pub fn new(client: Client, from: &str) -> Result<Self, Missing> {
        let problem =
            |error| Missing { name: Config::MAIL_FROM, problem: format!("it is no address: {error}") };
        Ok(Self { client, from: from.parse().map_err(problem)? })
    }

    /// One try. The SDK makes no others: it would send again what may have been sent.
    async fn try_once(&self, mime: &Message) -> Result<String, Failure> {
        let raw = RawMessage::builder().data(Blob::new(mime.formatted())).build();
        let raw = raw.map_err(|error| Failure::certain(MailError::Failed(failed(&error.to_string()))))?;
        let once = Builder::new().retry_config(RetryConfig::disabled()).timeout_config(
            TimeoutConfig::builder().operation_attempt_timeout(LIMIT).operation_timeout(LIMIT).build(),
        );
        // Bare addresses: SES takes no names here but encoded ones.
        let to = mime.envelope().to().iter().map(ToString::to_string);
        let request = self.client.send_raw_email().source(self.from.email.to_string());
        let request = request.set_destinations(Some(to.collect())).raw_message(raw);
        let sent = request.customize().config_override(once).send().await;
        sent.map(|sent| sent.message_id().to_owned()).map_err(|error| judged(&error))
    }
}

#[async_trait]
impl Mailer for SesMailer {
    async fn send(&self, _: &StoreId, mail: Mail) -> Result<String, MailError> {
        let mime = message(&self.from, &mail).map_err(MailError::Refused)?;
        for wait in WAITS {
            match self.try_once(&mime).await {
                Err(failure) if failure.again => tokio::time::sleep(wait).await,
                ended => return ended.map_err(|failure| failure.error),
            }
        }
        self.try_once(&mime).await.map_err(|failure| failure.error)
    }
}

/// A try that failed.
struct Failure {
    error: MailError,
    /// Whether it was certainly not taken, and may be in a moment.
    again: bool,
}

impl Failure {
    fn certain(error: MailError) -> Self {
        Self { error, again: false }
    }
}

/// What a failure means for the mail. <https://docs.aws.amazon.com/ses/latest/APIReference/CommonErrors.html>
fn judged(error: &SdkError<SendRawEmailError>) -> Failure {
    let line = failed(&words(error));
    let lost = |line| Failure::certain(MailError::AnswerLost(line));
    match error {
        SdkError::ServiceError(context) => {
            let (code, status) = (context.err().code().unwrap_or_default(), context.raw().status().as_u16());
            match code {
                "MessageRejected" | "MailFromDomainNotVerifiedException" | "InvalidParameterValue" => {
                    Failure::certain(MailError::Refused(line))
                }
                "Throttling" | "ThrottlingException" => {
                    // A day's quota is not there again in a moment.
                    let rate = context.err().message().is_none_or(|message| !message.contains("Daily"));
                    Failure { error: MailError::Failed(line), again: rate }
                }
                "ServiceUnavailable" => Failure { error: MailError::Failed(line), again: true },
                // It broke on the way, or said yes in words that nobody can read.
                _ if !(400..500).contains(&status) => lost(line),
                // No permission, a paused account: not this mail's fault.
                _ => Failure::certain(MailError::Failed(line)),
            }
        }
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(never_left) => {
            Failure { error: MailError::Failed(line), again: true }
        }
        SdkError::ConstructionFailure(_) => Failure::certain(MailError::Failed(line)),
        _ => lost(line),
    }
}

/// Whether there never was a connection. What is not known to be so may have been sent.
fn never_left(error: &(impl Error + 'static)) -> bool {
    let mut causes = std::iter::successors(Some(error as &(dyn Error + 'static)), |cause| (*cause).source());
    causes.any(|cause| cause.downcast_ref::<NoAnswer>().is_some_and(|no_answer| !no_answer.connected))
}

fn failed(problem: &str) -> String {
    format!("SendRawEmail: {problem}")
}
