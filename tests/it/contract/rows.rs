//! Rows written and read as text: a value's text, `|` between values, `NULL` for null.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

/// Rows in streams, with their columns.
#[derive(Clone)]
pub struct Rows {
    schema: SchemaRef,
    streams: Vec<Vec<RecordBatch>>,
}

fn type_of(name: &str) -> DataType {
    match name {
        "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "float" => DataType::Float64,
        "text" => DataType::Utf8View,
        "bool" => DataType::Boolean,
        "date" => DataType::Date32,
        "numeric" => DataType::Decimal128(10, 2),
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => unreachable!("{other}"),
    }
}

impl Rows {
    /// No rows: `"id int, name text"`.
    pub fn of(columns: &str) -> Self {
        let field = |column: &str| {
            let (name, data_type) = column.trim().rsplit_once(' ').unwrap();
            Field::new(name, type_of(data_type), true)
        };
        Rows { schema: Arc::new(Schema::new(columns.split(',').map(field).collect::<Vec<_>>())), streams: Vec::new() }
    }

    /// One more stream, of one batch.
    pub fn with(mut self, rows: &[&str]) -> Self {
        let batch = self.batch(rows);
        self.streams.push(vec![batch]);
        self
    }

    /// One more batch at the end of the last stream.
    pub fn and(mut self, rows: &[&str]) -> Self {
        let batch = self.batch(rows);
        self.streams.last_mut().unwrap().push(batch);
        self
    }

    fn batch(&self, rows: &[&str]) -> RecordBatch {
        let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split('|').collect()).collect();
        let column = |(index, field): (usize, &Arc<Field>)| {
            let texts: StringArray = cells.iter().map(|row| (row[index] != "NULL").then_some(row[index])).collect();
            let options = CastOptions { safe: false, ..CastOptions::default() };
            cast_with_options(&texts, field.data_type(), &options).unwrap()
        };
        let columns: Vec<ArrayRef> = self.schema.fields().iter().enumerate().map(column).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns).unwrap()
    }

    /// At least one, or nobody would know the columns.
    pub fn streams(&self) -> Vec<SendableRecordBatchStream> {
        let stream = |batches: Vec<RecordBatch>| {
            let rows = futures::stream::iter(batches.into_iter().map(Ok));
            Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows)) as SendableRecordBatchStream
        };
        let empty = self.streams.is_empty().then(Vec::new);
        self.streams.iter().cloned().chain(empty).map(stream).collect()
    }

    /// A stream that fails after its first rows.
    pub fn failing() -> Vec<SendableRecordBatchStream> {
        let rows = Rows::numbered(0, 10);
        let first = rows.streams[0].clone().into_iter().map(Ok);
        let failure = DataFusionError::Execution("the division by zero of this test".to_string());
        let all = futures::stream::iter(first.chain([Err(failure)]));
        vec![Box::pin(RecordBatchStreamAdapter::new(rows.schema, all))]
    }

    /// Many rows with numbers from `from` on: `id int, name text`.
    pub fn numbered(from: i32, count: i32) -> Self {
        let mut rows = Rows::of("id int, name text");
        for start in (from..from + count).step_by(8192) {
            let ids: Vec<i32> = (start..(start + 8192).min(from + count)).collect();
            let names: StringArray = ids.iter().map(|id| Some(format!("name {id}"))).collect();
            let names = arrow::compute::cast(&names, &DataType::Utf8View).unwrap();
            let ids: ArrayRef = Arc::new(arrow::array::Int32Array::from(ids));
            rows.streams.push(vec![RecordBatch::try_new(Arc::clone(&rows.schema), vec![ids, names]).unwrap()]);
        }
        rows
    }
}

/// The rows of batches as text.
pub fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let mut rows = Vec::new();
    for batch in batches {
        let options = FormatOptions::default();
        let columns: Vec<_> =
            batch.columns().iter().map(|column| (column, ArrayFormatter::try_new(column, &options).unwrap())).collect();
        for row in 0..batch.num_rows() {
            let cell = |(column, formatter): &(&ArrayRef, ArrayFormatter<'_>)| {
                if column.is_null(row) { "NULL".to_string() } else { formatter.value(row).to_string() }
            };
            rows.push(columns.iter().map(cell).collect::<Vec<_>>().join("|"));
        }
    }
    rows
}
