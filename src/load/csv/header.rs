//! The start of a file: byte order mark and header.

use std::io;

use super::error::{CsvError, HeaderError};
use super::field::FieldReader;
use super::lanes::Quotes;
use super::options::{CsvOptions, Dialect};
use super::record::{FaultKind, Record, Records};
use crate::load::input::{Body, Input};

/// How many bytes are looked at first; twice as many each time the header goes on.
const FIRST_LOOK: usize = 64 << 10;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What stands before the records.
#[derive(Debug)]
pub(super) struct Head {
    pub names: Vec<String>,
    /// The bytes from the start of the file that have been looked at: at least the head.
    pub bytes: Vec<u8>,
    /// How many of them are before the first record.
    pub length: usize,
    /// How many lines are before the first record, and how many of them are blank.
    pub lines: usize,
    pub blank_lines: usize,
}

/// Reads the head of a file. A stream then continues after [`Head::bytes`].
pub(super) fn read_head(input: &mut Input, options: &CsvOptions, dialect: Dialect) -> Result<Head, CsvError> {
    let mut bytes = Vec::new();
    let mut wanted = FIRST_LOOK;
    loop {
        let whole_file = look(&mut input.body, &mut bytes, wanted).map_err(|source| input.read_error(source))?;
        let found = find_head(&bytes, whole_file, options, dialect);
        let found = found.map_err(|source| CsvError::Header { path: input.path.clone(), source })?;
        if let Some(Found { names, length, lines, blank_lines }) = found {
            return Ok(Head { names, bytes, length, lines, blank_lines });
        }
        wanted *= 2;
    }
}

/// Grows `bytes`, the first ones of the file, to `wanted`; whether these are all.
fn look(body: &mut Body, bytes: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let known = bytes.len();
    match body {
        Body::Plain(file) => {
            let all = usize::try_from(file.length).unwrap_or(usize::MAX);
            bytes.resize(wanted.min(all), 0);
            file.read_at(&mut bytes[known..], known as u64)?;
            Ok(bytes.len() == all)
        }
        Body::Stream(stream) => {
            bytes.resize(wanted, 0);
            let filled = stream.fill(&mut bytes[known..])?;
            bytes.truncate(known + filled);
            Ok(bytes.len() < wanted)
        }
    }
}

/// The head, when it does not go on after `bytes`.
struct Found {
    names: Vec<String>,
    length: usize,
    lines: usize,
    blank_lines: usize,
}

/// Finds the head in the first bytes of a file; none when more are needed.
fn find_head(
    bytes: &[u8],
    whole_file: bool,
    options: &CsvOptions,
    dialect: Dialect,
) -> Result<Option<Found>, HeaderError> {
    if UTF16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(HeaderError::Utf16);
    }
    let mark = if bytes.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 };
    let text = &bytes[mark..];
    let mut records = Records::new(text, dialect);
    let mut bounds = Vec::new();
    let record = records.read(&mut bounds);
    // Only what more bytes follow is sure to have ended: a line feed may belong to the carriage return before it.
    let closed = record.is_some_and(|record| record.fault.is_none_or(|fault| fault.kind != FaultKind::Unclosed));
    let ended = records.position() < text.len() && closed;
    if !(whole_file || ended || text.len() > 2 * dialect.max_record + FIRST_LOOK) {
        return Ok(None);
    }
    let record = record.ok_or(HeaderError::Blank)?;
    if record.end - record.start > dialect.max_record {
        return Err(HeaderError::TooLong { line: record.line + 1, limit: dialect.max_record });
    }
    if !options.header {
        let names = (1..bounds.len()).map(|number| format!("column_{number}")).collect();
        return Ok(Some(Found { names, length: mark, lines: 0, blank_lines: 0 }));
    }
    let names = field_names(text, record, &bounds, dialect)?;
    let (length, lines) = (mark + records.position(), records.lines());
    Ok(Some(Found { names, length, lines, blank_lines: records.blank_lines() }))
}

fn field_names(text: &[u8], record: Record, bounds: &[u32], dialect: Dialect) -> Result<Vec<String>, HeaderError> {
    let line = record.line + 1;
    if record.fault.is_some() {
        return Err(HeaderError::Quotes { line });
    }
    let reader = FieldReader { quote: dialect.quote, null_strings: Vec::new() };
    let mut unquoted = Vec::new();
    let name = |bounds: &[u32]| {
        let raw = &text[bounds[0] as usize..bounds[1] as usize - 1];
        let name = reader.value(raw, Quotes::Within, &mut unquoted).unwrap_or_default();
        match std::str::from_utf8(name) {
            Ok(name) if !name.contains('\0') => Ok(name.to_string()),
            _ => Err(HeaderError::NotText { line }),
        }
    };
    bounds.windows(2).map(name).collect()
}
