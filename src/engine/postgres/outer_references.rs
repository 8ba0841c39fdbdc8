//! A subquery names the columns around it together with their types. Those types change where what the columns come from is
//! rewritten.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DFSchemaRef};
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::{Expr, Subquery};

/// A reference to a column around the subquery with the type it has now, `outer` being these columns, the nearest last. A
/// subquery lists its references; those to the columns of `schema`, where it stands, are outer ones to it.
pub fn retype(expr: Expr, schema: &DFSchema, outer: &[DFSchemaRef]) -> Transformed<Expr> {
    match expr {
        Expr::OuterReferenceColumn(field, column) => {
            let mut around = outer.iter().rev();
            let now = around.find_map(|columns| columns.qualified_field_from_column(&column).ok());
            match now {
                Some((_, now)) if now.data_type() != field.data_type() => {
                    let now = field.as_ref().clone().with_data_type(now.data_type().clone());
                    Transformed::yes(Expr::OuterReferenceColumn(Arc::new(now), column))
                }
                _ => Transformed::no(Expr::OuterReferenceColumn(field, column)),
            }
        }
        Expr::ScalarSubquery(subquery) => listed(subquery, schema, outer).update_data(Expr::ScalarSubquery),
        Expr::Exists(Exists { subquery, negated }) => {
            listed(subquery, schema, outer).update_data(|subquery| Expr::Exists(Exists { subquery, negated }))
        }
        Expr::InSubquery(InSubquery { expr, subquery, negated }) => listed(subquery, schema, outer)
            .update_data(|subquery| Expr::InSubquery(InSubquery { expr, subquery, negated })),
        other => Transformed::no(other),
    }
}

fn listed(mut subquery: Subquery, schema: &DFSchema, outer: &[DFSchemaRef]) -> Transformed<Subquery> {
    if subquery.outer_ref_columns.is_empty() {
        return Transformed::no(subquery);
    }
    let around: Vec<DFSchemaRef> = outer.iter().cloned().chain([Arc::new(schema.clone())]).collect();
    let mut transformed = false;
    for reference in &mut subquery.outer_ref_columns {
        let retyped = retype(std::mem::take(reference), schema, &around);
        transformed |= retyped.transformed;
        *reference = retyped.data;
    }
    Transformed::new_transformed(subquery, transformed)
}
