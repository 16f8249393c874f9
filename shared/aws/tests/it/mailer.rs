//! SES, by script.

use base64::{Engine, prelude::BASE64_STANDARD};
use harkara_aws::{Service, SesMailer};
use harkara_engine::port::{Mail, MailError, Mailer};
use std::time::Duration;

use crate::{
    emulator::session,
    server::{Reply, Server, nowhere},
};

fn mail() -> Mail {
    Mail {
        to: vec!["ops@example.com".to_owned(), "عائشہ <ayesha@example.com>".to_owned()],
        subject: "Two failed — دیکھیں".to_owned(),
        text: "plain".to_owned(),
        html: Some("<p>html</p>".to_owned()),
        reference: Some("order-1/run/0/1".to_owned()),
    }
}

fn mailer(sdk: &aws_types::SdkConfig) -> SesMailer {
    SesMailer::new(aws_sdk_ses::Client::new(sdk), "دکان <shop@example.com>").unwrap()
}

async fn send(server: &Server) -> Result<String, MailError> {
    mailer(&server.sdk(Service::Ses)).send(&"demo".into(), mail()).await
}

fn taken() -> String {
    "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendRawEmailResult>\
     <MessageId>m-1</MessageId></SendRawEmailResult></SendRawEmailResponse>"
        .to_owned()
}

fn problem(code: &str, message: &str) -> String {
    format!(
        "<ErrorResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><Error><Type>Sender</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
    )
}

#[tokio::test]
async fn a_mail_leaves_as_mime_with_our_reference() {
    let server = Server::saying(200, taken()).await;
    assert_eq!(send(&server).await.unwrap(), "m-1");
    let seen = server.seen().remove(0);
    let form: std::collections::HashMap<_, _> =
        form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
    assert_eq!(form["Action"], "SendRawEmail");
    let mime = String::from_utf8(BASE64_STANDARD.decode(&form["RawMessage.Data"]).unwrap()).unwrap();
    assert!(mime.contains("X-Harkara-Reference: order-1/run/0/1\r\n"), "{mime}");
    assert!(mime.contains("multipart/alternative") && mime.is_ascii(), "{mime}");
    assert_eq!(form["Source"], "shop@example.com");
    assert_eq!(form["Destinations.member.1"], "ops@example.com");
    assert_eq!(form["Destinations.member.2"], "ayesha@example.com");
}

#[tokio::test]
async fn errors_say_whether_a_mail_may_be_taken_later() {
    let cases = [
        (400, "MessageRejected", "Email address is not verified: ayesha@example.com", "refused", 1),
        (400, "MailFromDomainNotVerifiedException", "no MX record", "refused", 1),
        (400, "InvalidParameterValue", "Local address contains control or whitespace", "refused", 1),
        (400, "AccountSendingPausedException", "Email sending is disabled", "failed", 1),
        (403, "AccessDenied", "not authorized to perform ses:SendRawEmail", "failed", 1),
        (400, "Throttling", "Maximum sending rate exceeded.", "failed", 3),
        (400, "Throttling", "Daily message quota exceeded.", "failed", 1),
        (503, "ServiceUnavailable", "try later", "failed", 3),
        // Nobody knows how far it got.
        (500, "InternalFailure", "something broke", "lost", 1),
    ];
    for (status, code, message, meaning, tries) in cases {
        let server = Server::saying(status, problem(code, message)).await;
        let error = send(&server).await.unwrap_err();
        let told = match &error {
            MailError::Refused(_) => "refused",
            MailError::Failed(_) => "failed",
            MailError::AnswerLost(_) => "lost",
        };
        assert_eq!((told, server.seen().len()), (meaning, tries), "{code}: {message}");
        let error = error.to_string();
        assert!(error.contains(&format!("SendRawEmail: {code}: ")) && !error.contains("ayesha"), "{error}");
    }
}

#[tokio::test]
async fn a_throttled_mail_is_tried_again() {
    let server = Server::start(|n, _| match n {
        0 => Reply::Says(400, problem("Throttling", "Maximum sending rate exceeded.")),
        _ => Reply::Says(200, taken()),
    })
    .await;
    assert_eq!(send(&server).await.unwrap(), "m-1");
}

#[tokio::test]
async fn a_lost_answer_sends_no_second_mail() {
    for broken in [true, false] {
        let unreadable = || Reply::Says(200, "<SendRawEmailResponse".to_owned());
        let server = Server::start(move |_, _| if broken { Reply::Breaks } else { unreadable() }).await;
        let error = send(&server).await.unwrap_err();
        assert!(matches!(error, MailError::AnswerLost(_)), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_late_answer_is_a_lost_one() {
    let server = Server::start(|_, _| Reply::Hangs).await;
    let client = mailer(&server.sdk(Service::Ses));
    let sending = tokio::spawn(async move { client.send(&"demo".into(), mail()).await });
    for _ in 0..500 {
        if !server.seen().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(server.seen().len(), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    let error = sending.await.unwrap().unwrap_err();
    assert!(matches!(error, MailError::AnswerLost(_)), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn what_never_left_may_be_sent_later() {
    let sdk = session(&nowhere().await).sdk(Service::Ses);
    let error = mailer(&sdk).send(&"demo".into(), mail()).await.unwrap_err();
    assert!(matches!(error, MailError::Failed(_)), "{error}");
}

#[tokio::test]
async fn bad_addresses_are_refused_at_once() {
    let server = Server::saying(200, taken()).await;
    let bad = Mail { to: vec!["nobody".to_owned()], ..mail() };
    let error = mailer(&server.sdk(Service::Ses)).send(&"demo".into(), bad).await.unwrap_err();
    assert!(matches!(error, MailError::Refused(_)), "{error}");
    assert!(server.seen().is_empty());
    let client = aws_sdk_ses::Client::new(&server.sdk(Service::Ses));
    let missing = SesMailer::new(client, "nobody").unwrap_err();
    assert_eq!(missing.name, "HARKARA_MAIL_FROM");
}
