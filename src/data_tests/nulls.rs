//! How many values of a column are null, as far as the warehouse knows that without reading.

use std::collections::HashMap;

use datafusion::common::stats::Precision;

use crate::materialize::Workspace;
use crate::warehouse::{RelationKind, RelationName};

/// By column, those of `columns` for which it is known.
pub async fn known_nulls<'c>(
    workspace: &Workspace,
    relation: &RelationName,
    columns: impl Iterator<Item = &'c String>,
) -> HashMap<String, u64> {
    let mut known = HashMap::new();
    let is_table = workspace.relations.describe(relation).is_some_and(|d| d.kind == RelationKind::Table);
    let Some(table) = (if is_table { workspace.relations.scan(relation).await.ok() } else { None }) else {
        return known;
    };
    let (schema, Some(statistics)) = (table.schema(), table.statistics()) else { return known };
    for name in columns {
        // As SQL reads a name that is not quoted.
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let column = schema.index_of(name).ok().filter(|_| plain);
        let nulls = column.and_then(|index| statistics.column_statistics.get(index)).map(|column| column.null_count);
        if let Some(Precision::Exact(nulls)) = nulls {
            known.insert(name.clone(), nulls as u64);
        }
    }
    known
}
