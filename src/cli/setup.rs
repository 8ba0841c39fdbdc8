//! `setup`: the databases, schemas and extensions that a run needs, made where they are missing.

use std::collections::BTreeMap;

use clap::Args;

use super::args::GlobalArgs;
use super::context::{Opened, telling};
use super::{Outcome, connection};
use crate::diagnostic::Diagnostic;
use crate::exit_code;
use crate::manifest::{Manifest, NodeKind, outputs_of};
use crate::project::TargetProfile;
use crate::report::Output;
use crate::warehouse::WarehouseError;
use crate::warehouse::postgres::connect::Settings;
use crate::warehouse::postgres::setup::{Contents, Step, Wanted};

/// What lets a view of one database read a table of another.
const FOREIGN_TABLES: &str = "postgres_fdw";

/// Create the databases, schemas and extensions that a postgres target needs
///
/// Makes the databases of all postgres outputs of the profile, or of those named, the schemas of the target's models and
/// loads, and the extension postgres_fdw where models read another database. What is there already stays as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion setup --profile postgres --dry-run         show the SQL, change nothing
  medallion setup --profile postgres --target pro
  medallion setup --profile postgres data_lake pro     these outputs only")]
pub struct SetupArgs {
    /// Outputs of the profile whose databases are made [default: all]
    #[arg(value_name = "OUTPUT")]
    outputs: Vec<String>,
    /// Only show the SQL that would run
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(global: &GlobalArgs, args: SetupArgs) -> Outcome {
    let mut opened = Opened::open(global, false)?;
    let wanted = wanted(&mut opened, &args.outputs)?;
    let mut out = Output::stdout(&opened.report_options);
    // A closed pipe is the reader's wish.
    let Some(wanted) = wanted else {
        let target = &opened.manifest.target;
        let _ = out.line(&format!("Nothing to set up: the target '{}' has type {}", target.target_name, target.kind));
        return Ok(exit_code::SUCCESS);
    };
    let failed = |error| vec![Diagnostic::from(WarehouseError::from(error))];
    let steps = wanted.plan().await.map_err(failed)?;
    if steps.is_empty() {
        let _ = out.line("Nothing to do: databases, schemas and extensions are there");
        return Ok(exit_code::SUCCESS);
    }
    let mut place = String::new();
    for step in &steps {
        if !args.dry_run {
            step.run().await.map_err(failed)?;
        }
        let here = format!("-- {}, database {}", step.address(), step.database());
        if here != place {
            let _ = out.line(&here);
            place = here;
        }
        let _ = out.line(&format!("{};", step.sql()));
    }
    let _ = out.line(&summary(&steps, args.dry_run));
    Ok(exit_code::SUCCESS)
}

fn summary(steps: &[Step], dry_run: bool) -> String {
    let count = if steps.len() == 1 { "1 statement".to_string() } else { format!("{} statements", steps.len()) };
    if dry_run { format!("-- {count} to run; nothing was changed") } else { format!("-- Done: {count}") }
}

/// What must be there, or nothing where neither the target nor another output is a server.
fn wanted(opened: &mut Opened, names: &[String]) -> Result<Option<Wanted>, Vec<Diagnostic>> {
    let outputs = outputs_of(&opened.manifest.options, "postgres", names)?;
    if opened.server.is_none() && outputs.is_empty() {
        return Ok(None);
    }
    let mut wanted = Wanted::default();
    for output in &outputs {
        let settings = connection::settings(output, &opened.manifest.options)?;
        let passwords = settings.password.iter().map(|password| password.reveal().to_string());
        opened.report_options.redact.extend(passwords.chain(output.secrets()));
        wanted.add(&telling(settings, &opened.reporter), Contents::default());
    }
    let named = |database: &str| names.is_empty() || outputs.iter().any(|output| output.database == database);
    for (database, contents) in contents(&opened.manifest, &wanted) {
        let in_a_lake = |output: &TargetProfile| output.database == database && output.kind != "postgres";
        if !named(&database) || opened.manifest.elsewhere.iter().any(in_a_lake) {
            continue;
        }
        if let Some(settings) = settings_of(&database, opened.server.as_ref(), &wanted) {
            wanted.add(&settings, contents);
        }
    }
    Ok(Some(wanted))
}

/// An output's own way to the database, else the target's server; none where it is in the target's lake.
fn settings_of(database: &str, target: Option<&Settings>, wanted: &Wanted) -> Option<Settings> {
    if let Some(target) = target.filter(|target| target.database == database) {
        return Some(target.clone());
    }
    wanted.settings_of(database).cloned().or_else(|| target.map(|target| target.to_database(database)))
}

/// What the target's models and loads need, by database.
fn contents(manifest: &Manifest, wanted: &Wanted) -> BTreeMap<String, Contents> {
    let mut all: BTreeMap<String, Contents> = BTreeMap::new();
    let makes = |kind: NodeKind| matches!(kind, NodeKind::Model | NodeKind::Seed | NodeKind::Snapshot);
    for node in manifest.nodes.values() {
        let Some(relation) = &node.relation else { continue };
        if makes(node.kind) || node.load.is_some() {
            all.entry(relation.database.clone()).or_default().schemas.insert(relation.schema.clone());
        }
        let others = node.depends_on.iter().filter_map(|id| manifest.node(id)?.relation.as_ref());
        let reads_another_server_database = others
            .filter(|other| other.database != relation.database)
            .any(|other| wanted.settings_of(&other.database).is_some());
        if makes(node.kind) && reads_another_server_database {
            let extensions = &mut all.entry(relation.database.clone()).or_default().extensions;
            extensions.insert(FOREIGN_TABLES.to_string());
        }
    }
    all
}
