//! Strips of rows to record batches, one column after the other.

mod text;
mod typed;
mod validity;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{
    Date32Type, Float64Type, Int32Type, Int64Type, SchemaRef, TimestampMicrosecondType as TimestampType,
};
use arrow::error::ArrowError;

use super::field::FieldReader;
use super::strip::Strip;
use super::value;
use crate::load::columns::{Binding, BoundColumn, ColumnType};
use crate::load::reject::shown;
use text::TextBuilder;
use typed::{TypedBuilder, booleans, primitives};

/// Why a row of the right form is not taken.
#[derive(Debug)]
pub(super) struct Failure {
    /// The row of the strip.
    pub row: usize,
    /// The field at fault, counted from zero.
    pub field: usize,
    pub reason: String,
}

impl Failure {
    fn no_value(row: usize, column: &BoundColumn) -> Self {
        let reason = format!("the column {} is required, and has no value here", column.spec.name);
        Failure { row, field: column.field, reason }
    }

    fn unreadable(row: usize, column: &BoundColumn, value: &[u8]) -> Self {
        let (name, data_type) = (&column.spec.name, column.spec.data_type.sql_name());
        Failure {
            row,
            field: column.field,
            reason: format!("the column {name} cannot read {} as {data_type}", shown(value)),
        }
    }
}

/// Builds one column of a batch.
trait ColumnBuilder {
    /// Appends a value for each row of the strip; a row that cannot be taken is a failure and appended as NULL.
    fn append(&mut self, strip: &Strip<'_>, failures: &mut Vec<Failure>);

    /// Makes room for so many times the values there are.
    fn reserve(&mut self, times: usize);

    /// Takes the last values back, all after the first `rows`.
    fn truncate(&mut self, rows: usize);

    /// The values so far, as an array; the builder is empty afterwards.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError>;

    /// How many values were made NULL because they could not be read, since the last time this was asked.
    fn take_unreadable(&mut self) -> u64;
}

/// Builds the batches of a file.
pub(super) struct BatchBuilder<'a> {
    schema: SchemaRef,
    /// With whether the column can have failures.
    columns: Vec<(bool, Box<dyn ColumnBuilder + 'a>)>,
    rows: usize,
}

impl<'a> BatchBuilder<'a> {
    pub fn new(binding: &'a Binding, reader: &'a FieldReader) -> Self {
        let columns = binding.columns.iter().map(|column| {
            let spec = &column.spec;
            let can_fail = spec.required || (spec.data_type != ColumnType::Text && spec.clean.is_none());
            (can_fail, column_builder(column, reader))
        });
        BatchBuilder { schema: binding.schema(), columns: columns.collect(), rows: 0 }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Appends the rows of `strip`, without those that cannot be taken: these are removed from it, and each is given to
    /// `refused` with the line it starts on, its bytes, and its first failure from left to right.
    pub fn append(&mut self, strip: &mut Strip<'_>, mut refused: impl FnMut(usize, &[u8], Failure)) {
        let mut failures = Vec::new();
        self.append_columns(strip, true, &mut failures);
        if !failures.is_empty() {
            failures.sort_by_key(|failure: &Failure| (failure.row, failure.field));
            failures.dedup_by_key(|failure| failure.row);
            let mut failed = vec![false; strip.rows()];
            for failure in failures.drain(..) {
                failed[failure.row] = true;
                refused(strip.line(failure.row), strip.record(failure.row), failure);
            }
            strip.remove_rows(|row| failed[row]);
            for (_, column) in self.columns.iter_mut().filter(|(can_fail, _)| *can_fail) {
                column.truncate(self.rows);
            }
            self.append_columns(strip, true, &mut failures);
        }
        self.append_columns(strip, false, &mut failures);
        self.rows += strip.rows();
    }

    /// Makes room for so many times the rows there are: growing in steps would copy them again and again.
    pub fn reserve(&mut self, times: usize) {
        for (_, column) in &mut self.columns {
            column.reserve(times);
        }
    }

    fn append_columns(&mut self, strip: &Strip<'_>, that_can_fail: bool, failures: &mut Vec<Failure>) {
        for (_, column) in self.columns.iter_mut().filter(|(can_fail, _)| *can_fail == that_can_fail) {
            column.append(strip, failures);
        }
    }

    /// The rows so far, as a batch; the builder is empty afterwards.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let arrays = self.columns.iter_mut().map(|(_, column)| column.finish()).collect::<Result<_, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        RecordBatch::try_new_with_options(self.schema.clone(), arrays, &options)
    }

    /// How many values of each column were made NULL because they could not be read, since the last batch.
    pub fn take_unreadable(&mut self) -> Vec<u64> {
        self.columns.iter_mut().map(|(_, column)| column.take_unreadable()).collect()
    }
}

fn column_builder<'a>(column: &'a BoundColumn, reader: &'a FieldReader) -> Box<dyn ColumnBuilder + 'a> {
    if let Some(clean) = column.spec.clean {
        let read = move |text: &[u8]| value::plain_number(text).or_else(|| clean.number(text));
        return Box::new(TypedBuilder::new(column, reader, read, primitives::<Float64Type>));
    }
    match column.spec.data_type {
        ColumnType::Text => Box::new(TextBuilder::new(column, reader)),
        ColumnType::Float8 => {
            let read = |text: &[u8]| value::plain_number(text).or_else(|| value::float8(text));
            Box::new(TypedBuilder::new(column, reader, read, primitives::<Float64Type>))
        }
        ColumnType::Int8 => Box::new(TypedBuilder::new(column, reader, value::integer, primitives::<Int64Type>)),
        ColumnType::Int4 => Box::new(TypedBuilder::new(column, reader, value::integer, primitives::<Int32Type>)),
        ColumnType::Bool => Box::new(TypedBuilder::new(column, reader, value::boolean, booleans)),
        ColumnType::Date => Box::new(TypedBuilder::new(column, reader, value::date, primitives::<Date32Type>)),
        ColumnType::Timestamp => {
            Box::new(TypedBuilder::new(column, reader, value::timestamp, primitives::<TimestampType>))
        }
    }
}
