//! The operator: who sets stores up, with the command line.

use harkara_onebox::store_file::StoreFile;
use serde_json::json;
use std::{
    fs,
    process::{Command, Output},
};

use crate::{
    stack::{FAKETIME, OPERATOR, Stack, WHATSAPP, variable},
    whatsapp::WhatsApp,
};

/// The store as it was set up, and a key for its API.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) file: StoreFile,
    pub(crate) key: String,
}

/// Runs `harkara`, with the environment of an operator and nothing else of this one's, by the cloud's clock.
pub(crate) fn harkara(stack: &Stack, arguments: &[&str], more: &[(&str, &str)]) -> Option<Output> {
    let mut command = Command::new(variable(OPERATOR)?);
    command.args(arguments).env_clear().envs(stack.environment()).envs(more.iter().copied());
    command.env("LD_PRELOAD", variable(FAKETIME)?).env("TZ", "UTC");
    command.env("FAKETIME_TIMESTAMP_FILE", stack.file("clock")).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    Some(command.output().unwrap())
}

/// What it printed; fails when it failed.
pub(crate) fn told(output: &Output) -> String {
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    said.trim().to_owned()
}

/// A store with connections of its own and a WhatsApp number.
pub(crate) fn store(name: &str) -> Option<StoreFile> {
    let mut file = StoreFile::demo("https://shop.example").unwrap();
    file.store = name.into();
    let whatsapp = file.connections["whatsapp"].as_object_mut().unwrap();
    whatsapp.insert("phone_number_id".to_owned(), json!(WhatsApp::NUMBER));
    whatsapp.insert("access_token".to_owned(), json!(WhatsApp::TOKEN));
    whatsapp.insert("api_url".to_owned(), json!(format!("{}/v23.0", variable(WHATSAPP)?)));
    Some(file)
}

/// Sets a store up.
pub(crate) fn put(stack: &Stack, file: &StoreFile) -> Option<()> {
    let path = stack.file(&format!("{}.json", file.store));
    fs::write(&path, serde_json::to_vec_pretty(file).unwrap()).unwrap();
    let said = told(&harkara(stack, &["aws", "store-put", path.to_str().unwrap()], &[])?);
    assert_eq!(said, format!("The store {} is set up, with 4 flows.", file.store));
    Some(())
}

/// The demo store, set up once for a stack, as docs/deploy.md tells.
pub(crate) fn set_up(stack: &Stack) -> Option<Known> {
    let key = stack.file("key");
    if let Ok(known) = fs::read_to_string(&key) {
        return Some(Known { file: StoreFile::read(&stack.file("demo.json")).unwrap(), key: known });
    }
    let file = store(StoreFile::DEMO)?;
    put(stack, &file)?;
    let made = ["aws", "api-key", "tests", "--role", "operator"];
    let made = told(&harkara(stack, &made, &[("HARKARA_STORE", StoreFile::DEMO)])?);
    assert!(made.starts_with("hk_"), "{made}");
    fs::write(&key, &made).unwrap();
    Some(Known { file, key: made })
}
