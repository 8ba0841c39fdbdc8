//! `debug`: is everything in order?

use clap::Args;
use serde_json::json;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::{Context, Opened};
use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::report::Output;
use crate::warehouse::postgres::connect::{ServerError, Settings};
use crate::warehouse::postgres::probe::{Probe, probe};
use crate::warehouse::{AsOf, WarehouseError};

/// Check the project, the profile and the connection
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion debug
  medallion debug --target pro
  medallion debug --profile postgres --target data_lake")]
pub struct DebugArgs {}

pub async fn run(global: &GlobalArgs, _: DebugArgs) -> Outcome {
    let opened = Opened::open(global, false)?;
    let mut lines = project(&opened);
    let (told, code) = match &opened.server {
        Some(settings) => server(settings).await,
        None => lake(global).await?,
    };
    lines.extend(told);
    let mut out = Output::stdout(&opened.report_options);
    for line in lines {
        if out.line(&line).is_err() {
            break;
        }
    }
    Ok(code)
}

fn project(opened: &Opened) -> Vec<String> {
    let (manifest, target) = (&opened.manifest, &opened.manifest.target);
    let mut lines = vec![
        format!("medallion version: {}", env!("CARGO_PKG_VERSION")),
        format!("project: {} in {}", manifest.project_name, manifest.options.project_dir.display()),
        format!("profile: {}, target: {} ({})", target.profile_name, target.target_name, target.kind),
        format!("database: {}, schema: {}, threads: {}", target.database, target.schema, target.threads),
    ];
    // A secret serializes as stars.
    lines.extend(target.fields.iter().map(|(key, value)| format!("  {key}: {}", json!(value))));
    lines.extend(manifest.warnings.iter().map(|warning| format!("warning: {warning}")));
    lines
}

async fn lake(global: &GlobalArgs) -> Result<(Vec<String>, u8), Vec<Diagnostic>> {
    let context = Context::open(global, false)?;
    Ok(match context.places.target().snapshot(AsOf::Now).await {
        Ok(snapshot) => {
            let state = snapshot.publication().map_or("nothing published yet".to_string(), |run| format!("run {run}"));
            (vec![format!("warehouse: ok, {} relations, {state}", snapshot.relations().len())], exit_code::SUCCESS)
        }
        Err(error) => (vec![format!("warehouse: ERROR {}", Diagnostic::from(error))], exit_code::NODE_FAILED),
    })
}

async fn server(settings: &Settings) -> (Vec<String>, u8) {
    let mut lines = vec![
        format!("connection: {} as {}", settings.address(), settings.user),
        format!("  database: {}, schema: {}", settings.database, settings.schema),
        format!("  sslmode: {}", settings.sslmode.as_str()),
    ];
    match probe(settings).await {
        Ok(probe) => {
            lines.extend(found(&probe));
            (lines, exit_code::SUCCESS)
        }
        Err(error) => {
            let code = code_of(&error);
            lines.push(format!("connection test: ERROR {}", Diagnostic::from(WarehouseError::from(error))));
            (lines, code)
        }
    }
}

/// A connection that cannot be made is an error of usage, as for every command; a server that fails later is not.
fn code_of(error: &ServerError) -> u8 {
    if error.kind.is_setup() { exit_code::USAGE_ERROR } else { exit_code::NODE_FAILED }
}

fn found(probe: &Probe) -> Vec<String> {
    let yes_or_no = |is: bool| if is { "yes" } else { "no" };
    let mut lines = vec![
        format!("  server: PostgreSQL {}", probe.server_version),
        format!("  encrypted: {}", probe.tls.as_ref().map_or("no".to_string(), |tls| format!("yes ({tls})"))),
        format!("  role: {}", probe.role),
        format!("  may create schemas: {}", yes_or_no(probe.can_create_schemas)),
        format!("  may create databases: {}", yes_or_no(probe.can_create_databases)),
        format!("  the target's schema exists: {}", yes_or_no(probe.schema_exists)),
    ];
    if probe.read_only {
        let which = if probe.is_standby { "is a standby" } else { "only reads (default_transaction_read_only)" };
        lines.push(format!("  WARNING: this server {which}; models cannot be built here"));
    }
    lines.push("connection test: ok".to_string());
    lines
}
