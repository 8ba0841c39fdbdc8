//! Outputs of `profiles.yml` → warehouses.

use std::collections::HashMap;
use std::sync::Arc;

use super::connection;
use super::context::telling;
use crate::diagnostic::Diagnostic;
use crate::manifest::Manifest;
use crate::project::TargetProfile;
use crate::runner::events::Reporter;
use crate::warehouse::delta::DeltaWarehouse;
use crate::warehouse::postgres::connect::Settings;
use crate::warehouse::postgres::{Link, PostgresWarehouse};
use crate::warehouse::{Places, Warehouse};

/// Opens the target's warehouse, and those of the databases that stand elsewhere.
pub fn open(
    manifest: &Manifest,
    server: Option<Settings>,
    reporter: &Arc<dyn Reporter>,
) -> Result<Places, Vec<Diagnostic>> {
    let mut elsewhere = Vec::with_capacity(manifest.elsewhere.len());
    let mut links = Vec::new();
    for output in &manifest.elsewhere {
        let server =
            (output.kind == "postgres").then(|| connection::settings(output, &manifest.options)).transpose()?;
        let server = server.map(|settings| telling(settings, reporter));
        links.extend(server.clone().map(|settings| Link { database: output.database.clone(), settings }));
        elsewhere.push((output.database.clone(), warehouse(manifest, output, server, Vec::new())?));
    }
    Ok(Places::new(warehouse(manifest, &manifest.target, server, links)?, elsewhere))
}

fn warehouse(
    manifest: &Manifest,
    output: &TargetProfile,
    server: Option<Settings>,
    links: Vec<Link>,
) -> Result<Arc<dyn Warehouse>, Vec<Diagnostic>> {
    match (output.kind.as_str(), server) {
        // Views of a database read other databases of the project through links.
        (_, Some(settings)) => Ok(Arc::new(PostgresWarehouse::new(settings, links))),
        ("delta", None) => {
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
        (other, None) => Err(vec![
            Diagnostic::new(format!(
                "target '{}' of profile '{}' has type '{other}', which this medallion cannot open",
                output.target_name, output.profile_name
            ))
            .hint("the types it knows are: delta, postgres"),
        ]),
    }
}
