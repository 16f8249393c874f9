//! HTTP/1.1 over a kept connection to this machine, with as little work as will do: the load
//! generator shares the processors with what it measures.

use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A port of this machine. The load generator knows no other address, so no slip of the keyboard
/// sends its orders to somebody's shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loopback(pub(crate) u16);

impl Loopback {
    /// A port that nobody listened on a moment ago.
    ///
    /// # Errors
    /// When the machine has none.
    pub(crate) fn free() -> io::Result<Self> {
        Ok(Self(TcpListener::bind(Self(0).address())?.local_addr()?.port()))
    }

    /// 127.0.0.1 with the port.
    pub(crate) fn address(self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.0))
    }
}

impl fmt::Display for Loopback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(f)
    }
}

/// An answer's status and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Its body, whole.
    pub(crate) body: Vec<u8>,
}

/// A kept connection; one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Beyond this an answer counts as lost. Shopify gives 5 s; more is let pass, to be seen as slow.
    const LIMIT: Duration = Duration::from_secs(30);
    const MAX_ANSWER: usize = 64 << 20;

    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) async fn open(to: Loopback) -> io::Result<Self> {
        let stream = TcpStream::connect(to.address()).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request as it stands and waits for its answer. After an error the connection is of no
    /// use.
    ///
    /// # Errors
    /// When the connection breaks, or the answer is not HTTP of a known length, or takes 30 s.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<Answer> {
        timeout(Self::LIMIT, self.exchange(request))
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Sends a GET.
    ///
    /// # Errors
    /// As [`Connection::send`].
    pub(crate) async fn get(&mut self, path: &str, key: Option<&str>) -> io::Result<Answer> {
        let key = key.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{key}\r\n").as_bytes()).await
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(answer) = read_answer(&self.buffer)? {
                return Ok(answer);
            }
            if self.buffer.len() > Self::MAX_ANSWER {
                return Err(io::Error::other("the answer is too long"));
            }
        }
    }
}

/// The answer in `buffer`; `None` while it is not whole.
fn read_answer(buffer: &[u8]) -> io::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; 48];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(buffer).map_err(io::Error::other)? {
        httparse::Status::Complete(head) => head,
        httparse::Status::Partial => return Ok(None),
    };
    let length = length(response.headers).ok_or_else(|| io::Error::other("an answer of unknown length"))?;
    let body = buffer.get(head..).filter(|rest| rest.len() >= length).and_then(|rest| rest.get(..length));
    Ok(body.map(|body| Answer { status: response.code.unwrap_or_default(), body: body.to_vec() }))
}

/// The length that headers give a body; `None` where they give none or it is sent in chunks.
pub(crate) fn length(headers: &[httparse::Header<'_>]) -> Option<usize> {
    let value = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"))?.value;
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_can_be_spoken_to() {
        assert!(Loopback(443).address().ip().is_loopback());
        assert_eq!(Loopback(8787).to_string(), "127.0.0.1:8787");
    }

    #[test]
    fn an_answer_is_taken_when_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
        for part in 0..text.len() {
            assert_eq!(read_answer(&text[..part]).unwrap(), None, "{part} bytes");
        }
        assert_eq!(read_answer(text).unwrap(), Some(Answer { status: 200, body: b"hello".to_vec() }));
        let empty = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
        assert_eq!(read_answer(empty).unwrap(), Some(Answer { status: 503, body: Vec::new() }));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in ["SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            assert!(read_answer(text.as_bytes()).is_err(), "{text}");
        }
    }
}
