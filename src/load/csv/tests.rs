//! Whole files, scanned.

mod errors;
mod forms;
mod properties;
mod reference;
mod values;

use std::io::Write;
use std::num::NonZeroUsize;

use arrow::array::{Array, StringArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{Chunk, CsvError, CsvFile, CsvOptions, Pace, ScanSummary};
use crate::load::columns::{ColumnSpec, UnknownFields, bind};
use crate::load::reject::Reject;

/// A scan's output, put together.
#[derive(Debug, Clone, PartialEq)]
struct Scanned {
    rows: Vec<Vec<Option<String>>>,
    rejects: Vec<Reject>,
    /// The sum over all chunks.
    bytes: u64,
    summary: ScanSummary,
}

impl Scanned {
    /// Each reject as `line: reason`.
    fn reasons(&self) -> Vec<String> {
        self.rejects.iter().map(|reject| format!("{}: {}", reject.line, reject.reason)).collect()
    }
}

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn pace(threads: usize, block_bytes: usize) -> Pace {
    let number = |number| NonZeroUsize::new(number).unwrap();
    Pace { block_bytes: number(block_bytes), batch_rows: number(700), ..Pace::of_threads(number(threads)) }
}

fn scan_with(bytes: &[u8], options: CsvOptions, specs: &[ColumnSpec], pace: &Pace) -> Result<Scanned, CsvError> {
    let file = CsvFile::open(file_of(bytes).path(), options)?;
    let binding = bind(file.header(), specs, UnknownFields::Refuse).unwrap();
    let (mut rows, mut rejects, mut bytes) = (Vec::new(), Vec::new(), 0);
    let summary = file.scan(binding, pace, |chunk: Chunk| {
        rows.extend(rows_of(&chunk));
        rejects.extend(chunk.rejects);
        bytes += chunk.bytes;
        Ok::<_, CsvError>(())
    })?;
    assert_eq!((rows.len() as u64, rejects.len() as u64), (summary.rows, summary.rejects));
    Ok(Scanned { rows, rejects, bytes, summary })
}

fn scan(text: &str) -> Scanned {
    scan_with(text.as_bytes(), CsvOptions::default(), &[], &pace(2, 1 << 20)).unwrap()
}

fn rows_of(chunk: &Chunk) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let columns: Vec<Vec<Option<String>>> = chunk
        .batch
        .columns()
        .iter()
        .map(|array| match array.as_any().downcast_ref::<StringArray>() {
            Some(texts) => texts.iter().map(|text| text.map(str::to_string)).collect(),
            None => {
                let shown = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
                (0..array.len()).map(|row| array.is_valid(row).then(|| shown.value(row).to_string())).collect()
            }
        })
        .collect();
    (0..chunk.batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

/// Rows written with NULL as `~`, fields separated by `|`.
fn shown(rows: &[Vec<Option<String>>]) -> Vec<String> {
    let field = |field: &Option<String>| field.clone().unwrap_or_else(|| "~".into());
    rows.iter().map(|row| row.iter().map(field).collect::<Vec<_>>().join("|")).collect()
}
