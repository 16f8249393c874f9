//! The message templates, to be read.

use askama::Template;
use axum::response::Response;
use harkara_engine::{keys, record::load};

use crate::{
    desk::{Desk, Frame, page},
    failure::Failure,
};

struct TemplateRow {
    name: String,
    languages: String,
    used_by: String,
    text: String,
}

#[derive(Template)]
#[template(path = "templates.html")]
struct TemplatesPage {
    frame: Frame,
    templates: Vec<TemplateRow>,
}

pub(crate) async fn templates(desk: Desk) -> Result<Response, Failure> {
    let mut names: Vec<&String> = desk.shelf.templates.keys().collect();
    names.sort();
    let mut templates = Vec::new();
    for name in names {
        let Some(template) = desk.shelf.templates.get(name) else { continue };
        let text = load::<String>(&*desk.console.table, &keys::template(desk.store(), name)).await?;
        templates.push(TemplateRow {
            languages: template.languages().collect::<Vec<_>>().join(", "),
            used_by: used_by(&desk, name),
            text: text.map(|stored| stored.value).unwrap_or_default(),
            name: name.clone(),
        });
    }
    page(&TemplatesPage { frame: desk.frame("/templates", "Templates"), templates })
}

fn used_by(desk: &Desk, template: &str) -> String {
    let uses = |loaded: &&harkara_engine::catalog::LoadedFlow| {
        let mut messages = loaded.flow.stages.iter().filter_map(|stage| stage.message.as_ref());
        messages.any(|message| message.template == template)
    };
    desk.shelf
        .flows
        .iter()
        .filter(uses)
        .map(|loaded| loaded.flow.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
