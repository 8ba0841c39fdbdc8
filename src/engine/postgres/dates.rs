//! A date and an interval make a timestamp, two dates an integer; intervals are compared by their length.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, Operator, ScalarUDF, lit};
use medallion_udfs::IntervalArithmetic;

use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    if let Expr::Between(between) = expr {
        return Ok(lengths_between(between, schema));
    }
    if let Expr::AggregateFunction(call) = expr {
        return Ok(count_of_lengths(call, schema));
    }
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return Ok(Transformed::no(expr)) };
    let (Some(of_left), Some(of_right)) = (type_of(&left, schema), type_of(&right, schema)) else {
        return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })));
    };
    let rewritten = match (&of_left, op, &of_right) {
        (DataType::Date32, Operator::Minus, DataType::Date32) => {
            let days = Expr::BinaryExpr(BinaryExpr { left, op, right });
            return Ok(Transformed::yes(Expr::Cast(Cast::new(Box::new(days), DataType::Int32))));
        }
        (DataType::Date32, Operator::Plus | Operator::Minus, kind) if is_interval(kind) => {
            BinaryExpr { left: timestamp(left), op, right }
        }
        (kind, Operator::Plus, DataType::Date32) if is_interval(kind) => {
            BinaryExpr { left, op, right: timestamp(right) }
        }
        (one, Operator::Plus | Operator::Minus, other) if is_interval(one) && is_interval(other) && one != other => {
            BinaryExpr { left: interval(left, one), op, right: interval(right, other) }
        }
        (one, op, other) if op.supports_propagation() && is_interval(one) && is_interval(other) => {
            BinaryExpr { left: Box::new(micros(*left)), op, right: Box::new(micros(*right)) }
        }
        _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
    };
    Ok(Transformed::yes(Expr::BinaryExpr(rewritten)))
}

fn lengths_between(mut between: Between, schema: &DFSchema) -> Transformed<Expr> {
    let mut parts = [&mut between.expr, &mut between.low, &mut between.high];
    let are_intervals = parts.iter().all(|part| type_of(part, schema).as_ref().is_some_and(is_interval));
    if are_intervals {
        for part in &mut parts {
            ***part = micros(std::mem::take(&mut ***part));
        }
    }
    Transformed::new_transformed(Expr::Between(between), are_intervals)
}

/// Intervals are the same where they are equally long: a day and 24 hours.
fn count_of_lengths(mut call: AggregateFunction, schema: &DFSchema) -> Transformed<Expr> {
    let is_count = call.params.distinct && call.func.name() == "count";
    let mut transformed = false;
    for value in call.params.args.iter_mut().filter(|_| is_count) {
        if type_of(value, schema).as_ref().is_some_and(is_interval) {
            *value = micros(std::mem::take(value));
            transformed = true;
        }
    }
    Transformed::new_transformed(Expr::AggregateFunction(call), transformed)
}

/// An interval, or the difference of two timestamps.
fn is_interval(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_) | DataType::Duration(_))
}

fn timestamp(date: Box<Expr>) -> Box<Expr> {
    Box::new(Expr::Cast(Cast::new(date, DataType::Timestamp(TimeUnit::Microsecond, None))))
}

/// A difference of timestamps as an interval.
fn interval(value: Box<Expr>, data_type: &DataType) -> Box<Expr> {
    match data_type {
        DataType::Duration(_) => Box::new(ScalarUDF::from(IntervalArithmetic::scale()).call(vec![*value, lit(1f64)])),
        _ => value,
    }
}

fn micros(interval: Expr) -> Expr {
    ScalarUDF::from(IntervalArithmetic::micros()).call(vec![interval])
}
