//! What a function has in hand after its cold start.

mod connector;
mod ports;

use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_sqs::config::IdentityCache;
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion, http::SharedHttpClient,
    stalled_stream_protection::StalledStreamProtectionConfig,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use harkara_engine::{
    count::Counters,
    port::{Clock, SystemClock},
};
use harkara_http::HttpClient;
use std::{sync::Arc, time::Duration};

use crate::{Config, Missing};
use connector::Shared;

/// A service of AWS that a client can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The table.
    DynamoDb,
    /// The queues.
    Sqs,
    /// The schedules.
    Scheduler,
    /// Mail.
    Ses,
    /// Parameter Store.
    Ssm,
}

impl Service {
    /// Every service.
    pub const ALL: [Self; 5] = [Self::DynamoDb, Self::Sqs, Self::Scheduler, Self::Ses, Self::Ssm];

    /// The variable that names another address of this service, as the SDKs of AWS know it.
    pub fn endpoint_variable(self) -> &'static str {
        match self {
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
            Self::Sqs => "AWS_ENDPOINT_URL_SQS",
            Self::Scheduler => "AWS_ENDPOINT_URL_SCHEDULER",
            Self::Ses => "AWS_ENDPOINT_URL_SES",
            Self::Ssm => "AWS_ENDPOINT_URL_SSM",
        }
    }
}

/// Configuration and one HTTP client, from which the ports are taken.
///
/// Nothing is called and no file is read at a cold start: what is made here costs microseconds, and
/// the first request pays for its connection.
#[derive(Clone, Debug)]
pub struct Session {
    config: Config,
    http: HttpClient,
    sdk: SdkConfig,
    counters: Arc<Counters>,
}

impl Session {
    /// How long one try of a request to AWS may take; connecting has [`HttpClient::CONNECT_LIMIT`].
    pub const ATTEMPT: Duration = Duration::from_secs(5);
    /// How long a request may take with all its tries: a provider's limit, so that a function that
    /// gives a provider all its time and then writes what came of it stays within its own.
    pub const OPERATION: Duration = Duration::from_secs(10);
    /// Tries of a request, where trying again may help.
    pub const TRIES: u32 = 3;

    /// Begins, with the credentials and the region that Lambda puts into the environment.
    ///
    /// # Errors
    /// [`Missing`] for a variable that every function needs, or an address that is none.
    pub fn start(config: Config) -> Result<Self, Missing> {
        let credentials = Credentials::new(
            config.require("AWS_ACCESS_KEY_ID")?,
            config.require("AWS_SECRET_ACCESS_KEY")?,
            config.get("AWS_SESSION_TOKEN").map(str::to_owned),
            None,
            "environment",
        );
        config.url("AWS_ENDPOINT_URL")?;
        for service in Service::ALL {
            config.url(service.endpoint_variable())?;
        }
        let http = HttpClient::new();
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(HttpClient::CONNECT_LIMIT)
            .operation_attempt_timeout(Self::ATTEMPT)
            .operation_timeout(Self::OPERATION);
        // The first wait of the SDK is a second, longer than all the work of a function.
        let retries = RetryConfig::standard()
            .with_max_attempts(Self::TRIES)
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(2));
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(config.require("AWS_REGION")?.to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // Credentials of the environment last as long as the process.
            .identity_cache(IdentityCache::no_cache())
            .http_client(SharedHttpClient::new(Shared(http.clone())))
            .timeout_config(timeouts.build())
            .retry_config(retries)
            // Every answer is small and within the limit of its try.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        Ok(Self { config, http, sdk, counters: Arc::default() })
    }

    /// The environment.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What the function counts.
    pub fn counters(&self) -> Arc<Counters> {
        self.counters.clone()
    }

    /// The machine's clock.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// The client for providers, which AWS's clients share.
    pub fn http(&self) -> Arc<HttpClient> {
        Arc::new(self.http.clone())
    }

    /// What a client of a service is made of: `aws_sdk_sqs::Client::new(&session.sdk(Service::Sqs))`.
    pub fn sdk(&self, service: Service) -> SdkConfig {
        let own = self.config.get(service.endpoint_variable());
        let endpoint = own.or_else(|| self.config.get("AWS_ENDPOINT_URL"));
        let mut sdk = self.sdk.to_builder();
        sdk.set_endpoint_url(endpoint.map(str::to_owned));
        sdk.build()
    }
}

#[cfg(test)]
mod tests;
