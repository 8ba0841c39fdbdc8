//! Record batches → binary COPY.
//!
//! Rows are written a block at a time and a block column by column: first each column adds the size of its fields to
//! their rows, then each writes its fields where its rows have got to. So the loops are as tight as the column's type
//! allows, and the block stays in the cache.

mod column;
mod copy;
mod decimal;
mod field;
mod list;
mod text;
mod uuid;

use std::ops::Range;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use bytes::BytesMut;

use self::column::{source_type, writer};
use self::field::FieldWriter;
use super::{PgType, SIGNATURE, WireError};

/// Few enough for their bytes to stay in the fastest caches.
const BLOCK: usize = 128;

/// How much room is made at once for rows that are not measured yet.
const MOST_RESERVED: usize = 16 << 20;

/// Writes record batches as PostgreSQL's binary COPY format: [`header`](Encoder::header) once, any number of
/// [`batch`](Encoder::batch)es, [`trailer`](Encoder::trailer) once. The buffer may be sent and emptied at any point in
/// between.
#[derive(Debug)]
pub struct Encoder {
    columns: Vec<Column>,
    field_count: i16,
    rows: u64,
}

#[derive(Debug)]
struct Column {
    name: String,
    given: DataType,
    /// What the column is cast to before it is written; often the same.
    source: DataType,
    target: PgType,
}

impl Encoder {
    /// For batches of `schema` into a table whose columns have the types `targets`, in the same order.
    ///
    /// A column may be narrower than its target: any integer goes into an integer column, and if a value does not fit,
    /// that is an error with its row; a decimal into a numeric of at least its scale; text into text, uuid, json, jsonb
    /// or an enum. What the target does not take exactly is an error here.
    pub fn new(schema: &Schema, targets: &[PgType]) -> Result<Self, WireError> {
        let (given, expected) = (schema.fields().len(), targets.len());
        let wrong_count = WireError::Columns { given, expected };
        let field_count = match i16::try_from(given) {
            Ok(count) if given == expected => count,
            _ => return Err(wrong_count),
        };
        let columns: Result<Vec<Column>, WireError> = schema
            .fields()
            .iter()
            .zip(targets)
            .map(|(field, target)| {
                let source = source_type(field.data_type(), target).ok_or_else(|| WireError::Mismatch {
                    column: field.name().clone(),
                    data_type: field.data_type().clone(),
                    pg_type: target.sql(),
                })?;
                Ok(Column {
                    name: field.name().clone(),
                    given: field.data_type().clone(),
                    source,
                    target: target.clone(),
                })
            })
            .collect();
        Ok(Encoder { columns: columns?, field_count, rows: 0 })
    }

    /// How many rows have been written.
    #[cfg(test)]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn header(&self, out: &mut BytesMut) {
        out.extend_from_slice(SIGNATURE);
        // No flags, no extension.
        out.extend_from_slice(&[0; 8]);
    }

    /// Appends the rows. On an error nothing is appended.
    pub fn batch(&mut self, batch: &RecordBatch, out: &mut BytesMut) -> Result<(), WireError> {
        let writers = self.writers(batch)?;
        let before = out.len();
        if let Err(error) = self.blocks(&writers, batch.num_rows(), out) {
            out.truncate(before);
            return Err(error);
        }
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    pub fn trailer(&self, out: &mut BytesMut) {
        out.extend_from_slice(&(-1_i16).to_be_bytes());
    }

    fn writers(&self, batch: &RecordBatch) -> Result<Vec<Box<dyn FieldWriter>>, WireError> {
        if batch.num_columns() != self.columns.len() {
            return Err(WireError::Columns { given: batch.num_columns(), expected: self.columns.len() });
        }
        let pairs = self.columns.iter().zip(batch.columns());
        pairs
            .map(|(column, array)| {
                if *array.data_type() != column.given {
                    return Err(WireError::Mismatch {
                        column: column.name.clone(),
                        data_type: array.data_type().clone(),
                        pg_type: column.target.sql(),
                    });
                }
                writer(array, &column.source, &column.target).map_err(|bad| bad.at(&column.name, self.rows))
            })
            .collect()
    }

    fn blocks(&self, writers: &[Box<dyn FieldWriter>], rows: usize, out: &mut BytesMut) -> Result<(), WireError> {
        let mut cursors = [0_usize; BLOCK];
        for start in (0..rows).step_by(BLOCK) {
            let block = start..rows.min(start + BLOCK);
            let cursors = &mut cursors[..block.len()];
            let total = self.place(writers, &block, cursors);
            if start == 0 {
                // The other blocks are about as large.
                out.reserve(total.saturating_mul(rows.div_ceil(BLOCK)).min(MOST_RESERVED));
            }
            let begin = out.len();
            out.resize(begin + total, 0);
            let area = &mut out[begin..];
            for cursor in cursors.iter_mut() {
                area[*cursor..*cursor + 2].copy_from_slice(&self.field_count.to_be_bytes());
                *cursor += 2;
            }
            for (column, writer) in self.columns.iter().zip(writers) {
                writer.write(block.clone(), cursors, area).map_err(|bad| bad.at(&column.name, self.rows))?;
            }
        }
        Ok(())
    }

    /// Where each row of the block begins, and where the last one ends.
    fn place(&self, writers: &[Box<dyn FieldWriter>], block: &Range<usize>, cursors: &mut [usize]) -> usize {
        cursors.fill(2);
        for writer in writers {
            writer.measure(block.clone(), cursors);
        }
        let mut end = 0;
        for cursor in cursors {
            let begin = end;
            end += *cursor;
            *cursor = begin;
        }
        end
    }
}
