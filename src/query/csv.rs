//! A result as CSV: RFC 4180 with a header, lines ended by `\n` as PostgreSQL's `COPY … CSV` writes them. A null is
//! empty and an empty text is `""`, so that one can be told from the other.

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::Error;
use super::cell::{Booleans, Column, plain_columns};

pub struct Csv<W: Write> {
    out: W,
    /// Until it is written: with the first rows, so that a query that fails before them leaves nothing behind.
    header: Option<String>,
}

impl<W: Write> Csv<W> {
    pub fn new(out: W, schema: &SchemaRef) -> Self {
        let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
        Csv { out, header: Some(format!("{}\n", names.join(","))) }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let arrays = plain_columns(batch)?;
        let columns: Vec<Column<'_>> =
            arrays.iter().map(|array| Column::new(array.as_ref(), Booleans::Words)).collect::<Result<_, _>>()?;
        self.write_header()?;
        let (mut line, mut cell) = (String::new(), String::new());
        for row in 0..batch.num_rows() {
            line.clear();
            for (place, column) in columns.iter().enumerate() {
                if place > 0 {
                    line.push(',');
                }
                cell.clear();
                column.write(row, &mut cell)?;
                if !column.is_null(row) {
                    line.push_str(&quoted(&cell));
                }
            }
            line.push('\n');
            self.out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<(), Error> {
        self.write_header()
    }

    fn write_header(&mut self) -> Result<(), Error> {
        if let Some(header) = self.header.take() {
            self.out.write_all(header.as_bytes())?;
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}
