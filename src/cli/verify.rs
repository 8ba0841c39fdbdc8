//! `verify`: is each incremental table what a full refresh would make of it?

use clap::Args;

use super::Outcome;
use super::args::{GlobalArgs, SelectArgs};
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::manifest::{Materialization, NodeKind};
use crate::report::Output;
use crate::verify::verify;

/// Build the selected incremental models anew in scratch and compare them with what is published
///
/// Exit code 1 where a table differs. Nothing is published.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion verify
  medallion verify --select transaction_fct --rows 20")]
pub struct VerifyArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// How many differing rows to show of each table
    #[arg(long, value_name = "N", default_value_t = 5)]
    rows: usize,
}

pub async fn run(global: &GlobalArgs, args: VerifyArgs) -> Outcome {
    let context = Context::open(global, true)?;
    let selected = context.select(&args.select)?;
    let models: Vec<_> = selected
        .iter()
        .filter(|id| {
            context.manifest.node(id).is_some_and(|node| {
                node.kind == NodeKind::Model && node.config.materialized == Materialization::Incremental
            })
        })
        .cloned()
        .collect();
    if models.is_empty() {
        return Err(vec![Diagnostic::new("no incremental model is selected")]);
    }
    let workspace = context.workspace("verify").await?;
    let checks = verify(&workspace, &models, args.rows).await.map_err(|error| vec![error])?;
    let mut out = Output::stdout(&context.report_options);
    let mut same = true;
    for check in checks {
        same &= check.is_same();
        if check.lines().iter().any(|line| out.line(line).is_err()) {
            break;
        }
    }
    Ok(if same { exit_code::SUCCESS } else { exit_code::NODE_FAILED })
}
