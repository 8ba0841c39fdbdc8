//! Arrays of every type that a column can have.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::*;
use proptest::prelude::*;

use super::super::{PgColumn, PgType, arrow_field};

/// A column: its type, and values as they are read from the server.
pub fn any_column(rows: usize) -> BoxedStrategy<(PgType, ArrayRef)> {
    prop_oneof![
        6 => any_scalar().prop_flat_map(move |pg_type| {
            let values = any_array(&pg_type, rows);
            values.prop_map(move |array| (pg_type.clone(), array))
        }),
        1 => any_scalar().prop_flat_map(move |element| any_list(element, rows)),
    ]
    .boxed()
}

pub fn any_scalar() -> BoxedStrategy<PgType> {
    let numeric = (1_u16..=76).prop_flat_map(|p| (Just(p), 0..=p as i16)).prop_map(|ps| PgType::Numeric(Some(ps)));
    let others = prop::sample::select(vec![
        PgType::Bool,
        PgType::Int2,
        PgType::Int4,
        PgType::Int8,
        PgType::Oid,
        PgType::Float4,
        PgType::Float8,
        PgType::Numeric(None),
        PgType::Text,
        PgType::Varchar(Some(20)),
        PgType::Bpchar(None),
        PgType::Name,
        PgType::Date,
        PgType::Time,
        PgType::Timestamp,
        PgType::Timestamptz,
        PgType::Interval,
        PgType::Uuid,
        PgType::Json,
        PgType::Jsonb,
        PgType::Bytea,
        PgType::Enum { name: "color".to_string() },
    ]);
    prop_oneof![1 => numeric, 4 => others].boxed()
}

fn any_list(element: PgType, rows: usize) -> BoxedStrategy<(PgType, ArrayRef)> {
    let lengths = prop::collection::vec(prop::option::weighted(0.8, 0_usize..4), rows);
    lengths
        .prop_flat_map(move |lengths| {
            let pg_type =
                PgType::Array { element: Box::new(element.clone()), element_oid: Some(element.oid().unwrap_or(16400)) };
            let values = any_array(&element, lengths.iter().flatten().sum());
            values.prop_map(move |values| {
                let column = PgColumn { name: "c".to_string(), pg_type: pg_type.clone() };
                let DataType::List(field) = arrow_field(&column).unwrap().data_type().clone() else { unreachable!() };
                let offsets = OffsetBuffer::from_lengths(lengths.iter().map(|length| length.unwrap_or(0)));
                let nulls = NullBuffer::from_iter(lengths.iter().map(Option::is_some));
                (pg_type.clone(), Arc::new(ListArray::new(field, offsets, values, Some(nulls))) as ArrayRef)
            })
        })
        .boxed()
}

fn some<T: std::fmt::Debug + Clone + 'static>(
    rows: usize,
    value: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Vec<Option<T>>> {
    let value = value.boxed();
    prop_oneof![
        prop::collection::vec(prop::option::weighted(0.7, value.clone()), rows),
        prop::collection::vec(value.prop_map(Some), rows),
    ]
    .boxed()
}

fn primitive<T: ArrowPrimitiveType>(
    rows: usize,
    data_type: DataType,
    value: impl Strategy<Value = T::Native> + 'static,
) -> BoxedStrategy<ArrayRef>
where
    T::Native: std::fmt::Debug,
{
    some(rows, value)
        .prop_map(move |values| {
            Arc::new(PrimitiveArray::<T>::from_iter(values).with_data_type(data_type.clone())) as ArrayRef
        })
        .boxed()
}

fn text(rows: usize, value: impl Strategy<Value = String> + 'static) -> BoxedStrategy<ArrayRef> {
    some(rows, value).prop_map(|values| Arc::new(StringViewArray::from_iter(values)) as ArrayRef).boxed()
}

pub fn any_array(pg_type: &PgType, rows: usize) -> BoxedStrategy<ArrayRef> {
    let column = PgColumn { name: "c".to_string(), pg_type: pg_type.clone() };
    let data_type = arrow_field(&column).unwrap().data_type().clone();
    match (pg_type, &data_type) {
        (PgType::Bool, _) => {
            some(rows, any::<bool>()).prop_map(|values| Arc::new(BooleanArray::from(values)) as ArrayRef).boxed()
        }
        (PgType::Int2, _) => primitive::<Int16Type>(rows, data_type, any::<i16>()),
        (PgType::Int4, _) => primitive::<Int32Type>(rows, data_type, any::<i32>()),
        (PgType::Int8, _) => primitive::<Int64Type>(rows, data_type, any::<i64>()),
        (PgType::Oid, _) => primitive::<Int64Type>(rows, data_type, any::<u32>().prop_map(i64::from)),
        (PgType::Float4, _) => primitive::<Float32Type>(rows, data_type, any::<f32>()),
        (PgType::Float8, _) => primitive::<Float64Type>(rows, data_type, any::<f64>()),
        (PgType::Date, _) => primitive::<Date32Type>(rows, data_type, -2_440_588_i32..2_145_042_906),
        (PgType::Time, _) => primitive::<Time64MicrosecondType>(rows, data_type, 0..=86_400_000_000_i64),
        (PgType::Timestamp | PgType::Timestamptz, _) => {
            primitive::<TimestampMicrosecondType>(rows, data_type, -210_866_803_200_000_000_i64..=i64::MAX)
        }
        (PgType::Interval, _) => {
            let parts = (any::<i32>(), any::<i32>(), i64::MIN / 1000..=i64::MAX / 1000);
            let value = parts.prop_map(|(months, days, micros)| IntervalMonthDayNano::new(months, days, micros * 1000));
            primitive::<IntervalMonthDayNanoType>(rows, data_type, value)
        }
        (PgType::Numeric(_), DataType::Decimal128(precision, _)) => {
            let value = decimal(*precision).prop_map(|value| value.to_i128().unwrap());
            primitive::<Decimal128Type>(rows, data_type, value)
        }
        (PgType::Numeric(_), DataType::Decimal256(precision, _)) => {
            primitive::<Decimal256Type>(rows, data_type.clone(), decimal(*precision))
        }
        (PgType::Uuid, _) => text(rows, "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
        (PgType::Bytea, _) => some(rows, prop::collection::vec(any::<u8>(), 0..40))
            .prop_map(|values| Arc::new(BinaryViewArray::from_iter(values)) as ArrayRef)
            .boxed(),
        (PgType::Bpchar(_), _) => text(rows, "( {0,3}[a-zä€😀]{1,4}){0,8}"),
        (_, DataType::Utf8View) => text(rows, "[^\0]{0,70}"),
        other => panic!("no values of {other:?}"),
    }
}

/// A decimal of any number of digits up to the precision.
fn decimal(precision: u8) -> impl Strategy<Value = i256> {
    let digits = prop::string::string_regex(&format!("[0-9]{{1,{precision}}}0{{0,8}}")).unwrap();
    (digits, any::<bool>()).prop_map(move |(mut digits, negative)| {
        digits.truncate(usize::from(precision));
        let value: i256 = digits.parse().unwrap();
        if negative { value.wrapping_neg() } else { value }
    })
}
