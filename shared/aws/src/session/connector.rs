//! The SDK's requests through the one HTTP client, so that a binary has one TLS stack and one pool of
//! connections.

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::body::SdkBody;
use harkara_http::NoAnswer;
use http_body_util::BodyExt;

/// The client, for the SDK. Limits of time are the SDK's: it drops what takes too long.
#[derive(Clone, Debug)]
pub(crate) struct Shared(pub(crate) harkara_http::HttpClient);

impl HttpClient for Shared {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl HttpConnector for Shared {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(&client, request).await })
    }
}

async fn exchange(
    client: &harkara_http::HttpClient,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
    let (head, body) = request.into_parts();
    // In memory and whole: nothing that is sent is a stream.
    let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    let answer = client.exchange(http::Request::from_parts(head, body)).await.map_err(told)?;
    let answer = answer.map(SdkBody::from_body_1_x);
    HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
}

/// In the SDK's words, by which it decides whether to try again: both kinds are tried again, and one
/// that never connected is told apart.
fn told(error: NoAnswer) -> ConnectorError {
    let (connected, late) = (error.connected, error.late);
    let error = if late { ConnectorError::timeout(error.into()) } else { ConnectorError::io(error.into()) };
    if connected { error } else { error.never_connected() }
}
