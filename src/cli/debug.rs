//! `debug`: is everything in order?

use clap::Args;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::Context;
use crate::exit_code;
use crate::report::Output;
use crate::warehouse::AsOf;

/// Check the project, the profile and the connection
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion debug
  medallion debug --target pro")]
pub struct DebugArgs {}

pub async fn run(global: &GlobalArgs, _: DebugArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let manifest = &context.manifest;
    let target = &manifest.target;
    let mut lines = vec![
        format!("medallion version: {}", env!("CARGO_PKG_VERSION")),
        format!("project: {} in {}", manifest.project_name, manifest.options.project_dir.display()),
        format!("profile: {}, target: {} ({})", target.profile_name, target.target_name, target.kind),
        format!("database: {}, schema: {}, threads: {}", target.database, target.schema, target.threads),
    ];
    for (key, value) in &target.fields {
        // A secret serializes as stars.
        lines.push(format!("  {key}: {}", serde_json::json!(value)));
    }
    let opened = context.places.target().snapshot(AsOf::Now).await;
    let (told, code) = match opened {
        Ok(snapshot) => {
            let state = snapshot.publication().map_or("nothing published yet".to_string(), |run| format!("run {run}"));
            (format!("warehouse: ok, {} relations, {state}", snapshot.relations().len()), exit_code::SUCCESS)
        }
        Err(error) => (format!("warehouse: ERROR {error}"), exit_code::NODE_FAILED),
    };
    lines.push(told);
    let mut out = Output::stdout(&context.report_options);
    for line in lines {
        if out.line(&line).is_err() {
            break;
        }
    }
    Ok(code)
}
