//! The formats of a result.

use std::io::Write;

use arrow::json::WriterBuilder;
use arrow::json::writer::{JsonArray, LineDelimited, Writer as JsonWriter};
use arrow::record_batch::RecordBatch;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::Error;
use super::csv::Csv;
use super::interval::{as_text, text_schema};
use super::output::{Output, Sink};
use super::table::Table;

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Aligned columns with the number of rows below, as psql has it.
    #[default]
    Table,
    /// RFC 4180 with a header; a null is empty, an empty text is `""`.
    Csv,
    /// One array of objects.
    Json,
    /// One object a line.
    Ndjson,
    /// Compressed with zstd.
    Parquet,
}

impl Format {
    pub const NAMES: [&'static str; 5] = ["table", "csv", "json", "ndjson", "parquet"];

    /// The format called `name`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "table" => Some(Format::Table),
            "csv" => Some(Format::Csv),
            "json" => Some(Format::Json),
            "ndjson" | "jsonl" => Some(Format::Ndjson),
            "parquet" => Some(Format::Parquet),
            _ => None,
        }
    }

    /// `csv`, as [`Format::named`] takes it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Ndjson => "ndjson",
            Format::Parquet => "parquet",
        }
    }
}

/// How and where a result is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    pub format: Format,
    pub output: Output,
    /// Stop after so many rows and say so; [`Format::Table`] in its footer. All rows where there is none.
    pub limit: Option<usize>,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub rows: u64,
    /// Rows were left out, as the limit asked.
    pub more: bool,
}

/// Writes the rows of `stream` as they come; never more than a page of them is held. Dropping the future cancels the
/// query and leaves no file. A reader that goes away ends the query and is no error.
///
/// # Errors
/// What the query says while it runs, and what the system says when it cannot write. A file is not there then, or is
/// the one that was there before.
pub async fn write(stream: SendableRecordBatchStream, options: &WriteOptions) -> Result<Written, Error> {
    if options.format == Format::Parquet && options.output.is_terminal() {
        return Err(Error::ParquetOnTerminal);
    }
    let mut sink = Sink::open(&options.output)?;
    let name = sink.shown_as().to_path_buf();
    let mut written = Written { rows: 0, more: false };
    let encoded = write_to(&mut sink, stream, options, &mut written).await;
    match encoded.and_then(|()| sink.finish()) {
        Err(error) if options.output == Output::Stdout && error.is_closed_pipe() => Ok(written),
        Err(Error::Write { source, .. }) => Err(Error::write(&name, source)),
        Err(error) => Err(error),
        Ok(()) => Ok(written),
    }
}

/// Writes to any `out`. `written` counts what it took, also where it ends with an error.
pub(super) async fn write_to<W: Write + Send>(
    out: &mut W,
    mut stream: SendableRecordBatchStream,
    options: &WriteOptions,
    written: &mut Written,
) -> Result<(), Error> {
    let mut encoder = Encoder::new(out, &stream, options.format)?;
    while let Some(batch) = stream.next().await {
        let mut batch = batch?;
        let left = options.limit.map_or(u64::MAX, |limit| limit as u64 - written.rows);
        if batch.num_rows() as u64 > left {
            batch = batch.slice(0, left as usize);
            written.more = true;
        }
        encoder.write(&batch)?;
        written.rows += batch.num_rows() as u64;
        if written.more {
            break;
        }
    }
    encoder.finish(written.more)
}

/// One of the formats, while it is being written.
enum Encoder<W: Write + Send> {
    Table(Table<W>),
    Csv(Csv<W>),
    Json(JsonWriter<W, JsonArray>),
    Ndjson(JsonWriter<W, LineDelimited>),
    Parquet(Box<ArrowWriter<W>>),
}

impl<W: Write + Send> Encoder<W> {
    fn new(out: W, stream: &SendableRecordBatchStream, format: Format) -> Result<Self, Error> {
        let schema = stream.schema();
        // A missing key and a null are two things to most readers.
        let json = WriterBuilder::new().with_explicit_nulls(true);
        Ok(match format {
            Format::Table => Encoder::Table(Table::new(out, &schema)),
            Format::Csv => Encoder::Csv(Csv::new(out, &schema)),
            Format::Json => Encoder::Json(json.build(out)),
            Format::Ndjson => Encoder::Ndjson(json.build(out)),
            Format::Parquet => {
                let compression = Compression::ZSTD(ZstdLevel::default());
                let properties = WriterProperties::builder().set_compression(compression).build();
                Encoder::Parquet(Box::new(ArrowWriter::try_new(out, text_schema(&schema), Some(properties))?))
            }
        })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        match self {
            Encoder::Table(table) => table.write(batch),
            Encoder::Csv(csv) => csv.write(batch),
            Encoder::Json(json) => Ok(json.write(&as_text(batch)?)?),
            Encoder::Ndjson(json) => Ok(json.write(&as_text(batch)?)?),
            Encoder::Parquet(parquet) => Ok(parquet.write(&as_text(batch)?)?),
        }
    }

    fn finish(self, more: bool) -> Result<(), Error> {
        match self {
            Encoder::Table(table) => table.finish(more),
            Encoder::Csv(csv) => csv.finish(),
            Encoder::Json(mut json) => {
                json.finish()?;
                Ok(writeln!(json.into_inner())?)
            }
            Encoder::Ndjson(mut json) => Ok(json.finish()?),
            Encoder::Parquet(mut parquet) => {
                parquet.finish()?;
                Ok(())
            }
        }
    }
}
