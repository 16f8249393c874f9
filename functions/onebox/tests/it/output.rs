//! Readers of the standard output that go before the end, as `head` does, and disks that are full.

use std::{
    fs::{self, File},
    process::{Command, Output, Stdio},
};

fn harkara(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_harkara"));
    command.args(arguments).stderr(Stdio::piped());
    command
}

/// Runs it with a reader that is gone before the first word.
fn unread(arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    harkara(arguments).stdout(writer).spawn().unwrap().wait_with_output().unwrap()
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8(output.stderr.clone()).unwrap())
}

#[test]
fn whoever_stops_reading_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let flow = dir.path().join("bad.yaml");
    fs::write(&flow, "name: 7\n").unwrap();
    assert_eq!(said(&unread(&["flow", "schema"])), (Some(0), String::new()));
    assert_eq!(said(&unread(&["--help"])), (Some(0), String::new()));
    let (code, err) = said(&unread(&["flow", "check", flow.to_str().unwrap()]));
    assert_eq!(code, Some(1), "what was found still counts");
    assert_eq!(err, "harkara: 1 of 1 flows have problems\n");
}

/// A backup is made, whether or not anybody reads that it was.
#[test]
fn what_was_asked_for_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let demo = harkara_onebox::store_file::StoreFile::demo("http://shop.test").unwrap();
    fs::write(at("shop.json"), serde_json::to_vec(&demo).unwrap()).unwrap();
    let put = unread(&["store", "put", &at("shop.json"), "--data", &at("data")]);
    assert_eq!(said(&put), (Some(0), String::new()));
    assert_eq!(said(&unread(&["backup", &at("a"), "--data", &at("data")])), (Some(0), String::new()));
    assert!(fs::metadata(at("a")).unwrap().len() > 10_000);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_of() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = harkara(&["flow", "schema"]).stdout(full).spawn().unwrap().wait_with_output().unwrap();
    let (code, err) = said(&output);
    assert_eq!(code, Some(1));
    assert!(err.starts_with("harkara: writing to the standard output: No space left"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}
