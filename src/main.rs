//! The medallion command. Everything is in the library; this is its process.

use std::process::ExitCode;

fn main() -> ExitCode {
    medallion::cli::main(std::env::args_os())
}
