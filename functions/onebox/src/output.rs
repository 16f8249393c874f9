//! The standard output of commands. Its reader may go before the end, as `head` does: a command does what it was
//! asked for nevertheless, and its exit code says how that went. What cannot be written for another reason, such as
//! a full disk, is a failure.

use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{Mutex, PoisonError},
};

/// As the standard library's, which panics where its reader is gone.
macro_rules! print {
    ($($words:tt)*) => { $crate::output::write(format_args!($($words)*)) };
}

/// As the standard library's, which panics where its reader is gone.
macro_rules! println {
    ($($words:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($words)*))) };
}

static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes words. That it could not is told by [`finish`].
pub(crate) fn write(words: fmt::Arguments<'_>) {
    note(io::stdout().lock().write_fmt(words));
}

/// Writes what is held back.
///
/// # Errors
/// Why something could not be written, unless nobody is there to read it.
pub fn finish() -> io::Result<()> {
    note(io::stdout().lock().flush());
    FAILED.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
}

fn note(done: io::Result<()>) {
    if let Err(error) = done
        && error.kind() != ErrorKind::BrokenPipe
    {
        FAILED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}
