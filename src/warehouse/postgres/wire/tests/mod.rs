//! What is written reads back, whatever the type, and however it is cut.

mod arrays;
mod bytes;
mod errors;
mod round_trip;

use std::sync::Arc;

use ::bytes::BytesMut;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema};

use super::*;

/// The COPY of these columns.
fn encode(batches: &[RecordBatch], targets: &[PgType]) -> Result<BytesMut, WireError> {
    let mut out = BytesMut::new();
    let mut encoder = Encoder::new(batches[0].schema_ref(), targets)?;
    encoder.header(&mut out);
    for batch in batches {
        encoder.batch(batch, &mut out)?;
    }
    encoder.trailer(&mut out);
    Ok(out)
}

/// The rows of a COPY that comes in these pieces.
fn decode<'a>(
    columns: &[PgColumn],
    pieces: impl IntoIterator<Item = &'a [u8]>,
    batch_rows: usize,
) -> Result<RecordBatch, WireError> {
    let mut decoder = Decoder::new(columns)?.with_batch_rows(batch_rows);
    let schema = decoder.schema().clone();
    let mut batches = Vec::new();
    for piece in pieces {
        batches.extend(decoder.push(piece)?);
    }
    batches.extend(decoder.finish()?);
    assert!(batches.iter().all(|batch| batch.num_rows() > 0 && batch.num_rows() <= batch_rows));
    Ok(concat_batches(&schema, &batches)?)
}

fn columns(types: &[PgType]) -> Vec<PgColumn> {
    let named = types.iter().enumerate();
    named.map(|(place, pg_type)| PgColumn { name: format!("c{place}"), pg_type: pg_type.clone() }).collect()
}

fn batch(arrays: Vec<ArrayRef>) -> RecordBatch {
    let fields: Vec<Field> = (0..)
        .zip(&arrays)
        .map(|(place, array)| Field::new(format!("c{place}"), array.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// One array as a column of this type, and what the server would send back.
fn there_and_back(array: &ArrayRef, pg_type: &PgType) -> Result<ArrayRef, WireError> {
    let types = [pg_type.clone()];
    let copy = encode(&[batch(vec![Arc::clone(array)])], &types)?;
    Ok(Arc::clone(decode(&columns(&types), [&copy[..]], 8192)?.column(0)))
}
