//! A view that groups one table: which of its columns are the groups' keys, and what a test of it counts once some groups
//! have changed.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::common::Column;
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use datafusion::prelude::DataFrame;

use super::beneath::{is_plain, names, published_plan_of};
use super::changed::number;
use crate::engine::{Rows, column_of, parse, relations_of};
use crate::materialize::{GroupKeys, Workspace, quoted};
use crate::warehouse::{RelationKind, RelationName};

/// `select key, … from table group by key`.
pub struct Groups {
    view: RelationName,
    /// The view's SQL.
    sql: String,
    table: RelationName,
    /// The view's and the table's name of each key.
    keys: Vec<(String, String)>,
}

impl Groups {
    /// `None` where the relation is something else.
    pub async fn of(workspace: &Workspace, view: &RelationName) -> Option<Self> {
        let RelationKind::View { sql } = workspace.relations.describe(view)?.kind else { return None };
        let target = &workspace.manifest.target;
        let named = relations_of(&parse(&sql).ok()?, &target.database, &target.schema).ok()?;
        let plan = published_plan_of(workspace, view, &named).await;
        let plan = plan.inspect_err(|error| tracing::debug!("{view}: {error}")).ok()??;
        let grouped = grouped(&plan)?;
        let table = grouped.rows.table(&target.database, &target.schema);
        let keys: Vec<_> =
            names(&plan).zip(grouped.keys).filter_map(|(shown, stored)| Some((shown, stored?))).collect();
        // Without one of them a group cannot be found again.
        let mut stored: Vec<&String> = keys.iter().map(|(_, stored)| stored).collect();
        stored.sort_unstable();
        stored.dedup();
        (stored.len() == grouped.count && grouped.count > 0).then(|| Groups { view: view.clone(), sql, table, keys })
    }

    pub fn table(&self) -> &RelationName {
        &self.table
    }

    /// Whether the view shows a key of the groups by this name, which is as SQL writes it.
    pub fn have_as_key(&self, column: &str) -> bool {
        is_plain(column) && self.keys.iter().any(|(shown, _)| shown == column)
    }

    /// Whether no row that comes or goes has a null among its keys.
    pub async fn all_have_keys(&self, workspace: &Workspace) -> Option<bool> {
        let changes = self.table.changes().quoted();
        let is_null = self.keys.iter().map(|(_, stored)| format!("{} is null", quoted(stored))).collect::<Vec<_>>();
        let without = format!("select count(*) from {changes} where {}", is_null.join(" or "));
        Some(number(workspace, &without).await? == 0)
    }

    /// Changed groups, and how many of them have a null in the column: as they will be, and as they are published. `None`: a
    /// group cannot be found again by its key, which has a null in it.
    pub async fn counts(&self, workspace: &Workspace, column: &str) -> Option<(Counts, Counts)> {
        if !self.all_have_keys(workspace).await? {
            return None;
        }
        let changes = self.table.changes().quoted();
        let keys = self.keys.iter().map(|(_, stored)| quoted(stored)).collect::<Vec<_>>().join(", ");
        let touched = GroupKeys::of(workspace, &format!("select distinct {keys} from {changes}")).await;
        let touched = touched.inspect_err(|error| tracing::debug!("{}: {error}", self.view)).ok()?;
        let before = self.sql_of(workspace, &self.table.published())?;
        let now = self.counts_of(workspace, &self.sql, &touched, column).await;
        let then = self.counts_of(workspace, &before, &touched, column).await;
        let known = now.and_then(|now| Ok((now, then?)));
        known.inspect_err(|error| tracing::debug!("{}: {error}", self.view)).ok()
    }

    async fn counts_of(&self, workspace: &Workspace, sql: &str, touched: &GroupKeys, column: &str) -> Result<Counts> {
        if touched.is_empty() {
            return Ok(Counts::default());
        }
        let stored: Vec<&str> = self.keys.iter().map(|(_, stored)| stored.as_str()).collect();
        let groups = touched.only(workspace.session.plan(sql).await?, &stored)?;
        let (qualifier, field) = groups.schema().qualified_field_with_unqualified_name(column)?;
        let column = Expr::Column(Column::new(qualifier.cloned(), field.name()));
        let groups = DataFrame::new(workspace.session.context().state(), groups);
        let counted = groups.aggregate(Vec::new(), vec![count(lit(1)), count(column)])?.collect().await?;
        let number = |at: usize| {
            let first = counted.first().map(|row| row.column(at).as_primitive::<Int64Type>().value(0));
            first.unwrap_or_default().unsigned_abs()
        };
        Ok(Counts { rows: number(0), nulls: number(0) - number(1) })
    }

    /// The view's SQL over another table. `None` where the view does not itself name its table, and no other.
    fn sql_of(&self, workspace: &Workspace, other: &RelationName) -> Option<String> {
        let target = &workspace.manifest.target;
        let reads = |sql: &str| relations_of(&parse(sql).ok()?, &target.database, &target.schema).ok();
        let sql = self.sql.replace(&self.table.quoted(), &other.quoted());
        (reads(&sql)? == std::slice::from_ref(other)).then_some(sql)
    }
}

#[derive(Debug, Default)]
pub struct Counts {
    pub rows: u64,
    pub nulls: u64,
}

struct Grouped<'p> {
    rows: Rows<'p>,
    /// By column of the plan: the table's column that it is a key by.
    keys: Vec<Option<String>>,
    /// How many keys there are.
    count: usize,
}

fn grouped(plan: &LogicalPlan) -> Option<Grouped<'_>> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => grouped(&alias.input),
        LogicalPlan::Filter(filter) => grouped(&filter.input),
        LogicalPlan::Projection(projection) => {
            let below = grouped(&projection.input)?;
            let of = |expr: &Expr| column_of(expr, &projection.input, &below.keys);
            Some(Grouped { keys: projection.expr.iter().map(of).collect(), ..below })
        }
        LogicalPlan::Aggregate(aggregate) => {
            let rows = Rows::of(&aggregate.input)?;
            let key = |expr| column_of(expr, &aggregate.input, &rows.columns);
            let keys: Vec<_> = aggregate.group_expr.iter().map(key).collect();
            let count = keys.len();
            let all = keys.iter().all(Option::is_some);
            let others = aggregate.aggr_expr.iter().map(|_| None);
            all.then(|| Grouped { rows, keys: keys.into_iter().chain(others).collect(), count })
        }
        _ => None,
    }
}
