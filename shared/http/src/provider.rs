//! The port for calls to providers.

use async_trait::async_trait;
use bytes::Bytes;
use harkara_engine::port::{Http, HttpError, HttpRequest, HttpResponse};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::{HttpClient, NoAnswer};

/// The most that is read of a provider's answer, in bytes.
const MAX_BODY: usize = 64 * 1024;

impl From<NoAnswer> for HttpError {
    fn from(error: NoAnswer) -> Self {
        match error.not_public() {
            Some(problem) => Self::NotPublic(problem.to_string()),
            None if error.connected => Self::AnswerLost(error.to_string()),
            None => Self::NotSent(error.to_string()),
        }
    }
}

#[async_trait]
impl Http for HttpClient {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let reach = request.reach;
        let mut builder = http::Request::builder().method(request.method).uri(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request =
            builder.body(Bytes::from(request.body)).map_err(|error| HttpError::NotSent(error.to_string()))?;
        let call = async {
            let response = self.reach(reach, request).await?;
            let status = response.status().as_u16();
            let retry_after = response.headers().get(http::header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
            let body = beginning(response.into_body()).await;
            let body = body.map_err(|error| HttpError::AnswerLost(error.to_string()))?;
            Ok(HttpResponse { status, retry_after, body })
        };
        tokio::time::timeout(self.limit, call)
            .await
            .unwrap_or_else(|_| Err(HttpError::AnswerLost(format!("no answer in {:?}", self.limit))))
    }
}

/// At most [`MAX_BODY`] of a body. The rest of a longer one is never read, and its connection is left.
async fn beginning(mut body: Incoming) -> hyper::Result<Vec<u8>> {
    let mut read = Vec::new();
    while read.len() < MAX_BODY
        && let Some(frame) = body.frame().await
    {
        if let Ok(data) = frame?.into_data() {
            let room = MAX_BODY - read.len();
            read.extend_from_slice(data.get(..room).unwrap_or(&data));
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use harkara_engine::port::Reach;
    use std::time::{Duration, Instant};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_given_up() {
        for begun in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegun"] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut read = [0; 1024];
                assert!(stream.read(&mut read).await.unwrap() > 0);
                stream.write_all(begun.as_bytes()).await.unwrap();
                // Until the client hangs up.
                while stream.read(&mut read).await.is_ok_and(|read| read > 0) {}
            });
            let client = HttpClient { limit: Duration::from_millis(150), ..HttpClient::new() };
            let (since, reach) = (Instant::now(), Reach::Anywhere);
            let lost =
                client.call(HttpRequest { method: "GET", url, reach, headers: vec![], body: vec![] }).await;
            assert_eq!(lost, Err(HttpError::AnswerLost("no answer in 150ms".to_owned())), "{begun:?}");
            assert!((150..5_000).contains(&since.elapsed().as_millis()));
            server.await.unwrap();
        }
    }
}
