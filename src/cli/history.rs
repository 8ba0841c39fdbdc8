//! `history`: what was published.

use clap::Args;
use serde_json::json;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::Context;
use crate::exit_code;
use crate::report::Output;

/// List the publications that can still be read, newest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion history
  medallion history --limit 3 --output json")]
pub struct HistoryArgs {
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// table or json
    #[arg(long, value_name = "FORMAT", default_value = "table", value_parser = ["table", "json"])]
    output: String,
}

pub async fn run(global: &GlobalArgs, args: HistoryArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let mut entries = context.places.target().history().await.map_err(|error| vec![error.into()])?;
    entries.truncate(args.limit.unwrap_or(usize::MAX));
    let mut out = Output::stdout(&context.report_options);
    let told = if args.output == "json" {
        entries.iter().try_for_each(|entry| out.json(json!(entry)))
    } else {
        let rows: Vec<Vec<String>> = entries
            .iter()
            .map(|entry| {
                vec![
                    format!("{}{}", entry.publication, if entry.current { " *" } else { "" }),
                    entry.published_at.format("%Y-%m-%d %H:%M:%S").to_string(),
                    entry.label.command.clone(),
                    entry.label.target.clone(),
                    entry.relations.to_string(),
                    entry.rows.to_string(),
                    entry.label.invocation_id.chars().take(8).collect(),
                ]
            })
            .collect();
        out.table(&["run", "published (UTC)", "command", "target", "relations", "rows", "invocation"], &rows)
    };
    // A closed pipe is the reader's wish.
    let _ = told;
    Ok(exit_code::SUCCESS)
}
