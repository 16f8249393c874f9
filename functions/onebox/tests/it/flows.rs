//! `harkara flow apply`, `diff` and `export`, on a data folder and on a running server.

use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

use crate::process::{Ran, Server, command, demo, ran};

/// A data folder with the demo store, and the files of its flows beside it.
struct Shop {
    dir: TempDir,
}

impl Shop {
    fn new() -> Self {
        Self { dir: demo() }
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("flows")
    }

    /// `harkara flow …` with the folder, on the data folder.
    fn flow(&self, act: &str, more: &[&str]) -> Ran {
        let data = self.data();
        self.run(act, &[more, &["--data", data.to_str().unwrap()]].concat())
    }

    fn run(&self, act: &str, more: &[&str]) -> Ran {
        ran(&[&["flow", act, "flows"], more].concat(), self.dir.path())
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.folder().join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

fn texts(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn export_and_apply_are_each_others_ends() {
    let shop = Shop::new();
    let out = shop.flow("export", &[]);
    assert_eq!(out.code, 0, "{}", out.err);
    assert!(out.out.contains("cod-confirmation.yaml: written\n"), "{}", out.out);
    let kept = include_bytes!("../../../../flows/cod-confirmation.yaml");
    assert_eq!(fs::read(shop.folder().join("cod-confirmation.yaml")).unwrap(), kept, "to the byte");
    let before = texts(&shop.folder());
    assert_eq!(before.len(), 11, "four flows, seven templates");
    let applied = shop.flow("apply", &["--activate", "--prune"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(applied.out.ends_with("0 done, 11 as they were.\n"), "{}", applied.out);
    assert_eq!(shop.flow("diff", &[]).code, 0);
    let again = shop.flow("export", &["--json"]).json();
    assert!(again["files"].as_array().unwrap().iter().all(|file| file["written"] == false), "{again}");
    assert_eq!(texts(&shop.folder()), before);

    // Whatever a file is called, its flow stays in it.
    let (old, new) = (shop.folder().join("cod-confirmation.yaml"), shop.folder().join("10 ask.yml"));
    fs::rename(&old, &new).unwrap();
    let out = shop.flow("export", &[]);
    assert!(out.out.contains("10 ask.yml: unchanged"), "{}", out.out);
    assert!(!old.exists());
}

#[test]
fn ci_sees_by_the_exit_code_what_differs_and_what_is_wrong() {
    let shop = Shop::new();
    shop.flow("export", &[]);
    shop.edit("cod-confirmation.yaml", "after: 30m", "after: 45m");
    let diff = shop.flow("diff", &[]);
    assert_eq!(diff.code, 2, "{}{}", diff.out, diff.err);
    assert!(
        diff.out.contains("--- store/cod-confirmation.yaml\n+++ cod-confirmation.yaml\n"),
        "{}",
        diff.out
    );
    assert!(
        diff.out.contains("\n-    after: 30m ") && diff.out.contains("\n+    after: 45m "),
        "{}",
        diff.out
    );
    assert_eq!(shop.flow("diff", &["--json"]).json()["applied"], false);
    let applied = shop.flow("apply", &["--json"]);
    assert_eq!((applied.code, &applied.json()["applied"]), (0, &Value::Bool(true)));
    assert_eq!(shop.flow("diff", &[]).code, 0);
    assert!(shop.flow("apply", &[]).out.ends_with("0 done, 11 as they were.\n"));

    let lost = shop.folder().join("dispatch-notice.yaml");
    let text = fs::read(&lost).unwrap();
    fs::remove_file(&lost).unwrap();
    let kept = shop.flow("diff", &[]);
    assert_eq!(kept.code, 0, "without --prune what the folder does not hold stays");
    assert!(kept.out.contains("flow dispatch-notice: only in the store\n"), "{}", kept.out);
    assert_eq!(shop.flow("diff", &["--prune"]).code, 2);
    assert!(shop.flow("apply", &["--prune"]).out.contains("flow dispatch-notice: archived\n"));
    fs::write(&lost, text).unwrap();
    let back = shop.flow("apply", &["--activate"]);
    assert!(back.out.contains("dispatch-notice.yaml: restored, activated\n"), "{}", back.out);

    shop.edit("dispatch-notice.yaml", "trigger: order_dispatched", "trigger: order_sent");
    shop.edit("cod-confirmation.yaml", "template: cod_reminder", "template: none");
    for act in ["apply", "diff"] {
        let wrong = shop.flow(act, &[]);
        assert_eq!(wrong.code, 1, "{act}: {}", wrong.err);
        assert!(
            wrong.out.contains("cod-confirmation.yaml: line ") && wrong.out.contains("no template none"),
            "{}",
            wrong.out
        );
        assert!(
            wrong.out.contains("dispatch-notice.yaml: line ") && wrong.out.contains(": trigger: "),
            "{}",
            wrong.out
        );
        assert!(wrong.err.contains("2 problems; nothing was done"), "{}", wrong.err);
        let told = shop.flow(act, &["--json"]);
        assert_eq!((told.code, told.json()["problems"].as_array().unwrap().len()), (1, 2));
    }
    assert_eq!(shop.flow("diff", &["--no-such-thing"]).code, 1, "a slip of the pen is no difference");
    assert_eq!(shop.run("diff", &["--data", "/nowhere"]).code, 1);
    let checked = command().args(["flow", "check"]).arg(shop.folder()).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    assert!(String::from_utf8(checked.stdout).unwrap().contains("dispatch-notice.yaml: line "));
}

#[test]
fn a_running_server_is_reached_by_its_api() {
    let shop = Shop::new();
    let server = Server::start(&shop.data());
    let data = shop.data();
    let there = ["--data", data.to_str().unwrap(), "--url", &server.url];
    let locked = shop.flow("export", &[]);
    assert_eq!(locked.code, 1);
    assert!(locked.err.contains("--url"), "{}", locked.err);
    assert_eq!(shop.run("export", &there).code, 0);
    shop.edit("cod-confirmation.yaml", "after: 30m", "after: 45m");
    let diff = shop.run("diff", &there);
    assert_eq!(diff.code, 2, "{}", diff.err);
    assert!(diff.out.contains("+    after: 45m"), "{}", diff.out);
    let applied = shop.run("apply", &there);
    assert_eq!(applied.code, 0, "{}", applied.err);
    assert!(applied.out.contains("cod-confirmation.yaml: changed\n"), "{}", applied.out);
    assert_eq!(shop.run("diff", &there).code, 0);
    shop.edit("cod-confirmation.yaml", "after: 45m", "after: soon");
    let wrong = shop.run("apply", &there);
    assert_eq!(wrong.code, 1);
    assert!(wrong.out.contains("cod-confirmation.yaml: line "), "{}", wrong.out);
}

#[test]
fn the_schema_lies_beside_the_flows_and_is_none() {
    let printed = command().args(["flow", "schema"]).output().unwrap();
    assert!(printed.status.success());
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["stages"]["maxItems"], 60);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("flow.schema.json"), &printed.stdout).unwrap();
    let text = "# yaml-language-server: $schema=flow.schema.json\nname: A\ntrigger: order_created\nstages: [{ name: X, workflow: [confirm] }]\n";
    fs::write(folder.path().join("a.yaml"), text).unwrap();
    let checked = command().args(["flow", "check"]).arg(folder.path()).output().unwrap();
    let told = String::from_utf8(checked.stdout).unwrap();
    assert!(
        checked.status.success() && told.lines().count() == 1 && told.contains("“A”, 1 stages"),
        "{told}"
    );
}

/// The secret of the demo store's webhooks, and one more of a person's making.
#[test]
fn a_secret_for_webhooks_is_made_kept_and_told_once() {
    let shop = Shop::new();
    let held = || {
        let text = fs::read_to_string(shop.data().join("connections.json")).unwrap();
        let all: Value = serde_json::from_str(&text).unwrap();
        assert!(all["demo"]["whatsapp"]["reference_key"].is_string(), "the other connections stay");
        let secrets = all["demo"]["webhooks"]["secrets"].as_array().unwrap().clone();
        secrets.iter().map(|secret| secret.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let make = |store: &str| {
        command().args(["store", "webhook-secret", store, "--data"]).arg(shop.data()).output().unwrap()
    };
    let [first] = &held()[..] else { panic!("the demo store has one secret") };
    assert!(first.starts_with("whsec_") && first.len() == 50, "{first}");
    let mut before = vec![first.clone()];
    for _ in 0..2 {
        let made = make("demo");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let secret = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        assert!(secret.starts_with("whsec_") && !before.contains(&secret));
        assert_eq!(held(), [&secret, before.last().unwrap()].map(Clone::clone), "the one before signs too");
        before.push(secret);
    }
    let nobody = make("nobody");
    assert!(!nobody.status.success() && nobody.stdout.is_empty());
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("there is no store nobody"));
    assert_eq!(held().len(), 2);
}
