//! Numbers, and what the kernel says of a process.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// Of several measurements of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// 99 in 100 are at most this.
    pub(crate) p99: f64,
}

impl Spread {
    /// Of these, in any order; zeros of none.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or_default();
        let (count, half) = (values.len(), values.len() / 2);
        let median = if count.is_multiple_of(2) {
            f64::midpoint(at(half.saturating_sub(1)), at(half))
        } else {
            at(half)
        };
        Self {
            median,
            min: at(0),
            max: at(count.saturating_sub(1)),
            p99: at((count * 99).div_ceil(100).saturating_sub(1)),
        }
    }
}

/// The most memory that a process has held at once (resident, shared pages of its file included), in MB
/// of 1024² bytes.
///
/// # Errors
/// When there is no such process, or no Linux.
pub(crate) fn peak_memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the process's memory")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}

/// The processor time of all threads that a process has now, in seconds. A thread that ends while this
/// looks is not counted.
///
/// # Errors
/// When there is no such process, or a kernel without `schedstat`.
pub(crate) fn processor_time(pid: u32) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        match fs::read_to_string(thread?.path().join("schedstat")) {
            Ok(text) => nanoseconds += text.split(' ').next().unwrap_or_default().parse::<f64>()?,
            Err(error) if is_ended(&error) => {}
            Err(error) => return Err(error).context("schedstat"),
        }
    }
    anyhow::ensure!(nanoseconds > 0.0, "process {pid} has no thread with a schedstat");
    Ok(nanoseconds / 1e9)
}

/// Whether the kernel says that the thread is gone: its folder, or what an open file of it was about.
fn is_ended(error: &std::io::Error) -> bool {
    const NO_SUCH_PROCESS: i32 = 3;
    error.kind() == std::io::ErrorKind::NotFound || error.raw_os_error() == Some(NO_SUCH_PROCESS)
}

/// What this was measured on, in a line.
pub(crate) fn machine() -> String {
    let read = |file: &str| fs::read_to_string(Path::new("/proc").join(file)).unwrap_or_default();
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let (processor, memory) = (read("cpuinfo"), read("meminfo"));
    let cores = processor.lines().filter(|line| line.starts_with("processor")).count();
    let kilobytes: f64 = value(&memory, "MemTotal").trim_end_matches("kB").trim().parse().unwrap_or_default();
    let load = read("loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{model}, {cores} cores, {memory:.0} GB, Linux {kernel}; load average at the beginning {load}",
        model = value(&processor, "model name"),
        memory = kilobytes / 1024.0 / 1024.0,
        kernel = read("sys/kernel/osrelease").trim(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        let spread = Spread::of(vec![5.0, 1.0, 3.0, 2.0]);
        assert_eq!((spread.median, spread.min, spread.max, spread.p99), (2.5, 1.0, 5.0, 5.0));
        assert_eq!(Spread::of(vec![7.0]).median, 7.0);
        assert_eq!(Spread::of(vec![]), Spread::default());
    }

    #[test]
    fn this_process_has_used_something() {
        assert!(peak_memory(std::process::id()).unwrap() > 1.0);
        assert!(processor_time(std::process::id()).unwrap() > 0.0);
    }
}
