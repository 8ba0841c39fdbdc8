//! A result as psql shows it: aligned columns and the number of rows below.

use std::io::Write;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;

use super::Error;
use super::cell::{Booleans, Column, is_numeric, plain_columns};

/// How many rows decide the widths of the columns. A wider value further on sticks out; nothing is cut.
const PAGE: usize = 1000;

/// Writes rows as they come. The first page is kept until it is full, since it decides the widths.
pub struct Table<W: Write> {
    out: W,
    names: Vec<String>,
    numeric: Vec<bool>,
    /// The rows of the first page, until they are written.
    page: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
    written: u64,
}

impl<W: Write> Table<W> {
    pub fn new(out: W, schema: &SchemaRef) -> Self {
        Table {
            out,
            names: schema.fields().iter().map(|field| visible(field.name())).collect(),
            numeric: schema.fields().iter().map(|field| is_numeric(field.data_type())).collect(),
            page: Vec::new(),
            widths: None,
            written: 0,
        }
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let arrays = plain_columns(batch)?;
        let columns: Vec<Column<'_>> =
            arrays.iter().map(|array| Column::new(array.as_ref(), Booleans::Letters)).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(columns.len());
            for column in &columns {
                let mut text = String::new();
                column.write(row, &mut text)?;
                cells.push(visible(&text));
            }
            self.row(cells)?;
        }
        Ok(())
    }

    fn row(&mut self, cells: Vec<String>) -> Result<(), Error> {
        self.written += 1;
        match &self.widths {
            Some(widths) => line(&mut self.out, widths, &self.numeric, &cells),
            None => {
                self.page.push(cells);
                if self.page.len() >= PAGE { self.flush_page() } else { Ok(()) }
            }
        }
    }

    /// Writes the header and the rows kept so far.
    fn flush_page(&mut self) -> Result<(), Error> {
        let page = std::mem::take(&mut self.page);
        let widths: Vec<usize> = (0..self.names.len())
            .map(|column| {
                let cells = page.iter().map(|row| &row[column]);
                cells.chain([&self.names[column]]).map(|text| text.chars().count()).max().unwrap_or_default()
            })
            .collect();
        let names = self.names.iter().zip(&widths).map(|(name, width)| format!(" {name:^width$} "));
        writeln!(self.out, "{}", names.collect::<Vec<_>>().join("|").trim_end())?;
        let rules = widths.iter().map(|width| "-".repeat(width + 2));
        writeln!(self.out, "{}", rules.collect::<Vec<_>>().join("+"))?;
        for cells in &page {
            line(&mut self.out, &widths, &self.numeric, cells)?;
        }
        self.widths = Some(widths);
        Ok(())
    }

    /// Writes the footer. `more` says that rows were left out.
    pub fn finish(mut self, more: bool) -> Result<(), Error> {
        if self.widths.is_none() {
            self.flush_page()?;
        }
        let rows = if self.written == 1 { "row" } else { "rows" };
        let first = if more { "first " } else { "" };
        let hint = if more { "; there are more" } else { "" };
        writeln!(self.out, "({first}{} {rows}{hint})", self.written)?;
        Ok(())
    }
}

fn line(out: &mut impl Write, widths: &[usize], numeric: &[bool], cells: &[String]) -> Result<(), Error> {
    let mut line = String::new();
    for (column, cell) in cells.iter().enumerate() {
        if column > 0 {
            line.push('|');
        }
        let width = widths[column];
        line.push_str(&if numeric[column] { format!(" {cell:>width$} ") } else { format!(" {cell:<width$} ") });
    }
    writeln!(out, "{}", line.trim_end_matches(' '))?;
    Ok(())
}

/// `text` on one line and without control characters, which would act on the terminal instead of showing.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c.is_control() => shown.push_str(&format!("\\x{:02X}", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}
