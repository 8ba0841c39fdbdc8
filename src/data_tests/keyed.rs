//! What a standard test of a table counts once some rows have changed, where the warehouse finds rows by keys itself. `None`
//! everywhere: SQL has to ask.

use super::found::known;
use crate::materialize::Workspace;
use crate::warehouse::{ByKeys, ColumnName, WarehouseError};

/// How many more rows with a null there will be.
pub async fn more_nulls(workspace: &Workspace, of: &ColumnName) -> Option<i64> {
    known(&of.table, workspace.publication.by_keys()?.more_nulls(of).await)
}

/// How many values stand more than once, where none did.
pub async fn repeated(workspace: &Workspace, of: &ColumnName) -> Option<u64> {
    let by_keys = workspace.publication.by_keys()?;
    let come = known(&of.table, by_keys.that_come(of).await)?;
    known(&of.table, by_keys.repeated(of, &come).await)
}

/// Whether each child has a parent, as all had.
pub async fn all_have_parents(workspace: &Workspace, child: &ColumnName, parent: &ColumnName) -> Option<bool> {
    known(&child.table, have_parents(workspace.publication.by_keys()?, child, parent).await)
}

async fn have_parents(
    by_keys: &dyn ByKeys,
    child: &ColumnName,
    parent: &ColumnName,
) -> Result<Option<bool>, WarehouseError> {
    // Only a child that comes can be without one, or one whose parent goes.
    let (Some(come), Some(parents)) = (by_keys.that_come(child).await?, by_keys.that_come(parent).await?) else {
        return Ok(None);
    };
    if !come.are_like(&parents) {
        return Ok(None);
    }
    match by_keys.missing(parent, &come.without(&parents)).await? {
        None => return Ok(None),
        Some(alone) if !alone.is_empty() => return Ok(Some(false)),
        Some(_) => {}
    }
    let Some(left) = by_keys.that_left(parent).await? else { return Ok(None) };
    let of_nobody = by_keys.missing(child, &left).await?;
    Ok(of_nobody.map(|of_nobody| of_nobody.len() == left.len()))
}
