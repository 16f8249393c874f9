//! Functions that are not told what they need.

use std::{
    collections::BTreeMap,
    io::Read,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::stack::{BUILT, Stack, variable};

const FUNCTIONS: [&str; 6] = ["Ingest", "Matcher", "Stage", "DeadLetter", "Sweep", "Console"];

/// A variable of which a function must say that it is missing, and those of whose values it must complain.
const NEEDED: [(&str, &str, Option<&str>); 15] = [
    ("Ingest", "HARKARA_EVENTS_QUEUE", None),
    ("Ingest", "HARKARA_PARAMETERS", None),
    ("Ingest", "AWS_REGION", None),
    ("Matcher", "HARKARA_TABLE", None),
    ("Matcher", "HARKARA_PRIORITY_QUEUE", Some("priority")),
    ("Stage", "HARKARA_MAIL_FROM", None),
    ("Stage", "HARKARA_MAIL_FROM", Some("nobody")),
    ("Stage", "HARKARA_STAGES_QUEUE", None),
    ("DeadLetter", "HARKARA_FAILURES_QUEUE", Some("https://sqs.us-east-1.amazonaws.com/")),
    ("DeadLetter", "AWS_SECRET_ACCESS_KEY", None),
    ("Sweep", "HARKARA_SCHEDULE_GROUP", None),
    ("Sweep", "HARKARA_SCHEDULE_ROLE", Some("a role")),
    ("Console", "HARKARA_STORE", None),
    ("Console", "HARKARA_PUBLIC_URL", Some("shop.example")),
    ("Console", "HARKARA_TABLE", Some("")),
];

/// Everything that the template gives.
fn environment(stack: &Stack) -> BTreeMap<String, String> {
    let mut all = stack.environment();
    let outputs = [
        ("HARKARA_EVENTS_QUEUE", "EventsQueue"),
        ("HARKARA_STAGES_QUEUE", "StagesQueue"),
        ("HARKARA_PRIORITY_QUEUE", "PriorityQueue"),
        ("HARKARA_FAILURES_QUEUE", "FailuresQueue"),
        ("HARKARA_SCHEDULE_GROUP", "ScheduleGroup"),
        ("HARKARA_SCHEDULE_ROLE", "ScheduleRole"),
    ];
    all.extend(outputs.map(|(name, output)| (name.to_owned(), stack.output(output).to_owned())));
    let given = [
        ("HARKARA_MAIL_FROM", "orders@chadar.example"),
        ("HARKARA_STORE", "demo"),
        ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
    ];
    all.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
    all
}

fn start(built: &str, function: &str, environment: &BTreeMap<String, String>, runtime: &str) -> Child {
    let binary = PathBuf::from(built).join(function).join("bootstrap");
    let mut command = Command::new(&binary);
    command.env_clear().envs(environment).env("AWS_LAMBDA_RUNTIME_API", runtime);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", binary.display()))
}

/// What a function said that ended by itself within ten seconds, and whether all was well.
fn last_words(mut child: Child) -> (String, bool) {
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(10) {
            child.kill().unwrap();
            panic!("it runs on");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (said, status.success())
}

#[test]
fn a_missing_variable_ends_the_cold_start_with_one_clear_line() {
    let (Some(stack), Some(built)) = (Stack::find(), variable(BUILT)) else { return };
    for (function, name, value) in NEEDED {
        let mut environment = environment(&stack);
        match value {
            Some(value) => environment.insert(name.to_owned(), value.to_owned()),
            None => environment.remove(name),
        };
        let (said, well) = last_words(start(&built, function, &environment, "127.0.0.1:1"));
        assert!(!well, "{function} without {name} says that all is well");
        let lines: Vec<&str> = said.lines().collect();
        let [line] = &lines[..] else { panic!("{function} without {name} says:\n{said}") };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["level"], "ERROR");
        let error = line["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("{name} is not set as it must be: ")), "{function}: {error}");
    }
}

/// That a function with all of its variables comes so far shows that the lines above were about them.
#[test]
fn with_all_variables_every_function_asks_for_its_first_event() {
    let (Some(stack), Some(built)) = (Stack::find(), variable(BUILT)) else { return };
    for function in FUNCTIONS {
        let runtime = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = runtime.local_addr().unwrap().to_string();
        let mut child = start(&built, function, &environment(&stack), &address);
        runtime.set_nonblocking(true).unwrap();
        let begun = Instant::now();
        let mut asked = loop {
            match runtime.accept() {
                Ok((stream, _)) => break stream,
                Err(_) if begun.elapsed() < Duration::from_secs(10) => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => panic!("{function}: {error}"),
            }
        };
        asked.set_nonblocking(false).unwrap();
        asked.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut head = [0; 512];
        let length = asked.read(&mut head).unwrap();
        let head = String::from_utf8_lossy(&head[..length]).into_owned();
        assert!(head.starts_with("GET /2018-06-01/runtime/invocation/next "), "{function}: {head}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
