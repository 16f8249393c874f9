//! What an exchange without an answer came to.

use hyper_util::client::legacy;
use std::{error::Error, fmt, io};

use crate::guard::NotPublic;

/// No answer came. Its text is that of all causes, which alone say what went wrong.
#[derive(Debug)]
pub struct NoAnswer {
    /// Whether there was a connection: without one, nothing was sent.
    pub connected: bool,
    /// Whether it was a limit of time that ended it.
    pub late: bool,
    error: legacy::Error,
}

impl NoAnswer {
    /// Why its address is none that it may go to, if that is what was wrong.
    pub(crate) fn not_public(&self) -> Option<&NotPublic> {
        causes(&self.error).find_map(|cause| cause.downcast_ref())
    }
}

impl From<legacy::Error> for NoAnswer {
    fn from(error: legacy::Error) -> Self {
        let late = causes(&error).any(|cause| {
            let io = cause.downcast_ref::<io::Error>();
            io.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
                || cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_timeout)
        });
        Self { connected: !error.is_connect(), late, error }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)?;
        causes(&self.error).skip(1).try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl Error for NoAnswer {}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
