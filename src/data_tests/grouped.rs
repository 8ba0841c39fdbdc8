//! A view that groups a table: in how many groups a column is null, counted without making the groups.
//!
//! An aggregate is null where none of the group's rows has a value for it, and so is what is computed from it. What it
//! comes to is not computed. A test has to fail where that cannot be done, so that it is made certain beforehand that it
//! can: by how large an aggregate may become, and by leaving alone all functions but a few.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::DataFrame;

use super::beneath::{ViewPlans, is_plain, names};
use super::digest::Collector;
use super::found::{Found, known};
use super::group_masks::{Asked, BITS, GroupMasks};
use super::joined::is_aggregate;
use super::sweep::Count;
use crate::engine::Rows;
use crate::materialize::Workspace;
use crate::warehouse::{RelationName, WarehouseError};

/// A number below this can be cast and rounded, whatever its type.
const SAFE: f64 = 1e15;

/// What the tests of a run find out about views that group a table.
#[derive(Default)]
pub struct GroupedViews {
    views: Found<RelationName, Counted>,
}

/// What was counted of a view.
struct Counted {
    groups: u64,
    nulls: HashMap<String, u64>,
}

impl GroupedViews {
    /// In how many groups the column is null, and how many groups there are. `None`: the view is another one. `columns` are
    /// those that are asked for in this run.
    pub async fn nulls(
        &self,
        (workspace, plans): (&Workspace, &ViewPlans),
        view: &RelationName,
        column: &str,
        columns: &[&str],
    ) -> Option<Count> {
        let cell = self.views.cell(view);
        let count = async || known(view, View::of(workspace, plans, view, columns).await?.count(workspace).await);
        let counted = cell.get_or_init(count).await.as_ref()?;
        Some(Count { failures: *counted.nulls.get(column)?, rows: Some(counted.groups) })
    }
}

/// `select key, aggregate, … from table group by key, …`.
struct View {
    /// The table's rows: the keys, then what is aggregated.
    rows: LogicalPlan,
    asked: Asked,
    /// The columns that are asked for, each with the bits without which it is null.
    columns: Vec<(String, u128)>,
}

impl View {
    /// `None` where the relation is something else.
    async fn of(workspace: &Workspace, plans: &ViewPlans, view: &RelationName, columns: &[&str]) -> Option<Self> {
        let plan = plans.staged(workspace, view).await?;
        let (shown, aggregate) = shown(&plan)?;
        Rows::of(&aggregate.input)?;
        let mut parts = Parts { aggregate, values: Vec::new(), bits: Vec::new() };
        let mut found = Vec::new();
        for name in columns.iter().filter(|name| is_plain(name)) {
            let Some(of) = names(&plan).position(|shown| shown == **name).and_then(|at| shown.columns[at].as_ref())
            else {
                continue;
            };
            let bits = of.iter().map(|part| parts.bit(*part)).collect::<Option<Vec<u128>>>()?;
            found.push(((*name).to_string(), bits.into_iter().fold(0, |all, bit| all | bit)));
        }
        if found.is_empty() || parts.bits.len() > BITS {
            return None;
        }
        let keys = &aggregate.group_expr;
        let is_told_apart = |key: &Expr| key.get_type(aggregate.input.schema()).is_ok_and(|of| is_hashed(&of));
        if keys.is_empty() || !keys.iter().all(is_told_apart) {
            return None;
        }
        let asked = Asked { keys: keys.len(), bits: parts.bits };
        let all = keys.iter().chain(&parts.values).map(|expr| expr.clone().unalias_nested().data);
        let all = all.enumerate().map(|(at, expr)| expr.alias(format!("c{at}")));
        let rows = LogicalPlanBuilder::from(Arc::clone(&aggregate.input)).project(all).ok()?.build().ok()?;
        Some(View { rows, asked, columns: found })
    }

    /// `None` where a value may be too large to be computed.
    async fn count(self, workspace: &Workspace) -> Result<Option<Counted>, WarehouseError> {
        let context = workspace.session.context();
        let pool = Arc::clone(&context.runtime_env().memory_pool);
        let asked = Arc::new(self.asked);
        let streams = workspace.session.partitions(DataFrame::new(context.state(), self.rows)).await?;
        let read = |stream| tokio::spawn(GroupMasks::read(stream, Arc::clone(&asked), Collector::new(&pool)));
        let parts = streams.into_iter().map(read);
        let parts = futures::future::try_join_all(parts).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        let rows: u64 = parts.iter().map(|part| part.rows).sum();
        let largest = parts.iter().map(|part| part.largest).fold(0.0, f64::max);
        if largest * rows as f64 >= SAFE {
            return Ok(None);
        }
        let (columns, needed): (Vec<String>, Vec<u128>) = self.columns.into_iter().unzip();
        let count = move || {
            let groups = GroupMasks::together(parts)?;
            let counted = groups.map(|groups| groups.count(&needed)).transpose();
            counted.map_err(|error| WarehouseError::Query(DataFusionError::IoError(error)))
        };
        let counted = tokio::task::spawn_blocking(count).await??;
        Ok(counted.map(|(groups, nulls)| Counted { groups, nulls: columns.into_iter().zip(nulls).collect() }))
    }
}

/// Whether values have equal hashes where SQL holds them equal, and else not.
fn is_hashed(of: &DataType) -> bool {
    matches!(of, DataType::Utf8 | DataType::Utf8View | DataType::Boolean | DataType::Date32 | DataType::Timestamp(..))
        || of.is_integer()
}

/// What the columns are made from: the group's keys, and what is aggregated.
struct Parts<'p> {
    aggregate: &'p Aggregate,
    /// What is aggregated.
    values: Vec<Expr>,
    /// The columns that have a bit, the values being those after the keys.
    bits: Vec<usize>,
}

impl Parts<'_> {
    /// The part without which a column is null; 0 where it never is null. `None`: that is not known of it.
    fn bit(&mut self, part: usize) -> Option<u128> {
        let column = match part.checked_sub(self.aggregate.group_expr.len()) {
            None => part,
            Some(at) => match self.value(at)? {
                Some(column) => column,
                None => return Some(0),
            },
        };
        let known = self.bits.iter().position(|known| *known == column);
        let bit = known.unwrap_or_else(|| {
            self.bits.push(column);
            self.bits.len() - 1
        });
        1_u128.checked_shl(u32::try_from(bit).ok()?)
    }

    /// The column of what is aggregated. `Some(None)`: nothing that counts.
    fn value(&mut self, at: usize) -> Option<Option<usize>> {
        let expr = self.aggregate.aggr_expr.get(at)?.clone().unalias_nested().data;
        let Expr::AggregateFunction(call) = expr else { return None };
        if call.func.name() == "count" {
            return Some(None);
        }
        let [value] = call.params.args.as_slice() else { return None };
        let is_number = value.get_type(self.aggregate.input.schema()).ok()?.is_numeric();
        if !is_number && !matches!(call.func.name(), "min" | "max") {
            return None;
        }
        let known = self.values.iter().position(|known| known == value);
        let at = known.unwrap_or_else(|| {
            self.values.push(value.clone());
            self.values.len() - 1
        });
        Some(Some(self.aggregate.group_expr.len() + at))
    }
}

/// The columns of a plan, each with the keys and aggregates (in this order) without which it is null; `None` where more
/// would have to be known.
struct Below {
    columns: Vec<Option<Vec<usize>>>,
    keys: usize,
}

/// What the plan groups, no group being left out.
fn shown(plan: &LogicalPlan) -> Option<(Below, &Aggregate)> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => shown(&alias.input),
        LogicalPlan::Projection(projection) => {
            let (below, aggregate) = shown(&projection.input)?;
            let columns = projection.expr.iter().map(|expr| parts_of(expr, &projection.input, &below)).collect();
            Some((Below { columns, ..below }, aggregate))
        }
        LogicalPlan::Aggregate(aggregate) => {
            if aggregate.group_expr.iter().any(|expr| matches!(expr, Expr::GroupingSet(_))) {
                return None;
            }
            let keys = aggregate.group_expr.len();
            let aggregated = aggregate.aggr_expr.iter().enumerate();
            let aggregated = aggregated.map(|(at, expr)| is_aggregate(expr).then(|| vec![keys + at]));
            let columns = (0..keys).map(|key| Some(vec![key])).chain(aggregated).collect();
            Some((Below { columns, keys }, aggregate))
        }
        _ => None,
    }
}

/// What is known of an expression that can be computed whatever the values, so long as they are not too large.
fn parts_of(expr: &Expr, input: &LogicalPlan, below: &Below) -> Option<Vec<usize>> {
    let number = |value: &Expr| {
        let is_number = value.get_type(input.schema()).ok()?.is_numeric();
        // How large a key is, nobody looks at.
        let parts = parts_of(value, input, below).filter(|_| is_number)?;
        parts.iter().all(|part| *part >= below.keys).then_some(parts)
    };
    match expr {
        Expr::Column(column) => below.columns.get(input.schema().maybe_index_of_column(column)?)?.clone(),
        Expr::Alias(alias) => parts_of(&alias.expr, input, below),
        Expr::Cast(to) if is_wide(to.field.data_type()) => number(&to.expr),
        Expr::ScalarFunction(call) => match (call.name(), call.args.as_slice()) {
            ("pg_cast_numeric" | "pg_cast_float8" | "round", [value]) => number(value),
            ("round", [value, Expr::Literal(places, _)]) if is_few(places) => number(value),
            _ => None,
        },
        _ => None,
    }
}

/// Whether all numbers that are not too large are in the type.
fn is_wide(of: &DataType) -> bool {
    match of {
        DataType::Float64 => true,
        DataType::Decimal128(precision, scale) => i16::from(*precision) - i16::from(*scale) > 15,
        _ => false,
    }
}

fn is_few(places: &ScalarValue) -> bool {
    matches!(places.cast_to(&DataType::Int64), Ok(ScalarValue::Int64(Some(0..=10))))
}
