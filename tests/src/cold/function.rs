//! A function under measurement.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    cloud::{Booked, Cloud},
    measure::{Spread, peak_memory, processor_time},
    runtime::{Runtime, Talk},
};

/// What is measured.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// What starts it: a binary, or `node` and its bundle.
    pub(crate) command: Vec<PathBuf>,
    /// What is deployed of it.
    pub(crate) file: PathBuf,
    /// Its variables, beside those that it gets here.
    pub(crate) variables: Vec<(String, String)>,
}

/// How often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Often {
    pub(crate) starts: usize,
    pub(crate) warm: usize,
}

impl Often {
    /// Invocations of the last process, before those that count.
    const WARM_UP: usize = 20;

    /// Events that a function is given in all.
    pub(crate) fn events(self) -> usize {
        self.starts + Self::WARM_UP + self.warm
    }
}

/// Figures of a function. Times in milliseconds, sizes in bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) binary: usize,
    pub(crate) zip: usize,
    /// From just before its exec to its first `/next`.
    pub(crate) init: Spread,
    /// From an event to its answer, the first of a process.
    pub(crate) first: Spread,
    pub(crate) warm: Spread,
    /// A warm one without the time in which AWS was answering.
    pub(crate) overhead: Spread,
    /// Processor time of a warm one, all threads.
    pub(crate) processor: f64,
    /// Peak, MB.
    pub(crate) memory: f64,
    /// Requests of a warm one to AWS and WhatsApp: how often each.
    pub(crate) requests: Vec<(String, f64)>,
}

/// A running process, killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only where it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures with events, of which there are enough. `check` looks at every answer.
pub(crate) struct Bench<'a> {
    pub(crate) runtime: &'a Runtime,
    pub(crate) cloud: &'a Cloud,
    pub(crate) often: Often,
    /// Where logs go.
    pub(crate) work: &'a Path,
}

impl Bench<'_> {
    /// Measures a function.
    ///
    /// # Errors
    /// When it does not start, fails, or answers what `check` refuses.
    pub(crate) fn measure(
        &self,
        function: &Function,
        events: Vec<Vec<u8>>,
        check: impl Fn(&[u8]) -> Result<()>,
    ) -> Result<Figures> {
        let figures = self.try_measure(function, events, check);
        figures.with_context(|| {
            let log = fs::read_to_string(self.log(function)).unwrap_or_default();
            format!("measuring {}; its log:\n{log}", function.name)
        })
    }

    fn try_measure(
        &self,
        function: &Function,
        events: Vec<Vec<u8>>,
        check: impl Fn(&[u8]) -> Result<()>,
    ) -> Result<Figures> {
        ensure!(events.len() >= self.often.events(), "{} events are too few", events.len());
        let mut events = events.into_iter();
        let (mut inits, mut firsts, mut last) = (Vec::new(), Vec::new(), None);
        for event in events.by_ref().take(self.often.starts) {
            drop(last.take());
            let (process, talk, init) = self.start(function)?;
            let first = talk.invoke(event)?;
            check(&first.answer)?;
            inits.push(init);
            firsts.push((first.answered - first.given).as_secs_f64() * 1e3);
            last = Some((process, talk));
        }
        let (process, talk) = last.context("at least one start")?;
        let pid = process.0.id();
        for event in events.by_ref().take(Often::WARM_UP) {
            check(&talk.invoke(event)?.answer)?;
        }
        self.cloud.take_booked();
        let used = processor_time(pid)?;
        let mut warm = Vec::new();
        for event in events.take(self.often.warm) {
            warm.push(talk.invoke(event)?);
        }
        let used = processor_time(pid)? - used;
        let booked = self.cloud.take_booked();
        warm.iter().try_for_each(|invocation| check(&invocation.answer))?;
        let code = fs::read(&function.file).with_context(|| function.file.display().to_string())?;
        let whole = |given: Instant, answered: Instant| (answered - given).as_secs_f64() * 1e3;
        let own = |given, answered| whole(given, answered) - booked.answering(given, answered) * 1e3;
        Ok(Figures {
            name: function.name.to_owned(),
            binary: code.len(),
            zip: zipped(&code),
            init: Spread::of(inits),
            first: Spread::of(firsts),
            warm: Spread::of(warm.iter().map(|of| whole(of.given, of.answered)).collect()),
            overhead: Spread::of(warm.iter().map(|of| own(of.given, of.answered)).collect()),
            processor: used * 1e3 / count(warm.len()),
            memory: peak_memory(pid)?,
            requests: each(&booked, warm.len()),
        })
    }

    /// Starts a process, and waits until it asks for an event: the process, the talk with it, and the
    /// milliseconds that it took.
    fn start(&self, function: &Function) -> Result<(Process, Talk, f64)> {
        let [program, arguments @ ..] = function.command.as_slice() else { bail!("nothing to start") };
        let talk = self.runtime.talk();
        let mut command = Command::new(program);
        command.args(arguments).env_clear().envs(function.variables.iter().cloned());
        command.env("AWS_LAMBDA_RUNTIME_API", self.runtime.port.to_string());
        command.envs([
            ("AWS_LAMBDA_FUNCTION_NAME", function.name),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
        ]);
        let log = File::create(self.log(function))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let begun = Instant::now();
        let process = Process(command.spawn().with_context(|| format!("starting {}", program.display()))?);
        let ready = talk.ready()?;
        Ok((process, talk, (ready - begun).as_secs_f64() * 1e3))
    }

    fn log(&self, function: &Function) -> PathBuf {
        self.work.join(format!("{}.log", function.name))
    }
}

fn each(booked: &Booked, invocations: usize) -> Vec<(String, f64)> {
    let counts = booked.counts().into_iter();
    counts.map(|(operation, times)| (operation.to_owned(), count(times) / count(invocations))).collect()
}

/// A count as a number to divide by.
pub(crate) fn count(of: usize) -> f64 {
    u32::try_from(of).map_or(f64::MAX, f64::from)
}

/// The bytes of a zip with this one file, `bootstrap`, deflated as `sam deploy` and `zip` do by default
/// (level 6): a local header of 30 bytes, an entry of 46 in the directory, each with the name, and 22
/// bytes at the end (APPNOTE 4.3).
fn zipped(code: &[u8]) -> usize {
    miniz_oxide::deflate::compress_to_vec(code, 6).len() + 30 + 46 + 22 + 2 * "bootstrap".len()
}
