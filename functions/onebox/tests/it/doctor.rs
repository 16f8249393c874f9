//! `harkara doctor`: what it says of a folder, and how it ends.

use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::process::{Ran, Server, demo, ran};

fn asked(folder: &Path, more: &[&str]) -> Ran {
    ran(&[&["doctor", "--data", "data"], more].concat(), folder)
}

/// What is wrong with a folder, each with its check.
fn troubles(folder: &Path) -> Vec<(String, String)> {
    let told = asked(folder, &["--json"]);
    let found = told.json();
    let found = found.as_array().unwrap();
    for finding in found {
        assert_eq!(finding["todo"].is_string(), finding["gravity"] != "ok", "{finding}");
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let bad = found.iter().filter(|finding| finding["gravity"] == "trouble");
    let bad: Vec<_> = bad.map(|finding| (text(&finding["check"]), text(&finding["what"]))).collect();
    assert_eq!(told.code, i32::from(!bad.is_empty()), "{found:?}");
    bad
}

#[test]
fn a_timer_sees_by_the_exit_code_whether_there_is_trouble() {
    let shop = demo();
    let folder = shop.path();
    let before = fs::read(folder.join("data/harkara.db")).unwrap();
    let told = asked(folder, &[]);
    assert_eq!((told.code, told.err.as_str()), (1, ""), "{}", told.out);
    assert!(
        told.out.contains("TROUBLE  machine") && told.out.contains("start it: `harkara serve`"),
        "{}",
        told.out
    );
    assert!(told.out.ends_with(" warnings.\n") && told.out.contains("\n1 troubles, "), "{}", told.out);
    assert_eq!(fs::read(folder.join("data/harkara.db")).unwrap(), before, "it is only read");

    let server = Server::start(&folder.join("data"));
    assert_eq!(troubles(folder), [], "the server is running");
    // It is secret, and so is what a connection holds.
    let connections = folder.join("data/connections.json");
    fs::set_permissions(&connections, fs::Permissions::from_mode(0o644)).unwrap();
    let [(check, what)] = &troubles(folder)[..] else { panic!("{}", asked(folder, &[]).out) };
    assert!(check == "machine" && what.ends_with("mode 644"), "{check}: {what}");
    fs::set_permissions(&connections, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(&connections, r#"{ "demo": { "shopify": "shpss_hush" } }"#).unwrap();
    let told = asked(folder, &["--store", "demo"]);
    assert_eq!(told.code, 1);
    assert!(told.out.contains("shopify cannot be read") && !told.out.contains("hush"), "{}", told.out);
    fs::write(&connections, "\"shpss_hush\"").unwrap();
    let told = asked(folder, &[]);
    assert!(
        told.code == 1 && !format!("{}{}", told.out, told.err).contains("hush"),
        "{}{}",
        told.out,
        told.err
    );
    drop(server);
}

#[test]
fn what_is_no_folder_or_no_store_is_said() {
    let shop = demo();
    let nowhere = ran(&["doctor", "--data", "nowhere"], shop.path());
    assert_eq!((nowhere.code, nowhere.out.as_str()), (1, ""));
    assert!(nowhere.err.contains("nowhere"), "{}", nowhere.err);
    let told = asked(shop.path(), &["--store", "nobody"]);
    assert!(told.code == 1 && told.out.contains("nobody is not set up"), "{}", told.out);
}

#[test]
fn a_damaged_database_is_told_of() {
    let shop = demo();
    let file = shop.path().join("data/harkara.db");
    let mut bytes = fs::read(&file).unwrap();
    let end = bytes.len();
    bytes[end - 8192..].fill(0xA5);
    fs::write(&file, bytes).unwrap();
    let told = asked(shop.path(), &[]);
    assert_eq!(told.code, 1, "{}", told.out);
    let words = format!("{}{}", told.out, told.err);
    assert!(words.contains("is damaged") && words.contains("backup"), "{words}");
}
