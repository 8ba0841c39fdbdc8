//! Binary COPY → record batches.
//!
//! A field is appended to its column as soon as it is there whole, so that nothing is kept but the beginning of one field,
//! and it does not matter how the bytes are cut.

mod field;
mod list;
mod numeric;
mod reader;
mod text;

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Schema, SchemaRef};

use self::field::FieldReader;
use super::{PgColumn, SIGNATURE, WireError, arrow_field};

const BATCH_ROWS: usize = 8192;
/// A batch of long values ends before it has all its rows.
const BATCH_BYTES: usize = 32 << 20;

/// Reads PostgreSQL's binary COPY format, however it is cut into messages. After an error it is of no more use.
pub struct Decoder {
    schema: SchemaRef,
    readers: Vec<Box<dyn FieldReader>>,
    batch_rows: usize,
    place: Place,
    /// Rows in the batches that were given, and rows and bytes in the one that is being filled.
    rows_given: u64,
    rows: usize,
    bytes: usize,
    /// What was there of a header or field that is not whole, and its size as far as it is known.
    begun: Vec<u8>,
    wanted: usize,
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Extension(usize),
    Row,
    Field(usize),
    End,
}

/// What is there of the next thing.
enum Step {
    /// It was taken, of this size.
    Taken(usize),
    /// It has this size at least, which is not there.
    Wanted(usize),
}

impl Decoder {
    /// For rows of these columns, in this order. A column of an unsupported type is an error.
    pub fn new(columns: &[PgColumn]) -> Result<Self, WireError> {
        let fields = columns.iter().map(arrow_field).collect::<Result<Vec<_>, _>>()?;
        let readers = columns.iter().zip(&fields).map(|(column, field)| {
            reader::reader(&column.pg_type, field.data_type())
                .ok_or_else(|| WireError::Unreadable { column: column.name.clone(), pg_type: column.pg_type.sql() })
        });
        Ok(Decoder {
            readers: readers.collect::<Result<_, _>>()?,
            schema: Arc::new(Schema::new(fields)),
            batch_rows: BATCH_ROWS,
            place: Place::Header,
            rows_given: 0,
            rows: 0,
            bytes: 0,
            begun: Vec::new(),
            wanted: 0,
        })
    }

    /// How many rows a batch has at most; 8192 unless told.
    pub fn with_batch_rows(mut self, rows: usize) -> Self {
        self.batch_rows = rows.max(1);
        self
    }

    /// The schema of the batches.
    #[cfg(test)]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Takes the next bytes, and gives the batches that they filled: mostly none.
    pub fn push(&mut self, data: &[u8]) -> Result<Vec<RecordBatch>, WireError> {
        let mut batches = Vec::new();
        if self.begun.is_empty() {
            let used = self.take(data, &mut batches)?;
            self.begun.extend_from_slice(&data[used..]);
            return Ok(batches);
        }
        self.begun.extend_from_slice(data);
        if self.begun.len() >= self.wanted {
            let mut begun = std::mem::take(&mut self.begun);
            let used = self.take(&begun, &mut batches)?;
            begun.drain(..used);
            self.begun = begun;
        }
        Ok(batches)
    }

    /// The rows that are left. An error if the end of the COPY was not among the bytes: the connection was cut.
    pub fn finish(mut self) -> Result<Option<RecordBatch>, WireError> {
        if self.place != Place::End {
            let rows = self.rows_given + self.rows as u64;
            return Err(WireError::Malformed(format!("they end after row {rows}, before the end of the COPY")));
        }
        if self.rows == 0 { Ok(None) } else { self.batch().map(Some) }
    }

    /// Takes all that is there whole; gives how much that was.
    fn take(&mut self, data: &[u8], batches: &mut Vec<RecordBatch>) -> Result<usize, WireError> {
        let mut at = 0;
        // Up to where the bytes belong to batches that were given, or are counted already.
        let mut counted = 0;
        loop {
            let rest = &data[at..];
            if let Place::Row = self.place
                && self.rows > 0
                && (self.rows >= self.batch_rows || self.bytes + at - counted >= BATCH_BYTES)
            {
                batches.push(self.batch()?);
                counted = at;
            }
            let step = match self.place {
                Place::Header => self.header(rest)?,
                Place::Extension(size) if rest.len() < size => Step::Wanted(size),
                Place::Extension(size) => {
                    self.place = Place::Row;
                    Step::Taken(size)
                }
                Place::Row => self.row(rest)?,
                Place::Field(first) => self.fields(first, rest)?,
                Place::End if rest.is_empty() => Step::Wanted(1),
                Place::End => return Err(WireError::Malformed("there is more behind the end of the COPY".to_string())),
            };
            match step {
                Step::Taken(size) => at += size,
                Step::Wanted(size) => {
                    self.wanted = size;
                    self.bytes += at - counted;
                    return Ok(at);
                }
            }
        }
    }

    fn header(&mut self, data: &[u8]) -> Result<Step, WireError> {
        let Some(header) = data.first_chunk::<19>() else {
            return Ok(Step::Wanted(19));
        };
        if !header.starts_with(SIGNATURE) {
            return Err(WireError::Malformed("they do not begin like a binary COPY".to_string()));
        }
        // The lower flags may be ignored, the upper ones change what follows.
        if header[11..13] != [0, 0] {
            return Err(WireError::Malformed("they have flags that nobody knows".to_string()));
        }
        let size = i32::from_be_bytes([header[15], header[16], header[17], header[18]]);
        let size = usize::try_from(size).map_err(|_| WireError::Malformed(format!("a header of {size} bytes")))?;
        self.place = Place::Extension(size);
        Ok(Step::Taken(19))
    }

    fn row(&mut self, data: &[u8]) -> Result<Step, WireError> {
        let Some(count) = data.first_chunk::<2>() else {
            return Ok(Step::Wanted(2));
        };
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            self.place = Place::End;
        } else if usize::try_from(count) == Ok(self.readers.len()) {
            self.place = Place::Field(0);
        } else {
            let (row, expected) = (self.row_number(), self.readers.len());
            return Err(WireError::Malformed(format!("row {row} has {count} fields where {expected} were expected")));
        }
        Ok(Step::Taken(2))
    }

    /// The fields of a row from the `first` on, as far as they are there.
    fn fields(&mut self, first: usize, data: &[u8]) -> Result<Step, WireError> {
        let mut at = 0;
        let mut column = first;
        while let Some(reader) = self.readers.get_mut(column) {
            let rest = &data[at..];
            let size = match rest.split_first_chunk::<4>() {
                None => return Ok(self.stop(column, at, 4)),
                Some((size, value)) => match i32::from_be_bytes(*size) {
                    -1 => {
                        reader.null();
                        4
                    }
                    size => {
                        let Ok(size) = usize::try_from(size) else {
                            return Err(WireError::Malformed(format!("a field of {size} bytes")));
                        };
                        let Some(value) = value.get(..size) else {
                            return Ok(self.stop(column, at, 4 + size));
                        };
                        if let Err(message) = reader.value(value) {
                            return Err(self.wrong(column, message));
                        }
                        4 + size
                    }
                },
            };
            at += size;
            column += 1;
        }
        self.rows += 1;
        self.place = Place::Row;
        Ok(Step::Taken(at))
    }

    /// The next field is not whole.
    fn stop(&mut self, column: usize, at: usize, size: usize) -> Step {
        self.place = Place::Field(column);
        if at > 0 { Step::Taken(at) } else { Step::Wanted(size) }
    }

    fn batch(&mut self) -> Result<RecordBatch, WireError> {
        let fields = self.schema.fields().iter();
        let columns = self
            .readers
            .iter_mut()
            .zip(fields)
            .map(|(reader, field)| reader.finish().map_err(|bad| bad.at(field.name(), self.rows_given)));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?;
        self.rows_given += self.rows as u64;
        self.rows = 0;
        self.bytes = 0;
        Ok(batch)
    }

    /// Of the row that is being read; the first is 1.
    fn row_number(&self) -> u64 {
        self.rows_given + self.rows as u64 + 1
    }

    #[cold]
    fn wrong(&self, column: usize, message: String) -> WireError {
        let column = self.schema.field(column).name().clone();
        WireError::Value { column, row: self.row_number(), message }
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("schema", &self.schema).field("row", &self.row_number()).finish_non_exhaustive()
    }
}
