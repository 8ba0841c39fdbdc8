//! `table`: the rows of the SQL, anew each time.

use super::{Compiled, Made, Onlooker, Workspace, failed, invalid};
use crate::diagnostic::Diagnostic;
use crate::warehouse::{RelationName, StageMode};

pub async fn stage(
    workspace: &Workspace,
    relation: &RelationName,
    compiled: &Compiled,
    onlooker: &dyn Onlooker,
) -> Result<Made, Diagnostic> {
    let frame = workspace.session.query(&compiled.sql).await.map_err(invalid(compiled))?;
    let streams = workspace.session.partitions(frame).await.map_err(invalid(compiled))?;
    let streams = onlooker.watch(workspace, relation, streams);
    // A model's rows stay as they are, equal keys too: the unique test speaks about those.
    let mode = StageMode::Replace { unique_key: Vec::new() };
    let staged = workspace.publication.stage(relation, streams, mode).await.map_err(failed(compiled))?;
    Ok(Made { verb: format!("SELECT {}", staged.rows), rows: Some(staged.rows) })
}
