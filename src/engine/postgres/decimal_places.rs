//! `round(x, places)` and `trunc(x, places)`: how many decimals the result has is decided once, before operands are brought
//! to one type. Otherwise a comparison is planned with one type and computed with another, since planning goes on to fold
//! constants.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{Expr, ScalarUDF};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use medallion_udfs::{Round, Trunc};

pub fn rewrite(expr: Expr, _: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(mut call) = expr else { return Ok(Transformed::no(expr)) };
    let [_, places] = call.args.as_slice() else { return Ok(Transformed::no(Expr::ScalarFunction(call))) };
    let function = call.func.inner();
    let decided = if function.downcast_ref::<Round>().is_some_and(Round::is_undecided) {
        // Rounded to an unknown number of decimals a null is null.
        ScalarUDF::from(Round::with_places(constant(places).map(Option::unwrap_or_default)))
    } else if function.downcast_ref::<Trunc>().is_some_and(Trunc::is_undecided) {
        ScalarUDF::from(Trunc::with_places(constant(places).flatten()))
    } else {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    };
    call.func = decided.into();
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}

/// The value of an expression that depends on no row.
fn constant(places: &Expr) -> Option<Option<i32>> {
    if places.any_column_refs() || places.contains_outer() || places.is_volatile() {
        return None;
    }
    let simplifier = ExprSimplifier::new(SimplifyContext::default());
    let coerced = simplifier.coerce(places.clone(), &DFSchema::empty()).ok()?;
    match simplifier.simplify(coerced).ok()? {
        Expr::Literal(value, _) => match value.cast_to(&DataType::Int32).ok()? {
            ScalarValue::Int32(places) => Some(places),
            _ => None,
        },
        _ => None,
    }
}
