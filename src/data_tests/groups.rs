//! A view that groups one table: which of its columns are the groups' keys, and what a test of it counts once some groups
//! have changed.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::common::Column;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{Expr, LogicalPlan, lit};
use datafusion::prelude::DataFrame;

use super::beneath::{PublishedView, ViewPlans, is_plain, names};
use super::changed::number;
use super::found::known;
use crate::engine::{Rows, column_of, parse, relations_of};
use crate::materialize::{GroupKeys, Workspace, over, quoted};
use crate::warehouse::{ColumnName, RelationName, When};

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
    pub async fn of(workspace: &Workspace, plans: &ViewPlans, view: &RelationName) -> Option<Self> {
        let PublishedView { sql, plan, .. } = plans.published(workspace, view).await?;
        let target = &workspace.manifest.target;
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
        if let Some(has_nulls) = self.have_nulls(workspace).await {
            return Some(!has_nulls);
        }
        let changes = self.table.changes().quoted();
        let is_null = self.keys.iter().map(|(_, stored)| format!("{} is null", quoted(stored))).collect::<Vec<_>>();
        let without = format!("select count(*) from {changes} where {}", is_null.join(" or "));
        Some(number(workspace, &without).await? == 0)
    }

    async fn have_nulls(&self, workspace: &Workspace) -> Option<bool> {
        let by_keys = workspace.publication.by_keys()?;
        let mut have_nulls = false;
        for (_, stored) in &self.keys {
            have_nulls |= known(&self.table, by_keys.has_nulls(&self.stored(stored)).await)?;
        }
        Some(have_nulls)
    }

    fn stored(&self, column: &str) -> ColumnName {
        ColumnName { table: self.table.clone(), column: column.to_string() }
    }

    /// Changed groups, and how many of them have a null in the column: as they will be, and as they are published. `None`: a
    /// group cannot be found again by its key, which has a null in it.
    pub async fn counts(&self, workspace: &Workspace, column: &str) -> Option<(Counts, Counts)> {
        if !self.all_have_keys(workspace).await? {
            return None;
        }
        if let Some(counts) = self.counts_by_keys(workspace, column).await {
            return Some(counts);
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

    /// The same, where the warehouse finds the rows of a group by its key, and the key's value does not matter.
    async fn counts_by_keys(&self, workspace: &Workspace, column: &str) -> Option<(Counts, Counts)> {
        let [(shown, stored)] = self.keys.as_slice() else { return None };
        let by_keys = workspace.publication.by_keys()?;
        let of = self.stored(stored);
        let keys = known(&self.table, by_keys.that_change(&of).await)?;
        let plan = workspace.session.plan(&self.sql).await.ok()?;
        if !is_only_grouped_by(&plan, &[shown, stored]) {
            return None;
        }
        let counts = async |when: When| {
            let rows = known(&self.table, by_keys.grouped_rows(&of, &keys, when).await)?;
            let counted = count_groups(workspace, over(plan.clone(), &rows).ok()?, column).await;
            counted.inspect_err(|error| tracing::debug!("{}: {error}", self.view)).ok()
        };
        Some((counts(When::Staged).await?, counts(When::Published).await?))
    }

    async fn counts_of(&self, workspace: &Workspace, sql: &str, touched: &GroupKeys, column: &str) -> Result<Counts> {
        if touched.is_empty() {
            return Ok(Counts::default());
        }
        let stored: Vec<&str> = self.keys.iter().map(|(_, stored)| stored.as_str()).collect();
        let groups = touched.only(workspace.session.plan(sql).await?, &stored)?;
        count_groups(workspace, groups, column).await
    }

    /// The view's SQL over another table. `None` where the view does not itself name its table, and no other.
    fn sql_of(&self, workspace: &Workspace, other: &RelationName) -> Option<String> {
        let target = &workspace.manifest.target;
        let reads = |sql: &str| relations_of(&parse(sql).ok()?, &target.database, &target.schema).ok();
        let sql = self.sql.replace(&self.table.quoted(), &other.quoted());
        (reads(&sql)? == std::slice::from_ref(other)).then_some(sql)
    }
}

async fn count_groups(workspace: &Workspace, groups: LogicalPlan, column: &str) -> Result<Counts> {
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

/// Whether a plan groups rows by a column of these names, and shows it, and does nothing else with it.
fn is_only_grouped_by(plan: &LogicalPlan, names: &[&str]) -> bool {
    let is_named = |expr: &Expr| matches!(expr, Expr::Column(column) if names.contains(&column.name.as_str()));
    let is_left = |expr: &Expr| match expr {
        // It keeps its name, by which it is known further up.
        Expr::Alias(alias) => is_named(&alias.expr) && names.contains(&alias.name.as_str()),
        other => is_named(other),
    };
    let reads = |expr: &Expr| expr.exists(|part| Ok(is_named(part))).unwrap_or(true);
    let leaves = |exprs: &[Expr]| exprs.iter().all(|expr| is_left(expr) || !reads(expr));
    let mut only = true;
    let walked = plan.apply(|node| {
        only &= match node {
            LogicalPlan::TableScan(scan) => scan.filters.is_empty(),
            LogicalPlan::SubqueryAlias(_) => true,
            LogicalPlan::Filter(filter) => !reads(&filter.predicate),
            LogicalPlan::Projection(projection) => leaves(&projection.expr),
            LogicalPlan::Aggregate(aggregate) => {
                leaves(&aggregate.group_expr) && !aggregate.aggr_expr.iter().any(reads)
            }
            _ => false,
        };
        Ok(TreeNodeRecursion::Continue)
    });
    only && walked.is_ok()
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
