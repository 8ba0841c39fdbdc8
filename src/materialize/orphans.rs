//! `delete_orphans`: rows of an incremental table whose key is no longer in the relation it is made from.
//!
//! A merge adds and replaces. When a correction changes what a key is made of, the row under the old key would stay for
//! good, and the incremental table would differ from a full refresh.

use serde_json::Value;

use super::{Compiled, Compiler, Prior, Workspace, failed, invalid, quoted};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Materialization, Node};
use crate::warehouse::{ColumnName, RelationName, Staged, WarehouseError};

/// `delete_orphans: {to: ref('transaction'), field: customer_id, column: id}`: rows whose `column` (the unique key, unless
/// said otherwise) is not among the values of `field` in `to` go.
struct DeleteOrphans {
    to: String,
    field: String,
    column: String,
}

/// The SQL that stands for what the deletion reads, for the node's fingerprint.
pub fn reads(workspace: &Workspace, node: &Node) -> Result<Option<String>, Diagnostic> {
    let Some(config) = config(node)? else { return Ok(None) };
    Ok(Some(format!("select * from {}", Compiler::new(workspace).expression(node, &config.to)?)))
}

/// The column of `to` by which the node deletes orphans, if that is what it looks into. What is wrong with its configuration
/// it says when its turn comes.
pub fn looked_up(workspace: &Workspace, node: &Node, to: &Node) -> Option<String> {
    let config = config(node).ok()?.filter(|_| node.config.materialized == Materialization::Incremental)?;
    let relation = Compiler::new(workspace).expression(node, &config.to).ok()?;
    (to.relation.as_ref()?.quoted() == relation).then_some(config.field)
}

/// Whether no row of the model goes by this but those whose `key` is no longer among the values of `field` in `table`.
pub fn are_those_of(
    workspace: &Workspace,
    node: &Node,
    table: &RelationName,
    (field, key): (&str, &str),
) -> Result<bool, Diagnostic> {
    let Some(config) = config(node)? else { return Ok(true) };
    let to = Compiler::new(workspace).expression(node, &config.to)?;
    Ok(to == table.quoted() && config.field == field && config.column == key)
}

/// Stages the deletion, after the merge. Returns how many rows go.
pub async fn delete(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    prior: &Prior,
) -> Result<u64, Diagnostic> {
    let Some(config) = config(node)? else { return Ok(0) };
    let to = Compiler::new(workspace).expression(node, &config.to)?;
    let (column, field) = (quoted(&config.column), quoted(&config.field));
    // A key that is new among the orphans has left `to` in this publication. If all of them were taken out by the last
    // one, those are all there are.
    let seen = seen(workspace, prior, &to, relation).await?;
    if let Some(table) = &seen
        && let Some(staged) = delete_by_keys(workspace, (table, &config.field), (relation, &config.column)).await?
    {
        return Ok(staged.removed);
    }
    // Each key once: a join goes over all rows of a key each time it meets the key.
    let stored = match seen {
        Some(table) => without_row(&field, &table.changes().quoted()),
        None => format!("select distinct {column} as key from {}", relation.quoted()),
    };
    let sql = format!(
        "select stored.key as {column} from ({stored}) as stored \
         where stored.key is not null and not exists (select 1 from {to} as present where present.{field} = stored.key)",
    );
    let compiled = Compiled { sql, incremental: true, path: node.path.clone() };
    let frame = workspace.session.query(&compiled.sql).await.map_err(invalid(&compiled))?;
    let keys = workspace.session.partitions(frame).await.map_err(invalid(&compiled))?;
    let staged =
        workspace.publication.stage_delete(relation, &[config.column], keys).await.map_err(failed(&compiled))?;
    Ok(staged.removed)
}

/// Without a query, where the warehouse finds rows by keys itself.
async fn delete_by_keys(
    workspace: &Workspace,
    (to, field): (&RelationName, &str),
    (relation, column): (&RelationName, &str),
) -> Result<Option<Staged>, WarehouseError> {
    let Some(by_keys) = workspace.publication.by_keys() else { return Ok(None) };
    let name = |table: &RelationName, column: &str| ColumnName { table: table.clone(), column: column.to_string() };
    let Some(left) = by_keys.that_left(&name(to, field)).await? else { return Ok(None) };
    by_keys.stage_delete(&name(relation, column), &left).await
}

/// The keys of rows that go and of none that comes, each once as `key`: those that may have no row any more. Most rows that
/// go are replaced, and need no look at the table.
pub fn without_row(field: &str, changes: &str) -> String {
    format!("select {field} as key from {changes} group by {field} having bool_and(_change_type = 'delete')")
}

/// The table `to`, where it is known what this publication takes out of it, and the model has seen it before.
async fn seen(
    workspace: &Workspace,
    prior: &Prior,
    to: &str,
    relation: &RelationName,
) -> Result<Option<RelationName>, Diagnostic> {
    let table = prior.seen.iter().find(|table| table.quoted() == to && prior.seen.contains(relation));
    let Some(table) = table else { return Ok(None) };
    Ok(workspace.publication.scan_changes(table).await?.map(|_| table.clone()))
}

fn config(node: &Node) -> Result<Option<DeleteOrphans>, Diagnostic> {
    let Some(given) = node.config.raw.get("delete_orphans").or_else(|| node.config.meta.get("delete_orphans")) else {
        return Ok(None);
    };
    let text = |key: &str| given.get(key).and_then(Value::as_str).map(str::to_string);
    let key = match node.config.unique_key.as_slice() {
        [key] => Some(key.clone()),
        _ => None,
    };
    match (text("to"), text("field"), text("column").or(key)) {
        (Some(to), Some(field), Some(column)) => Ok(Some(DeleteOrphans { to, field, column })),
        _ => Err(Diagnostic::new(format!("{}: delete_orphans needs `to` and `field`, and a single key", node.name))
            .at(node.place())
            .hint("write delete_orphans: {to: ref('a_model'), field: its_column}, and a unique_key of one column")),
    }
}
