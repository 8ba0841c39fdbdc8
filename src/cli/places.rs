//! Outputs of `profiles.yml` → warehouses.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::project::TargetProfile;
use crate::warehouse::delta::DeltaWarehouse;
use crate::warehouse::postgres::connect::{FieldError, Fields, Settings};
use crate::warehouse::postgres::{Link, PostgresWarehouse};
use crate::warehouse::{Places, Warehouse};

/// Opens the target's warehouse, and those of the databases that stand elsewhere.
pub fn open(manifest: &Manifest) -> Result<Places, Vec<Diagnostic>> {
    let mut elsewhere = Vec::with_capacity(manifest.elsewhere.len());
    for output in &manifest.elsewhere {
        elsewhere.push((output.database.clone(), warehouse(manifest, output, Vec::new())?));
    }
    Ok(Places::new(warehouse(manifest, &manifest.target, links(manifest)?)?, elsewhere))
}

fn warehouse(
    manifest: &Manifest,
    output: &TargetProfile,
    links: Vec<Link>,
) -> Result<Arc<dyn Warehouse>, Vec<Diagnostic>> {
    match output.kind.as_str() {
        "delta" => {
            let path = output.text("path").unwrap_or_else(|| "lake".to_string());
            // A relative path is the project's, wherever the command was started.
            let path = if path.contains("://") {
                path
            } else {
                manifest.options.project_dir.join(path).to_string_lossy().into_owned()
            };
            let options: HashMap<String, String> = output.map("storage_options").into_iter().collect();
            let warehouse = DeltaWarehouse::open(&path, &options).map_err(|error| vec![Diagnostic::from(error)])?;
            Ok(Arc::new(warehouse))
        }
        "postgres" => Ok(Arc::new(PostgresWarehouse::new(settings(manifest, output)?, links))),
        other => Err(vec![
            Diagnostic::new(format!(
                "target '{}' of profile '{}' has type '{other}', which this medallion cannot open",
                output.target_name, output.profile_name
            ))
            .hint("the types it knows are: delta, postgres"),
        ]),
    }
}

/// The other Postgres databases of the project: views of the target may read them.
fn links(manifest: &Manifest) -> Result<Vec<Link>, Vec<Diagnostic>> {
    if manifest.target.kind != "postgres" {
        return Ok(Vec::new());
    }
    let others = manifest.elsewhere.iter().filter(|output| output.kind == "postgres");
    others.map(|output| Ok(Link { database: output.database.clone(), settings: settings(manifest, output)? })).collect()
}

/// How to reach the server of a Postgres output.
pub fn settings(manifest: &Manifest, output: &TargetProfile) -> Result<Settings, Vec<Diagnostic>> {
    let values = output.fields.iter().filter_map(|(key, value)| Some((key.clone(), value.reveal()?)));
    let mut fields = Fields::new(values);
    fields.folder = manifest.options.project_dir.clone();
    let env = |name: &str| manifest.options.env.get(name).map(PathBuf::from);
    fields.passfile = env("PGPASSFILE").or_else(|| Some(env("HOME")?.join(".pgpass")));
    let placed = |FieldError { field, error }: FieldError| output.at(field, error);
    fields.settings().map_err(|errors| errors.into_iter().map(placed).collect())
}
