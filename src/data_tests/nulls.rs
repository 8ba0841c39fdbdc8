//! How many values of a column are null, as far as the warehouse knows that without sending rows.

use std::collections::HashMap;

use datafusion::common::stats::Precision;

use super::beneath::{ViewPlans, is_plain, names};
use crate::engine::Rows;
use crate::materialize::Workspace;
use crate::warehouse::{RelationKind, RelationName};

/// What is known of a relation: of its columns those whose nulls are.
#[derive(Debug, Default)]
pub struct KnownNulls {
    pub rows: Option<u64>,
    pub nulls: HashMap<String, u64>,
}

/// What the warehouse has written down of `columns`, whose names are as SQL writes them.
pub async fn recorded_nulls(
    workspace: &Workspace,
    plans: &ViewPlans,
    relation: &RelationName,
    columns: &[&str],
) -> HashMap<String, u64> {
    match Beneath::find(workspace, plans, relation).await {
        Some(beneath) => beneath.recorded(workspace, columns).await,
        None => HashMap::new(),
    }
}

/// Also what the warehouse counts by itself.
pub async fn known_nulls(
    workspace: &Workspace,
    plans: &ViewPlans,
    relation: &RelationName,
    columns: &[&str],
) -> KnownNulls {
    let Some(beneath) = Beneath::find(workspace, plans, relation).await else { return KnownNulls::default() };
    let mut known = KnownNulls { rows: None, nulls: beneath.recorded(workspace, columns).await };
    let asked: Vec<(&str, &str)> = columns
        .iter()
        .filter(|name| !known.nulls.contains_key(**name))
        .filter_map(|name| Some((*name, beneath.column(name)?)))
        .collect();
    if asked.is_empty() {
        return known;
    }
    let (names, stored): (Vec<&str>, Vec<&str>) = asked.into_iter().unzip();
    let counted = workspace.relations.count_nulls(&beneath.table, &stored).await;
    let counted = counted.inspect_err(|error| tracing::debug!("{relation}: {error}"));
    if let Ok(Some(counted)) = counted {
        known.rows = Some(counted.rows);
        known.nulls.extend(names.into_iter().map(str::to_string).zip(counted.nulls));
    }
    known
}

/// A table that a relation shows row by row: itself, or that of a view which only picks columns.
struct Beneath {
    table: RelationName,
    /// The table's columns by the relation's.
    columns: HashMap<String, String>,
}

impl Beneath {
    async fn find(workspace: &Workspace, plans: &ViewPlans, relation: &RelationName) -> Option<Self> {
        let kind = |name: &RelationName| Some(workspace.relations.describe(name)?.kind);
        if kind(relation)? == RelationKind::Table {
            let schema = workspace.relations.scan(relation).await.ok()?.schema();
            let columns = schema.fields().iter().map(|field| (field.name().clone(), field.name().clone()));
            return Some(Beneath { table: relation.clone(), columns: columns.collect() });
        }
        let plan = plans.staged(workspace, relation).await?;
        let rows = Rows::of(&plan).filter(|rows| rows.all)?;
        let target = &workspace.manifest.target;
        let table = rows.table(&target.database, &target.schema);
        let columns = names(&plan).zip(rows.columns).filter_map(|(shown, stored)| Some((shown, stored?))).collect();
        (kind(&table)? == RelationKind::Table).then_some(Beneath { table, columns })
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name).filter(|_| is_plain(name)).map(String::as_str)
    }

    async fn recorded(&self, workspace: &Workspace, columns: &[&str]) -> HashMap<String, u64> {
        let Ok(table) = workspace.relations.scan(&self.table).await else { return HashMap::new() };
        let (schema, Some(statistics)) = (table.schema(), table.statistics()) else { return HashMap::new() };
        let nulls = columns.iter().filter_map(|name| {
            let index = schema.index_of(self.column(name)?).ok()?;
            match statistics.column_statistics.get(index)?.null_count {
                Precision::Exact(nulls) => Some(((*name).to_string(), nulls as u64)),
                _ => None,
            }
        });
        nulls.collect()
    }
}
