//! `harkara doctor`: looks a server and its store over. It reads the folder beside the server, whether one
//! runs or not.

use anyhow::{Context, Result};
use clap::Args;
use harkara_domain::StoreId;
use harkara_embedded::Look;
use harkara_engine::{
    catalog::Catalog,
    doctor::{Check, Doctor as Examiner, Finding, Gravity, Planned},
    outbox::OutboxMailer,
    port::{Clock, QueueName},
};
use harkara_http::HttpClient;
use jiff::Timestamp;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use crate::{secrets_file::SecretsFile, serve, smtp::SmtpOrOutbox};

/// What is looked over.
#[derive(Clone, Debug, Args)]
pub struct Doctor {
    /// The folder of the server.
    #[arg(long, default_value = ".harkara")]
    pub data: PathBuf,
    /// The store; the server's first one if absent.
    #[arg(long)]
    pub store: Option<String>,
    /// Print the findings as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The time at which a folder stands: that of the machine, or of its fast clock.
struct Now(Timestamp);

impl Clock for Now {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The most schedules that are compared with runs.
const SCHEDULES: usize = 10_000;
/// Databases up to this size, in bytes, are read whole to be checked.
const CHECKED: u64 = 1 << 30;
/// Bytes that should be left on a disk, and that must be.
const ROOMY: u64 = 2 << 30;
/// See [`ROOMY`].
const TIGHT: u64 = 256 << 20;

impl Doctor {
    /// Looks, prints, and fails where there is trouble.
    ///
    /// # Errors
    /// When there is nothing to look at.
    pub async fn run(self) -> Result<ExitCode> {
        shown(&self.findings().await?, self.json)
    }

    /// What was found.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        let file = self.data.join(serve::DATABASE);
        let kept = std::fs::read_to_string(self.data.join(serve::CLOCK)).ok();
        let fast = kept.and_then(|text| text.trim().parse::<Timestamp>().ok());
        let clock: Arc<dyn Clock> = Arc::new(Now(fast.unwrap_or(Timestamp::MIN).max(Timestamp::now())));
        let look =
            Look::at(&file, clock.clone()).with_context(|| format!("looking into {}", file.display()))?;
        let store = serve::console_store(&self.data, self.store.clone());
        let secrets = Arc::new(SecretsFile::in_folder(&self.data));
        let examiner = Examiner {
            table: look.table(),
            catalog: Arc::new(Catalog::new(look.table(), clock.clone()).reading_text()),
            secrets: secrets.clone(),
            http: Arc::new(HttpClient::new()),
            clock: clock.clone(),
            put: "harkara store put",
        };
        let planned = look.schedules(SCHEDULES).ok().map(|all| {
            all.into_iter().map(|(name, body)| Planned { name, body: Some(body) }).collect::<Vec<_>>()
        });
        let mut found = examiner.examine(&store, planned.as_deref()).await;
        let outbox = OutboxMailer { table: look.table(), clock };
        found.push(mail(&SmtpOrOutbox::new(secrets, outbox), &store).await);
        found.extend(machine(&look, &file)?);
        found.extend(closed(&self.data));
        Ok(found)
    }
}

/// Prints findings; fails where one is trouble.
///
/// # Errors
/// When they cannot be written as JSON.
pub(crate) fn shown(findings: &[Finding], json: bool) -> Result<ExitCode> {
    let count = |gravity| findings.iter().filter(|finding| finding.gravity == gravity).count();
    let (troubles, warnings) = (count(Gravity::Trouble), count(Gravity::Warning));
    if json {
        println!("{}", serde_json::to_string_pretty(findings)?);
    } else {
        findings.iter().for_each(|finding| println!("{finding}"));
        println!("\n{troubles} troubles, {warnings} warnings.");
    }
    Ok(if troubles > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn mail(mailer: &SmtpOrOutbox, store: &StoreId) -> Finding {
    let todo = "add or correct `connections.smtp` in the store's file: `harkara store put FILE`";
    match mailer.greet(store).await {
        Ok(true) => Finding::ok(Check::Mail, "the mail server takes the credentials"),
        Ok(false) => Finding::warning(
            Check::Mail,
            "no mail server: mails, alerts among them, are kept in the outbox",
            todo,
        ),
        Err(problem) => Finding::trouble(Check::Mail, format!("no mail can be sent: {problem}"), todo),
    }
}

/// The server, its database and its disk.
fn machine(look: &Look, file: &Path) -> Result<Vec<Finding>> {
    let (check, mut found) = (Check::Machine, Vec::new());
    found.push(if look.is_served()? {
        Finding::ok(check, "the server is running")
    } else {
        let todo = "start it: `harkara serve`; it goes on where it stopped";
        Finding::trouble(check, "no server runs on this folder: nothing is taken in or sent", todo)
    });
    let size = std::fs::metadata(file).with_context(|| format!("looking at {}", file.display()))?.len();
    let words = sized(size);
    found.push(if size > CHECKED {
        Finding::ok(check, format!("the database has {words}; a backup checks it whole"))
    } else {
        match look.check() {
            Ok(()) => Finding::ok(check, format!("the database is sound, and has {words}")),
            Err(error) => {
                let todo = "restore the last backup: `harkara restore FILE`";
                Finding::trouble(check, error.to_string(), todo)
            }
        }
    });
    let failures = look.depth(QueueName::Failures)?;
    if failures > 1000 {
        let todo = "see the server's log for what fails, and how often";
        found.push(Finding::warning(check, format!("{failures} failures wait to be filed"), todo));
    }
    found.extend(room(file));
    Ok(found)
}

/// What is left of the disk.
#[cfg(unix)]
fn room(file: &Path) -> Option<Finding> {
    let about = rustix::fs::statvfs(file).ok()?;
    let left = about.f_bavail.saturating_mul(about.f_frsize);
    let what = format!("{} are left on its disk", sized(left));
    let todo = "make room, or move the folder to a larger disk while the server is stopped";
    Some(match left {
        left if left < TIGHT => Finding::trouble(Check::Machine, what, todo),
        left if left < ROOMY => Finding::warning(Check::Machine, what, todo),
        _ => Finding::ok(Check::Machine, what),
    })
}

#[cfg(not(unix))]
fn room(_: &Path) -> Option<Finding> {
    None
}

/// Whether others on the machine can read the secrets.
#[cfg(unix)]
fn closed(data: &Path) -> Option<Finding> {
    use std::os::unix::fs::MetadataExt;
    let file = data.join(SecretsFile::NAME);
    let mode = std::fs::metadata(&file).ok()?.mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        let what = format!("others on this machine may read {}: mode {mode:o}", file.display());
        Finding::trouble(Check::Machine, what, format!("chmod 600 {}", file.display()))
    })
}

#[cfg(not(unix))]
fn closed(_: &Path) -> Option<Finding> {
    None
}

fn sized(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KB", bytes >> 10),
        0x10_0000..0x2_8000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{} GB", bytes >> 30),
    }
}
