//! CSV files to Arrow record batches, on all cores, in file order, in bounded memory.
//!
//! # The way of a byte
//! [`blocks`] reads the file in blocks of some MiB; [`cut`] cuts them where records end; [`parse`] makes the pieces
//! [`Chunk`]s, one piece a task: [`record`] finds the fields, 64 bytes at a time ([`lanes`]), [`strip`] gathers some rows,
//! [`build`] appends them column by column. [`scan`] keeps the order and bounds what is in flight.
//!
//! # The form
//! RFC 4180, and for what it leaves open:
//! - Fields are separated by the delimiter, records by LF, CRLF or CR. A line of zero bytes is skipped and counted.
//! - A quote opens a quoted field only as the field's first byte; anywhere else it is text (`5" pipe`). So a stray quote
//!   cannot make records run together, and what a byte means can be told for all blocks at once.
//! - In a quoted field everything is text, and a doubled quote is one quote. Text between the closing quote and the next
//!   delimiter or line end makes the record a reject.
//! - A quote that is not closed, by the end of the file or within `max_record_bytes`, makes a reject of its record, which
//!   then ends with its line; the following lines are read as ever.
//! - An unquoted empty field is NULL, a quoted empty one is the empty string, as in Postgres' `COPY`.
//!
//! # Guarantees
//! Each record is a row or a [`Reject`](crate::load::reject::Reject), in file order. Rows, rejects and their lines do not
//! depend on the number of threads or the size of blocks; only how the rows are divided into batches does.

mod blocks;
mod build;
mod cut;
mod error;
mod field;
mod field_ends;
mod header;
mod lanes;
mod options;
mod parse;
mod record;
mod scan;
mod specials;
mod strip;
#[cfg(test)]
mod tests;
mod value;

pub use error::{CsvError, HeaderError};
pub use options::{CsvOptions, OptionsError, Pace};
pub use parse::Chunk;
pub use scan::{CsvFile, ScanSummary};
