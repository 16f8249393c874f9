//! The console as a Lambda function, behind the HTTP API.

mod assembly;
mod site;

use harkara_aws::{Config, Session, function};
use site::Site;
use std::{process::ExitCode, sync::Arc};

fn main() -> ExitCode {
    function::main(run)
}

async fn run(session: Session) -> Result<(), function::Ended> {
    let address = session.config().url(Config::PUBLIC_URL)?.map(str::to_owned);
    let site = Arc::new(Site::new(assembly::consoles(&session)?, address));
    function::http(&session, move |request| site.clone().answer(request)).await
}
