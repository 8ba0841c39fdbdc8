//! `view`: SQL under a name. Nothing is computed, but it is planned, so that a view that cannot be read is an error now.

use super::{Compiled, Made, Workspace, failed, invalid};
use crate::diagnostic::Diagnostic;
use crate::warehouse::RelationName;

pub async fn stage(workspace: &Workspace, relation: &RelationName, compiled: &Compiled) -> Result<Made, Diagnostic> {
    workspace.session.plan(&compiled.sql).await.map_err(invalid(compiled))?;
    workspace.publication.stage_view(relation, &compiled.sql).map_err(failed(compiled))?;
    Ok(Made { verb: "CREATE VIEW".to_string(), rows: None })
}
