//! The clock of the local cloud, which stands still but for what a test lets pass.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// The clock, in the file that libfaketime reads.
#[derive(Debug)]
pub(crate) struct Clock {
    file: PathBuf,
    now: Mutex<Timestamp>,
}

impl Clock {
    /// The clock of a file. It goes on where another test left it, else from the machine's time.
    pub(crate) fn of(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let left = DateTime::strptime(FORMAT, text.trim()).ok();
        let left = left.map(|time| time.to_zoned(TimeZone::UTC).unwrap().timestamp());
        let now = left.unwrap_or_else(|| Timestamp::from_second(Timestamp::now().as_second()).unwrap());
        let clock = Self { file: file.to_owned(), now: Mutex::new(now) };
        clock.set(now);
        clock
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// Moves on to this time, or to the next whole second after it.
    pub(crate) fn set(&self, time: Timestamp) {
        let second = time.as_second() + i64::from(time.subsec_nanosecond() > 0);
        let time = Timestamp::from_second(second).unwrap();
        let mut now = self.now.lock().unwrap();
        assert!(time >= *now, "time does not go back");
        *now = time;
        // At once for whoever reads: never half a line.
        let next = self.file.with_extension("next");
        fs::write(&next, format!("{}\n", time.strftime(FORMAT))).unwrap();
        fs::rename(&next, &self.file).unwrap();
    }
}
