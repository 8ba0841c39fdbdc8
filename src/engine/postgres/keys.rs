//! `md5(a || '-' || coalesce(b, 'none'))`, as surrogate keys are made: the parts are hashed one after the other, and the
//! joined texts are never written down.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, ScalarUDF, lit};
use medallion_udfs::Md5Joined;

use super::casts::is_text;
use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::ScalarFunction(call) = &expr else { return Ok(Transformed::no(expr)) };
    let [joined @ (Expr::BinaryExpr(_) | Expr::ScalarFunction(_))] = call.args.as_slice() else {
        return Ok(Transformed::no(expr));
    };
    let mut parts = Vec::new();
    if call.name() != "md5"
        || matches!(joined, Expr::ScalarFunction(inner) if inner.name() != "coalesce")
        || !take_parts(joined, schema, &mut parts)
    {
        return Ok(Transformed::no(expr));
    }
    Ok(Transformed::yes(ScalarUDF::from(Md5Joined::default()).call(parts)))
}

/// Adds the operands of a chain of `||`, each with what takes its place where it is null. False where one is no text.
fn take_parts(expr: &Expr, schema: &DFSchema, parts: &mut Vec<Expr>) -> bool {
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::StringConcat, right }) = expr {
        return take_parts(left, schema, parts) && take_parts(right, schema, parts);
    }
    let no_default = || lit(ScalarValue::Utf8(None));
    let (value, default) = match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == "coalesce" => match args.as_slice() {
            [value, default] if is_constant(default) => (value.clone(), default.clone()),
            _ => (expr.clone(), no_default()),
        },
        _ => (expr.clone(), no_default()),
    };
    let are_text = [&value, &default].iter().all(|part| type_of(part, schema).as_ref().is_some_and(is_text));
    parts.extend([value, default]);
    are_text
}

fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(_, _) => true,
        Expr::Cast(cast) => is_constant(&cast.expr),
        _ => false,
    }
}
