//! Bytes to records: where each field begins and ends, and what is wrong with a record's form.

use super::field_ends::FieldEnds;
use super::lanes::Quotes;
use super::options::Dialect;
use super::specials::Specials;

/// What is wrong with the quotes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub kind: FaultKind,
    /// Counted from zero.
    pub field: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The quoted field is not closed: its quote was taken for text.
    Unclosed,
    /// The closing quote is followed by something other than the field's end.
    TextAfterQuote,
}

/// A record of at least one byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub start: usize,
    /// The end of its bytes, before the line end.
    pub end: usize,
    /// The line it starts on, counted from zero, and how many it goes over.
    pub line: usize,
    pub lines: usize,
    pub fault: Option<Fault>,
}

/// Reads records one after the other.
///
/// Most are read by way of [`FieldEnds`]; those with quotes that are not well-formed, or line ends within quotes, by way
/// of [`Specials`], which know all rules but go from quote to quote.
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    ends: FieldEnds<'a>,
    specials: Specials<'a>,
    at: usize,
    line: usize,
    blank: usize,
    quotes: Quotes,
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], dialect: Dialect) -> Self {
        let ends = FieldEnds::new(bytes, dialect);
        let specials = Specials::new(bytes, [dialect.delimiter, dialect.quote.unwrap_or(dialect.delimiter)]);
        Records { bytes, dialect, ends, specials, at: 0, line: 0, blank: 0, quotes: Quotes::None }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many lines have been read.
    pub fn lines(&self) -> usize {
        self.line
    }

    /// How many blank lines were passed over.
    pub fn blank_lines(&self) -> usize {
        self.blank
    }

    /// Which quotes were met, at most, since the last time this was asked.
    pub fn take_quotes(&mut self) -> Quotes {
        std::mem::replace(&mut self.quotes, Quotes::None).max(self.ends.take_quotes())
    }

    /// Reads the next record that is not a blank line, and appends to `bounds` where each of its fields begins, then
    /// where the field after the last one would: field `n` is `bounds[n]..bounds[n + 1] - 1`.
    #[inline]
    pub fn read(&mut self, bounds: &mut Vec<u32>) -> Option<Record> {
        loop {
            let (start, line, first) = (self.at, self.line, bounds.len());
            if start >= self.bytes.len() {
                return None;
            }
            let (end, fault) = match self.read_well_formed(start, bounds) {
                Some(end) => (end, None),
                None => {
                    bounds.truncate(first);
                    self.read_any(start, bounds)
                }
            };
            self.line += 1;
            if end > start {
                return Some(Record { start, end, line, lines: self.line - line, fault });
            }
            bounds.truncate(first);
            self.blank += 1;
        }
    }

    /// Reads the record that begins at `start`, and says where it ends; none when it is not well-formed. No quoted field
    /// is looked at for being too long: the record, all on one line, is then too long itself.
    #[inline]
    fn read_well_formed(&mut self, start: usize, bounds: &mut Vec<u32>) -> Option<usize> {
        bounds.push(start as u32);
        let end = loop {
            let at = self.ends.next_position()?;
            bounds.push(at as u32 + 1);
            if self.bytes.get(at) != Some(&self.dialect.delimiter) {
                break at;
            }
        };
        self.at = (end + 1).min(self.bytes.len());
        if self.at_line_feed(end) {
            self.at += 1;
            self.ends.next_position();
        }
        Some(end)
    }

    /// Whether the line end at `end` is CRLF.
    #[inline]
    fn at_line_feed(&self, end: usize) -> bool {
        self.bytes.get(end) == Some(&b'\r') && self.bytes.get(end + 1) == Some(&b'\n')
    }

    /// Reads the record that begins at `start`, and says where it ends and what is wrong with it.
    #[cold]
    fn read_any(&mut self, start: usize, bounds: &mut Vec<u32>) -> (usize, Option<Fault>) {
        let first = bounds.len();
        self.specials.restart(start);
        bounds.push(start as u32);
        let (mut begin, mut fault) = (start, None);
        let end = loop {
            let at = self.specials.next_position();
            let Some(&byte) = self.bytes.get(at) else { break at };
            if byte == self.dialect.delimiter {
                begin = at + 1;
                bounds.push(begin as u32);
            } else if Some(byte) != self.dialect.quote {
                break at;
            } else if at == begin {
                let found = self.quoted(byte, begin);
                fault = fault.or_else(|| found.map(|kind| Fault { kind, field: bounds.len() - first - 1 }));
            }
        };
        bounds.push(end as u32 + 1);
        let line_end = if self.at_line_feed(end) { 2 } else { 1 };
        self.at = (end + line_end).min(self.bytes.len());
        self.ends.restart(self.at);
        (end, fault)
    }

    /// Goes from the quote at `begin` past the closing one.
    #[inline]
    fn quoted(&mut self, quote: u8, begin: usize) -> Option<FaultKind> {
        let first_line = self.line;
        self.quotes = self.quotes.max(Quotes::Around);
        loop {
            let at = self.specials.next_position();
            let Some(&byte) = self.bytes.get(at).filter(|_| at - begin <= self.dialect.max_record) else {
                self.line = first_line;
                self.specials.restart(begin + 1);
                return Some(FaultKind::Unclosed);
            };
            let next = self.bytes.get(at + 1);
            if byte == quote && next == Some(&quote) {
                self.quotes = Quotes::Within;
                self.specials.seek(at + 2);
            } else if byte == quote {
                let ends = next.is_none_or(|next| self.dialect.begins_field(*next));
                return (!ends).then_some(FaultKind::TextAfterQuote);
            } else if byte == b'\n' || (byte == b'\r' && next != Some(&b'\n')) {
                self.line += 1;
            }
        }
    }
}
