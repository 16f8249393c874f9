//! A folder of flows, with their templates in `templates`: what people keep in a repository.

use anyhow::{Context, Result, bail};
use harkara_domain::flow::parse;
use harkara_engine::ownership::{Bundle, Sheet};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What the file of the language's own schema ends in, which editors read beside the flows.
const SCHEMA: &str = ".schema.json";
/// The folder of the templates.
const TEMPLATES: &str = "templates";
/// What files of flows and templates end in. JSON is YAML.
const ENDS: [&str; 3] = ["yaml", "yml", "json"];
/// The most bytes of a file that are read; a flow or template of more than 64 KB is refused with its name.
const MAX_FILE: u64 = 1 << 20;

/// Reads a folder's flows and templates. Folders within it are not looked into.
///
/// # Errors
/// When a file cannot be read.
pub fn read(folder: &Path) -> Result<Bundle> {
    if !folder.is_dir() {
        bail!("{} is no folder", folder.display());
    }
    let templates = folder.join(TEMPLATES);
    let templates = if templates.is_dir() { sheets(&templates, folder)? } else { Vec::new() };
    Ok(Bundle { flows: sheets(folder, folder)?, templates })
}

/// The files of flows or templates right in a folder, in the order of their names.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry.with_context(|| format!("reading {}", folder.display()))?.path();
        let end = path.extension().and_then(|end| end.to_str()).map(str::to_lowercase);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let other = name.starts_with('.') || name.ends_with(SCHEMA);
        if !other && end.is_some_and(|end| ENDS.contains(&end.as_str())) && path.is_file() {
            found.push(path);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read, or is far too large for a flow.
pub fn text(file: &Path) -> Result<String> {
    let size = fs::metadata(file).with_context(|| format!("reading {}", file.display()))?.len();
    if size > MAX_FILE {
        bail!("{} has {size} bytes, which is no flow or template", file.display());
    }
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn sheets(folder: &Path, root: &Path) -> Result<Vec<Sheet>> {
    let sheet = |path: PathBuf| {
        let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        Ok(Sheet { file, text: text(&path)? })
    };
    files(folder)?.into_iter().map(sheet).collect()
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Exported {
    /// Its path within the folder.
    pub file: String,
    /// Whether it had another text, or was not there.
    pub written: bool,
}

/// Writes a store's flows and templates into a folder, made where there is none. What a file there holds
/// already, under whatever name, goes into that file; files of what the store does not have stay.
///
/// # Errors
/// When a file cannot be read or written.
pub fn write(folder: &Path, bundle: &Bundle) -> Result<Vec<Exported>> {
    fs::create_dir_all(folder.join(TEMPLATES)).with_context(|| format!("making {}", folder.display()))?;
    let there = read(folder)?;
    let flow = |text: &str| parse::flow(text).ok().map(|flow| flow.id().to_string());
    let template =
        |text: &str| harkara_channels::template::parse(text).ok().map(|template| template.name().to_owned());
    let mut exported = put(folder, &bundle.flows, &there.flows, flow)?;
    exported.extend(put(folder, &bundle.templates, &there.templates, template)?);
    Ok(exported)
}

fn put(
    folder: &Path,
    sheets: &[Sheet],
    there: &[Sheet],
    name: impl Fn(&str) -> Option<String>,
) -> Result<Vec<Exported>> {
    let named: BTreeMap<String, &Sheet> =
        there.iter().filter_map(|sheet| Some((name(&sheet.text)?, sheet))).collect();
    let mut exported = Vec::new();
    for sheet in sheets {
        let held = name(&sheet.text).and_then(|name| named.get(&name).copied());
        let file = held.map_or(&sheet.file, |held| &held.file).clone();
        let written = held.is_none_or(|held| held.text != sheet.text);
        if written {
            let path = folder.join(&file);
            fs::write(&path, &sheet.text).with_context(|| format!("writing {}", path.display()))?;
        }
        exported.push(Exported { file, written });
    }
    Ok(exported)
}
