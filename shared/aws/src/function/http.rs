//! Functions behind an HTTP API.

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use lambda_http::{
    Adapter, Body, IntoResponse, LambdaEvent, RequestExt, lambda_runtime,
    request::{LambdaRequest, RequestContext},
    service_fn,
    tower::ServiceExt,
};
use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};
use tracing::Instrument;

use super::{Ended, log, metrics::Metrics};
use crate::Session;

/// Who made a request, as API Gateway knows it: no header of the request can say otherwise. An
/// extension of every request that [`http()`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Where the connection came from.
    pub address: Option<IpAddr>,
    /// The API's domain that it was made to, such as `abc123.execute-api.us-east-1.amazonaws.com`.
    pub domain: Option<String>,
}

/// Answers requests of an HTTP API (payload format 2.0) with `work`. Bodies are the very bytes that
/// were sent.
///
/// # Errors
/// When Lambda's runtime cannot be reached.
pub async fn http<F>(
    session: &Session,
    work: impl Fn(Request<Bytes>) -> F + Clone + Send + 'static,
) -> Result<(), Ended>
where
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let metrics = Arc::new(Metrics::new(session.counters(), session.config()));
    let answer = move |request: lambda_http::Request| {
        let context = request.lambda_context_ref();
        let span = log::invocation(context.map_or("", |context| &context.request_id));
        let (answer, metrics) = (work(taken(request)), metrics.clone());
        let whole = async move {
            let answer = answer.await;
            metrics.tell();
            Ok::<_, Ended>(Whole(answer))
        };
        whole.instrument(span)
    };
    let service = Adapter::from(service_fn(answer)).map_request(|event: LambdaEvent<LambdaRequest>| {
        LambdaEvent { payload: mended(event.payload), context: event.context }
    });
    lambda_runtime::run(service).await
}

/// Makes an event fit for what it is turned into, which takes addresses to be sound. The domain is
/// API Gateway's word, and takes the place of whatever the caller said.
pub(crate) fn mended(event: LambdaRequest) -> LambdaRequest {
    match event {
        LambdaRequest::ApiGatewayV2(mut request) => {
            request.headers.remove("x-forwarded-proto");
            let domain = request.request_context.domain_name.as_deref().unwrap_or("localhost");
            let sound =
                HeaderValue::from_str(domain).ok().filter(|_| domain.parse::<http::uri::Authority>().is_ok());
            let host = sound.unwrap_or(HeaderValue::from_static("localhost"));
            request.headers.insert(header::HOST, host);
            let path = request.raw_path.unwrap_or_default();
            request.raw_path = Some(if path.starts_with('/') { path } else { format!("/{path}") });
            request.raw_query_string = request.raw_query_string.map(|query| encoded(&query));
            LambdaRequest::ApiGatewayV2(request)
        }
        other => other,
    }
}

/// A query without characters that no address has.
fn encoded(query: &str) -> String {
    let sound = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'#' | b'`');
    let mut encoded = String::with_capacity(query.len());
    for byte in query.bytes() {
        if sound(byte) { encoded.push(char::from(byte)) } else { encoded.push_str(&format!("%{byte:02X}")) }
    }
    encoded
}

/// A request with its bytes, and its [`Caller`].
pub(crate) fn taken(mut request: lambda_http::Request) -> Request<Bytes> {
    let caller = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Caller {
            address: context.http.source_ip.as_deref().and_then(|address| address.parse().ok()),
            domain: context.domain_name.clone(),
        },
        _ => Caller::default(),
    };
    request.extensions_mut().insert(caller);
    request.map(|body| match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => Bytes::new(),
    })
}

/// An answer that is there in full: text as it is, anything else in base64.
pub(crate) struct Whole(pub(crate) Response<Bytes>);

impl IntoResponse for Whole {
    fn into_response(self) -> Pin<Box<dyn Future<Output = Response<Body>> + Send>> {
        let answer = self.0.map(|bytes| match String::from_utf8(bytes.into()) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Binary(error.into_bytes()),
        });
        Box::pin(std::future::ready(answer))
    }
}

#[cfg(test)]
mod tests;
