//! `ls`: which nodes a selection means.

use clap::{Args, ValueEnum};
use serde_json::json;

use super::Outcome;
use super::args::{GlobalArgs, SelectArgs};
use super::context::Context;
use crate::exit_code;
use crate::manifest::{Node, NodeKind};
use crate::report::Output;

/// List the project's nodes
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion ls --select +agg_sales_monthly
  medallion ls --resource-type test --output json")]
pub struct LsArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// What is shown of each node
    #[arg(long, value_name = "FORMAT", default_value = "selector")]
    output: LsOutput,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum LsOutput {
    /// Its name as a selector takes it
    Selector,
    Name,
    /// Its file
    Path,
    Json,
}

pub fn run(global: &GlobalArgs, args: &LsArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let mut out = Output::stdout(&context.report_options);
    for node in context.select(&args.select)?.iter().filter_map(|id| context.manifest.node(id)) {
        let told = match args.output {
            LsOutput::Selector => out.line(&selector(node)),
            LsOutput::Name => out.line(&node.name),
            LsOutput::Path => out.line(&node.path.display().to_string()),
            LsOutput::Json => out.json(json!({
                "name": node.name,
                "resource_type": node.kind.as_str(),
                "package_name": node.package,
                "original_file_path": node.path,
                "unique_id": node.id.as_str(),
                "alias": node.relation.as_ref().map(|relation| &relation.identifier),
                "tags": node.tags,
                "config": node.config.raw,
                "depends_on": {"nodes": node.depends_on.iter().map(|id| id.as_str()).collect::<Vec<_>>()},
            })),
        };
        if told.is_err() {
            // The reader has seen enough.
            break;
        }
    }
    Ok(exit_code::SUCCESS)
}

fn selector(node: &Node) -> String {
    let name = node.fqn.join(".");
    if node.kind == NodeKind::Source { format!("source:{name}") } else { name }
}
