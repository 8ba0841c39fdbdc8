//! The names of types.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::error::Result;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::{CharacterLength, DataType as SqlType, ExactNumberInfo, TimezoneInfo};

/// Key of a text type's metadata: the number of characters it holds.
const LENGTH: &str = "postgres.length";

/// The zone of every `timestamptz`.
pub const UTC: &str = "+00:00";

/// `FLOAT` is float8, timestamps are microseconds, `varchar(n)` remembers its length.
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
        Some(CharacterLength::IntegerLength { length, .. }) => {
            field.with_metadata(HashMap::from([(LENGTH.to_string(), length.to_string())]))
        }
        Some(CharacterLength::Max) | None => field,
    })
}

/// `n` of a `varchar(n)`.
pub fn length_of(field: &Field) -> Option<i64> {
    field.metadata().get(LENGTH)?.parse().ok()
}
