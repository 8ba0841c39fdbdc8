//! The names of types.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{CharacterLength, DataType as SqlType, ExactNumberInfo, TimezoneInfo};

/// Key of a text type's metadata: the number of characters it holds.
const LENGTH: &str = "postgres.length";

/// Key of the metadata of a `numeric` that is written without precision.
const UNCONSTRAINED: &str = "postgres.numeric";

/// The decimals of a `numeric` that is written without precision, where nothing tells how many there are.
const DECIMALS: i8 = 10;

/// The zone of every `timestamptz`.
pub const UTC: &str = "+00:00";

/// `FLOAT` is float8, timestamps are microseconds, `varchar(n)` and `char(n)` remember their length and `numeric` that it has none.
#[derive(Debug)]
pub struct PostgresTypes;

impl TypePlanner for PostgresTypes {
    fn plan_type_field(&self, sql_type: &SqlType) -> Result<Option<FieldRef>> {
        let data_type = match sql_type {
            SqlType::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => DataType::Float32,
            SqlType::Float(_) => DataType::Float64,
            SqlType::Timestamp(None | Some(6), zone) => DataType::Timestamp(TimeUnit::Microsecond, zone_of(*zone)),
            SqlType::Varchar(length)
            | SqlType::CharacterVarying(length)
            | SqlType::CharVarying(length)
            | SqlType::Nvarchar(length) => return Ok(Some(text(length.as_ref()))),
            SqlType::Char(length) | SqlType::Character(length) => {
                let one = CharacterLength::IntegerLength { length: 1, unit: None };
                return Ok(Some(text(Some(length.as_ref().unwrap_or(&one)))));
            }
            SqlType::Numeric(ExactNumberInfo::None)
            | SqlType::Decimal(ExactNumberInfo::None)
            | SqlType::Dec(ExactNumberInfo::None) => {
                let field = Field::new("", DataType::Decimal128(38, DECIMALS), true);
                return Ok(Some(Arc::new(field.with_metadata(marked(UNCONSTRAINED, String::new())))));
            }
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", data_type, true))))
    }
}

fn zone_of(zone: TimezoneInfo) -> Option<Arc<str>> {
    matches!(zone, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone).then(|| UTC.into())
}

fn text(length: Option<&CharacterLength>) -> FieldRef {
    let field = Field::new("", DataType::Utf8View, true);
    Arc::new(match length {
        Some(CharacterLength::IntegerLength { length, .. }) => field.with_metadata(marked(LENGTH, length.to_string())),
        Some(CharacterLength::Max) | None => field,
    })
}

fn marked(key: &str, value: String) -> HashMap<String, String> {
    HashMap::from([(key.to_string(), value)])
}

/// Whether this is a `numeric` without precision, which holds the decimals its value has.
pub fn is_unconstrained(field: &Field) -> bool {
    field.metadata().contains_key(UNCONSTRAINED)
}

/// `n` of a `varchar(n)`.
pub fn length_of(field: &Field) -> Option<i64> {
    field.metadata().get(LENGTH)?.parse().ok()
}
