//! `show`: the first rows of a model as it would be now.

use clap::Args;

use super::Outcome;
use super::args::{GlobalArgs, SelectArgs};
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::engine::diagnose;
use crate::exit_code;
use crate::manifest::{Node, NodeKind};
use crate::materialize::{Compiled, Compiler};
use crate::query::{Format, Output, WriteOptions, write};

/// Show the first rows of a model or of a query with refs, computed now, published nowhere
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion show --select agg_sales_monthly
  medallion show --inline \"select count(*) from {{ ref('transaction') }}\"")]
pub struct ShowArgs {
    #[command(flatten)]
    select: SelectArgs,
    /// A query with refs, in place of a model
    #[arg(long, value_name = "SQL", conflicts_with = "select")]
    inline: Option<String>,
    /// How many rows
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// table, csv, json, ndjson
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = super::sql::format_named)]
    output: Format,
}

pub async fn run(global: &GlobalArgs, args: ShowArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let workspace = context.workspace("show").await?;
    let compiler = Compiler::new(&workspace);
    let compiled = match &args.inline {
        Some(sql) => vec![compiler.inline(sql).map_err(|error| vec![error])?],
        None => {
            let selected = context.select(&args.select)?;
            let nodes: Vec<&Node> = selected.iter().filter_map(|id| context.manifest.node(id)).collect();
            let compiled: Result<Vec<Compiled>, Diagnostic> =
                shown(&nodes).into_iter().map(|node| compiler.compile(node, false)).collect();
            compiled.map_err(|error| vec![error])?
        }
    };
    if compiled.is_empty() {
        return Err(vec![Diagnostic::new("nothing to show").hint("name a model: medallion show --select my_model")]);
    }
    for Compiled { sql, path, .. } in &compiled {
        let failed = |error| vec![diagnose(&error, path, sql)];
        let frame = workspace.session.query(sql).await.map_err(failed)?;
        let frame = frame.limit(0, Some(args.limit)).map_err(failed)?;
        let stream = frame.execute_stream().await.map_err(failed)?;
        let options = WriteOptions { format: args.output, output: Output::Stdout, limit: None };
        write(stream, &options).await.map_err(|error| vec![error.into()])?;
    }
    Ok(exit_code::SUCCESS)
}

/// The models that are selected. A selection takes tests along; those are shown where there is nothing else.
fn shown<'n>(nodes: &[&'n Node]) -> Vec<&'n Node> {
    let of = |kinds: &[NodeKind]| nodes.iter().copied().filter(|node| kinds.contains(&node.kind)).collect::<Vec<_>>();
    let models = of(&[NodeKind::Model, NodeKind::Analysis]);
    if models.is_empty() { of(&[NodeKind::Test]) } else { models }
}
