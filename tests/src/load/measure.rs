//! What a measurement is made of: times, percentiles, what a process has used.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use serde::Serialize;

/// Now, in microseconds since 1970: the one clock that all processes of a machine share.
pub(crate) fn unix_micros() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// A distribution of times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// How many there were.
    pub(crate) count: usize,
    /// Half were at most this.
    pub p50_ms: f64,
    /// 99 in 100 were at most this.
    pub p99_ms: f64,
    /// The longest.
    pub(crate) max_ms: f64,
}

impl Spread {
    /// Of times in microseconds, in any order.
    pub(crate) fn of(mut micros: Vec<i64>) -> Self {
        micros.sort_unstable();
        Self {
            count: micros.len(),
            p50_ms: nearest_rank(&micros, 50),
            p99_ms: nearest_rank(&micros, 99),
            max_ms: nearest_rank(&micros, 100),
        }
    }
}

/// The smallest value that so many in a hundred do not exceed, in milliseconds; 0 of nothing.
#[allow(clippy::cast_precision_loss)] // microseconds of a measurement are far below 2^52
fn nearest_rank(sorted: &[i64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default() as f64 / 1e3
}

/// What a process has used up to now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Usage {
    /// Processor time of all its threads, in user and in kernel.
    pub(crate) cpu: Duration,
    /// The most memory that it held at once (resident), in KB.
    pub(crate) peak_kb: u64,
}

/// Linux tells processor times in hundredths of a second, whatever its own tick is (proc(5),
/// `sysconf(_SC_CLK_TCK)` is 100 on every architecture with Rust's std).
const TICK: Duration = Duration::from_millis(10);

impl Usage {
    /// Of the process with this id; `None` for this process.
    ///
    /// # Errors
    /// When there is no such process, or the system is not Linux.
    pub(crate) fn of(pid: Option<u32>) -> Result<Self> {
        let folder = pid.map_or_else(|| "/proc/self".to_owned(), |pid| format!("/proc/{pid}"));
        let read = |name: &str| {
            fs::read_to_string(format!("{folder}/{name}")).with_context(|| format!("{folder}/{name}"))
        };
        let ticks = ticks(&read("stat")?).context("the process's times cannot be read")?;
        Ok(Self { cpu: TICK * u32::try_from(ticks).unwrap_or(u32::MAX), peak_kb: peak(&read("status")?) })
    }

    /// What was used since an earlier look.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        self.cpu.saturating_sub(earlier.cpu)
    }
}

/// User and system time out of `/proc/<pid>/stat`: fields 14 and 15, counted behind the name, which
/// may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

fn peak(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The bytes of the files in a folder.
pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .filter(|meta| meta.is_file())
        .map(|meta| meta.len())
        .sum()
}

/// The machine in a line: processors, their model, the kernel, the memory.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = value(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown".to_owned());
    let memory = value(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    let kernel = read("/proc/sys/kernel/osrelease");
    let gb = memory.unwrap_or_default().div_ceil(1 << 20);
    format!("{cores} cores of {model}, {gb} GB, Linux {}", kernel.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let spread = Spread::of((1..=1000).rev().map(|ms| ms * 1000).collect());
        assert_eq!(spread, Spread { count: 1000, p50_ms: 500.0, p99_ms: 990.0, max_ms: 1000.0 });
        let few = Spread::of(vec![3_000, 1_000, 2_500]);
        assert_eq!(few, Spread { count: 3, p50_ms: 2.5, p99_ms: 3.0, max_ms: 3.0 });
        assert_eq!(Spread::of(vec![7]).p50_ms, 0.007);
        assert_eq!(Spread::of(Vec::new()), Spread::default());
    }

    #[test]
    fn times_are_read_behind_the_strangest_name() {
        let stat = "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 100 1 2";
        assert_eq!(ticks(stat), Some(200));
        assert_eq!(ticks("42 (harkara) S 1"), None);
        assert_eq!(peak("VmPeak:\t 9 kB\nVmHWM:\t  71680 kB\n"), 71_680);
    }

    #[test]
    fn this_process_has_used_something() {
        let before = Usage::of(None).unwrap();
        let mut sum = 0u64;
        let until = std::time::Instant::now() + Duration::from_millis(60);
        while std::time::Instant::now() < until {
            sum = sum.wrapping_mul(31).wrapping_add(7);
        }
        let after = Usage::of(Some(std::process::id())).unwrap();
        assert!(after.since(before) >= Duration::from_millis(20), "{sum}");
        assert!(after.peak_kb > 1_000);
        assert!(Usage::of(Some(u32::MAX)).is_err());
    }
}
