//! What the fuzzer starts from, beside what was kept: our own samples, and vendors' where they lie beside the
//! checkout.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A flow to begin with.
pub const FLOW: &str = include_str!("../../../flows/cod-confirmation.yaml");
/// Its templates.
pub const TEMPLATES: [&str; 2] = [
    include_str!("../../../flows/templates/cod_confirmation.yaml"),
    include_str!("../../../flows/templates/cod_reminder.yaml"),
];

/// An input with its target.
pub type Seed = (&'static str, Vec<u8>);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Where what was kept lies: `corpus` and `regressions`, with a folder for each target.
pub fn kept(folder: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(target)
}

/// The files under a folder, in the order of their names; none, where there is no such folder.
///
/// # Errors
/// When something there cannot be read.
pub fn files(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else {
            let body = fs::read(&path)?;
            files.push((path, body));
        }
    }
    files.sort();
    Ok(files)
}

/// The seeds out of our own samples.
///
/// # Errors
/// When a sample cannot be read.
pub fn own() -> io::Result<Vec<Seed>> {
    let mut seeds = samples(&root().join("events"))?;
    for (path, text) in files(&root().join("flows"))? {
        if path.extension().is_some_and(|kind| kind == "yaml") {
            let template = path.components().any(|part| part.as_os_str() == "templates");
            let file = path.strip_prefix(root().join("flows")).unwrap_or(&path).display().to_string();
            seeds.push(("bundle", [format!("activate\n=== {file}\n").as_bytes(), &text].concat()));
            seeds.push((if template { "template" } else { "flow" }, text));
        }
    }
    Ok(seeds)
}

/// The seeds out of samples of vendors' webhooks: a folder for each source.
///
/// # Errors
/// When a sample cannot be read.
pub fn samples(folder: &Path) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for (path, body) in files(folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let source = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        match &*source {
            "shopify" => {
                let head = format!("x-shopify-topic: {}\nx-shopify-event-id: 98880550\n", topic(&name));
                seeds.push(("shopify", request("shopify", &head, &body)));
                let signed = format!("{head}x-shopify-hmac-sha256: signed\n");
                seeds.push(("ingest", request("shopify", &signed, &body)));
            }
            "whatsapp" => {
                seeds.push(("ingest", request("whatsapp", "x-hub-signature-256: signed\n", &body)));
                seeds.push(("whatsapp", body));
            }
            "track" => {
                let head = b"POST /api/v1/track\nauthorization: operator\ncontent-type: application/json\n\n";
                seeds.push(("console", [&head[..], &body].concat()));
                seeds.push(("track", body));
            }
            _ => {}
        }
    }
    Ok(seeds)
}

fn request(source: &str, head: &str, body: &[u8]) -> Vec<u8> {
    [format!("POST /webhooks/demo/{source}\n{head}\n").as_bytes(), body].concat()
}

/// `orders_create_prepaid` is of the topic `orders/create`.
fn topic(name: &str) -> String {
    let known = [
        "fulfillment_events_create",
        "orders_partially_fulfilled",
        "orders_create",
        "customers_data_request",
    ];
    let stem = known.into_iter().find(|known| name.starts_with(known)).unwrap_or(name);
    let (thing, verb) = match stem {
        "orders_partially_fulfilled" => ("orders", "partially_fulfilled"),
        "customers_data_request" => ("customers", "data_request"),
        stem => stem.rsplit_once('_').unwrap_or((stem, "")),
    };
    format!("{thing}/{verb}")
}

/// Writes our own seeds, and those out of `samples`, into a folder for each target.
///
/// # Errors
/// When something cannot be read or written.
pub fn write(to: &Path, samples: Option<&Path>) -> io::Result<()> {
    let mut all = own()?;
    if let Some(samples) = samples {
        all.extend(self::samples(samples)?);
    }
    for (number, (target, body)) in all.iter().enumerate() {
        let folder = to.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{number:04}")), body)?;
    }
    Ok(())
}
