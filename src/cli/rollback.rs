//! `rollback`: an earlier state, current again.

use clap::Args;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::Context;
use crate::exit_code;
use crate::report::Output;

/// Make the state after an earlier run current again
///
/// The databases of the target and of the sources change; those of the profile's other targets stay as they are. This is
/// a publication like any other: nothing is lost, and it can be rolled back too.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion history
  medallion rollback 4")]
pub struct RollbackArgs {
    /// The run, as `medallion history` lists it
    run: String,
}

pub async fn run(global: &GlobalArgs, args: RollbackArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let others: Vec<String> = context.manifest.other_databases()?.into_iter().collect();
    let done = context.places.target().rollback(&args.run, &others, context.label("rollback")).await;
    let receipt = done.map_err(|error| vec![error.into()])?;
    let mut out = Output::stdout(&context.report_options);
    let others = match others.as_slice() {
        [] => String::new(),
        names => format!("; {} stays as it was", names.join(", ")),
    };
    // A closed pipe is the reader's wish.
    let _ = out.line(&format!(
        "The state after run {} is current again, as run {} ({} tables, {} views changed{others})",
        args.run, receipt.publication, receipt.tables, receipt.views
    ));
    Ok(exit_code::SUCCESS)
}
