//! The ingest as a Lambda function, behind the HTTP API.

use bytes::Bytes;
use harkara_aws::{Session, function};
use harkara_engine::ingest::Ingest;
use http::{Request, Response};
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let ingest = Arc::new(Ingest {
        secrets: session.secrets()?,
        queue: session.queue()?,
        clock: session.clock(),
        counters: session.counters(),
        rates: Arc::default(),
        refusals: Arc::default(),
    });
    function::http(&session, move |request| answer(ingest.clone(), request)).await
}

async fn answer(ingest: Arc<Ingest>, request: Request<Bytes>) -> Response<Bytes> {
    if request.body().len() > Ingest::MAX_BODY {
        return harkara_ingest::too_large(&ingest);
    }
    harkara_ingest::handle(&ingest, &request).await
}
