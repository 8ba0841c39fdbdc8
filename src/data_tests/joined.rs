//! A view that groups: what its plan says of the columns, and the plan of one that groups a join over other rows than its
//! tables have.
//!
//! From changed rows it follows what groups there are to look at. A row of the join that comes, or is there more often, is
//! joined from a row that comes in one table and rows of the others as they will be; one that goes, from a row that goes
//! and rows of the others as they are published. So the groups that are not those of the view over the rows of one table
//! that come, or that go, stay as they are, `having` or not. Where no group had a null, one has it now only if
//!
//! - a touched group has the null in its key; or
//! - what is computed of a touched group is null. An aggregate is null where no row has a value for it, so that a value
//!   which the rows that come make by themselves is one of the whole group too, if another one. The groups in which they
//!   make none have to be looked at as they will be.
//!
//! How often a row comes does not matter for either, nor what `having` says of a part of a group: it is left out.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, ScalarValue, TableReference};
use datafusion::datasource::provider_as_source;
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr_fn::in_list;
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{Aggregate, Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, TableScan, lit};

use super::beneath::{PublishedView, ViewPlans, is_plain, names};
use crate::engine::resolve;
use crate::materialize::Workspace;
use crate::warehouse::RelationName;

/// What a column of the view is of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The key of this number.
    Key(usize),
    /// Not null over all rows of the group if it is not over some of them.
    Kept,
    Other,
}

/// A table of the join.
pub struct Joint {
    pub name: RelationName,
    /// As the plan names it.
    reference: TableReference,
    /// Those that the view reads.
    pub columns: Vec<String>,
}

/// `select key, … from table join table on … group by key`.
pub struct Joined {
    /// The groups of the published tables, also those that `having` leaves out.
    groups: LogicalPlan,
    pub tables: Vec<Joint>,
    pub columns: Vec<Shown>,
    /// Where the view shows its keys; `None` where it does not show all of them.
    pub keys: Option<Vec<usize>>,
}

impl Joined {
    /// `None` where the relation is something else.
    pub async fn of(workspace: &Workspace, plans: &ViewPlans, view: &RelationName) -> QueryResult<Option<Self>> {
        let Some(PublishedView { tables: named, plan, .. }) = plans.published(workspace, view).await else {
            return Ok(None);
        };
        let target = &workspace.manifest.target;
        let mut scans = Vec::new();
        let Some((columns, aggregate)) = shown(&plan) else { return Ok(None) };
        if aggregate.group_expr.is_empty() || collect_scans(&aggregate.input, &mut scans).is_none() {
            return Ok(None);
        }
        let name = |scan: &TableScan| resolve(scan.table_name.clone(), &target.database, &target.schema);
        let mut tables: Vec<Joint> = scans.into_iter().map(|scan| Joint::of(scan, name(scan))).collect();
        tables.sort_by(|one, other| one.name.cmp(&other.name));
        // Each once, and by the view itself: another view between them may have become another one.
        let reads_each = tables.iter().map(|table| &table.name).eq(&named);
        if !reads_each || tables.iter().any(|table| table.columns.is_empty()) {
            return Ok(None);
        }
        let key_at = |key| columns.iter().position(|shown| *shown == Shown::Key(key));
        let keys = (0..aggregate.group_expr.len()).map(key_at).collect();
        Ok(Some(Joined { groups: without_filters(plan.clone())?, tables, columns, keys }))
    }

    /// Where the view shows a column, whose name is as SQL writes it.
    pub fn position(&self, column: &str) -> Option<usize> {
        position(&self.groups, column)
    }

    /// The groups with other rows in place of a table's published ones, where there are such.
    pub fn over(&self, rows: &[Option<Arc<dyn TableProvider>>]) -> QueryResult<LogicalPlan> {
        let of = |scan: &TableScan| {
            let mut found = self.tables.iter().zip(rows).filter(|(table, _)| table.reference == scan.table_name);
            found.next().and_then(|(_, rows)| rows.clone())
        };
        let groups = self.groups.clone().transform_up(|node| match node {
            LogicalPlan::TableScan(scan) => match of(&scan) {
                Some(rows) => Ok(Transformed::yes(scan_of(&scan, rows)?)),
                None => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            },
            // Which of its columns may be null can be another question now.
            other => other.recompute_schema().map(Transformed::yes),
        })?;
        Ok(groups.data)
    }

    /// Some groups, by their keys, made of so many of their rows only.
    pub fn over_some(
        &self,
        rows: &[Option<Arc<dyn TableProvider>>],
        keys: &[ArrayRef],
        most: usize,
    ) -> QueryResult<LogicalPlan> {
        let groups = self.over(rows)?.transform_down(|node| {
            let LogicalPlan::Aggregate(grouped) = node else { return Ok(Transformed::no(node)) };
            let found = has_keys(&grouped.group_expr, keys)?;
            let input = LogicalPlanBuilder::from(grouped.input).filter(found)?.limit(0, Some(most))?.build()?;
            let some = Aggregate::try_new(Arc::new(input), grouped.group_expr, grouped.aggr_expr)?;
            Ok(Transformed::new(LogicalPlan::Aggregate(some), true, TreeNodeRecursion::Jump))
        })?;
        Ok(groups.data)
    }
}

/// Whether a row is of one of the groups: the keys have no null.
fn has_keys(group_by: &[Expr], keys: &[ArrayRef]) -> QueryResult<Expr> {
    let count = keys.first().map_or(0, |key| key.len());
    let values = |key: &ArrayRef| {
        let values = (0..count).map(|row| ScalarValue::try_from_array(key, row).map(lit));
        values.collect::<QueryResult<Vec<Expr>>>()
    };
    let by = group_by.iter().map(|expr| expr.clone().unalias_nested().data);
    let keys = by.zip(keys).map(|(expr, key)| Ok((expr, values(key)?)));
    let mut keys = keys.collect::<QueryResult<Vec<(Expr, Vec<Expr>)>>>()?;
    if keys.len() == 1
        && let Some((expr, values)) = keys.pop()
    {
        return Ok(in_list(expr, values, false));
    }
    let is = |row: usize| conjunction(keys.iter().map(|(expr, values)| expr.clone().eq(values[row].clone())));
    Ok(disjunction((0..count).filter_map(is)).unwrap_or_else(|| lit(false)))
}

impl Joint {
    fn of(scan: &TableScan, name: RelationName) -> Self {
        let mut columns: Vec<String> =
            scan.projected_schema.fields().iter().map(|field| field.name().clone()).collect();
        let filtered = scan.filters.iter().flat_map(Expr::column_refs).map(|column| column.name.clone());
        columns.extend(filtered);
        columns.sort_unstable();
        columns.dedup();
        Joint { name, reference: scan.table_name.clone(), columns }
    }
}

/// Whether each value of the view's column stands in one row at most: it is all of the key.
pub async fn is_key(workspace: &Workspace, plans: &ViewPlans, view: &RelationName, column: &str) -> Option<bool> {
    let plan = plans.staged(workspace, view).await?;
    let (columns, aggregate) = shown(&plan)?;
    Some(aggregate.group_expr.len() == 1 && columns[position(&plan, column)?] == Shown::Key(0))
}

fn position(plan: &LogicalPlan, column: &str) -> Option<usize> {
    names(plan).position(|name| name == column).filter(|_| is_plain(column))
}

/// The plan's columns, and what they are made from.
fn shown(plan: &LogicalPlan) -> Option<(Vec<Shown>, &Aggregate)> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => shown(&alias.input),
        LogicalPlan::Filter(filter) => shown(&filter.input),
        LogicalPlan::Projection(projection) => {
            let (below, aggregate) = shown(&projection.input)?;
            let of = |expr: &Expr| shown_by(expr, projection.input.schema(), &below);
            Some((projection.expr.iter().map(of).collect(), aggregate))
        }
        LogicalPlan::Aggregate(aggregate) => {
            // Sets of keys make nulls.
            if aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
                return None;
            }
            let keys = (0..aggregate.group_expr.len()).map(Shown::Key);
            let others =
                aggregate.aggr_expr.iter().map(|expr| if is_aggregate(expr) { Shown::Kept } else { Shown::Other });
            Some((keys.chain(others).collect(), aggregate))
        }
        _ => None,
    }
}

/// Whether it is null only where no row has a value for it.
pub fn is_aggregate(expr: &Expr) -> bool {
    const KNOWN: &[&str] = &["avg", "count", "max", "min", "pg_numeric_avg", "pg_numeric_sum", "sum"];
    match expr.clone().unalias_nested().data {
        Expr::AggregateFunction(call) => call.params.filter.is_none() && KNOWN.contains(&call.func.name()),
        _ => false,
    }
}

fn shown_by(expr: &Expr, input: &DFSchema, below: &[Shown]) -> Shown {
    let of = |column: &Column| {
        let found = input.maybe_index_of_column(column).and_then(|index| below.get(index).copied());
        found.unwrap_or(Shown::Other)
    };
    match expr.clone().unalias_nested().data {
        Expr::Column(column) => of(&column),
        other if is_kept(&other, &of) => Shown::Kept,
        _ => Shown::Other,
    }
}

/// Whether an expression is null only where one of its columns is, whatever their values.
fn is_kept(expr: &Expr, of: &dyn Fn(&Column) -> Shown) -> bool {
    const KNOWN: &[&str] = &[
        "pg_add",
        "pg_cast_float8",
        "pg_cast_int2",
        "pg_cast_int4",
        "pg_cast_int8",
        "pg_cast_numeric",
        "pg_multiply",
        "pg_numeric_add",
        "pg_numeric_multiply",
        "pg_numeric_subtract",
        "pg_subtract",
        "round",
    ];
    match expr {
        Expr::Column(column) => of(column) != Shown::Other,
        Expr::Literal(value, _) => !value.is_null(),
        Expr::Alias(alias) => is_kept(&alias.expr, of),
        Expr::Cast(cast) => is_kept(&cast.expr, of),
        Expr::BinaryExpr(binary) => {
            let is_known = matches!(binary.op, Operator::Plus | Operator::Minus | Operator::Multiply);
            is_known && is_kept(&binary.left, of) && is_kept(&binary.right, of)
        }
        Expr::ScalarFunction(call) => KNOWN.contains(&call.name()) && call.args.iter().all(|value| is_kept(value, of)),
        _ => false,
    }
}

/// The tables whose rows are joined, each row with each where a condition holds. `None`: they are put together otherwise.
fn collect_scans<'p>(plan: &'p LogicalPlan, found: &mut Vec<&'p TableScan>) -> Option<()> {
    match plan {
        LogicalPlan::TableScan(scan) if scan.fetch.is_none() => found.push(scan),
        LogicalPlan::SubqueryAlias(alias) => collect_scans(&alias.input, found)?,
        LogicalPlan::Filter(filter) => collect_scans(&filter.input, found)?,
        LogicalPlan::Projection(projection) => collect_scans(&projection.input, found)?,
        LogicalPlan::Join(join) if join.join_type == JoinType::Inner => {
            collect_scans(&join.left, found)?;
            collect_scans(&join.right, found)?;
        }
        _ => return None,
    }
    Some(())
}

/// All groups.
fn without_filters(plan: LogicalPlan) -> QueryResult<LogicalPlan> {
    let all = plan.transform_down(|mut node| {
        while let LogicalPlan::Filter(filter) = node {
            node = Arc::unwrap_or_clone(filter.input);
        }
        let below = matches!(node, LogicalPlan::Aggregate(_));
        let next = if below { TreeNodeRecursion::Jump } else { TreeNodeRecursion::Continue };
        Ok(Transformed::new(node, true, next))
    })?;
    all.data.recompute_schema()
}

/// What a scan gives, of other rows.
fn scan_of(scan: &TableScan, rows: Arc<dyn TableProvider>) -> QueryResult<LogicalPlan> {
    let mut plan = LogicalPlanBuilder::scan(scan.table_name.clone(), provider_as_source(rows), None)?;
    if let Some(filter) = conjunction(scan.filters.clone()) {
        plan = plan.filter(filter)?;
    }
    let plan = plan.project(scan.projected_schema.columns().into_iter().map(Expr::Column))?.build()?;
    plan.schema().has_equivalent_names_and_types(&scan.projected_schema)?;
    Ok(plan)
}
