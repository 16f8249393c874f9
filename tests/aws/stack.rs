//! What there is to test.

use serde::Deserialize;
use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
};

/// What `stack.py` and `test.sh` tell of the stack.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stack {
    pub(crate) name: String,
    /// The stack's outputs.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Where the emulator of all services is.
    pub(crate) aws: String,
    /// Where the table is.
    pub(crate) dynamodb: String,
    /// Where the API is.
    pub(crate) api: String,
    /// Event sources by the ARN of their queue.
    pub(crate) event_sources: BTreeMap<String, String>,
    /// The folder of the local cloud: its clock, its logs, and what these tests keep.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
}

/// The address that the store has for WhatsApp.
pub(crate) const WHATSAPP: &str = "HARKARA_TEST_WHATSAPP";
/// The operator's command line, built with the commands for AWS.
pub(crate) const OPERATOR: &str = "HARKARA_TEST_OPERATOR";
/// libfaketime.
pub(crate) const FAKETIME: &str = "HARKARA_TEST_FAKETIME";
/// The built functions: `<name in the template>/bootstrap`.
pub(crate) const BUILT: &str = "HARKARA_TEST_BUILT";

impl Stack {
    /// The stack, where there is one; else says that the test is passed over.
    pub(crate) fn find() -> Option<Self> {
        let file = PathBuf::from(variable("HARKARA_TEST_STACK")?);
        let mut stack: Self = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        stack.folder = file.parent().unwrap().to_owned();
        Some(stack)
    }

    pub(crate) fn output(&self, name: &str) -> &str {
        &self.outputs[name]
    }

    /// The event source of a queue.
    pub(crate) fn event_source(&self, queue: &str) -> &str {
        let name = self.output(queue).rsplit('/').next().unwrap();
        let known = |arn: &&String| arn.ends_with(&format!(":{name}"));
        &self.event_sources[self.event_sources.keys().find(known).unwrap()]
    }

    /// What the cloud has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("ministack.log")).unwrap()
    }

    /// Which turn it is, of all that this stack has seen.
    pub(crate) fn turn(&self) -> u64 {
        let file = self.file("turn");
        let turn = std::fs::read_to_string(&file).map_or(1, |last| last.parse::<u64>().unwrap() + 1);
        std::fs::write(&file, turn.to_string()).unwrap();
        turn
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        Path::join(&self.folder, name)
    }

    /// The environment of an operator's command line.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        let values = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT_URL", &self.aws),
            ("AWS_ENDPOINT_URL_DYNAMODB", &self.dynamodb),
            ("HARKARA_TABLE", self.output("Table")),
            ("HARKARA_PARAMETERS", self.output("Parameters")),
        ];
        values.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

/// A variable that the tests need; says so when it is not there.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() {
        passed_over(&format!("{name} is not set (make aws-test)"));
    }
    value
}

/// Says aloud that something is not tested, and why.
pub(crate) fn passed_over(why: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Past the harness, which shows nothing of what passes.
    let mut aloud = std::io::stderr();
    aloud.write_all(format!("SKIPPED {test}: {why}\n").as_bytes()).unwrap();
}
