//! `incremental`: the first time a table, then only what is new meets what is there.

use super::{
    Compiled, LogLevel, Made, Onlooker, Prior, Workspace, extremes, failed, invalid, merge_columns, orphans,
    schema_change, table,
};
use crate::diagnostic::Diagnostic;
use crate::manifest::{Node, Strategy};
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
    prior: &Prior,
    onlooker: &dyn Onlooker,
) -> Result<Made, Diagnostic> {
    let strategy = strategy(node)?;
    let unique_key = node.config.unique_key.clone();
    if !compiled.incremental {
        return table::stage(workspace, relation, compiled, onlooker).await;
    }
    say_unused(workspace, node);
    let compiled = &match strategy {
        Strategy::Merge => merge_columns::keep(workspace, node, relation, compiled).await?,
        _ => compiled.clone(),
    };
    let known = match strategy {
        Strategy::Merge => extremes::rows(workspace, node, relation, compiled, prior).await?,
        _ => None,
    };
    let frame = match known {
        Some(frame) => frame,
        None => schema_change::fit(workspace, node, relation, compiled, strategy).await?,
    };
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
    let deleted = orphans::delete(workspace, node, relation, prior).await?;
    let mut verb = format!("{word} {}", staged.rows);
    if deleted > 0 {
        verb = format!("{verb}, DELETE {deleted}");
    }
    Ok(Made { verb, rows: Some(staged.rows + deleted) })
}

/// Other adapters look for a row's predecessor only where these hold. Here a row is found by its key alone.
fn say_unused(workspace: &Workspace, node: &Node) {
    for option in ["incremental_predicates", "predicates"] {
        if node.config.raw.get(option).is_some_and(|given| !given.is_null()) {
            let text = format!("{}: {option} are not used: rows are merged by their unique_key alone", node.name);
            (workspace.log)(LogLevel::Warn, &text);
        }
    }
}
