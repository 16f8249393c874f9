//! The processes of a measurement: harkara on a fresh data folder, and the mock provider. Each ends
//! with its handle.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use super::client::{Connection, Loopback};
use super::measure::Usage;
use super::{mock, store};

/// A child process, killed when it is dropped.
struct Process(Child);

impl Process {
    fn kill(&mut self) {
        // SIGKILL; fails only where it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The mock provider, running.
pub(crate) struct Mock {
    process: Process,
    /// Where it listens.
    pub(crate) port: Loopback,
}

impl Mock {
    /// Starts this very program as the mock provider.
    ///
    /// # Errors
    /// When it does not come up within 10 s.
    pub(crate) async fn start(delay: Duration) -> Result<Self> {
        let port = Loopback::free()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["mock", "--with-parent", "--port", &port.0.to_string()]);
        command.args(["--delay-ms", &delay.as_millis().to_string()]);
        let child =
            command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("starting the mock")?;
        let mut started = Self { process: Process(child), port };
        started.process.up(port, "/count", Duration::from_secs(10)).await.context("the mock provider")?;
        Ok(started)
    }

    /// Someone to ask.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) async fn asker(&self) -> Result<mock::Asker> {
        mock::Asker::open(self.port).await
    }

    /// What it has used.
    ///
    /// # Errors
    /// When it is gone.
    pub(crate) fn usage(&self) -> Result<Usage> {
        Usage::of(Some(self.process.0.id()))
    }
}

impl Process {
    /// Waits until a GET of `path` answers 200.
    async fn up(&mut self, port: Loopback, path: &str, limit: Duration) -> Result<()> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                bail!("it ended with {status}");
            }
            if let Ok(mut connection) = Connection::open(port).await
                && connection.get(path, None).await.is_ok_and(|answer| answer.status == 200)
            {
                return Ok(());
            }
            if begun.elapsed() > limit {
                bail!("it did not come up within {} s", limit.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Harkara over a data folder of its own.
pub(crate) struct Harkara {
    binary: PathBuf,
    folder: TempDir,
    process: Option<Process>,
    /// Where what it says goes.
    pub(crate) log: PathBuf,
    /// Where it listens.
    pub(crate) port: Loopback,
    /// A viewer's key for its API.
    pub(crate) key: String,
}

impl Harkara {
    const UP: Duration = Duration::from_secs(30);

    /// Makes a data folder under `work`, sets the load store up in it and starts the server.
    ///
    /// # Errors
    /// When the binary is missing or refuses.
    pub(crate) async fn start(
        binary: &Path,
        work: &Path,
        mock: Loopback,
        later: Option<u32>,
    ) -> Result<Self> {
        std::fs::create_dir_all(work).with_context(|| format!("making {}", work.display()))?;
        let folder = tempfile::Builder::new().prefix("load-").tempdir_in(work)?;
        let mut harkara = Self {
            binary: binary.to_owned(),
            log: folder.path().join("serve.log"),
            folder,
            process: None,
            port: Loopback::free()?,
            key: String::new(),
        };
        let file = harkara.folder.path().join("store.json");
        std::fs::write(&file, serde_json::to_vec_pretty(&store::file(mock, later))?)?;
        harkara.command(&["store".as_ref(), "put".as_ref(), file.as_os_str()])?;
        let new_key = ["api-key", "new", "load", "--role", "viewer", "--store", store::NAME];
        harkara.key = harkara.command(&new_key.map(AsRef::as_ref))?.trim().to_owned();
        harkara.serve(1).await?;
        Ok(harkara)
    }

    /// Starts the server, with time running `scale` times as fast; gives the time until it answers.
    ///
    /// # Errors
    /// When it does not come up within 30 s.
    pub(crate) async fn serve(&mut self, scale: u32) -> Result<Duration> {
        let begun = Instant::now();
        self.begin(scale)?;
        let process = self.process.as_mut().context("harkara is not running")?;
        if let Err(error) = process.up(self.port, "/healthz", Self::UP).await {
            bail!("harkara serve: {error}\n{}", self.said());
        }
        Ok(begun.elapsed())
    }

    /// Starts the server and does not wait for it.
    ///
    /// # Errors
    /// When the binary is missing.
    pub(crate) fn begin(&mut self, scale: u32) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.arg("serve").args(["--quiet", "--store", store::NAME, "--listen", &self.port.to_string()]);
        command.arg("--data").arg(self.data());
        if scale > 1 {
            command.args(["--time-scale", &scale.to_string()]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&self.log)?);
        let child = command.spawn().with_context(|| format!("starting {}", self.binary.display()))?;
        self.process = Some(Process(child));
        Ok(())
    }

    /// What the server has said since it was last started.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills the server as a power cut would (`kill -9`).
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// What the server has used since it was last started.
    ///
    /// # Errors
    /// When it does not run any more, which it should.
    pub(crate) fn usage(&self) -> Result<Usage> {
        let process = self.process.as_ref().context("harkara is not running")?;
        Usage::of(Some(process.0.id())).context("harkara ended by itself")
    }

    /// Its process's id, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.as_ref().map(|process| process.0.id())
    }

    /// Where it keeps its state.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Sends a GET to its API.
    ///
    /// # Errors
    /// When it does not answer with 200 and JSON.
    pub(crate) async fn api(&self, path: &str) -> Result<Value> {
        let mut connection = Connection::open(self.port).await?;
        let answer = connection.get(path, Some(&self.key)).await?;
        if answer.status != 200 {
            bail!("{path} answered {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
        }
        serde_json::from_slice(&answer.body).with_context(|| format!("what {path} answered"))
    }

    fn command(&self, arguments: &[&std::ffi::OsStr]) -> Result<String> {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data").arg(self.data()).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("starting {}", self.binary.display()))?;
        if !output.status.success() {
            bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
