//! Flows and templates as the files of a repository.

use axum::{
    Json,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use harkara_engine::{
    ownership::{Bundle, Difference, Sheet, Wish},
    setup::SetupError,
};
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use crate::{desk::Desk, dress::Dressed};

/// The largest bundle, in bytes of JSON: within Lambda's 6 MB, with room for what goes around it.
pub(crate) const MAX_BUNDLE: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BundleBody {
    #[serde(default)]
    flows: Vec<Sheet>,
    #[serde(default)]
    templates: Vec<Sheet>,
    #[serde(default)]
    prune: bool,
    #[serde(default)]
    activate: bool,
}

impl BundleBody {
    fn parts(self) -> (Bundle, Wish) {
        let Self { flows, templates, prune, activate } = self;
        (Bundle { flows, templates }, Wish { prune, activate })
    }
}

pub(crate) async fn export(desk: Desk) -> Answer {
    super::json(&desk.console.setup.export(desk.store()).await?)
}

pub(crate) async fn compare(desk: Desk, Json(body): Json<BundleBody>) -> Answer {
    let (bundle, wish) = body.parts();
    told(desk.console.setup.compare(desk.store(), &bundle, wish).await)
}

pub(crate) async fn apply(desk: Desk, Json(body): Json<BundleBody>) -> Answer {
    let (bundle, wish) = body.parts();
    told(desk.console.setup.apply(desk.store(), &bundle, wish, &desk.caller.name).await)
}

fn told(differences: Result<Vec<Difference>, SetupError>) -> Answer {
    match differences {
        Ok(differences) => super::json(&json!({ "differences": differences })),
        Err(SetupError::Bundle(problems)) => {
            let words = "The files have problems; nothing was done.";
            let body = Json(json!({ "error": words, "problems": problems }));
            let mut answer: Response = (StatusCode::UNPROCESSABLE_ENTITY, body).into_response();
            answer.extensions_mut().insert(Dressed);
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}
