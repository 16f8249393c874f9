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
    let mut templates = Vec::new();
    for name in desk.shelf.template_names() {
        let Some(Ok(template)) = desk.shelf.template(name) else { continue };
        let text = load::<String>(&*desk.console.table, &keys::template(desk.store(), name)).await?;
        templates.push(TemplateRow {
            languages: template.languages().collect::<Vec<_>>().join(", "),
            used_by: used_by(&desk, name),
            text: text.map(|stored| stored.value).unwrap_or_default(),
            name: name.to_owned(),
        });
    }
    page(&TemplatesPage { frame: desk.frame("/templates", "Templates"), templates })
}

fn used_by(desk: &Desk, template: &str) -> String {
    let uses = |loaded: &&harkara_engine::catalog::LoadedFlow| {
        loaded.flow.messages().any(|(_, message)| message.all_templates().any(|(_, name)| name == template))
    };
    desk.shelf
        .flows
        .iter()
        .filter(uses)
        .map(|loaded| loaded.flow.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
