//! `harkara backup` and `restore`, and what `harkara serve` says of files that it cannot serve from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::process::{Ran, demo, ran};

fn refused(arguments: &[&str], folder: &Path, words: &str) {
    let Ran { code, out, err } = ran(arguments, folder);
    assert_eq!((code, out.as_str()), (1, ""), "{arguments:?}: {err}");
    assert!(err.starts_with("harkara: ") && err.contains(words), "{arguments:?}: {err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

fn done(arguments: &[&str], folder: &Path) -> String {
    let Ran { code, out, err } = ran(arguments, folder);
    assert_eq!((code, err.as_str()), (0, ""), "{arguments:?}: {out}");
    out
}

#[test]
fn a_folder_goes_into_one_file_and_comes_out_of_it() {
    let shop = demo();
    let (at, from) = (|name: &str| shop.path().join(name), shop.path());
    // A folder that has run in fast time is ahead of the machine.
    let ahead: jiff::Timestamp = "2100-01-01T00:00:00Z".parse().unwrap();
    fs::write(at("data").join("clock"), ahead.to_string()).unwrap();
    fs::write(at("data").join("local.key"), "hk_of_this_server_alone").unwrap();
    let said = done(&["backup", "shop.harkara", "--data", "data"], from);
    assert!(said.contains("customers' data and secrets") && said.contains("all until 2100-01-01"), "{said}");
    refused(&["backup", "shop.harkara", "--data", "data"], from, "--replace");
    refused(&["backup", "other.harkara", "--data", "nowhere"], from, "no database");
    refused(&["restore", "shop.harkara", "--data", "data"], from, "--replace");
    refused(&["restore", "shop.json", "--data", "new"], from, "not a Harkara database");
    refused(&["restore", "data/harkara.db", "--data", "new"], from, "no backup");
    let early = ["restore", "shop.harkara", "--data", "new", "--lost-at", "2020-01-01T00:00:00Z"];
    refused(&early, from, "after 2020");

    let said = done(&["restore", "shop.harkara", "--data", "new"], from);
    assert!(said.contains("0 stages were due") && said.contains("held as dead letters"), "{said}");
    for name in ["connections.json", "first-store", "clock"] {
        assert_eq!(
            fs::read(at("new").join(name)).unwrap(),
            fs::read(at("data").join(name)).unwrap(),
            "{name}"
        );
    }
    assert!(!at("new").join("local.key").exists(), "a server makes its own");
    done(&["flow", "export", "flows", "--data", "new"], from);
    assert!(fs::read_dir(at("flows")).unwrap().count() >= 4);

    // Without its connections, into a folder that has some: those stay.
    done(&["backup", "bare.harkara", "--data", "data", "--no-connections"], from);
    fs::write(at("new").join("connections.json"), "{}").unwrap();
    let said = done(&["restore", "bare.harkara", "--data", "new", "--replace", "--send-due"], from);
    assert!(said.contains("harkara.db.replaced-") && said.contains("as soon as it runs"), "{said}");
    assert_eq!(fs::read_to_string(at("new").join("connections.json")).unwrap(), "{}");
    let said = done(&["restore", "bare.harkara", "--data", "third"], from);
    assert!(said.contains("There are no connections"), "{said}");
}

/// Clocks of two machines differ: where nothing is held it does not matter which of them is ahead.
#[test]
fn a_move_to_a_machine_whose_clock_is_behind_is_no_gap() {
    let shop = demo();
    let (file, database) = (shop.path().join("moved"), shop.path().join("data/harkara.db"));
    let made_at = "2099-01-01T00:00:00Z".parse().unwrap();
    harkara_embedded::Backup { made_at, files: Vec::new() }.write(&database, &file, false).unwrap();
    refused(&["restore", "moved", "--data", "new"], shop.path(), "was made at 2099");
    let said = done(&["restore", "moved", "--data", "new", "--send-due"], shop.path());
    assert!(said.contains("0 stages were due"), "{said}");
}

#[test]
fn what_cannot_be_served_from_is_refused_in_one_line() {
    let shop = demo();
    let from = shop.path();
    done(&["backup", "shop.harkara", "--data", "data"], from);
    let folder = from.join("bad");
    fs::create_dir(&folder).unwrap();
    let serve = ["serve", "--data", "bad", "--listen", "127.0.0.1:0", "--quiet"];
    let put = |bytes: Vec<u8>| -> PathBuf {
        let file = folder.join("harkara.db");
        fs::write(&file, bytes).unwrap();
        file
    };
    put("no database at all\n".repeat(500).into_bytes());
    refused(&serve, from, "is not a Harkara database");
    put(fs::read(from.join("shop.harkara")).unwrap());
    refused(&serve, from, "harkara restore");
    let sound = fs::read(from.join("data/harkara.db")).unwrap();
    let mut broken = sound.clone();
    broken.iter_mut().skip(2 * 8192).take(4 * 8192).for_each(|byte| *byte = 0xA5);
    put(broken);
    refused(&serve, from, "is damaged");
    put(sound[..20_000].to_vec());
    refused(&serve, from, "is damaged");
    let mut later = sound;
    // `PRAGMA user_version`, at byte 60 of the header.
    later[60..64].copy_from_slice(&9_i32.to_be_bytes());
    put(later);
    refused(&serve, from, "schema 9");
}
