//! The command line: what was typed → library calls → exit code. One subcommand a file.

mod args;
mod clean;
mod compile;
mod connection;
mod context;
mod debug;
mod history;
mod ls;
mod places;
mod rollback;
mod run;
mod setup;
mod show;
mod sql;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::report::{self, ReportOptions};

/// Runs a dbt project in one binary: loads its source files, runs the models, tests them, and publishes everything at once.
#[derive(Debug, Parser)]
#[command(
    name = "medallion",
    version,
    about,
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Examples:
  medallion build                          load, run, test and publish the project in this folder
  medallion build --select +customer_dim   one model and all it is made from
  medallion sql 'select * from pro.gold.customer_dim limit 5'

Exit codes: 0 fine, 1 a node or test failed, 2 usage or project error, 130 interrupted.")]
struct Cli {
    #[command(flatten)]
    global: args::GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(run::BuildArgs),
    Load(run::LoadArgs),
    Run(run::RunArgs),
    Test(run::TestArgs),
    Compile(compile::CompileArgs),
    #[command(alias = "list")]
    Ls(ls::LsArgs),
    Show(show::ShowArgs),
    Sql(sql::SqlArgs),
    History(history::HistoryArgs),
    Rollback(rollback::RollbackArgs),
    Verify(verify::VerifyArgs),
    Clean(clean::CleanArgs),
    Setup(setup::SetupArgs),
    Debug(debug::DebugArgs),
}

/// What a command came to: its exit code, or why it could not start.
type Outcome = Result<u8, Vec<Diagnostic>>;

/// Of every thread. A statement of a few thousand terms is as deep as it is long; memory is taken as it is used.
const STACK: usize = 256 << 20;

/// Runs the command line of the process.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, and go to stdout with exit code 0.
            let code = if error.use_stderr() { exit_code::USAGE_ERROR } else { exit_code::SUCCESS };
            return match error.print() {
                Ok(()) => ExitCode::from(code),
                Err(_) => ExitCode::from(exit_code::USAGE_ERROR),
            };
        }
    };
    let global = cli.global.clone();
    let cannot_start = |error: std::io::Error| vec![Diagnostic::new(format!("cannot start: {error}"))];
    // The first thread has the stack that the system gives it.
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build();
        let runtime = runtime.map_err(cannot_start)?;
        let outcome = runtime.block_on(dispatch(cli));
        // A reader that was stopped may still be at its file.
        runtime.shutdown_background();
        outcome
    });
    let outcome = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome,
        // It has said why.
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => Err(cannot_start(error)),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(diagnostics) => fail(&global, &diagnostics),
    }
}

async fn dispatch(cli: Cli) -> Outcome {
    let global = &cli.global;
    match cli.command {
        Command::Build(args) => run::build(global, args).await,
        Command::Load(args) => run::load(global, args).await,
        Command::Run(args) => run::run(global, args).await,
        Command::Test(args) => run::test(global, args).await,
        Command::Compile(args) => compile::run(global, args).await,
        Command::Ls(args) => ls::run(global, &args),
        Command::Show(args) => show::run(global, args).await,
        Command::Sql(args) => sql::run(global, args).await,
        Command::History(args) => history::run(global, args).await,
        Command::Rollback(args) => rollback::run(global, args).await,
        Command::Verify(args) => verify::run(global, args).await,
        Command::Clean(args) => clean::run(global, args).await,
        Command::Setup(args) => setup::run(global, args).await,
        Command::Debug(args) => debug::run(global, args).await,
    }
}

fn fail(global: &args::GlobalArgs, diagnostics: &[Diagnostic]) -> ExitCode {
    let options = ReportOptions { color: global.color(), ..ReportOptions::default() };
    for diagnostic in diagnostics {
        report::error(diagnostic, &options);
    }
    ExitCode::from(exit_code::USAGE_ERROR)
}
