//! A column of type `uuid` is read as text in lower case; a text that it is compared with may be written in another way.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, ExprSchemable};
use uuid::Uuid;

use super::common_type::is_unknown;
use crate::warehouse::postgres::PG_TYPE;

pub fn rewrite(mut expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let transformed = match &mut expr {
        Expr::BinaryExpr(binary) if binary.op.supports_propagation() => {
            if is_uuid(&binary.left, schema) {
                normalize(&mut binary.right)
            } else {
                is_uuid(&binary.right, schema) && normalize(&mut binary.left)
            }
        }
        Expr::InList(list) if is_uuid(&list.expr, schema) => {
            list.list.iter_mut().fold(false, |changed, value| normalize(value) | changed)
        }
        _ => false,
    };
    Ok(Transformed::new_transformed(expr, transformed))
}

/// Whether this is a column of a server's table that is one; what a function makes of it is none for certain.
fn is_uuid(expr: &Expr, schema: &DFSchema) -> bool {
    matches!(expr, Expr::Column(_))
        && expr.metadata(schema).is_ok_and(|metadata| metadata.inner().get(PG_TYPE).is_some_and(|kind| kind == "uuid"))
}

/// 32 digits in either case, with braces around them or without, and hyphens wherever they are put.
fn parse(text: &str) -> Option<Uuid> {
    let digits = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    Uuid::try_parse(&digits.replace('-', "")).ok()
}

fn normalize(value: &mut Expr) -> bool {
    if !is_unknown(value) {
        return false;
    }
    let Expr::Literal(literal, _) = value else { return false };
    let Some(uuid) = literal.try_as_str().flatten().and_then(parse) else { return false };
    let uuid = ScalarValue::Utf8(Some(uuid.hyphenated().to_string()));
    let changed = *literal != uuid;
    *literal = uuid;
    changed
}
