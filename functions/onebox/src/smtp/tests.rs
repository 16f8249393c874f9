//! Mail to a server that hangs up where it is told to.

use harkara_embedded::{Embedded, Settings};
use harkara_engine::port::{SecretsError, SystemClock};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;

struct Fixed(String);

#[async_trait]
impl Secrets for Fixed {
    async fn get(&self, _: &str, _: &str) -> Result<Option<String>, SecretsError> {
        Ok(Some(self.0.clone()))
    }
}

/// Speaks SMTP until a command comes that begins with `until`, or `.` for the mail's end, and says `last` to it:
/// nothing, where that is empty.
async fn speak(stream: TcpStream, until: &str, last: &str) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut within = false;
    stream.write_all(b"220 mail.example\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line.starts_with(until) && (until != "." || line.trim_end() == ".") {
            stream.write_all(last.as_bytes()).await.ok()?;
            return stream.shutdown().await.ok();
        }
        let answer: &[u8] = match line.trim_end() {
            "." => b"250 taken as 7\r\n",
            _ if within => continue,
            "DATA" => b"354 go on\r\n",
            _ => b"250 ok\r\n",
        };
        within = line.trim_end() == "DATA";
        stream.write_all(answer).await.ok()?;
    }
}

/// What comes of a mail to a server that ends in this way.
async fn sent(until: &'static str, last: &'static str) -> Result<String, MailError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        speak(stream, until, last).await;
    });
    let sent = send(&address.to_string()).await;
    server.await.unwrap();
    sent
}

async fn send(address: &str) -> Result<String, MailError> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SystemClock);
    let store = Embedded::open(&folder.path().join("test.db"), clock.clone(), Settings::default()).unwrap();
    let connection = format!(r#"{{"url":"smtp://{address}","from":"Gulab <shop@gulab.example>"}}"#);
    let outbox = OutboxMailer { table: store.table(), clock };
    let mailer = SmtpOrOutbox::new(Arc::new(Fixed(connection)), outbox);
    let mail = Mail {
        to: vec!["ayesha@example.com".to_owned()],
        subject: "Your order".to_owned(),
        text: "On its way".to_owned(),
        html: None,
        reference: None,
    };
    mailer.send(&"demo".into(), mail).await
}

#[tokio::test]
async fn a_mail_that_is_taken_has_the_servers_word() {
    assert_eq!(sent("QUIT", "221 bye\r\n").await.unwrap(), "taken as 7");
}

/// It may have been taken: sent again, it may come twice.
#[tokio::test]
async fn a_server_that_hangs_up_at_the_end_of_a_mail_leaves_it_open() {
    let lost = sent(".", "").await;
    assert!(matches!(lost, Err(MailError::AnswerLost(_))), "{lost:?}");
}

#[tokio::test]
async fn what_the_server_answers_is_not_open() {
    let later = sent(".", "451 busy\r\n").await;
    assert!(matches!(later, Err(MailError::Failed(_))), "{later:?}");
    let never = sent("RCPT", "550 nobody here\r\n").await;
    assert!(matches!(never, Err(MailError::Refused(_))), "{never:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_took_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failed = send(&address).await;
    assert!(matches!(failed, Err(MailError::Failed(_))), "{failed:?}");
}
