//! `build`, `load`, `run` and `test`: one runner, different nodes.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Outcome;
use super::args::{GlobalArgs, SelectArgs};
use super::context::Context;
use crate::exit_code;
use crate::plan::{Command, Plan};
use crate::report;
use crate::runner::{Cancel, Publish, RunOptions, Runner};

/// Load the source files, run the models, test them, and publish everything at once
///
/// A node whose SQL, configuration and inputs are those of the last publication is reused. When a model or test fails,
/// nothing of the run is published: readers keep seeing the previous one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion build
  medallion build --select +gold.customer_dim --target pro
  medallion build --full-refresh --vars '{customer_transactions_path: data/july.csv}'")]
pub struct BuildArgs {
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    load: LoadFlags,
}

/// Load source files into their tables
///
/// A file that was taken before is skipped. A record that cannot be read goes to the table's `__rejects` table, with its
/// place and reason.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion load
  medallion load --select source:forex.customer_transactions --strict")]
pub struct LoadArgs {
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    run: RunFlags,
    #[command(flatten)]
    load: LoadFlags,
}

/// Run the models and publish them, without loading and testing
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion run
  medallion run --select tag:static --full-refresh")]
pub struct RunArgs {
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    run: RunFlags,
}

/// Test what is published
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion test
  medallion test --select gold --exclude test_name:relationships")]
pub struct TestArgs {
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    run: RunFlags,
}

#[derive(Debug, Args)]
struct RunFlags {
    /// Build incremental models anew, and load all files again
    #[arg(short, long)]
    full_refresh: bool,
    /// Stop at the first failure
    #[arg(short = 'x', long)]
    fail_fast: bool,
    /// Run nodes even where nothing they are made from changed
    #[arg(long)]
    no_reuse: bool,
    /// What becomes visible: all or nothing, or all that did not fail and does not hang on a failure
    #[arg(long, value_name = "HOW", default_value = "together")]
    publish: PublishArg,
}

#[derive(Debug, Args, Default)]
struct LoadFlags {
    /// A record that cannot be read is an error, before anything is written
    #[arg(long)]
    strict: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum PublishArg {
    Together,
    PerModel,
}

pub async fn build(global: &GlobalArgs, args: BuildArgs) -> Outcome {
    execute(global, Command::Build, &args.select, &args.run, &args.load).await
}

pub async fn load(global: &GlobalArgs, args: LoadArgs) -> Outcome {
    execute(global, Command::Load, &args.select, &args.run, &args.load).await
}

pub async fn run(global: &GlobalArgs, args: RunArgs) -> Outcome {
    execute(global, Command::Run, &args.select, &args.run, &LoadFlags::default()).await
}

pub async fn test(global: &GlobalArgs, args: TestArgs) -> Outcome {
    execute(global, Command::Test, &args.select, &args.run, &LoadFlags::default()).await
}

async fn execute(
    global: &GlobalArgs,
    command: Command,
    select: &SelectArgs,
    flags: &RunFlags,
    load: &LoadFlags,
) -> Outcome {
    let context = Context::open(global, flags.full_refresh)?;
    context.warn();
    let plan = Plan::new(&context.manifest, command, &context.select(select)?);
    let mut arguments = global.as_json();
    arguments.insert("which".to_string(), json!(command.as_str()));
    arguments.insert("full_refresh".to_string(), json!(flags.full_refresh));
    arguments.insert("fail_fast".to_string(), json!(flags.fail_fast));
    let options = RunOptions {
        threads: context.manifest.target.threads,
        fail_fast: flags.fail_fast,
        reuse: !flags.no_reuse,
        publish: match flags.publish {
            PublishArg::Together => Publish::Together,
            PublishArg::PerModel => Publish::PerModel,
        },
        strict: load.strict,
        invocation_id: context.invocation_id.clone(),
        started_at: context.started_at,
        args: arguments,
    };
    let cancel = Cancel::default();
    listen_for_interrupt(cancel.clone());
    let runner = Runner {
        manifest: Arc::clone(&context.manifest),
        engine: context.engine.clone(),
        places: context.places.clone(),
        reporter: Arc::clone(&context.reporter),
        options: Arc::new(options),
        cancel,
    };
    super::compile::write_manifest(&context)?;
    let report = match runner.run(plan).await {
        Ok(report) => report,
        Err(error) if error.begun => {
            report::error(&error.diagnostic, &context.report_options);
            return Ok(exit_code::NODE_FAILED);
        }
        Err(error) => return Err(vec![error.diagnostic]),
    };
    Ok(exit_code::of_run(report.succeeded(), report.interrupted))
}

/// The first Ctrl-C stops the run and leaves what is published as it was; the second ends the process at once.
fn listen_for_interrupt(cancel: Cancel) {
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            cancel.interrupt();
        }
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(i32::from(exit_code::INTERRUPTED));
        }
    });
}
