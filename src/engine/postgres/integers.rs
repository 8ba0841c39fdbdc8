//! Arithmetic of integers: a number that is written out is an `integer` where it fits one, and what a type cannot hold is
//! an error.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator, ScalarUDF};
use medallion_udfs::Checked;

use super::alternatives::no_operator;
use super::common_type::{Category, cast_in_place, is_unknown, type_name};
use super::rewrite::type_of;

pub fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(binary) if is_arithmetic(binary.op) => operation(binary, schema),
        Expr::Negative(mut operand) => {
            let narrowed = narrow(&mut operand);
            match type_of(&operand, schema) {
                Some(integer) if integer.is_integer() => {
                    Ok(Transformed::yes(ScalarUDF::from(Checked::negate()).call(vec![*operand])))
                }
                _ => Ok(Transformed::new_transformed(Expr::Negative(operand), narrowed)),
            }
        }
        Expr::ScalarFunction(mut call) if matches!(call.name(), "abs" | "mod" | "sign") => {
            let mut narrowed = false;
            for value in &mut call.args {
                narrowed |= narrow(value);
            }
            Ok(Transformed::new_transformed(Expr::ScalarFunction(call), narrowed))
        }
        Expr::ScalarFunction(mut call) if matches!(call.name(), "generate_series" | "make_array") => {
            let is_narrow = |value: &Expr| match value {
                Expr::Literal(ScalarValue::Int64(Some(number)), _) => i32::try_from(*number).is_ok(),
                other => type_of(other, schema) == Some(DataType::Int32),
            };
            if !call.args.iter().all(is_narrow) {
                return Ok(Transformed::no(Expr::ScalarFunction(call)));
            }
            for value in &mut call.args {
                narrow(value);
            }
            let is_series = call.name() == "generate_series";
            let list = Expr::ScalarFunction(call);
            // The function itself counts in bigints.
            let integers = DataType::List(Arc::new(Field::new_list_field(DataType::Int32, true)));
            Ok(Transformed::yes(if is_series { Expr::Cast(Cast::new(Box::new(list), integers)) } else { list }))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn operation(mut binary: BinaryExpr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let typed = give_type(&mut binary, schema)?;
    let (Some(left), Some(right)) = (type_of(&binary.left, schema), type_of(&binary.right, schema)) else {
        return Ok(Transformed::new_transformed(Expr::BinaryExpr(binary), typed));
    };
    let is_number = |data_type: &DataType| data_type.is_numeric() || data_type.is_null();
    if !is_number(&left) || !is_number(&right) {
        let pair = (Category::of(&left), Category::of(&right));
        if matches!(
            pair,
            (Some(Category::Text | Category::Boolean), Some(_)) | (Some(_), Some(Category::Text | Category::Boolean))
        ) {
            return Err(no_operator(&binary.op.to_string(), &type_name(&left), &type_name(&right)));
        }
        return Ok(Transformed::new_transformed(Expr::BinaryExpr(binary), typed));
    }
    let narrowed = narrow(&mut binary.left) | narrow(&mut binary.right);
    let are_integers = [&left, &right].iter().all(|kind| kind.is_integer());
    let checked = match binary.op {
        Operator::Plus => Checked::add(),
        Operator::Minus => Checked::subtract(),
        Operator::Multiply => Checked::multiply(),
        _ => return Ok(Transformed::new_transformed(Expr::BinaryExpr(binary), typed || narrowed)),
    };
    if !are_integers {
        return Ok(Transformed::new_transformed(Expr::BinaryExpr(binary), typed || narrowed));
    }
    // A chain is one call. Nested calls would be named, and so typed, in a time that grows with the cube of their number.
    let operands = match *binary.left {
        Expr::ScalarFunction(call)
            if call.func.inner().downcast_ref() == Some(&checked) && is_no_wider(&right, &left) =>
        {
            call.args.into_iter().chain([*binary.right]).collect()
        }
        other => vec![other, *binary.right],
    };
    Ok(Transformed::yes(ScalarUDF::from(checked).call(operands)))
}

/// Whether an integer type's values are all of the other type too.
fn is_no_wider(one: &DataType, other: &DataType) -> bool {
    one == other || matches!((one, other), (DataType::Int16, DataType::Int32) | (_, DataType::Int64))
}

/// A text that is written out has the type of the other operand, where that is a number or a moment.
fn give_type(binary: &mut BinaryExpr, schema: &DFSchema) -> Result<bool> {
    let (value, other) = match (is_unknown(&binary.left), is_unknown(&binary.right)) {
        (true, false) => (&mut binary.left, &binary.right),
        (false, true) => (&mut binary.right, &binary.left),
        _ => return Ok(false),
    };
    let Some(other) = type_of(other, schema) else { return Ok(false) };
    let is_difference = binary.op == Operator::Minus && Category::of(&other) == Some(Category::Moment);
    if type_of(value, schema).is_none_or(|data_type| data_type.is_null()) || !(other.is_numeric() || is_difference) {
        return Ok(false);
    }
    cast_in_place(value, &other, schema)?;
    Ok(true)
}

/// Makes a written bigint that fits an `integer` one.
pub fn narrow(value: &mut Expr) -> bool {
    match value {
        Expr::Alias(alias) => narrow(&mut alias.expr),
        Expr::Literal(ScalarValue::Int64(number), metadata) => {
            // A null of this type is one that stands among such constants, in VALUES. The smallest integer is written as
            // the negative of a bigint.
            let Ok(number) = number.map(i32::try_from).transpose() else { return false };
            if number == Some(i32::MIN) {
                return false;
            }
            *value = Expr::Literal(ScalarValue::Int32(number), metadata.take());
            true
        }
        _ => false,
    }
}

fn is_arithmetic(op: Operator) -> bool {
    use Operator::{BitwiseAnd, BitwiseOr, BitwiseShiftLeft, BitwiseShiftRight, BitwiseXor};
    use Operator::{Divide, Minus, Modulo, Multiply, Plus};
    matches!(
        op,
        Plus | Minus
            | Multiply
            | Divide
            | Modulo
            | BitwiseAnd
            | BitwiseOr
            | BitwiseXor
            | BitwiseShiftLeft
            | BitwiseShiftRight
    )
}
