//! Starts each function as Lambda does, against stubs of the Runtime API and of AWS, and says how fast
//! it begins, how much of an invocation is its own, and what memory it takes; and the same of a
//! function for Node that does the ingest's work.

mod cloud;
mod function;
mod measure;
mod report;
mod road;
mod runtime;
mod wire;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use serde_json::json;
use tempfile::TempDir;

use cloud::Cloud;
use function::{Bench, Figures, Function, Often};
use runtime::Runtime;
use wire::{Connection, Port};

/// Measures the functions as Lambda starts them, on this machine.
#[derive(Debug, Parser)]
#[command(name = "cold")]
struct Arguments {
    /// The folder with the built functions: a folder for each, with its `bootstrap`.
    #[arg(long, default_value = "target/sam")]
    functions: PathBuf,
    /// The binary `harkara` with the commands for AWS, which sets the store up.
    #[arg(long, default_value = "target/release/harkara")]
    harkara: PathBuf,
    /// DynamoDB's place.
    #[arg(long, default_value = ".tools/bin/dynoxide")]
    dynoxide: PathBuf,
    /// The bundle for Node.
    #[arg(long, default_value = ".tools/node/bundle/index.cjs")]
    node: PathBuf,
    /// Starts of each function.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=1000))]
    starts: u16,
    /// Warm invocations of each function that count.
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    warm: u16,
    /// The first of three ports on the loopback.
    #[arg(long, default_value_t = 4670)]
    port: u16,
    /// The last function to measure; each needs those before it.
    #[arg(long)]
    until: Option<String>,
    /// Where the page is written to, beside the standard output.
    #[arg(long)]
    page: Option<PathBuf>,
}

/// The account of the queues' URLs.
const QUEUES: &str = "https://sqs.us-east-1.amazonaws.com/123456789012";
const TABLE: &str = "harkara";

/// Measures, as the arguments say.
///
/// # Errors
/// When something is missing, or a function does not do its work.
pub(crate) fn run() -> Result<()> {
    let arguments = Arguments::parse();
    let [cloud, table, runtime] = [0, 1, 2].map(|place| Port(arguments.port + place));
    let work = TempDir::new()?;
    let machine = measure::machine();
    let _dynoxide = Dynoxide::start(&arguments.dynoxide, table)?;
    let (cloud, runtime) = (Cloud::start(cloud, table)?, Runtime::start(runtime)?);
    let operator = Operator { harkara: &arguments.harkara, variables: variables(cloud.port) };
    operator.set_up(work.path(), cloud.port)?;
    let key = operator.key()?;
    let often = Often { starts: arguments.starts.into(), warm: arguments.warm.into() };
    let bench = Bench { runtime: &runtime, cloud: &cloud, often, work: work.path() };
    let figures = road_of_an_order(&bench, &arguments, &key)?;
    let page = report::page(&figures, &machine, often);
    report::show(&page);
    if let Some(file) = &arguments.page {
        fs::write(file, page).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Measures function after function, with what the one before has sent; Node beside the ingest.
fn road_of_an_order(bench: &Bench<'_>, arguments: &Arguments, key: &str) -> Result<Vec<Figures>> {
    let (cloud, count) = (bench.cloud, bench.often.events());
    let webhooks: Vec<_> = (0..count).map(road::webhook).collect();
    let node = in_node(&arguments.node, cloud.port)?;
    let mut figures = vec![bench.measure(&node, webhooks.clone(), road::taken_in)?];
    cloud.take("events");
    for name in ["ingest", "matcher", "stage", "dead-letter", "sweep", "console"] {
        let events = match name {
            "ingest" => webhooks.clone(),
            "matcher" => road::records("events", cloud.take("events")),
            "stage" => road::records("stages", cloud.take("stages")),
            // What waits for its time, the reminders among it, as if it had failed for good.
            "dead-letter" => road::records("failures", cloud.take_scheduled()),
            "console" => vec![road::listing(key); count],
            _ => vec![road::tick(); count],
        };
        let check = match name {
            "ingest" => road::taken_in,
            "console" => road::listed,
            "sweep" => road::looked,
            _ => road::processed,
        };
        figures.push(bench.measure(&built(&arguments.functions, name, cloud.port)?, events, check)?);
        if arguments.until.as_deref() == Some(name) {
            break;
        }
    }
    Ok(figures)
}

/// What the template gives the functions, with AWS at `cloud`.
fn variables(cloud: Port) -> Vec<(String, String)> {
    let queues = ["EVENTS", "STAGES", "PRIORITY", "FAILURES"]
        .map(|name| (format!("HARKARA_{name}_QUEUE"), format!("{QUEUES}/{}", name.to_lowercase())));
    let others = [
        ("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ("AWS_SESSION_TOKEN", "a-token"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("HARKARA_TABLE", TABLE),
        ("HARKARA_SCHEDULE_GROUP", "harkara"),
        ("HARKARA_SCHEDULE_ROLE", "arn:aws:iam::123456789012:role/schedules"),
        ("HARKARA_PARAMETERS", "/harkara/bench"),
        ("HARKARA_MAIL_FROM", "orders@chadar.example"),
        ("HARKARA_STORE", road::STORE),
    ];
    let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let cloud = ("AWS_ENDPOINT_URL".to_owned(), format!("http://{cloud}"));
    queues.into_iter().chain(others).chain([cloud]).collect()
}

/// A built function, whose folder is named as the function, by cargo-lambda, or as its resource in the
/// template, by SAM.
fn built(folder: &Path, name: &'static str, cloud: Port) -> Result<Function> {
    let plain = |name: &str| name.replace('-', "").to_lowercase();
    let missing = || format!("{}: make build", folder.display());
    for entry in fs::read_dir(folder).with_context(missing)? {
        let entry = entry?;
        let file = entry.path().join("bootstrap");
        if plain(&entry.file_name().to_string_lossy()) == plain(name) && file.is_file() {
            let file = file.canonicalize()?;
            return Ok(Function { name, command: vec![file.clone()], file, variables: variables(cloud) });
        }
    }
    bail!("{} has no {name}: make build", folder.display());
}

fn in_node(bundle: &Path, cloud: Port) -> Result<Function> {
    let file = bundle.canonicalize().with_context(|| bundle.display().to_string())?;
    let node = std::env::var_os("PATH").and_then(|path| {
        std::env::split_paths(&path).map(|folder| folder.join("node")).find(|node| node.is_file())
    });
    let command = vec![node.context("node is not installed")?, file.clone()];
    Ok(Function { name: report::NODE, command, file, variables: variables(cloud) })
}

/// The operator, at a command line.
struct Operator<'a> {
    harkara: &'a Path,
    variables: Vec<(String, String)>,
}

impl Operator<'_> {
    fn set_up(&self, work: &Path, whatsapp: Port) -> Result<()> {
        let file = work.join("store.json");
        fs::write(&file, road::store(whatsapp).to_string())?;
        self.run(&["aws", "store-put", &file.to_string_lossy()]).map(drop)
    }

    fn key(&self) -> Result<String> {
        Ok(self.run(&["aws", "api-key", "bench"])?.trim().to_owned())
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.harkara);
        let output = command.args(arguments).env_clear().envs(self.variables.iter().cloned()).output();
        let output = output.with_context(|| format!("{}: make operator", self.harkara.display()))?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "harkara {}: {told}", arguments.join(" "));
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// DynamoDB on this machine, in memory, with the table. Ends when it is dropped.
struct Dynoxide(Child);

impl Dynoxide {
    fn start(program: &Path, port: Port) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["serve", "--log", "quiet", "--port", &port.0.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let started = Self(child.with_context(|| format!("{}: make tools", program.display()))?);
        let begun = Instant::now();
        let mut connection = loop {
            match Connection::open(port) {
                Ok(connection) => break connection,
                Err(_) if begun.elapsed() < Duration::from_secs(10) => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error).context("dynoxide"),
            }
        };
        let target = ("x-amz-target", "DynamoDB_20120810.CreateTable");
        let sign = "AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
        let date = ("x-amz-date", "20261122T100000Z");
        let headers = [target, ("content-type", "application/x-amz-json-1.0"), ("authorization", sign), date];
        let answer = connection.post("/", &headers, schema().to_string().as_bytes())?;
        ensure!(answer.status() == 200, "CreateTable: {}", String::from_utf8_lossy(&answer.body));
        Ok(started)
    }
}

impl Drop for Dynoxide {
    fn drop(&mut self) {
        // Fails only where it is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The table of the template.
fn schema() -> serde_json::Value {
    let names = ["pk", "sk", "lp", "ls", "dp", "ds"];
    let attributes = names.map(|name| json!({ "AttributeName": name, "AttributeType": "S" }));
    let keys = |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let index = |name: &str, keys| json!({ "IndexName": name, "KeySchema": keys, "Projection": { "ProjectionType": "KEYS_ONLY" } });
    json!({
        "TableName": TABLE,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": attributes,
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [index("list", keys("lp", "ls")), index("due", keys("dp", "ds"))],
    })
}
