//! Connections of stores, in one file beside the database that only its owner can read:
//! `{ "<store>": { "<connection>": { … } } }`.

use anyhow::{Context, Result};
use async_trait::async_trait;
use harkara_engine::{
    port::{Secrets, SecretsError},
    trace::misfit,
};
use serde_json::{Map, Value};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use crate::private;

/// The file, read again when it changes.
pub struct SecretsFile {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    connections: HashMap<(String, String), String>,
    written: Option<SystemTime>,
    looked: Option<Instant>,
}

impl SecretsFile {
    /// Its name in a data folder.
    pub const NAME: &str = "connections.json";
    /// How often the file is looked at for changes.
    const LOOK: Duration = Duration::from_secs(2);

    /// The file in a data folder.
    pub fn in_folder(data: &Path) -> Self {
        Self { path: data.join(Self::NAME), held: Mutex::default() }
    }

    /// Adds connections of a store to the file, over those of the same name.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn put(&self, store: &str, connections: &Map<String, Value>) -> Result<()> {
        let mut all = self.read().context("reading the connections")?;
        let of_store = all.entry(store).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(of_store) = of_store {
            of_store.extend(connections.clone());
        }
        private::write(&self.path, &serde_json::to_string_pretty(&all)?)?;
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
        Ok(())
    }

    /// Puts a secret to sign webhooks with before those of a store. The newest of those that were there stays
    /// beside it, so that receivers can change over; older ones go.
    ///
    /// # Errors
    /// When the file cannot be read or written, or names no such store.
    pub fn put_webhook_secret(&self, store: &str, secret: &str) -> Result<()> {
        let all = self.read().context("reading the connections")?;
        let of_store = all.get(store).with_context(|| format!("there is no store {store} in this folder"))?;
        let mut webhooks = of_store.get("webhooks").and_then(Value::as_object).cloned().unwrap_or_default();
        let held = webhooks.get("secrets").and_then(Value::as_array).and_then(|held| held.first()).cloned();
        let secrets: Vec<Value> = [Some(secret.into()), held].into_iter().flatten().collect();
        webhooks.insert("secrets".to_owned(), secrets.into());
        let mut connections = Map::new();
        connections.insert("webhooks".to_owned(), webhooks.into());
        self.put(store, &connections)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// Where it cannot be read. Nothing of it is repeated.
    pub fn parse(text: &str) -> Result<Map<String, Value>, String> {
        serde_json::from_str(text).map_err(|error| misfit(&error))
    }

    fn read(&self) -> Result<Map<String, Value>> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Self::parse(&text).map_err(anyhow::Error::msg),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Map::new()),
            Err(error) => Err(error.into()),
        }
    }

    fn refresh(&self, held: &mut Held) -> Result<()> {
        if held.looked.is_some_and(|looked| looked.elapsed() < Self::LOOK) {
            return Ok(());
        }
        held.looked = Some(Instant::now());
        let written = fs::metadata(&self.path).and_then(|about| about.modified()).ok();
        if written == held.written && written.is_some() {
            return Ok(());
        }
        held.connections.clear();
        for (store, connections) in self.read()? {
            let Value::Object(connections) = connections else { continue };
            for (name, connection) in connections {
                held.connections.insert((store.clone(), name), connection.to_string());
            }
        }
        held.written = written;
        Ok(())
    }
}

#[async_trait]
impl Secrets for SecretsFile {
    async fn get(&self, store: &str, connection: &str) -> Result<Option<String>, SecretsError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut held).map_err(|error| SecretsError(error.to_string()))?;
        Ok(held.connections.get(&(store.to_owned(), connection.to_owned())).cloned())
    }
}
