//! Filters that the server can apply before it sends rows.
//!
//! What comes back may have rows too many, never too few: the engine applies the whole filter once more.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Cast, Expr, Operator};

use super::quote;
use super::wire::{PgColumn, PgType};

/// The filter in SQL; `None` where the server might understand it differently. Columns are those of the table.
pub fn to_sql(filter: &Expr, columns: &[PgColumn]) -> Option<String> {
    Columns(columns).to_sql(filter)
}

struct Columns<'a>(&'a [PgColumn]);

impl Columns<'_> {
    fn to_sql(&self, filter: &Expr) -> Option<String> {
        match filter {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                match (self.to_sql(left), self.to_sql(right)) {
                    (Some(left), Some(right)) => Some(format!("({left} and {right})")),
                    // One of the two lets through all that both do.
                    (left, right) => left.or(right),
                }
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Some(format!("({} or {})", self.to_sql(left)?, self.to_sql(right)?))
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => self.comparison(left, *op, right),
            Expr::IsNull(operand) => Some(format!("{} is null", column(operand)?.name)),
            Expr::IsNotNull(operand) => Some(format!("{} is not null", column(operand)?.name)),
            Expr::Between(Between { expr, negated: false, low, high }) => {
                let low = self.comparison(expr, Operator::GtEq, low)?;
                Some(format!("({low} and {})", self.comparison(expr, Operator::LtEq, high)?))
            }
            Expr::InList(InList { expr, list, negated: false }) if !list.is_empty() && list.len() <= 1000 => {
                let of = column(expr)?;
                let texts = list.iter().any(|value| value.as_literal().is_some_and(is_text));
                if texts && !self.is_text(&of.column) {
                    return None;
                }
                let values: Option<Vec<String>> = list.iter().map(constant).collect();
                Some(format!("{} in ({})", of.name, values?.join(", ")))
            }
            _ => None,
        }
    }

    /// Whether the server compares the column's values as the texts that they are read as: a uuid, an enum or JSON it
    /// compares with nothing but its own kind, and a `char(n)` without its blanks.
    fn is_text(&self, name: &str) -> bool {
        let column = self.0.iter().find(|column| column.name == name);
        column.is_some_and(|column| matches!(column.pg_type, PgType::Text | PgType::Varchar(_) | PgType::Name))
    }

    fn comparison(&self, left: &Expr, op: Operator, right: &Expr) -> Option<String> {
        let (operand, op, value) = match (column(left), column(right)) {
            (Some(operand), None) => (operand, op, right),
            (None, Some(operand)) => (operand, op.swap()?, left),
            _ => return None,
        };
        let sign = match op {
            Operator::Eq => "=",
            Operator::NotEq => "<>",
            Operator::Lt => "<",
            Operator::LtEq => "<=",
            Operator::Gt => ">",
            Operator::GtEq => ">=",
            _ => return None,
        };
        let ordered = !matches!(op, Operator::Eq | Operator::NotEq);
        let value = value.as_literal()?;
        let is_text = is_text(value);
        if is_text && !self.is_text(&operand.column) {
            return None;
        }
        // The server's collation may order texts in another way than by their bytes.
        let name = if is_text && ordered { format!("{} collate \"C\"", operand.name) } else { operand.name };
        let written = match value {
            // The column has no zone: compared as it is stored, an index on it can be used.
            ScalarValue::TimestampMicrosecond(Some(micros), Some(_)) if operand.in_utc => {
                timestamp(*micros, "timestamp")?
            }
            _ if operand.in_utc => return None,
            _ => literal(value)?,
        };
        Some(format!("{name} {sign} {written}"))
    }
}

/// A column, or its instant in UTC: the same number under another type.
struct Operand {
    column: String,
    /// Quoted.
    name: String,
    /// `timestamp` read as `timestamp with time zone`.
    in_utc: bool,
}

fn column(expr: &Expr) -> Option<Operand> {
    match expr {
        Expr::Column(column) => Some(operand(&column.name, false)),
        Expr::Cast(Cast { expr, field }) => match (expr.as_ref(), field.data_type()) {
            (Expr::Column(column), DataType::Timestamp(TimeUnit::Microsecond, Some(zone))) if is_utc(zone) => {
                Some(operand(&column.name, true))
            }
            _ => None,
        },
        _ => None,
    }
}

fn operand(column: &str, in_utc: bool) -> Operand {
    Operand { column: column.to_string(), name: quote::identifier(column), in_utc }
}

fn is_text(value: &ScalarValue) -> bool {
    matches!(value, ScalarValue::Utf8(_) | ScalarValue::LargeUtf8(_) | ScalarValue::Utf8View(_))
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "UTC" | "+00:00" | "+00" | "Z")
}

fn constant(expr: &Expr) -> Option<String> {
    literal(expr.as_literal()?)
}

/// A value in SQL, of the type that a column of its Arrow type has on the server. NULL compares with nothing.
pub fn literal(value: &ScalarValue) -> Option<String> {
    Some(match value {
        ScalarValue::Boolean(Some(value)) => value.to_string(),
        ScalarValue::Int8(Some(value)) => value.to_string(),
        ScalarValue::Int16(Some(value)) => value.to_string(),
        ScalarValue::Int32(Some(value)) => format!("({value})"),
        ScalarValue::Int64(Some(value)) => format!("({value})"),
        ScalarValue::Float64(Some(value)) if value.is_finite() => format!("'{value:e}'::float8"),
        ScalarValue::Decimal128(Some(_), _, _) | ScalarValue::Decimal256(Some(_), _, _) => {
            format!("'{}'::numeric", decimal(value)?)
        }
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => {
            quote::literal(text)
        }
        ScalarValue::Date32(Some(days)) => {
            let day = NaiveDate::from_epoch_days(*days)?;
            let year = chrono::Datelike::year(&day);
            // Other years are written in other ways.
            (1..=9999).contains(&year).then(|| format!("date '{day}'"))?
        }
        ScalarValue::TimestampMicrosecond(Some(micros), None) => timestamp(*micros, "timestamp")?,
        ScalarValue::TimestampMicrosecond(Some(micros), Some(_)) => timestamp(*micros, "timestamptz")?,
        _ => return None,
    })
}

fn decimal(value: &ScalarValue) -> Option<String> {
    let (is_negative, digits, scale) = match value {
        ScalarValue::Decimal128(Some(digits), _, scale) => (*digits < 0, digits.unsigned_abs().to_string(), scale),
        ScalarValue::Decimal256(Some(digits), _, scale) => {
            (digits.is_negative(), digits.wrapping_abs().to_string(), scale)
        }
        _ => return None,
    };
    let scale = usize::try_from(*scale).ok()?;
    let text = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    let sign = if is_negative { "-" } else { "" };
    Some(if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

fn timestamp(micros: i64, sql_type: &str) -> Option<String> {
    let instant = DateTime::from_timestamp_micros(micros)?;
    let year = chrono::Datelike::year(&instant);
    let zone = if sql_type == "timestamptz" { "+00" } else { "" };
    (1..=9999).contains(&year).then(|| format!("{sql_type} '{}{zone}'", instant.format("%Y-%m-%d %H:%M:%S%.6f")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::i256;
    use datafusion::prelude::{cast, col, lit};

    #[expect(clippy::needless_pass_by_value, reason = "filters are made where they are given")]
    fn sql(filter: Expr) -> Option<String> {
        let column = |name: &str, pg_type| PgColumn { name: name.to_string(), pg_type };
        to_sql(&filter, &[column("t", PgType::Text), column("u", PgType::Uuid), column("c", PgType::Bpchar(Some(3)))])
    }

    #[test]
    fn comparisons_keep_their_side() {
        assert_eq!(sql(col("a").gt(lit(5i32))).unwrap(), "\"a\" > (5)");
        assert_eq!(sql(lit(5i32).gt(col("a"))).unwrap(), "\"a\" < (5)");
        assert_eq!(sql(col("t").lt(lit("b"))).unwrap(), "\"t\" collate \"C\" < 'b'");
        assert_eq!(sql(col("t").eq(lit("it's"))).unwrap(), "\"t\" = 'it''s'");
    }

    #[test]
    fn what_is_not_known_is_left_to_the_engine() {
        let unknown = || col("a").gt(col("b"));
        assert_eq!(sql(unknown()), None);
        assert_eq!(sql(unknown().and(col("a").is_null())).unwrap(), "\"a\" is null");
        assert_eq!(sql(unknown().or(col("a").is_null())), None);
        assert_eq!(sql(!col("a").eq(lit(1i32))), None);
    }

    #[test]
    fn a_text_is_compared_with_texts_alone() {
        assert_eq!(sql(col("u").eq(lit("x"))), None);
        assert_eq!(sql(col("c").not_eq(lit("ab"))), None);
        assert_eq!(sql(col("u").in_list(vec![lit("x")], false)), None);
        assert_eq!(sql(col("t").in_list(vec![lit("x")], false)).unwrap(), "\"t\" in ('x')");
        assert_eq!(sql(col("u").is_null()).unwrap(), "\"u\" is null");
    }

    #[test]
    fn a_timestamp_is_compared_as_it_is_stored() {
        let instant = || lit(ScalarValue::TimestampMicrosecond(Some(1_000_001), Some("UTC".into())));
        assert_eq!(sql(col("t").gt(instant())).unwrap(), "\"t\" > timestamptz '1970-01-01 00:00:01.000001+00'");
        let cast = cast(col("t"), DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
        assert_eq!(sql(cast.gt(instant())).unwrap(), "\"t\" > timestamp '1970-01-01 00:00:01.000001'");
    }

    #[test]
    fn decimals_keep_their_digits() {
        let value = |digits, scale| ScalarValue::Decimal128(Some(digits), 10, scale);
        assert_eq!(decimal(&value(-5, 2)).unwrap(), "-0.05");
        assert_eq!(decimal(&value(12_345, 2)).unwrap(), "123.45");
        assert_eq!(decimal(&value(7, 0)).unwrap(), "7");
        let wide = ScalarValue::Decimal256(Some(i256::from_i128(-5)), 76, 3);
        assert_eq!(decimal(&wide).unwrap(), "-0.005");
    }
}
