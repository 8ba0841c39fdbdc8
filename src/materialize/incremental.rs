//! `incremental`: the first time a table, then only what is new meets what is there.

use datafusion::prelude::DataFrame;

use super::{Compiled, Made, Workspace, failed, invalid, orphans, table};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, OnSchemaChange, Strategy};
use crate::warehouse::{RelationName, StageMode};

/// The strategy of a model: what it says, else a merge where it has a key.
pub fn strategy(node: &Node) -> Result<Strategy, Diagnostic> {
    let has_key = !node.config.unique_key.is_empty();
    match node.config.incremental_strategy {
        Some(strategy @ (Strategy::Merge | Strategy::DeleteInsert)) if !has_key => {
            let name = if strategy == Strategy::Merge { "merge" } else { "delete+insert" };
            Err(Diagnostic::new(format!("{}: incremental_strategy '{name}' needs a unique_key", node.name))
                .at(node.place())
                .hint("set unique_key in the model's config, or use incremental_strategy 'append'"))
        }
        Some(strategy) => Ok(strategy),
        None if has_key => Ok(Strategy::Merge),
        None => Ok(Strategy::Append),
    }
}

pub async fn stage(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
) -> Result<Made, Diagnostic> {
    let strategy = strategy(node)?;
    let unique_key = node.config.unique_key.clone();
    if !compiled.incremental {
        return table::stage(workspace, relation, compiled).await;
    }
    let frame = workspace.session.query(&compiled.sql).await.map_err(invalid(compiled))?;
    let frame = fit(workspace, node, relation, compiled, frame).await?;
    let streams = workspace.session.partitions(frame).await.map_err(invalid(compiled))?;
    let (word, mode) = match strategy {
        Strategy::Merge => ("MERGE", StageMode::Merge { unique_key: unique_key.clone() }),
        Strategy::DeleteInsert => ("INSERT", StageMode::DeleteInsert { unique_key: unique_key.clone() }),
        Strategy::Append => ("INSERT", StageMode::Append),
    };
    let staged = workspace.publication.stage(relation, streams, mode).await.map_err(failed(compiled))?;
    if staged.duplicates > 0 {
        return Err(Diagnostic::new(format!(
            "{}: the select gives {} more rows than keys ({}), so it is not certain which of them to keep",
            node.name,
            staged.duplicates,
            unique_key.join(", ")
        ))
        .at(node.place())
        .hint("make the select give one row a unique_key, with group by or distinct on"));
    }
    let deleted = orphans::delete(workspace, node, relation).await?;
    let mut verb = format!("{word} {}", staged.rows);
    if deleted > 0 {
        verb = format!("{verb}, DELETE {deleted}");
    }
    Ok(Made { verb, rows: Some(staged.rows + deleted) })
}

/// The rows with the columns that `on_schema_change` lets through.
async fn fit(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
    frame: DataFrame,
) -> Result<DataFrame, Diagnostic> {
    let stored = workspace.relations.scan(relation).await.map_err(failed(compiled))?.schema();
    let has: Vec<&str> = stored.fields().iter().map(|field| field.name().as_str()).collect();
    let comes: Vec<String> = frame.schema().fields().iter().map(|field| field.name().clone()).collect();
    let added: Vec<&str> = comes.iter().map(String::as_str).filter(|name| !has.contains(name)).collect();
    let gone: Vec<&str> = has.iter().copied().filter(|name| !comes.iter().any(|c| c == name)).collect();
    if added.is_empty() && gone.is_empty() {
        return Ok(frame);
    }
    let changed = |what: &str| {
        Diagnostic::new(format!("{}: {what}", node.name))
            .at(node.place())
            .hint("run once with --full-refresh to build the table anew, or set on_schema_change to append_new_columns")
    };
    match node.config.on_schema_change {
        OnSchemaChange::Fail => Err(changed(&format!(
            "the columns changed (new: {}; gone: {}) and on_schema_change is 'fail'",
            listed(&added),
            listed(&gone)
        ))),
        OnSchemaChange::Ignore if !gone.is_empty() => {
            Err(changed(&format!("the table has columns that the select does not give any more: {}", listed(&gone))))
        }
        OnSchemaChange::Ignore => frame.select_columns(&has).map_err(invalid(compiled)),
        OnSchemaChange::AppendNewColumns => Ok(frame),
        OnSchemaChange::SyncAllColumns if gone.is_empty() => Ok(frame),
        OnSchemaChange::SyncAllColumns => {
            Err(changed(&format!("dropping columns from a table is not supported yet: {}", listed(&gone))))
        }
    }
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() { "none".to_string() } else { names.join(", ") }
}
