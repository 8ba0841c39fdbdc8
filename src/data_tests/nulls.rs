//! How many values of a column are null, as far as the warehouse knows that without sending rows.

use std::collections::HashMap;

use datafusion::common::stats::Precision;
use datafusion::logical_expr::{Expr, LogicalPlan};

use crate::engine::resolve;
use crate::materialize::Workspace;
use crate::warehouse::{RelationKind, RelationName};

/// What is known of a relation: of its columns those whose nulls are.
#[derive(Debug, Default)]
pub struct KnownNulls {
    pub rows: Option<u64>,
    pub nulls: HashMap<String, u64>,
}

/// What the warehouse has written down of `columns`, whose names are as SQL writes them.
pub async fn recorded_nulls(workspace: &Workspace, relation: &RelationName, columns: &[&str]) -> HashMap<String, u64> {
    match Beneath::find(workspace, relation).await {
        Some(beneath) => beneath.recorded(workspace, columns).await,
        None => HashMap::new(),
    }
}

/// Also what the warehouse counts by itself.
pub async fn known_nulls(workspace: &Workspace, relation: &RelationName, columns: &[&str]) -> KnownNulls {
    let Some(beneath) = Beneath::find(workspace, relation).await else { return KnownNulls::default() };
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
    async fn find(workspace: &Workspace, relation: &RelationName) -> Option<Self> {
        let kind = |name: &RelationName| Some(workspace.relations.describe(name)?.kind);
        if kind(relation)? == RelationKind::Table {
            let schema = workspace.relations.scan(relation).await.ok()?.schema();
            let columns = schema.fields().iter().map(|field| (field.name().clone(), field.name().clone()));
            return Some(Beneath { table: relation.clone(), columns: columns.collect() });
        }
        let session = &workspace.session;
        let plan = session.plan(&format!("select * from {}", relation.quoted())).await.ok()?;
        let plan = session.context().state().optimize(&plan).ok()?;
        let target = &workspace.manifest.target;
        let (scanned, stored) = picked(&plan)?;
        let table = resolve(scanned.clone(), &target.database, &target.schema);
        let shown = plan.schema().fields().iter().map(|field| field.name().clone());
        let columns = shown.zip(stored).filter_map(|(shown, stored)| Some((shown, stored?))).collect();
        (kind(&table)? == RelationKind::Table).then_some(Beneath { table, columns })
    }

    fn column(&self, name: &str) -> Option<&str> {
        // As SQL reads a name that is not quoted.
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        self.columns.get(name).filter(|_| plain).map(String::as_str)
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

/// The table whose rows the plan gives, each once and all of them, and which column of it each of the plan's is.
fn picked(plan: &LogicalPlan) -> Option<(&datafusion::common::TableReference, Vec<Option<String>>)> {
    match plan {
        LogicalPlan::TableScan(scan) if scan.filters.is_empty() && scan.fetch.is_none() => {
            let names = scan.projected_schema.fields().iter().map(|field| Some(field.name().clone()));
            Some((&scan.table_name, names.collect()))
        }
        LogicalPlan::SubqueryAlias(alias) => picked(&alias.input),
        LogicalPlan::Projection(projection) => {
            let (table, stored) = picked(&projection.input)?;
            let of = |expr: &Expr| column_of(expr, &projection.input, &stored);
            Some((table, projection.expr.iter().map(of).collect()))
        }
        _ => None,
    }
}

/// Which of the table's columns an expression is, `stored` being those of its input.
pub fn column_of(expr: &Expr, input: &LogicalPlan, stored: &[Option<String>]) -> Option<String> {
    match expr.clone().unalias_nested().data {
        Expr::Column(column) => stored.get(input.schema().maybe_index_of_column(&column)?)?.clone(),
        _ => None,
    }
}
