//! HTTP/1.1 on the loopback: a server with a thread for each connection, and a client with one.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, Result};

/// The largest request or answer, in bytes.
const MAX: usize = 8 << 20;

/// A port of the loopback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port(pub(crate) u16);

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "127.0.0.1:{}", self.0)
    }
}

impl From<Port> for SocketAddr {
    fn from(port: Port) -> Self {
        (Ipv4Addr::LOCALHOST, port.0).into()
    }
}

/// A request, or an answer.
#[derive(Debug)]
pub(crate) struct Message {
    /// The request's method and path, or the answer's status.
    pub(crate) first: First,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// When its last byte was here.
    pub(crate) at: Instant,
}

/// How a message begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum First {
    Request { method: String, path: String },
    Answer(u16),
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Method and path of a request.
    pub(crate) fn asked(&self) -> (&str, &str) {
        match &self.first {
            First::Request { method, path } => (method, path),
            First::Answer(_) => ("", ""),
        }
    }

    /// Status of an answer.
    pub(crate) fn status(&self) -> u16 {
        if let First::Answer(status) = self.first { status } else { 0 }
    }
}

/// What a server answers.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self { status, headers, body: body.into() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("HTTP/1.1 {} x\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        bytes.extend(format!("content-length: {}\r\n\r\n", self.body.len()).into_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Answers requests until the process ends. `talk` makes a connection's answerer; whoever answers
/// nothing closes the connection.
///
/// # Errors
/// When the port is taken.
pub(crate) fn serve<T, A>(port: Port, talk: T) -> Result<()>
where
    T: Fn() -> A + Send + Sync + 'static,
    A: FnMut(Message) -> Option<Reply>,
{
    let listener =
        TcpListener::bind(SocketAddr::from(port)).with_context(|| format!("listening on {port}"))?;
    let talk = Arc::new(talk);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let talk = Arc::clone(&talk);
            // A function that is killed breaks off in the middle, and is meant to.
            std::thread::spawn(move || drop(converse(stream, talk())));
        }
    });
    Ok(())
}

fn converse(stream: TcpStream, mut answer: impl FnMut(Message) -> Option<Reply>) -> io::Result<()> {
    let mut connection = Connection::of(stream)?;
    while let Some(request) = connection.read()? {
        let Some(reply) = answer(request) else { break };
        connection.stream.write_all(&reply.bytes())?;
    }
    Ok(())
}

/// A kept connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Opens one.
    ///
    /// # Errors
    /// When nobody listens.
    pub(crate) fn open(port: Port) -> io::Result<Self> {
        Self::of(TcpStream::connect(SocketAddr::from(port))?)
    }

    fn of(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 << 10) })
    }

    /// Posts a body, and reads the answer.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(crate) fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Message> {
        let mut request = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\n").into_bytes();
        for (name, value) in headers {
            request.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        request.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        self.read()?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The next message; `None` at the end.
    fn read(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some((message, whole)) = parse(&self.buffer)? {
                self.buffer.drain(..whole);
                return Ok(Some(message));
            }
            let mut chunk = [0; 16 << 10];
            let read = self.stream.read(&mut chunk)?;
            if read == 0 {
                return Ok(None);
            }
            self.buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
            if self.buffer.len() > MAX {
                return Err(io::Error::other("a message that is too long"));
            }
        }
    }
}

/// The first message of a buffer, and its bytes; `None` while it is not whole.
fn parse(buffer: &[u8]) -> io::Result<Option<(Message, usize)>> {
    let mut fields = [httparse::EMPTY_HEADER; 64];
    let (head, first, fields) = if buffer.starts_with(b"HTTP/") {
        let mut answer = httparse::Response::new(&mut fields);
        let head = answer.parse(buffer).map_err(io::Error::other)?;
        (head, First::Answer(answer.code.unwrap_or_default()), answer.headers)
    } else {
        let mut request = httparse::Request::new(&mut fields);
        let head = request.parse(buffer).map_err(io::Error::other)?;
        let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
        (head, First::Request { method: owned(request.method), path: owned(request.path) }, request.headers)
    };
    let httparse::Status::Complete(head) = head else { return Ok(None) };
    let field = |field: &httparse::Header<'_>| {
        (field.name.to_ascii_lowercase(), String::from_utf8_lossy(field.value).into_owned())
    };
    let headers: Vec<(String, String)> = fields.iter().map(field).collect();
    let value = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let rest = buffer.get(head..).unwrap_or_default();
    let body = match value("transfer-encoding") {
        Some(_) => chunks(rest),
        None => {
            let length = value("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            rest.get(..length).map(|body| (body.to_vec(), length))
        }
    };
    Ok(body.map(|(body, length)| (Message { first, headers, body, at: Instant::now() }, head + length)))
}

/// A chunked body, as Node's and Lambda's clients send some, and its bytes on the wire.
fn chunks(mut rest: &[u8]) -> Option<(Vec<u8>, usize)> {
    let (mut body, begun) = (Vec::new(), rest.len());
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(rest) else {
            return None;
        };
        let size = usize::try_from(size).ok()?;
        body.extend_from_slice(rest.get(start..start + size)?);
        rest = rest.get(start + size + 2..)?;
        if size == 0 {
            return Some((body, begun - rest.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_when_they_are_whole() {
        let length = b"POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
        let chunked = b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n";
        for whole in [&length[..], &chunked[..]] {
            for end in 0..whole.len() {
                assert!(parse(&whole[..end]).unwrap().is_none(), "{end}");
            }
            let (message, bytes) = parse(&[whole, b"POST"].concat()).unwrap().unwrap();
            assert_eq!((message.asked(), &*message.body, bytes), (("POST", "/a"), &b"hi"[..], whole.len()));
        }
        let (answer, _) = parse(b"HTTP/1.1 204 x\r\n\r\n").unwrap().unwrap();
        assert_eq!(answer.status(), 204);
    }
}
