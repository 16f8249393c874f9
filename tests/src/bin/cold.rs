//! Measures the functions as Lambda starts them; see `cold --help`.

#[path = "../cold/mod.rs"]
mod cold;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cold::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cold: {error:#}");
            ExitCode::FAILURE
        }
    }
}
