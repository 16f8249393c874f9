//! What a page is made with: who asks, what the store has set up, the time.

use askama::Template;
use axum::{
    extract::{FromRequestParts, Query},
    http::{StatusCode, request::Parts},
    response::{Html, IntoResponse, Redirect, Response},
};
use harkara_domain::StoreId;
use harkara_engine::{catalog::Shelf, people::Role};
use jiff::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

use crate::{Console, failure::Failure, guard::Caller, words::when::Zoned};

/// What a page is made with.
pub(crate) struct Desk {
    pub(crate) console: Arc<Console>,
    pub(crate) caller: Caller,
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) now: Timestamp,
    notice: Option<Notice>,
}

/// A line above a page that says what has just been done. Addresses carry its name only, so nobody
/// can put words on our page by a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    Done,
    OnItsWay,
    Saved,
    DraftSaved,
    DraftDropped,
    Activated,
    Paused,
    Archived,
    Restored,
    Pressed,
    Revoked,
    Removed,
    Withdrawn,
}

impl Notice {
    const ALL: [Self; 13] = [
        Self::Done,
        Self::OnItsWay,
        Self::Saved,
        Self::DraftSaved,
        Self::DraftDropped,
        Self::Activated,
        Self::Paused,
        Self::Archived,
        Self::Restored,
        Self::Pressed,
        Self::Revoked,
        Self::Removed,
        Self::Withdrawn,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::OnItsWay => "on-its-way",
            Self::Saved => "saved",
            Self::DraftSaved => "draft-saved",
            Self::DraftDropped => "draft-dropped",
            Self::Activated => "activated",
            Self::Paused => "paused",
            Self::Archived => "archived",
            Self::Restored => "restored",
            Self::Pressed => "pressed",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
            Self::Withdrawn => "withdrawn",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Done => "Done.",
            Self::OnItsWay => "Taken down. It shows here in a moment.",
            Self::Saved => "Saved as a new version. Runs that have begun keep theirs.",
            Self::DraftSaved => "Saved as a draft. Nothing runs it until it is activated.",
            Self::DraftDropped => "The draft is gone.",
            Self::Activated => "Activated. It starts runs from now on.",
            Self::Paused => "Paused. Runs that have begun go on.",
            Self::Archived => "Archived. Runs that have begun go on, and it can be restored.",
            Self::Restored => "Restored, as a draft.",
            Self::Pressed => {
                "Pressed, as the customer would. What follows from it shows at the order in a moment."
            }
            Self::Revoked => "The key is revoked and works no more.",
            Self::Removed => "Removed. They are signed out everywhere.",
            Self::Withdrawn => "The invitation is taken back.",
        }
    }

    /// Goes to a page of ours and says it there.
    pub(crate) fn at(self, path: &str) -> Response {
        let sign = if path.contains('?') { '&' } else { '?' };
        Redirect::to(&format!("{path}{sign}notice={}", self.name())).into_response()
    }
}

/// What every page has around its content.
pub(crate) struct Frame {
    pub(crate) title: String,
    /// The entry of the navigation that is marked.
    pub(crate) here: &'static str,
    pub(crate) store: String,
    pub(crate) who: String,
    pub(crate) role: Role,
    pub(crate) csrf: String,
    pub(crate) notice: Option<&'static str>,
    /// Load the page again after so many seconds where there is no script.
    pub(crate) reload: Option<u32>,
}

impl Frame {
    pub(crate) fn operates(&self) -> bool {
        self.role >= Role::Operator
    }

    pub(crate) fn owns(&self) -> bool {
        self.role >= Role::Owner
    }
}

impl Desk {
    pub(crate) fn store(&self) -> &StoreId {
        &self.console.store
    }

    pub(crate) fn zoned(&self) -> Zoned {
        Zoned { zone: self.shelf.zone.clone(), now: self.now }
    }

    pub(crate) fn frame(&self, here: &'static str, title: impl Into<String>) -> Frame {
        Frame {
            title: title.into(),
            here,
            store: self.shelf.settings.name.clone(),
            who: self.caller.name.clone(),
            role: self.caller.role,
            csrf: self.caller.form_token(),
            notice: self.notice.map(Notice::words),
            reload: None,
        }
    }
}

#[derive(Deserialize)]
struct NoticeQuery {
    notice: Option<String>,
}

impl FromRequestParts<Arc<Console>> for Desk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Failure> {
        let caller = parts.extensions.get::<Caller>().cloned();
        let caller = caller.ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "Please sign in first."))?;
        let shelf = console.reader.shelf(&console.store).await?;
        let unset = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The store is not set up yet.");
        let query = Query::<NoticeQuery>::try_from_uri(&parts.uri).ok();
        let name = query.and_then(|query| query.0.notice).unwrap_or_default();
        let notice = Notice::ALL.into_iter().find(|notice| notice.name() == name);
        let now = console.clock.now();
        Ok(Self { console: console.clone(), caller, shelf: shelf.ok_or_else(unset)?, now, notice })
    }
}

/// A page.
pub(crate) fn page(template: &impl Template) -> Result<Response, Failure> {
    Ok(Html(template.render()?).into_response())
}

/// Text for a part of a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
