//! `view`: SQL under a name. Nothing is computed, but it is planned, so that a view that cannot be read is an error now.

use super::{Compiled, Made, Onlooker, Workspace, failed, invalid, table};
use crate::diagnostic::Diagnostic;
use crate::engine::{parse, relations_of};
use crate::warehouse::RelationName;

pub async fn stage(
    workspace: &Workspace,
    relation: &RelationName,
    compiled: &Compiled,
    onlooker: &dyn Onlooker,
) -> Result<Made, Diagnostic> {
    if reads_elsewhere(workspace, compiled)? {
        // The server cannot compute what it cannot read: its view is a table of the rows as they are now.
        return table::stage(workspace, relation, compiled, onlooker).await;
    }
    workspace.session.plan(&compiled.sql).await.map_err(invalid(compiled))?;
    workspace.publication.stage_view(relation, &compiled.sql).map_err(failed(compiled))?;
    Ok(Made { verb: "CREATE VIEW".to_string(), rows: None })
}

/// Whether the view reads what only this program can read.
fn reads_elsewhere(workspace: &Workspace, compiled: &Compiled) -> Result<bool, Diagnostic> {
    let target = &workspace.manifest.target;
    let statement = parse(&compiled.sql).map_err(invalid(compiled))?;
    let reads = relations_of(&statement, &target.database, &target.schema).map_err(invalid(compiled))?;
    Ok(reads.iter().any(|name| !workspace.publication.view_can_read(name)))
}
