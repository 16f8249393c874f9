//! The port for calls to providers.

use async_trait::async_trait;
use bytes::Bytes;
use harkara_engine::port::{Http, HttpError, HttpRequest, HttpResponse};
use http_body_util::{BodyExt, Limited};

use crate::{HttpClient, NoAnswer};

/// The most that is read of a provider's answer, in bytes.
const MAX_BODY: usize = 64 * 1024;

impl From<NoAnswer> for HttpError {
    fn from(error: NoAnswer) -> Self {
        if error.connected { Self::AnswerLost(error.to_string()) } else { Self::NotSent(error.to_string()) }
    }
}

#[async_trait]
impl Http for HttpClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut builder = http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request =
            builder.body(Bytes::from(request.body)).map_err(|error| HttpError::NotSent(error.to_string()))?;
        let call = async {
            let response = self.exchange(request).await?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get(http::header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let body = Limited::new(response.into_body(), MAX_BODY).collect().await;
            let body = body.map_err(|error| HttpError::AnswerLost(error.to_string()))?;
            Ok(HttpResponse { status, retry_after, body: body.to_bytes().to_vec() })
        };
        tokio::time::timeout(self.limit, call).await.unwrap_or_else(|_| {
            Err(HttpError::AnswerLost(format!("no answer in {} s", self.limit.as_secs())))
        })
    }
}
