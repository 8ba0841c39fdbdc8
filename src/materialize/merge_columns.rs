//! `merge_update_columns` and `merge_exclude_columns`: which columns of a row that is there a merge changes.

use serde_json::Value;

use super::{Compiled, Workspace, invalid, quoted};
use crate::diagnostic::Diagnostic;
use crate::manifest::Node;
use crate::warehouse::RelationName;

const UPDATE: &str = "merge_update_columns";
const EXCLUDE: &str = "merge_exclude_columns";

/// The select, with the stored values in the columns that are not to change. A row that is new comes as it is.
pub async fn keep(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
) -> Result<Compiled, Diagnostic> {
    let (updated, excluded) = (named(node, UPDATE)?, named(node, EXCLUDE)?);
    if updated.is_some() && excluded.is_some() {
        let both = format!("{}: {UPDATE} and {EXCLUDE} are both set", node.name);
        return Err(Diagnostic::new(both).at(node.place()).hint("keep one of the two"));
    }
    let Some(listed) = updated.as_ref().or(excluded.as_ref()) else { return Ok(compiled.clone()) };
    let frame = workspace.session.query(&compiled.sql).await.map_err(invalid(compiled))?;
    let columns: Vec<&str> = frame.schema().fields().iter().map(|field| field.name().as_str()).collect();
    if let Some(unknown) = listed.iter().find(|name| !columns.contains(&name.as_str())) {
        let option = if updated.is_some() { UPDATE } else { EXCLUDE };
        return Err(Diagnostic::new(format!("{}: {option}: the select gives no column '{unknown}'", node.name))
            .at(node.place())
            .known_names(unknown, "columns", columns));
    }
    let stored = workspace.relations.scan(relation).await?.schema();
    let key = &node.config.unique_key;
    let stays = |name: &str| {
        let changes = listed.iter().any(|listed| listed == name) == updated.is_some();
        !changes && !key.iter().any(|key| key == name) && stored.index_of(name).is_ok()
    };
    let there = key.first().map(|key| format!("stored_rows.{} is not null", quoted(key))).unwrap_or_default();
    let values: Vec<String> = columns
        .iter()
        .map(|name| {
            let column = quoted(name);
            match stays(name) {
                true => format!("case when {there} then stored_rows.{column} else new_rows.{column} end as {column}"),
                false => format!("new_rows.{column}"),
            }
        })
        .collect();
    let met: Vec<String> = key.iter().map(quoted).map(|key| format!("new_rows.{key} = stored_rows.{key}")).collect();
    let sql = format!(
        "select {} from (\n{}\n) as new_rows left join {} as stored_rows on {}",
        values.join(", "),
        compiled.sql,
        relation.quoted(),
        met.join(" and ")
    );
    Ok(Compiled { sql, ..compiled.clone() })
}

/// The columns that an option lists, or the one that it names.
fn named(node: &Node, option: &str) -> Result<Option<Vec<String>>, Diagnostic> {
    let names = match node.config.raw.get(option) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(name)) => Some(vec![name.clone()]),
        Some(Value::Array(names)) => names.iter().map(|name| name.as_str().map(str::to_string)).collect(),
        Some(_) => None,
    };
    match names {
        Some(names) => Ok(Some(names)),
        None => Err(Diagnostic::new(format!("{}: {option} is no list of columns", node.name))
            .at(node.place())
            .hint(format!("write {option}: [a, b]"))),
    }
}
