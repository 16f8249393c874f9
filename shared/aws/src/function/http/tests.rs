use super::*;
use lambda_http::lambda_runtime::tower::{Service, service_fn as service};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

fn event(body: &[u8], change: impl FnOnce(&mut Value)) -> Value {
    use std::str::from_utf8;
    let mut event = json!({
        "version": "2.0",
        "routeKey": "ANY /webhooks/{store}/{source}",
        "rawPath": "/webhooks/demo/shopify",
        "rawQueryString": "",
        "headers": {
            "host": "elsewhere.example",
            "content-type": "application/json",
            "x-forwarded-for": "192.0.2.9",
            "x-shopify-topic": "orders/create",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc123",
            "domainName": "abc123.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "abc123",
            "http": {
                "method": "POST",
                "path": "/webhooks/demo/shopify",
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "test",
            },
            "requestId": "x",
            "routeKey": "ANY /webhooks/{store}/{source}",
            "stage": "$default",
            "time": "21/Jan/2026:12:00:00 +0000",
            "timeEpoch": 1_769_000_000_000_u64,
        },
        "isBase64Encoded": from_utf8(body).is_err(),
    });
    event["body"] = match from_utf8(body) {
        Ok(text) => json!(text),
        Err(_) => json!(aws_smithy_types::base64::encode(body)),
    };
    change(&mut event);
    event
}

/// The whole way of an event to the function and of its answer back, but for Lambda's runtime.
async fn answered(event: Value, answer: Response<Bytes>) -> (Request<Bytes>, Value) {
    let (seen, answer) = (Arc::new(Mutex::new(None)), Arc::new(Mutex::new(Some(answer))));
    let seen_by = seen.clone();
    let work = service(move |request: lambda_http::Request| {
        *seen_by.lock().unwrap() = Some(taken(request));
        let answer = answer.lock().unwrap().take().unwrap();
        async move { Ok::<_, Ended>(Whole(answer)) }
    });
    let payload = mended(serde_json::from_value(event).unwrap());
    let mut adapter = Adapter::from(work);
    let sent = adapter.call(LambdaEvent { payload, context: lambda_runtime::Context::default() });
    let sent = serde_json::to_value(sent.await.unwrap()).unwrap();
    let request = seen.lock().unwrap().take().unwrap();
    (request, sent)
}

async fn given(event: Value) -> Request<Bytes> {
    answered(event, Response::new(Bytes::new())).await.0
}

#[tokio::test]
async fn a_body_is_the_bytes_that_were_sent() {
    let text = "{\"note\":\"چادر — \\u00e9\"}\r\n ".as_bytes();
    let bytes: Vec<u8> = (0..=255).collect();
    for body in [text, &bytes, b""] {
        assert_eq!(given(event(body, |_| ())).await.body(), body);
    }
    // Text, too, may come in base64: API Gateway goes by the content type.
    let encoded = event(text, |event| {
        event["body"] = json!(aws_smithy_types::base64::encode(text));
        event["isBase64Encoded"] = json!(true);
    });
    assert_eq!(given(encoded).await.body(), text);
    let none = event(b"", |event| drop(event.as_object_mut().unwrap().remove("body")));
    assert_eq!(given(none).await.body(), &b""[..]);
}

#[tokio::test]
async fn a_request_is_what_was_asked() {
    let request = given(event(b"{}", |event| event["rawQueryString"] = json!("a=1&b=%20x"))).await;
    assert_eq!(request.method(), http::Method::POST);
    assert_eq!(request.uri().path(), "/webhooks/demo/shopify");
    assert_eq!(request.uri().query(), Some("a=1&b=%20x"));
    assert_eq!(request.headers()["x-shopify-topic"], "orders/create");
}

#[tokio::test]
async fn who_calls_is_what_api_gateway_says_and_no_header() {
    let request = given(event(b"{}", |_| ())).await;
    let domain = "abc123.execute-api.us-east-1.amazonaws.com";
    let caller = Caller { address: Some([203, 0, 113, 7].into()), domain: Some(domain.to_owned()) };
    assert_eq!(request.extensions().get::<Caller>(), Some(&caller));
    assert_eq!(request.headers()[header::HOST], domain);
}

#[tokio::test]
async fn no_address_breaks_the_function() {
    for (path, query) in [
        ("/a b/<c>/\"d\"/`e`/é/{f}|^", "q=<script>\"'`{}|^ é#&x=%zz"),
        ("//", "?"),
        ("/..//%2e", "\u{7f}\u{0}"),
        ("", ""),
        ("no slash", "a"),
        ("/#?", "##"),
    ] {
        let odd = event(b"{}", |event| {
            event["rawPath"] = json!(path);
            event["rawQueryString"] = json!(query);
            event["headers"]["host"] = json!("[not a host");
            event["headers"]["x-forwarded-proto"] = json!("no scheme");
        });
        given(odd).await;
    }
    for domain in [json!(null), json!(""), json!("a b"), json!("[x"), json!("127.0.0.1:9077")] {
        given(event(b"{}", |event| event["requestContext"]["domainName"] = domain)).await;
    }
}

#[tokio::test]
async fn an_answer_goes_back_whole() {
    let mut answer = Response::new(Bytes::from("{\"facts\":1}"));
    *answer.status_mut() = http::StatusCode::CREATED;
    answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("a=1; Path=/"));
    answer.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static("b=2"));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    let (_, sent) = answered(event(b"{}", |_| ()), answer).await;
    assert_eq!(sent["statusCode"], 201);
    assert_eq!(sent["body"], "{\"facts\":1}");
    assert_eq!(sent["isBase64Encoded"], false);
    assert_eq!(sent["cookies"], json!(["a=1; Path=/", "b=2"]));
    assert_eq!(sent["headers"]["content-type"], "image/svg+xml");

    let (_, sent) = answered(event(b"{}", |_| ()), Response::new(Bytes::from_static(b"\xff\x00"))).await;
    assert_eq!((&sent["body"], &sent["isBase64Encoded"]), (&json!("/wA="), &json!(true)));
}
