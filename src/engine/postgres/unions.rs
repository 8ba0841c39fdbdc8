//! The columns of `UNION`: the arms meet in one type, as the branches of a `CASE` do.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::Column;
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Union};

use super::alternatives::no_match;
use super::casts::is_text;
use super::common_type::{cast_in_place, common, is_unknown};

/// `plan` with the types its inputs have now; other plans stay as they are.
pub fn unify(plan: LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Union(Union { mut inputs, .. }) = plan else { return Ok(plan) };
    let width = inputs.iter().map(|input| input.schema().fields().len()).min().unwrap_or(0);
    let mut casts: Vec<Vec<Option<DataType>>> = vec![vec![]; inputs.len()];
    for column in 0..width {
        let columns: Vec<(DataType, bool)> = inputs.iter().map(|input| column_of(input, column)).collect();
        let known = columns.iter().filter(|(_, is_unknown)| !is_unknown).map(|(data_type, _)| data_type);
        let common = common(known).map_err(|(left, right)| no_match("UNION", &left, &right))?;
        for ((data_type, is_unknown), casts) in columns.into_iter().zip(&mut casts) {
            casts.push(match &common {
                _ if data_type.is_null() => None,
                Some(common) if is_unknown && !is_text(common.known()) => Some(common.known().clone()),
                Some(common) => common.cast().filter(|cast| **cast != data_type).cloned(),
                None => None,
            });
        }
    }
    for (input, casts) in inputs.iter_mut().zip(casts) {
        if casts.iter().any(Option::is_some) {
            *input = Arc::new(cast_columns(input, &casts)?);
        }
    }
    Ok(LogicalPlan::Union(Union::try_new_with_loose_types(inputs)?))
}

/// The type of a column, and whether it is a text that is written out.
fn column_of(input: &LogicalPlan, column: usize) -> (DataType, bool) {
    let written = match input {
        LogicalPlan::Projection(projection) => projection.expr.get(column).is_some_and(is_unknown),
        _ => false,
    };
    (input.schema().field(column).data_type().clone(), written)
}

fn cast_columns(input: &Arc<LogicalPlan>, casts: &[Option<DataType>]) -> Result<LogicalPlan> {
    let columns =
        input.schema().iter().zip(casts.iter().chain(std::iter::repeat(&None))).map(|((qualifier, field), cast)| {
            let mut column = Expr::Column(Column::from((qualifier, field)));
            let Some(cast) = cast else { return Ok(column) };
            cast_in_place(&mut column, cast, input.schema())?;
            Ok(column.alias_qualified(qualifier.cloned(), field.name()))
        });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    LogicalPlanBuilder::from(Arc::clone(input)).project(columns)?.build()
}
