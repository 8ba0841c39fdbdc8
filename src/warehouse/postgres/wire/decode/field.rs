//! Fields of one column.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, BooleanArray, NullBufferBuilder, PrimitiveArray};
use arrow::datatypes::DataType;

use crate::warehouse::postgres::wire::error::BadValue;

/// Gathers the values of one column.
pub trait FieldReader: Send {
    /// Takes a value as it is in the COPY, or says what is wrong with it.
    fn value(&mut self, bytes: &[u8]) -> Result<(), String>;

    fn null(&mut self);

    /// The values since the last time.
    fn finish(&mut self) -> Result<ArrayRef, BadValue>;
}

/// Values that all have the same size.
pub struct Fixed<T: ArrowPrimitiveType, F, const N: usize> {
    data_type: DataType,
    values: Vec<T::Native>,
    nulls: NullBufferBuilder,
    parse: F,
}

impl<T, F, const N: usize> Fixed<T, F, N>
where
    T: ArrowPrimitiveType,
    F: Fn([u8; N]) -> Result<T::Native, String>,
{
    pub fn new(data_type: &DataType, parse: F) -> Self {
        Fixed { data_type: data_type.clone(), values: Vec::new(), nulls: NullBufferBuilder::new(0), parse }
    }
}

impl<T, F, const N: usize> FieldReader for Fixed<T, F, N>
where
    T: ArrowPrimitiveType,
    F: Fn([u8; N]) -> Result<T::Native, String> + Send,
{
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Ok(bytes) = <[u8; N]>::try_from(bytes) else {
            return Err(size(bytes, N));
        };
        self.values.push((self.parse)(bytes)?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.push(T::Native::default());
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        primitive::<T>(&mut self.values, &mut self.nulls, &self.data_type)
    }
}

/// The gathered values as an array. What takes their place has room for as many.
pub fn primitive<T: ArrowPrimitiveType>(
    values: &mut Vec<T::Native>,
    nulls: &mut NullBufferBuilder,
    data_type: &DataType,
) -> Result<ArrayRef, BadValue> {
    let room = Vec::with_capacity(values.len());
    let values = std::mem::replace(values, room);
    let array =
        PrimitiveArray::<T>::try_new(values.into(), nulls.finish()).map_err(|e| BadValue::new(0, e.to_string()))?;
    Ok(Arc::new(array.with_data_type(data_type.clone())))
}

pub struct Booleans {
    values: Vec<bool>,
    nulls: NullBufferBuilder,
}

impl Booleans {
    pub fn new() -> Self {
        Booleans { values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }
}

impl FieldReader for Booleans {
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        let [byte] = bytes else {
            return Err(size(bytes, 1));
        };
        self.values.push(*byte != 0);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.push(false);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        let array = BooleanArray::new(self.values.as_slice().into(), self.nulls.finish());
        self.values.clear();
        Ok(Arc::new(array))
    }
}

#[cold]
pub fn size(bytes: &[u8], expected: usize) -> String {
    format!("the server sent {} bytes for a value that has {expected}", bytes.len())
}
