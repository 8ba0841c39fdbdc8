//! Which Arrow type a column of Postgres has, and the other way round.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType, Field, IntervalUnit, TimeUnit};

use medallion_udfs::ANY_NUMERIC;

use super::{PgType, WireError};

/// The key of a field's metadata under which the Postgres type is kept that the Arrow type does not tell: `uuid`, `json`,
/// `jsonb`, `numeric`, or an enum's name. A column that goes from table to table keeps its type that way.
pub const PG_TYPE: &str = "pg_type";

/// A `numeric` of any precision is read with this scale.
pub(super) const ANY_SCALE: i8 = 38;

/// A column of a Postgres table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PgColumn {
    pub name: String,
    pub pg_type: PgType,
}

/// How medallion reads a column. Every column may be null.
///
/// A `numeric` without precision holds up to 131072 digits, each value with as many decimals as it likes. It is read as
/// `Decimal256(76, 38)`: a quotient or mean that Postgres computed has 16 to 20 decimals, money 20 digits before the
/// point, and both together do not fit into a `Decimal128`. A narrower default would fail on reading, where only the owner
/// of the table could help. A value that does not fit is an error, as is one of a `numeric(p,s)` with p > 76. What is
/// computed from such a number is one too, so that a column of this type without another declared is a `numeric`.
pub fn arrow_field(column: &PgColumn) -> Result<Field, WireError> {
    field(&column.name, &column.pg_type)
        .ok_or_else(|| WireError::Unreadable { column: column.name.clone(), pg_type: column.pg_type.sql() })
}

/// The same for a table's schema, where a column of an unsupported type must not be in the way of the others: it is text,
/// and [`Decoder::new`](super::Decoder::new) fails when it is read.
pub fn placeholder_field(column: &PgColumn) -> Field {
    field(&column.name, &column.pg_type).unwrap_or_else(|| Field::new(&column.name, DataType::Utf8View, true))
}

fn field(name: &str, pg_type: &PgType) -> Option<Field> {
    let data_type = match pg_type {
        PgType::Array { element, .. } if matches!(**element, PgType::Array { .. }) => return None,
        PgType::Array { element, .. } => DataType::List(Arc::new(field("element", element)?)),
        other => scalar(other)?,
    };
    let field = Field::new(name, data_type, true);
    let kept = match pg_type {
        PgType::Uuid | PgType::Json | PgType::Jsonb | PgType::Enum { .. } | PgType::Numeric(None) => true,
        PgType::Numeric(Some(declared)) => !matches!(
            field.data_type(),
            DataType::Decimal128(p, s) | DataType::Decimal256(p, s)
                if (u16::from(*p), i16::from(*s)) == *declared && field.data_type() != &ANY_NUMERIC
        ),
        _ => false,
    };
    Some(if kept { field.with_metadata(HashMap::from([(PG_TYPE.to_string(), pg_type.sql())])) } else { field })
}

/// `None` for what is no scalar we know.
fn scalar(pg_type: &PgType) -> Option<DataType> {
    Some(match pg_type {
        PgType::Bool => DataType::Boolean,
        PgType::Int2 => DataType::Int16,
        PgType::Int4 => DataType::Int32,
        PgType::Int8 | PgType::Oid => DataType::Int64,
        PgType::Float4 => DataType::Float32,
        PgType::Float8 => DataType::Float64,
        PgType::Numeric(None) => ANY_NUMERIC,
        PgType::Numeric(Some((precision, scale))) => decimal(i32::from(*precision), i32::from(*scale)),
        PgType::Text
        | PgType::Varchar(_)
        | PgType::Bpchar(_)
        | PgType::Name
        | PgType::Char
        | PgType::Uuid
        | PgType::Json
        | PgType::Jsonb
        | PgType::Enum { .. } => DataType::Utf8View,
        PgType::Date => DataType::Date32,
        PgType::Time => DataType::Time64(TimeUnit::Microsecond),
        PgType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        PgType::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        PgType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        PgType::Bytea => DataType::BinaryView,
        PgType::Array { .. } | PgType::Unsupported { .. } => return None,
    })
}

/// Arrow's scale is neither negative nor greater than the precision; Postgres' may be both.
fn decimal(precision: i32, scale: i32) -> DataType {
    let digits = if scale < 0 { precision - scale } else { precision.max(scale) };
    let fits = |most: u8| u8::try_from(digits).ok().filter(|digits| *digits <= most);
    let scale = |most: i8| i8::try_from(scale.max(0)).unwrap_or(most).min(most);
    match fits(DECIMAL128_MAX_PRECISION) {
        Some(digits) => DataType::Decimal128(digits, scale(38)),
        None => DataType::Decimal256(fits(DECIMAL256_MAX_PRECISION).unwrap_or(DECIMAL256_MAX_PRECISION), scale(76)),
    }
}

/// The Postgres column that a column of a model becomes. [`PG_TYPE`] wins where it fits the Arrow type.
pub fn pg_type(field: &Field) -> Result<PgType, WireError> {
    stored_as(field)
        .ok_or_else(|| WireError::Unstorable { column: field.name().clone(), data_type: field.data_type().clone() })
}

fn stored_as(field: &Field) -> Option<PgType> {
    let kept = field.metadata().get(PG_TYPE).map(String::as_str);
    Some(match field.data_type() {
        DataType::Null => PgType::Text,
        DataType::Boolean => PgType::Bool,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => PgType::Int2,
        DataType::Int32 | DataType::UInt16 => PgType::Int4,
        DataType::Int64 | DataType::UInt32 => PgType::Int8,
        DataType::UInt64 => PgType::Numeric(Some((20, 0))),
        DataType::Float16 | DataType::Float32 => PgType::Float4,
        DataType::Float64 => PgType::Float8,
        DataType::Decimal256(_, _) if kept.is_none() && field.data_type() == &ANY_NUMERIC => PgType::Numeric(None),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            // A number that was cast to another decimal kept what it was before.
            let fitting = kept.and_then(numeric).filter(|kept| scalar(kept).as_ref() == Some(field.data_type()));
            fitting.unwrap_or(PgType::Numeric(Some((u16::from(*precision), i16::from(*scale)))))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => kept.map_or(PgType::Text, text),
        DataType::Date32 | DataType::Date64 => PgType::Date,
        DataType::Time32(_) | DataType::Time64(_) => PgType::Time,
        DataType::Timestamp(_, None) => PgType::Timestamp,
        DataType::Timestamp(_, Some(_)) => PgType::Timestamptz,
        DataType::Interval(_) | DataType::Duration(_) => PgType::Interval,
        DataType::FixedSizeBinary(16) if kept == Some("uuid") => PgType::Uuid,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => PgType::Bytea,
        DataType::Dictionary(_, values) => {
            stored_as(&Field::new("", (**values).clone(), true).with_metadata(field.metadata().clone()))?
        }
        DataType::List(element) | DataType::LargeList(element) => match stored_as(element)? {
            PgType::Array { .. } => return None,
            // What its array is called, the server alone knows.
            PgType::Enum { .. } => PgType::array_of(PgType::Text),
            element => PgType::array_of(element),
        },
        _ => return None,
    })
}

/// `numeric` or `numeric(p,s)`.
fn numeric(kept: &str) -> Option<PgType> {
    let modifier = kept.strip_prefix("numeric")?;
    if modifier.is_empty() {
        return Some(PgType::Numeric(None));
    }
    let (precision, scale) = modifier.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    Some(PgType::Numeric(Some((precision.parse().ok()?, scale.parse().ok()?))))
}

fn text(kept: &str) -> PgType {
    match kept {
        "uuid" => PgType::Uuid,
        "json" => PgType::Json,
        "jsonb" => PgType::Jsonb,
        // A decimal that was cast to text kept what it was before.
        other if numeric(other).is_some() => PgType::Text,
        name => PgType::Enum { name: name.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(pg_type: PgType) -> PgColumn {
        PgColumn { name: "c".to_string(), pg_type }
    }

    fn there_and_back(given: PgType) -> PgType {
        pg_type(&arrow_field(&column(given)).unwrap()).unwrap()
    }

    #[test]
    fn a_column_copied_from_table_to_table_keeps_its_type() {
        let scalars = [
            PgType::Bool,
            PgType::Int2,
            PgType::Int4,
            PgType::Int8,
            PgType::Float4,
            PgType::Float8,
            PgType::Numeric(None),
            PgType::Numeric(Some((38, 2))),
            PgType::Numeric(Some((39, 2))),
            PgType::Numeric(Some((76, 76))),
            PgType::Numeric(Some((76, 38))),
            PgType::Numeric(Some((1000, 2))),
            PgType::Numeric(Some((5, -2))),
            PgType::Numeric(Some((3, 5))),
            PgType::Text,
            PgType::Date,
            PgType::Time,
            PgType::Timestamp,
            PgType::Timestamptz,
            PgType::Interval,
            PgType::Uuid,
            PgType::Json,
            PgType::Jsonb,
            PgType::Bytea,
        ];
        for scalar in scalars {
            assert_eq!(there_and_back(scalar.clone()), scalar);
            assert_eq!(there_and_back(PgType::array_of(scalar.clone())), PgType::array_of(scalar));
        }
        for text in [PgType::Varchar(Some(3)), PgType::Bpchar(Some(3)), PgType::Name, PgType::Char] {
            assert_eq!(there_and_back(text), PgType::Text);
        }
        assert_eq!(there_and_back(PgType::Oid), PgType::Int8);
        let color = PgType::Enum { name: "shop.\"Color\"".to_string() };
        assert_eq!(there_and_back(color.clone()), color);
        assert_eq!(there_and_back(PgType::array_of(color)), PgType::array_of(PgType::Text));
    }

    #[test]
    fn an_odd_scale_becomes_one_that_arrow_has() {
        for (declared, read) in [
            ((38, 38), DataType::Decimal128(38, 38)),
            ((39, 0), DataType::Decimal256(39, 0)),
            ((5, -2), DataType::Decimal128(7, 0)),
            ((3, 5), DataType::Decimal128(5, 5)),
            ((1000, 2), DataType::Decimal256(76, 2)),
            ((1000, 900), DataType::Decimal256(76, 76)),
        ] {
            let field = arrow_field(&column(PgType::Numeric(Some(declared)))).unwrap();
            assert_eq!(field.data_type(), &read, "numeric{declared:?}");
        }
    }

    #[test]
    fn an_unsupported_type_is_in_nobodys_way_until_it_is_read() {
        let inet = column(PgType::Unsupported { name: "inet".to_string() });
        assert_eq!(placeholder_field(&inet).data_type(), &DataType::Utf8View);
        let error = arrow_field(&inet).unwrap_err().to_string();
        assert!(error.starts_with("column 'c' has the Postgres type inet"), "{error}");
        let union = Field::new("u", DataType::Struct(Vec::<Field>::new().into()), true);
        assert!(pg_type(&union).unwrap_err().to_string().starts_with("column 'u' has type Struct"));
        let nested = Field::new_list("element", Field::new("element", DataType::Int32, true), true);
        assert!(pg_type(&Field::new_list("n", nested, true)).is_err());
    }

    #[test]
    fn the_types_that_postgres_lacks_become_the_next_wider_one() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        for (data_type, sql) in [
            (DataType::Int8, "smallint"),
            (DataType::UInt8, "smallint"),
            (DataType::UInt16, "integer"),
            (DataType::UInt32, "bigint"),
            (DataType::UInt64, "numeric(20,0)"),
            (DataType::Null, "text"),
            (dictionary, "text"),
            (DataType::Duration(TimeUnit::Nanosecond), "interval"),
            (DataType::FixedSizeBinary(16), "bytea"),
            (DataType::Timestamp(TimeUnit::Second, Some("Europe/Berlin".into())), "timestamp with time zone"),
        ] {
            assert_eq!(pg_type(&Field::new("c", data_type, true)).unwrap().sql(), sql);
        }
    }
}
