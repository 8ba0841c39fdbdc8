//! Bytes to records: where each field begins and ends, and what is wrong with a record's form.

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
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    specials: Specials<'a>,
    at: usize,
    line: usize,
    blank: usize,
    quotes: Quotes,
}

/// Which quotes were met in some records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quotes {
    /// No field is quoted.
    None,
    /// No quoted field has quotes within.
    Around,
    Within,
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], dialect: Dialect) -> Self {
        let specials = Specials::new(bytes, [dialect.delimiter, dialect.quote.unwrap_or(dialect.delimiter)]);
        Records { bytes, dialect, specials, at: 0, line: 0, blank: 0, quotes: Quotes::None }
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

    /// Which quotes were met since the last time this was asked.
    pub fn take_quotes(&mut self) -> Quotes {
        std::mem::replace(&mut self.quotes, Quotes::None)
    }

    /// Reads the next record that is not a blank line, and appends to `bounds` where each of its fields begins, then
    /// where the field after the last one would: field `n` is `bounds[n]..bounds[n + 1] - 1`.
    #[inline]
    pub fn read(&mut self, bounds: &mut Vec<u32>) -> Option<Record> {
        loop {
            let (start, line) = (self.at, self.line);
            if start >= self.bytes.len() {
                return None;
            }
            let first = bounds.len();
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
            self.end_line(end);
            if end > start {
                return Some(Record { start, end, line, lines: self.line - line, fault });
            }
            bounds.truncate(first);
            self.blank += 1;
        }
    }

    /// Goes past the line end at `end`; at the end of the bytes there is none.
    #[inline]
    fn end_line(&mut self, end: usize) {
        self.at = end + 1;
        self.line += 1;
        if self.bytes.get(end) == Some(&b'\r') && self.bytes.get(end + 1) == Some(&b'\n') {
            self.at = end + 2;
            self.specials.seek(self.at);
        }
        self.at = self.at.min(self.bytes.len());
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
