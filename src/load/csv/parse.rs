//! A piece of a file to chunks: batches of the rows that can be taken, and rejects of the records that cannot.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use memchr::memchr;

use super::build::{BatchBuilder, Failure};
use super::field::FieldReader;
use super::options::Dialect;
use super::record::{Fault, FaultKind, Record, Records};
use super::strip::Strip;
use crate::load::columns::Binding;
use crate::load::reject::{Reject, raw_text};

/// Some consecutive records of a file.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The rows, in file order.
    pub batch: RecordBatch,
    /// The records that are not in the batch, in file order.
    pub rejects: Vec<Reject>,
    /// How many values of each column a cleaning could not read: they are NULL.
    pub unreadable: Vec<u64>,
    /// How many bytes of the (decompressed) file these records are.
    pub bytes: u64,
    /// The line of the file where they start, counted from one.
    pub first_line: u64,
}

/// What is the same for all pieces of a file.
pub(super) struct Plan {
    pub dialect: Dialect,
    pub reader: FieldReader,
    pub binding: Binding,
    pub batch_rows: usize,
}

/// A piece that was parsed. Its lines are counted from zero until [`Chunk::move_lines`] puts them right.
pub(super) struct Parsed {
    pub chunks: Vec<Chunk>,
    pub lines: u64,
    pub blank_lines: u64,
}

/// Why a piece could not be parsed.
#[derive(Debug)]
pub(super) enum ParseError {
    /// The record that starts on this line of the piece, counted from zero, is longer than records may be.
    TooLong {
        line: u64,
    },
    Arrow(ArrowError),
}

impl From<ArrowError> for ParseError {
    fn from(error: ArrowError) -> Self {
        ParseError::Arrow(error)
    }
}

impl Chunk {
    /// Counts lines from `first`, where they were counted from zero.
    pub(super) fn move_lines(&mut self, first: u64) {
        self.first_line += first;
        for reject in &mut self.rejects {
            reject.line += first;
        }
    }
}

/// Parses whole records. The end of `bytes` is the end of the file, or the end of a record.
pub(super) fn parse(bytes: &[u8], plan: &Plan) -> Result<Parsed, ParseError> {
    let mut records = Records::new(bytes, plan.dialect);
    let mut strip = Strip::new(bytes, plan.binding.header().len());
    let mut builder = BatchBuilder::new(&plan.binding, &plan.reader);
    let mut refusals = Refusals { plan, bytes, is_text: is_text(bytes), rejects: Vec::new(), too_long: None };
    let mut chunks = Vec::new();
    let (mut first_byte, mut first_line) = (0, 0);
    let mut more = true;
    while more {
        let limit = plan.batch_rows - builder.rows();
        more = strip.refill(&mut records, limit, |record, bounds| refusals.refuse_record(record, bounds));
        if let Some(line) = refusals.too_long {
            return Err(ParseError::TooLong { line: line as u64 });
        }
        let first = builder.rows() == 0;
        builder.append(&mut strip, |line, raw, failure| refusals.refuse_row(line, raw, failure));
        if first && builder.rows() > 0 && more {
            // As the first rows are, so will the others be, more or less.
            let rest = (bytes.len() - first_byte) / (records.position() - first_byte);
            builder.reserve(rest.min(plan.batch_rows / builder.rows()));
        }
        if !more || builder.rows() >= plan.batch_rows {
            refusals.rejects.sort_by_key(|reject| reject.line);
            chunks.push(Chunk {
                unreadable: builder.take_unreadable(),
                batch: builder.finish()?,
                rejects: std::mem::take(&mut refusals.rejects),
                bytes: (records.position() - first_byte) as u64,
                first_line: first_line as u64,
            });
            (first_byte, first_line) = (records.position(), records.lines());
        }
    }
    Ok(Parsed { chunks, lines: records.lines() as u64, blank_lines: records.blank_lines() as u64 })
}

/// Whether bytes are UTF-8 without NUL, which no text of Postgres may hold.
fn is_text(bytes: &[u8]) -> bool {
    memchr(0, bytes).is_none() && std::str::from_utf8(bytes).is_ok()
}

/// The index of the first byte that is not part of text.
fn first_bad_byte(bytes: &[u8]) -> Option<usize> {
    let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    memchr(0, &bytes[..valid]).or((valid < bytes.len()).then_some(valid))
}

/// Decides which records are refused, and keeps them as rejects.
struct Refusals<'a> {
    plan: &'a Plan,
    bytes: &'a [u8],
    /// Whether all of `bytes` is text, so that no record need be looked at.
    is_text: bool,
    rejects: Vec<Reject>,
    too_long: Option<usize>,
}

impl Refusals<'_> {
    #[inline]
    fn refuse_record(&mut self, record: &Record, bounds: &[u32]) -> bool {
        let fields = bounds.len() - 1;
        let right = record.fault.is_none()
            && fields == self.plan.binding.header().len()
            && record.end - record.start <= self.plan.dialect.max_record;
        if right && self.is_text {
            return false;
        }
        self.refuse_form(record, bounds)
    }

    /// Says what is wrong with the form of a record, if anything is.
    #[cold]
    fn refuse_form(&mut self, record: &Record, bounds: &[u32]) -> bool {
        if record.end - record.start > self.plan.dialect.max_record {
            self.too_long.get_or_insert(record.line);
            return true;
        }
        let raw = &self.bytes[record.start..record.end];
        let (fields, expected) = (bounds.len() - 1, self.plan.binding.header().len());
        let (field, mut reason) = match record.fault {
            Some(Fault { kind: FaultKind::Unclosed, field }) => {
                (Some(field), format!("the quote at the start of field {} is not closed", field + 1))
            }
            Some(Fault { kind: FaultKind::TextAfterQuote, field }) => {
                (Some(field), format!("text follows the closing quote of field {}", field + 1))
            }
            None if fields != expected => {
                (None, format!("the record has {}, the header has {expected}", count(fields, "field")))
            }
            None => {
                let Some(at) = first_bad_byte(raw) else { return false };
                let field = bounds.iter().rposition(|begin| *begin as usize <= record.start + at);
                (field, format!("byte {} of the record is 0x{:02x}, where UTF-8 text is expected", at + 1, raw[at]))
            }
        };
        if record.lines > 1 {
            reason.push_str(&format!(" (the record goes over {} lines)", record.lines));
        }
        self.reject(record.line, raw, field, reason);
        true
    }

    fn refuse_row(&mut self, line: usize, raw: &[u8], failure: Failure) {
        self.reject(line, raw, Some(failure.field), failure.reason);
    }

    fn reject(&mut self, line: usize, raw: &[u8], field: Option<usize>, reason: String) {
        let column_name = field.and_then(|field| self.plan.binding.header().get(field).cloned());
        let column = field.and_then(|field| u32::try_from(field + 1).ok());
        self.rejects.push(Reject { line: line as u64, column, column_name, raw: raw_text(raw), reason });
    }
}

fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
