//! Filters that are known only while a plan runs: which keys a join has met on its other side.
//!
//! The engine hands them down as a promise (a dynamic filter), and keeps it when it has read that side. Asked for these
//! keys alone, the server goes through an index instead of sending the table. As with [`super::predicate`], what comes
//! back may have rows too many: the join looks at each once more.

use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, DynamicFilterTracking, InListExpr, IsNullExpr, Literal,
};
use datafusion::physical_expr::utils::collect_columns;
use datafusion::physical_expr_common::physical_expr::snapshot_physical_expr;

use super::predicate::literal;
use super::quote;
use super::wire::{PgColumn, PgType};

/// More text than this is not sent: the rows themselves are hardly more.
const LONGEST: usize = 8 << 20;

/// Whether the filter changes while the plan runs.
pub fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    DynamicFilterTracking::classify(filter).contains_dynamic_filter()
}

/// What filters say by now.
#[derive(Debug, PartialEq, Eq)]
pub struct Narrowed {
    pub condition: String,
    /// Whether an index leads to the rows.
    pub by_index: bool,
}

/// `None` where the filters say nothing that the server could use. Columns are those that are read, in order.
pub fn narrowed(filters: &[Arc<dyn PhysicalExpr>], columns: &[PgColumn], indexed: &[bool]) -> Result<Option<Narrowed>> {
    let (mut conditions, mut by_index) = (Vec::new(), false);
    for filter in filters {
        if let Some(condition) = to_sql(&snapshot_physical_expr(Arc::clone(filter))?, columns) {
            let of = collect_columns(filter);
            by_index |= of.iter().any(|column| indexed.get(column.index()) == Some(&true));
            conditions.push(condition);
        }
    }
    let condition = conditions.join(" and ");
    Ok((!condition.is_empty() && condition.len() <= LONGEST).then_some(Narrowed { condition, by_index }))
}

fn to_sql(filter: &Arc<dyn PhysicalExpr>, columns: &[PgColumn]) -> Option<String> {
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        let sides = (to_sql(binary.left(), columns), to_sql(binary.right(), columns));
        return match (binary.op(), sides) {
            (Operator::And, (Some(left), Some(right))) => Some(format!("({left} and {right})")),
            // One of the two lets through all that both do.
            (Operator::And, (left, right)) => left.or(right),
            (Operator::Or, (Some(left), Some(right))) => Some(format!("({left} or {right})")),
            // The least and the greatest key: the list of keys says more.
            _ => None,
        };
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>().filter(|list| !list.negated()) {
        return among(list, columns);
    }
    if let Some(operand) = filter.downcast_ref::<IsNullExpr>() {
        return Some(format!("{} is null", quote::identifier(&column(operand.arg(), columns)?.name)));
    }
    if let Some(routed) = filter.downcast_ref::<CaseExpr>() {
        return any_of(routed, columns);
    }
    match filter.downcast_ref::<Literal>()?.value() {
        ScalarValue::Boolean(Some(false)) => Some("false".to_string()),
        _ => None,
    }
}

/// Each partition of a join has keys of its own, and a row is looked for in one of them.
fn any_of(routed: &CaseExpr, columns: &[PgColumn]) -> Option<String> {
    let branches = routed.when_then_expr().iter().map(|(_, then)| then).chain(routed.else_expr());
    let conditions: Option<Vec<String>> = branches.map(|branch| to_sql(branch, columns)).collect();
    Some(format!("({})", conditions?.join(" or ")))
}

/// `"a" in (…)`; of a key of several columns each column for itself, which an index on any of them serves.
fn among(list: &InListExpr, columns: &[PgColumn]) -> Option<String> {
    let values: Option<Vec<&ScalarValue>> =
        list.list().iter().map(|value| Some(value.downcast_ref::<Literal>()?.value())).collect();
    let values = values?;
    if let Some(column) = column(list.expr(), columns) {
        return within(column, values.into_iter().cloned());
    }
    let fields = list.expr().children();
    let conditions = fields.into_iter().enumerate().filter_map(|(place, field)| {
        let column = column(field, columns)?;
        let of_field = values.iter().map(|value| match value {
            ScalarValue::Struct(row) if row.num_columns() > place => {
                ScalarValue::try_from_array(row.column(place), 0).ok()
            }
            _ => None,
        });
        within(column, of_field.collect::<Option<Vec<_>>>()?.into_iter())
    });
    let conditions: Vec<String> = conditions.collect();
    (!conditions.is_empty()).then(|| format!("({})", conditions.join(" and ")))
}

fn within(column: &PgColumn, values: impl Iterator<Item = ScalarValue>) -> Option<String> {
    // A null equals nothing; where it is to meet another, the filter says so beside the list.
    let known = values.filter(|value| !value.is_null());
    let written: Option<Vec<String>> = match column.pg_type {
        PgType::Text | PgType::Varchar(_) | PgType::Name => {
            known.map(|value| Some(quote::literal(value.try_as_str()??))).collect()
        }
        PgType::Uuid => known
            .filter(|value| value.try_as_str().flatten().is_none_or(is_canonical_uuid))
            .map(|value| Some(format!("'{}'::uuid", value.try_as_str()??)))
            .collect(),
        _ => known.map(|value| if value.try_as_str().is_some() { None } else { literal(&value) }).collect(),
    };
    let mut written = written?;
    written.sort_unstable();
    written.dedup();
    match written.is_empty() {
        true => Some("false".to_string()),
        false => Some(format!("{} in ({})", quote::identifier(&column.name), written.join(", "))),
    }
}

/// As the server writes them: others equal none that is read from it.
fn is_canonical_uuid(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => is_digit(byte),
        })
}

fn column<'c>(expr: &Arc<dyn PhysicalExpr>, columns: &'c [PgColumn]) -> Option<&'c PgColumn> {
    columns.get(expr.downcast_ref::<Column>()?.index())
}
