//! Intervals as text, for formats that have no such type: Parquet's cannot hold what PostgreSQL's can, and JSON has none.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StringViewBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::cell::{Booleans, Column};

fn has_no_type_there(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_) | DataType::Duration(_))
}

/// The schema with text in place of intervals.
pub fn text_schema(schema: &SchemaRef) -> SchemaRef {
    if !schema.fields().iter().any(|field| has_no_type_there(field.data_type())) {
        return Arc::clone(schema);
    }
    let field = |field: &Arc<Field>| match has_no_type_there(field.data_type()) {
        true => Arc::new(Field::new(field.name(), DataType::Utf8View, field.is_nullable())),
        false => Arc::clone(field),
    };
    Arc::new(Schema::new(schema.fields().iter().map(field).collect::<Vec<_>>()))
}

/// The rows in that schema.
pub fn as_text(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = text_schema(batch.schema_ref());
    if Arc::ptr_eq(&schema, batch.schema_ref()) {
        return Ok(batch.clone());
    }
    let column = |array: &ArrayRef| match has_no_type_there(array.data_type()) {
        true => texts(array.as_ref()),
        false => Ok(Arc::clone(array)),
    };
    let columns = batch.columns().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &rows)
}

fn texts(array: &dyn Array) -> Result<ArrayRef, ArrowError> {
    let column = Column::new(array, Booleans::Words)?;
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for row in 0..array.len() {
        text.clear();
        column.write(row, &mut text)?;
        builder.append_option((!column.is_null(row)).then_some(&text));
    }
    Ok(Arc::new(builder.finish()))
}
