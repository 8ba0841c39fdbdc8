//! Operators that DataFusion's planner refuses before a plan could be rewritten: an interval times a number, and a boolean
//! beside a text that is written out.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ScalarUDF, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use medallion_udfs::{Divide, IntervalArithmetic};

use super::common_type::is_unknown;
use super::rewrite::type_of;

#[derive(Debug)]
pub struct PostgresOperators;

impl ExprPlanner for PostgresOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let RawBinaryExpr { op, left, right } = expr;
        let (of_left, of_right) = (type_of(&left, schema), type_of(&right, schema));
        let is_interval = |kind: &Option<DataType>| matches!(kind, Some(DataType::Interval(_) | DataType::Duration(_)));
        let is_number = |kind: &Option<DataType>| kind.as_ref().is_some_and(DataType::is_numeric);
        let is_boolean = |kind: &Option<DataType>| kind == &Some(DataType::Boolean);
        Ok(match op {
            BinaryOperator::Multiply if is_interval(&of_left) && is_number(&of_right) => scaled(left, right),
            BinaryOperator::Multiply if is_number(&of_left) && is_interval(&of_right) => scaled(right, left),
            BinaryOperator::Divide if is_interval(&of_left) && is_number(&of_right) => {
                scaled(left, ScalarUDF::from(Divide::quotient()).call(vec![lit(1f64), right]))
            }
            op if takes_booleans(&op) && is_boolean(&of_left) && is_unknown(&right) => {
                PlannerResult::Original(RawBinaryExpr { op, left, right: boolean(right) })
            }
            op if takes_booleans(&op) && is_unknown(&left) && is_boolean(&of_right) => {
                PlannerResult::Original(RawBinaryExpr { op, left: boolean(left), right })
            }
            op => PlannerResult::Original(RawBinaryExpr { op, left, right }),
        })
    }
}

fn takes_booleans(op: &BinaryOperator) -> bool {
    use BinaryOperator::{And, Eq, Gt, GtEq, Lt, LtEq, NotEq, Or};
    matches!(op, And | Eq | Gt | GtEq | Lt | LtEq | NotEq | Or)
}

fn scaled(interval: Expr, factor: Expr) -> PlannerResult<RawBinaryExpr> {
    PlannerResult::Planned(ScalarUDF::from(IntervalArithmetic::scale()).call(vec![interval, factor]))
}

fn boolean(text: Expr) -> Expr {
    Expr::Cast(Cast::new(Box::new(text), DataType::Boolean))
}
