//! `harkara backup` and `harkara restore`: a data folder in one file, and back. See `docs/backup.md`.

use anyhow::{Context, Result, ensure};
use clap::Args;
use harkara_domain::StoreId;
use harkara_embedded::{Embedded, Restore as Place, Settings};
use harkara_engine::{gap, gap::Gap, keys, port::SystemClock};
use jiff::Timestamp;
use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    private,
    secrets_file::SecretsFile,
    serve::{CLOCK, DATABASE, FIRST_STORE},
};

/// What is beside the database and goes into a backup. `local.key` does not: a server makes its own.
const BESIDE: [&str; 3] = [SecretsFile::NAME, FIRST_STORE, CLOCK];

/// What is on either side of a backup.
#[derive(Debug, Args)]
struct Between {
    /// The file of the backup.
    file: PathBuf,
    /// The data folder. A server may run on it while it is backed up, and none while it is restored into.
    #[arg(long, default_value = ".harkara")]
    data: PathBuf,
}

/// Where a backup goes, and of what.
#[derive(Debug, Args)]
pub struct Backup {
    #[command(flatten)]
    between: Between,
    /// Write over a file that is there.
    #[arg(long)]
    replace: bool,
    /// Leave the connections' secrets out. Whoever restores it has to bring them.
    #[arg(long)]
    no_connections: bool,
}

/// Where a backup is restored to, and what becomes of what was due since.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    between: Between,
    /// Put a database that is there out of the way.
    #[arg(long)]
    replace: bool,
    /// When the server that the backup is of stopped for good, such as 2026-11-22T14:00:00+05:00; now, if
    /// absent. What was due between the backup and then may have been done.
    #[arg(long)]
    lost_at: Option<Timestamp>,
    /// Do what was due since the backup, though it may have been done: for a backup that was made of a server
    /// that had stopped.
    #[arg(long, conflicts_with = "lost_at")]
    send_due: bool,
}

impl Backup {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub fn run(self) -> Result<()> {
        let Self { between: Between { file, data }, replace, no_connections } = self;
        let mut backup =
            harkara_embedded::Backup { made_at: now(read(&data, CLOCK)?.as_deref()), files: Vec::new() };
        for name in BESIDE.into_iter().filter(|name| !(no_connections && *name == SecretsFile::NAME)) {
            backup.files.extend(read(&data, name)?.map(|text| (name.to_owned(), text)));
        }
        let bytes = backup.write(&data.join(DATABASE), &file, replace)?;
        let secrets = if backup.file(SecretsFile::NAME).is_some() {
            "customers' data and secrets"
        } else {
            "customers' data"
        };
        println!("{}: all until {}, in {} KB.", file.display(), backup.made_at, bytes.div_ceil(1024));
        println!("It holds {secrets}: keep it as safe as the folder itself.");
        Ok(())
    }
}

impl Restore {
    /// Does what was asked.
    ///
    /// # Errors
    /// Whatever went wrong, for the person at the command line.
    pub async fn run(self) -> Result<()> {
        let Self { between: Between { file, data }, replace, lost_at, send_due } = self;
        private::folder(&data).with_context(|| format!("making {}", data.display()))?;
        let (place, backup) = Place::begin(&file, &data.join(DATABASE), replace)?;
        let (held, brought) = (read(&data, CLOCK)?, backup.file(CLOCK));
        let until = lost_at.unwrap_or_else(|| now(held.as_deref()).max(now(brought)));
        let gap = Gap { from: backup.made_at, until };
        ensure!(send_due || gap.from <= gap.until, "the backup was made at {}, after {until}", gap.from);
        let due = mark(&place, gap, send_due).await?;
        for (name, text) in backup.files.iter().filter(|(name, _)| BESIDE.contains(&name.as_str())) {
            let file = data.join(name);
            // What lies there is newer than the backup.
            if !file.exists() {
                private::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
            }
        }
        let aside = place.finish(&format!("replaced-{}", Timestamp::now().as_second()))?;
        println!("The backup of {} is restored into {}.", gap.from, data.display());
        if let Some(aside) = aside {
            println!("What was there is now {}.", aside.display());
        }
        tell(gap, due, send_due);
        if !data.join(SecretsFile::NAME).exists() {
            println!("There are no connections: bring {}, or set the stores up again.", SecretsFile::NAME);
        }
        Ok(())
    }
}

/// Notes the gap in every store of the restored database; how many stages were due within it.
async fn mark(place: &Place, gap: Gap, send_due: bool) -> Result<usize> {
    let embedded = Embedded::open(place.path(), Arc::new(SystemClock), Settings::default())?;
    let table = embedded.table();
    let due = gap::due(&*table, gap.until).await?;
    if !send_due {
        let partitions = embedded.partitions(keys::STORE).map_err(anyhow::Error::msg)?;
        for store in partitions.iter().filter_map(|partition| partition.strip_prefix(keys::STORE)) {
            gap::mark(&*table, &StoreId::from(store), gap).await?;
        }
    }
    embedded.close();
    Ok(due)
}

fn tell(gap: Gap, due: usize, send_due: bool) {
    let stages = if due == 1 { "1 stage was".to_owned() } else { format!("{due} stages were") };
    if send_due {
        println!("{stages} due since; the server does them as soon as it runs.");
        return;
    }
    println!(
        "From then until {} messages may have gone out of which it knows nothing. {stages} due by then: these, and \
         what follows from them by then, are not done but held as dead letters, with this reason. See to them in \
         the console, or:\n    harkara replay --error \"restored from a backup\" --preview",
        gap.until
    );
}

/// What a file of the folder says, where it is there.
fn read(data: &Path, name: &str) -> Result<Option<String>> {
    let file = data.join(name);
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", file.display())),
    }
}

/// The time, or what a clock that runs ahead has last shown.
fn now(clock: Option<&str>) -> Timestamp {
    let ahead = clock.and_then(|text| text.trim().parse().ok());
    ahead.map_or_else(Timestamp::now, |ahead: Timestamp| ahead.max(Timestamp::now()))
}
