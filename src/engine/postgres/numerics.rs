//! Arithmetic of decimals that needs more digits than DataFusion's result type has: it is exact in a numeric of any
//! precision. What has room in a `Decimal128` stays as it is.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::{AggregateUDF, BinaryExpr, Expr, Operator, ScalarUDF, WindowFunctionDefinition};
use medallion_udfs::{
    Computed, NumericArithmetic, NumericAverage, NumericSum, average_needs_any_numeric, needs_any_numeric,
    sum_needs_any_numeric,
};

use super::average::decimals_of_average;
use super::common_type::cast_in_place;
use super::rewrite::type_of;

/// Functions that compute in float8.
const OF_FLOAT8: &[&str] = &[
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "corr",
    "cos",
    "cosh",
    "cot",
    "covar_pop",
    "covar_samp",
    "degrees",
    "exp",
    "ln",
    "log",
    "log10",
    "log2",
    "percentile_cont",
    "pg_interval_scale",
    "power",
    "radians",
    "regr_avgx",
    "regr_avgy",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "sin",
    "sinh",
    "sqrt",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "tan",
    "tanh",
    "var",
    "var_pop",
    "var_samp",
];

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(binary) => operation(binary, schema),
        Expr::ScalarFunction(mut call) if OF_FLOAT8.contains(&call.name()) => {
            let transformed = cast_all_to_float8(&mut call.args, schema)?;
            Ok(Transformed::new_transformed(Expr::ScalarFunction(call), transformed))
        }
        Expr::AggregateFunction(AggregateFunction { mut func, mut params }) => {
            let transformed = aggregate(&mut func, &mut params.args, schema)?;
            Ok(Transformed::new_transformed(Expr::AggregateFunction(AggregateFunction { func, params }), transformed))
        }
        Expr::WindowFunction(mut window) => {
            let WindowFunction { fun, params } = window.as_mut();
            let transformed = match fun {
                WindowFunctionDefinition::AggregateUDF(function) => aggregate(function, &mut params.args, schema)?,
                WindowFunctionDefinition::WindowUDF(_) => false,
            };
            Ok(Transformed::new_transformed(Expr::WindowFunction(window), transformed))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn operation(mut binary: BinaryExpr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let (computed, function) = match binary.op {
        Operator::Plus => (Computed::Sum, NumericArithmetic::add()),
        Operator::Minus => (Computed::Sum, NumericArithmetic::subtract()),
        Operator::Multiply => (Computed::Product, NumericArithmetic::multiply()),
        Operator::Modulo => (Computed::Remainder, NumericArithmetic::remainder()),
        // Its own rule finds the type of a quotient of decimals.
        Operator::Divide => (Computed::Quotient, NumericArithmetic::multiply()),
        _ => return Ok(Transformed::no(Expr::BinaryExpr(binary))),
    };
    let (Some(left), Some(right)) = (type_of(&binary.left, schema), type_of(&binary.right, schema)) else {
        return Ok(Transformed::no(Expr::BinaryExpr(binary)));
    };
    // What a real and another number make is a double precision.
    let is_mixed = |one: &DataType, other: &DataType| one == &DataType::Float32 && other.is_numeric() && one != other;
    if is_mixed(&left, &right) || is_mixed(&right, &left) {
        cast_in_place(&mut binary.left, &DataType::Float64, schema)?;
        cast_in_place(&mut binary.right, &DataType::Float64, schema)?;
        return Ok(Transformed::yes(Expr::BinaryExpr(binary)));
    }
    if left.is_floating() && right.is_decimal() {
        cast_in_place(&mut binary.right, &DataType::Float64, schema)?;
        return Ok(Transformed::yes(Expr::BinaryExpr(binary)));
    }
    if left.is_decimal() && right.is_floating() {
        cast_in_place(&mut binary.left, &DataType::Float64, schema)?;
        return Ok(Transformed::yes(Expr::BinaryExpr(binary)));
    }
    let is_exact = |kind: &DataType| kind.is_decimal() || kind.is_integer() || kind.is_null();
    let are_decimals = is_exact(&left) && is_exact(&right) && (left.is_decimal() || right.is_decimal());
    if !are_decimals || computed == Computed::Quotient || !needs_any_numeric(computed, &left, &right) {
        return Ok(Transformed::no(Expr::BinaryExpr(binary)));
    }
    Ok(Transformed::yes(ScalarUDF::from(function).call(vec![*binary.left, *binary.right])))
}

fn aggregate(function: &mut Arc<AggregateUDF>, args: &mut [Expr], schema: &DFSchema) -> Result<bool> {
    if OF_FLOAT8.contains(&function.name()) {
        return cast_all_to_float8(args, schema);
    }
    let [argument] = args else { return Ok(false) };
    let Some(data_type) = type_of(argument, schema).filter(DataType::is_decimal) else { return Ok(false) };
    let exact = match function.name() {
        "sum" if sum_needs_any_numeric(&data_type) => AggregateUDF::from(NumericSum::default()),
        "avg" if average_needs_any_numeric(&data_type, decimals_of_average(&data_type)) => {
            AggregateUDF::from(NumericAverage::default())
        }
        _ => return Ok(false),
    };
    *function = Arc::new(exact);
    Ok(true)
}

fn cast_all_to_float8(args: &mut [Expr], schema: &DFSchema) -> Result<bool> {
    let mut transformed = false;
    for argument in args {
        if matches!(type_of(argument, schema), Some(DataType::Decimal256(_, _))) {
            cast_in_place(argument, &DataType::Float64, schema)?;
            transformed = true;
        }
    }
    Ok(transformed)
}
