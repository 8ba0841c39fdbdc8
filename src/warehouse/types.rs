//! Which Arrow types a table can have: those that Delta and Postgres both know.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, PrimitiveArray, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, DurationMicrosecondType, Field, IntervalMonthDayNano, IntervalMonthDayNanoType,
    IntervalUnit, Schema, SchemaRef, TimeUnit,
};
use arrow::error::ArrowError;

use super::{RelationName, WarehouseError};

/// The schema in which rows of `schema` are stored: types that no warehouse has become the nearest wider one that all
/// have, and every column may be null. A type with no such neighbour is an error that names the column.
pub fn storable_schema(name: &RelationName, schema: &Schema) -> Result<SchemaRef, WarehouseError> {
    let mut fields: Vec<Field> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        if fields.iter().any(|earlier| earlier.name() == field.name()) {
            return Err(WarehouseError::Unsupported {
                relation: name.to_string(),
                message: format!("has two columns named '{}'; give one of them another name with `as`", field.name()),
            });
        }
        let data_type = storable_type(field.data_type()).ok_or_else(|| WarehouseError::Unsupported {
            relation: name.to_string(),
            message: format!(
                "column '{}' has type {}, which a table cannot store; cast it to another type",
                field.name(),
                field.data_type()
            ),
        })?;
        fields.push(Field::new(field.name(), data_type, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The decimals that a lake keeps of a numeric of more than 38 digits: the rest are rounded, and 20 digits are left before the
/// point.
const STORED_DECIMALS: i8 = 18;

fn storable_type(data_type: &DataType) -> Option<DataType> {
    Some(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32 => data_type.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        // Postgres has no unsigned numbers: what counts rows there is a bigint.
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Float16 => DataType::Float32,
        // An untyped NULL is text in Postgres.
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::BinaryView
        }
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
            if *scale >= 0 =>
        {
            DataType::Decimal128(*precision, *scale)
        }
        // The numbers that a lake has no room for are errors when they are written.
        DataType::Decimal256(precision, scale) if *scale >= 0 => DataType::Decimal128(
            (*precision).min(DECIMAL128_MAX_PRECISION),
            if *precision > DECIMAL128_MAX_PRECISION { (*scale).min(STORED_DECIMALS) } else { *scale },
        ),
        DataType::Dictionary(_, values) => storable_type(values)?,
        DataType::List(item) | DataType::LargeList(item) => {
            DataType::List(Arc::new(Field::new("element", storable_type(item.data_type())?, true)))
        }
        _ => return None,
    })
}

/// The batch with exactly the columns of `schema`, in its order and types; a column it lacks is null.
pub fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, WarehouseError> {
    if batch.schema_ref() == schema {
        return Ok(batch.clone());
    }
    let columns: Result<Vec<ArrayRef>, ArrowError> = schema
        .fields()
        .iter()
        .map(|field| match batch.column_by_name(field.name()) {
            Some(column) if column.data_type() == field.data_type() => Ok(Arc::clone(column)),
            Some(column) => cast(column, field.data_type()),
            None => Ok(new_null_array(field.data_type(), batch.num_rows())),
        })
        .collect();
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), columns?, &rows)?)
}

/// What [`conform`] makes of batches with the columns of `comes`, but with text in the form in which it comes: in a file it has
/// none.
pub fn with_text_as_it_comes(schema: &SchemaRef, comes: &Schema) -> SchemaRef {
    let field = |field: &Arc<Field>| match comes.field_with_name(field.name()) {
        Ok(other) if *field.data_type() == DataType::Utf8View && *other.data_type() == DataType::Utf8 => {
            Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// A value that does not fit is an error, never a NULL.
pub fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    const DAY: i64 = 86_400_000_000;
    let options = CastOptions { safe: false, ..Default::default() };
    match (column.data_type(), to) {
        // The difference of two timestamps has days in Postgres, where Arrow counts all of it in nanoseconds.
        (DataType::Duration(_), DataType::Interval(IntervalUnit::MonthDayNano)) => {
            let micros = cast_with_options(column, &DataType::Duration(TimeUnit::Microsecond), &options)?;
            let intervals: PrimitiveArray<IntervalMonthDayNanoType> =
                micros.as_primitive::<DurationMicrosecondType>().try_unary(|micros| {
                    let days = i32::try_from(micros / DAY).map_err(|error| ArrowError::CastError(error.to_string()))?;
                    Ok::<_, ArrowError>(IntervalMonthDayNano::new(0, days, micros % DAY * 1000))
                })?;
            Ok(Arc::new(intervals))
        }
        (DataType::Decimal256(_, _), DataType::Decimal128(precision, scale)) => {
            cast_with_options(column, to, &options).map_err(|error| {
                ArrowError::CastError(format!(
                    "a number has too many digits for numeric({precision},{scale}); cast it to a numeric that holds it: {error}"
                ))
            })
        }
        _ => cast_with_options(column, to, &options),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Decimal256Array, DurationMillisecondArray, Int32Array, UInt64Array};
    use arrow::datatypes::{Decimal128Type, i256};

    #[test]
    fn a_difference_of_timestamps_has_days() {
        let difference: ArrayRef =
            Arc::new(DurationMillisecondArray::from(vec![Some(90_000_500), Some(-90_000_500), None]));
        let intervals = cast(&difference, &DataType::Interval(IntervalUnit::MonthDayNano)).unwrap();
        let rows: Vec<_> = intervals.as_primitive::<IntervalMonthDayNanoType>().iter().collect();
        let of = |days, millis: i64| Some(IntervalMonthDayNano::new(0, days, millis * 1_000_000));
        assert_eq!(rows, [of(1, 3_600_500), of(-1, -3_600_500), None]);
    }

    #[test]
    fn an_unsigned_count_is_a_bigint_and_one_too_large_is_an_error() {
        let name = RelationName::new("d", "s", "t");
        let schema = Schema::new(vec![Field::new("n", DataType::UInt64, false)]);
        let stored = storable_schema(&name, &schema).unwrap();
        assert_eq!(stored.field(0).data_type(), &DataType::Int64);
        let batch =
            |value| RecordBatch::try_new(Arc::new(schema.clone()), vec![Arc::new(UInt64Array::from(vec![value]))]);
        assert_eq!(conform(&batch(7).unwrap(), &stored).unwrap().num_rows(), 1);
        assert!(conform(&batch(u64::MAX).unwrap(), &stored).is_err());
    }

    #[test]
    fn a_lake_keeps_eighteen_decimals_of_a_numeric_of_any_precision() {
        let name = RelationName::new("d", "s", "t");
        let schema = |data_type| Schema::new(vec![Field::new("n", data_type, true)]);
        let stored = storable_schema(&name, &schema(DataType::Decimal256(76, 38))).unwrap();
        assert_eq!(stored.field(0).data_type(), &DataType::Decimal128(38, 18));
        let rounded = storable_schema(&name, &schema(DataType::Decimal256(40, 2))).unwrap();
        assert_eq!(rounded.field(0).data_type(), &DataType::Decimal128(38, 2));
        let numbers = |unscaled: i128, power: u32| -> ArrayRef {
            let unit = i256::from_i128(10).checked_pow(power).unwrap();
            let value = i256::from_i128(unscaled).checked_mul(unit).unwrap();
            Arc::new(Decimal256Array::from(vec![value]).with_precision_and_scale(76, 38).unwrap())
        };
        let cast = |array: ArrayRef| cast(&array, stored.field(0).data_type());
        let value = |array: ArrayRef| cast(array).unwrap().as_primitive::<Decimal128Type>().value(0);
        assert_eq!(value(numbers(125, 37)), 12_500_000_000_000_000_000);
        assert_eq!(value(numbers(-15, 19)), -2);
        assert!(cast(numbers(1, 58)).unwrap_err().to_string().contains("too many digits for numeric(38,18)"));
    }

    #[test]
    fn a_column_that_no_table_can_store_is_named() {
        let name = RelationName::new("d", "s", "t");
        let interval = DataType::Interval(IntervalUnit::MonthDayNano);
        let error = storable_schema(&name, &Schema::new(vec![Field::new("gap", interval, true)])).unwrap_err();
        assert!(error.to_string().contains("d.s.t: column 'gap'"), "{error}");
        let twice = Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("a", DataType::Int32, true)]);
        assert!(storable_schema(&name, &twice).unwrap_err().to_string().contains("two columns named 'a'"));
    }

    #[test]
    fn a_missing_column_is_null() {
        let wanted = Arc::new(Schema::new(vec![
            Field::new("b", DataType::Utf8View, true),
            Field::new("a", DataType::Int64, true),
        ]));
        let has = Arc::new(Schema::new(vec![Field::new("a", DataType::Int32, true)]));
        let batch = RecordBatch::try_new(has, vec![Arc::new(Int32Array::from(vec![1, 2]))]).unwrap();
        let conformed = conform(&batch, &wanted).unwrap();
        assert_eq!(conformed.schema(), wanted);
        assert_eq!(conformed.column(0).null_count(), 2);
    }
}
