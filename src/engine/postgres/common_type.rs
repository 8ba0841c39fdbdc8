//! The one type of several values that stand for one another, or are compared: a written text takes the type of the
//! others, a float8 and a numeric meet as float8, and a text and a number do not meet.

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Cast, Expr};
use medallion_udfs::meeting_type;

use super::casts;
use super::rewrite::type_of;
use super::types::UTC;

/// Types that meet in one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    Number,
    Text,
    Boolean,
    Moment,
    Time,
    Interval,
    Bytes,
}

impl Category {
    pub fn of(data_type: &DataType) -> Option<Category> {
        Some(match data_type {
            number if number.is_numeric() => Category::Number,
            text if casts::is_text(text) => Category::Text,
            DataType::Dictionary(_, value) => return Category::of(value),
            DataType::Boolean => Category::Boolean,
            DataType::Date32 | DataType::Timestamp(_, _) => Category::Moment,
            DataType::Time32(_) | DataType::Time64(_) => Category::Time,
            DataType::Interval(_) => Category::Interval,
            bytes if casts::is_bytes(bytes) => Category::Bytes,
            _ => return None,
        })
    }
}

/// A type as Postgres names it.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_string(),
        DataType::Int8 | DataType::Int16 => "smallint".to_string(),
        DataType::Int32 => "integer".to_string(),
        number if number.is_integer() => "bigint".to_string(),
        DataType::Float16 | DataType::Float32 => "real".to_string(),
        DataType::Float64 => "double precision".to_string(),
        number if number.is_decimal() => "numeric".to_string(),
        text if casts::is_text(text) => "text".to_string(),
        bytes if casts::is_bytes(bytes) => "bytea".to_string(),
        DataType::Date32 => "date".to_string(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_string(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_string(),
        DataType::Time32(_) | DataType::Time64(_) => "time without time zone".to_string(),
        DataType::Interval(_) => "interval".to_string(),
        DataType::List(field) | DataType::LargeList(field) => format!("{}[]", type_name(field.data_type())),
        other => other.to_string(),
    }
}

/// A text that is written out has no type yet.
pub fn is_unknown(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_unknown(&alias.expr),
        Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::Utf8View(_) | ScalarValue::Null, _) => true,
        _ => false,
    }
}

/// What two values are cast to so that both have one type; `None` where DataFusion finds the same.
fn meet(left: &DataType, right: &DataType) -> Option<DataType> {
    let is_mixed = |one: fn(&DataType) -> bool, other: fn(&DataType) -> bool| {
        (one(left) && other(right)) || (one(right) && other(left))
    };
    match (left, right) {
        _ if is_mixed(DataType::is_floating, |number| number.is_decimal() || number.is_floating()) => {
            Some(DataType::Float64)
        }
        (left, right) if let Some(any) = meeting_type(left, right) => Some(any),
        (DataType::Timestamp(_, Some(_)), DataType::Date32 | DataType::Timestamp(_, _))
        | (DataType::Date32 | DataType::Timestamp(_, _), DataType::Timestamp(_, Some(_))) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())))
        }
        (DataType::Timestamp(_, None), DataType::Date32 | DataType::Timestamp(_, None))
        | (DataType::Date32, DataType::Timestamp(_, None)) => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        _ => None,
    }
}

/// The type that values are brought to, those without one first.
pub struct Common {
    /// Of the values that have one.
    known: DataType,
    /// What all are cast to; `None` where DataFusion's own coercion does the same.
    cast: Option<DataType>,
}

impl Common {
    pub fn known(&self) -> &DataType {
        &self.known
    }

    pub fn cast(&self) -> Option<&DataType> {
        self.cast.as_ref()
    }
}

/// `Err` holds two types that do not meet, `None` that no value has one that matters here.
pub fn common<'a>(
    types: impl IntoIterator<Item = &'a DataType>,
) -> std::result::Result<Option<Common>, (String, String)> {
    let mut found: Option<Common> = None;
    for data_type in types.into_iter().filter(|data_type| !data_type.is_null()) {
        let Some(category) = Category::of(data_type) else { return Ok(None) };
        found = Some(match found {
            None => Common { known: data_type.clone(), cast: None },
            Some(common) if Category::of(&common.known) != Some(category) => {
                return Err((type_name(&common.known), type_name(data_type)));
            }
            Some(common) if &common.known == data_type => common,
            Some(common) => match meet(&common.known, data_type) {
                Some(both) => Common { known: both.clone(), cast: Some(both) },
                None => Common { known: wider(common.known, data_type), cast: common.cast },
            },
        });
    }
    Ok(found)
}

fn wider(left: DataType, right: &DataType) -> DataType {
    let rank = |data_type: &DataType| match data_type {
        DataType::Int8 | DataType::Int16 => 1,
        DataType::Int32 => 2,
        number if number.is_integer() => 3,
        number if number.is_decimal() => 4,
        _ => 5,
    };
    if rank(right) > rank(&left) { right.clone() } else { left }
}

/// Brings values to their common type; `refuse` words the error about two types that do not meet.
pub fn unify(
    values: Vec<&mut Expr>,
    schema: &DFSchema,
    refuse: impl FnOnce(&str, &str) -> DataFusionError,
) -> Result<bool> {
    let types: Vec<Option<DataType>> = values.iter().map(|value| type_of(value, schema)).collect();
    let known = values.iter().zip(&types).filter(|(value, _)| !is_unknown(value)).filter_map(|(_, kind)| kind.as_ref());
    let Some(common) = common(known).map_err(|(left, right)| refuse(&left, &right))? else { return Ok(false) };
    let mut transformed = false;
    for (value, data_type) in values.into_iter().zip(types) {
        let Some(data_type) = data_type.filter(|data_type| !data_type.is_null()) else { continue };
        let target = match &common.cast {
            _ if is_unknown(value) && !casts::is_text(&common.known) => &common.known,
            Some(cast) if *cast != data_type => cast,
            _ => continue,
        };
        cast_in_place(value, target, schema)?;
        transformed = true;
    }
    Ok(transformed)
}

/// A cast as Postgres does it.
pub fn cast_in_place(value: &mut Expr, target: &DataType, schema: &DFSchema) -> Result<()> {
    if let Expr::Alias(alias) = value {
        return cast_in_place(&mut alias.expr, target, schema);
    }
    let cast = Expr::Cast(Cast::new(Box::new(std::mem::take(value)), target.clone()));
    *value = casts::rewrite(cast, schema)?.data;
    Ok(())
}
