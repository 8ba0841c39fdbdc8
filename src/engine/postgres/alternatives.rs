//! Where one of several values is taken, or values are compared, all have one type. An integer that is written out is an
//! `integer` there, not a `bigint`.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, plan_datafusion_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, Operator};

use super::common_type::unify;
use super::integers::narrow;

/// Functions that give back one of their arguments.
const CHOICES: &[&str] = &["coalesce", "greatest", "least"];

pub fn rewrite(mut expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let transformed = match &mut expr {
        Expr::BinaryExpr(binary) if is_comparison(binary.op) => {
            let op = binary.op;
            let refuse = |left: &str, right: &str| no_operator(&op.to_string(), left, right);
            unify(vec![binary.left.as_mut(), binary.right.as_mut()], schema, refuse)?
        }
        Expr::Between(between) => {
            let values = vec![between.expr.as_mut(), between.low.as_mut(), between.high.as_mut()];
            unify(values, schema, |left, right| no_operator(">=", left, right))?
        }
        Expr::InList(list) => {
            let values = std::iter::once(list.expr.as_mut()).chain(&mut list.list).collect();
            unify(values, schema, |left, right| no_operator("=", left, right))?
        }
        Expr::Case(case) => {
            let mut transformed = false;
            if let Some(subject) = &mut case.expr {
                let whens = case.when_then_expr.iter_mut().map(|(when, _)| when.as_mut());
                let values = std::iter::once(subject.as_mut()).chain(whens).collect();
                transformed = unify(values, schema, |left, right| no_operator("=", left, right))?;
            }
            let results = case.when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
            transformed | choose("CASE", results.chain(case.else_expr.as_deref_mut()).collect(), schema)?
        }
        Expr::ScalarFunction(call) if call.name() == "nullif" => {
            let mut transformed = false;
            for value in &mut call.args {
                transformed |= narrow(value);
            }
            transformed | unify(call.args.iter_mut().collect(), schema, |left, right| no_operator("=", left, right))?
        }
        Expr::ScalarFunction(call) if CHOICES.contains(&call.name()) => {
            let name = call.name().to_uppercase();
            let transformed = choose(&name, call.args.iter_mut().collect(), schema)?;
            transformed | flatten(call)
        }
        _ => false,
    };
    Ok(Transformed::new_transformed(expr, transformed))
}

/// Makes one call of calls of the same function that stand in one another with the same type. DataFusion's optimizer writes
/// every argument of `coalesce` twice, the arguments of a call within a call four times, and so on.
fn flatten(call: &mut ScalarFunction) -> bool {
    let is_same = |argument: &Expr| matches!(argument, Expr::ScalarFunction(inner) if inner.func == call.func);
    if !call.args.iter().any(is_same) {
        return false;
    }
    let arguments = std::mem::take(&mut call.args).into_iter();
    call.args = arguments
        .flat_map(|argument| match argument {
            Expr::ScalarFunction(inner) if inner.func == call.func => inner.args,
            other => vec![other],
        })
        .collect();
    true
}

fn choose(what: &str, mut values: Vec<&mut Expr>, schema: &DFSchema) -> Result<bool> {
    let mut narrowed = false;
    for value in &mut values {
        narrowed |= narrow(value);
    }
    Ok(unify(values, schema, |left, right| no_match(what, left, right))? || narrowed)
}

/// What `UNION` and the like say of two types that do not meet.
pub fn no_match(what: &str, left: &str, right: &str) -> DataFusionError {
    plan_datafusion_err!("{what} types {left} and {right} cannot be matched: cast one of them to the other's type")
}

pub fn no_operator(op: &str, left: &str, right: &str) -> DataFusionError {
    plan_datafusion_err!("there is no operator {left} {op} {right}: cast one of the two to the other's type")
}

fn is_comparison(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}
