//! Measures the `harkara` binary under load; see `load --help`.

#[path = "../load/mod.rs"]
mod load;

use std::process::ExitCode;

fn main() -> ExitCode {
    match load::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}
