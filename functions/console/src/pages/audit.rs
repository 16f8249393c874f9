//! The audit log.

use askama::Template;
use axum::{extract::Query, response::Response};

use crate::{
    desk::{Desk, Frame, page},
    failure::Failure,
    filters::{Part, address},
};

const A_PAGE: usize = 100;

struct AuditRow {
    when: String,
    who: String,
    what: String,
    on: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    entries: Vec<AuditRow>,
    older: Option<String>,
    newest: Option<String>,
}

pub(crate) async fn audit(desk: Desk, Query(part): Query<Part>) -> Result<Response, Failure> {
    let (people, zoned) = (desk.console.people(), desk.zoned());
    let listed = people.audit(desk.store(), part.limit(A_PAGE), part.after.clone()).await?;
    let entries = listed.entries.into_iter();
    let template = AuditPage {
        frame: desk.frame("/audit", "Audit log"),
        entries: entries
            .map(|entry| AuditRow {
                when: zoned.words(entry.at),
                who: entry.who,
                what: entry.what,
                on: entry.on,
            })
            .collect(),
        older: listed.next.map(|next| address("/audit", &[("after", &next)])),
        newest: part.after.map(|_| "/audit".to_owned()),
    };
    page(&template)
}
