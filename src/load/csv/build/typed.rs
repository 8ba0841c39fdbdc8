//! Columns of numbers, booleans, dates and timestamps.

use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, BooleanArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::error::ArrowError;

use super::super::field::FieldReader;
use super::super::strip::Strip;
use super::validity::Validity;
use super::{ColumnBuilder, Failure};
use crate::load::columns::BoundColumn;

/// Makes values and validity an array.
type ToArray<T> = fn(Vec<T>, Option<NullBuffer>) -> ArrayRef;

/// Values are trimmed, then read by `R`; blank ones are NULL.
pub(super) struct TypedBuilder<'a, T, R> {
    column: &'a BoundColumn,
    reader: &'a FieldReader,
    read: R,
    to_array: ToArray<T>,
    values: Vec<T>,
    validity: Validity,
    unquoted: Vec<u8>,
    unreadable: u64,
}

impl<'a, T, R> TypedBuilder<'a, T, R> {
    pub fn new(column: &'a BoundColumn, reader: &'a FieldReader, read: R, to_array: ToArray<T>) -> Self {
        let (values, validity, unquoted) = (Vec::new(), Validity::default(), Vec::new());
        TypedBuilder { column, reader, read, to_array, values, validity, unquoted, unreadable: 0 }
    }
}

impl<T: Copy + Default, R: Fn(&[u8]) -> Option<T>> ColumnBuilder for TypedBuilder<'_, T, R> {
    fn append(&mut self, strip: &Strip<'_>, failures: &mut Vec<Failure>) {
        let (cleaned, required) = (self.column.spec.clean.is_some(), self.column.spec.required);
        for (row, raw) in strip.column(self.column.field).enumerate() {
            let text = self.reader.value(raw, strip.quotes(), &mut self.unquoted).map(<[u8]>::trim_ascii);
            let text = text.filter(|text| !text.is_empty());
            let value = text.and_then(&self.read);
            self.values.push(value.unwrap_or_default());
            self.validity.push(value.is_some());
            match (value, text) {
                (Some(_), _) => {}
                (None, Some(_)) if cleaned && !required => self.unreadable += 1,
                (None, Some(text)) => failures.push(Failure::unreadable(row, self.column, text)),
                (None, None) if required => failures.push(Failure::no_value(row, self.column)),
                (None, None) => {}
            }
        }
    }

    fn reserve(&mut self, times: usize) {
        self.values.reserve(self.values.len() * times);
        self.validity.reserve(times);
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.validity.truncate(rows);
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok((self.to_array)(std::mem::take(&mut self.values), self.validity.finish()))
    }

    fn take_unreadable(&mut self) -> u64 {
        std::mem::take(&mut self.unreadable)
    }
}

pub(super) fn primitives<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(values.into(), nulls))
}

pub(super) fn booleans(values: Vec<bool>, nulls: Option<NullBuffer>) -> ArrayRef {
    Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls))
}
