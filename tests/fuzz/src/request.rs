//! Requests as text, so that a seed can be read and written by hand: a line `POST /path?query`, lines of
//! headers, an empty line, the body.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// A request that could come in.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Request<'a> {
    /// Reads one; nothing, where no server would have handed it on. Headers that are none are left out.
    pub(crate) fn read(data: &'a [u8]) -> Option<Self> {
        let end = data.windows(2).position(|pair| pair == b"\n\n");
        let (head, body) = match end {
            Some(end) => (data.get(..end)?, data.get(end + 2..)?),
            None => (data, &b""[..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
        let method = Method::from_bytes(first.next()?).ok()?;
        let uri = Uri::try_from(first.next()?).ok()?;
        let mut headers = HeaderMap::new();
        for line in lines.take(32) {
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = parts.next().and_then(|name| HeaderName::from_bytes(name.trim_ascii()).ok());
            let value = parts.next().and_then(|value| HeaderValue::from_bytes(value.trim_ascii()).ok());
            if let Some((name, value)) = name.zip(value) {
                headers.append(name, value);
            }
        }
        Some(Self { method, uri, headers, body })
    }

    /// What stands behind the question mark.
    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// Puts a header's true value where the text only says `signed`: no fuzzer guesses a signature.
    pub(crate) fn sign(&mut self, name: &'static str, value: impl FnOnce(&[u8]) -> String) {
        if self.headers.get(name).is_some_and(|given| given == "signed") {
            let value = HeaderValue::from_str(&value(self.body)).expect("a signature is text");
            self.headers.insert(name, value);
        }
    }
}
