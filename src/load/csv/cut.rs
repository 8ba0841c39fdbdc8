//! Where records end: blocks of a file, cut into pieces of whole records.
//!
//! A quote opens a quoted field only where a field begins, so what a byte means depends on all bytes before it. Each
//! block is therefore looked over in two ways by [`scout`], on any thread: as if it began outside quotes, and as if it
//! began inside. The two mostly meet within a field or two, and the rest is looked over once. [`Cutter`] then goes
//! through the blocks in order, with a few steps each: it knows which of the two ways is the true one.

use std::ops::Range;

use memchr::{memchr, memrchr2};

use super::lanes::{Carry, LANES, Lanes, line_ends};
use super::options::Dialect;
use super::specials::Specials;

/// What the next byte is to be read as. `opened` is the index of the opening quote; none when it lies before the bytes
/// at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Outside,
    Inside {
        opened: Option<usize>,
    },
    /// After a quote inside quotes, which is the closing one unless another follows.
    Undecided {
        opened: Option<usize>,
    },
}

impl Quoting {
    fn map_opened(self, map: impl FnOnce(Option<usize>) -> Option<usize>) -> Self {
        match self {
            Quoting::Outside => Quoting::Outside,
            Quoting::Inside { opened } => Quoting::Inside { opened: map(opened) },
            Quoting::Undecided { opened } => Quoting::Undecided { opened: map(opened) },
        }
    }
}

/// What a block comes to when it is begun in one of the two ways.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    /// The index after the last record end.
    last_end: Option<usize>,
    quoting: Quoting,
}

/// What [`scout`] found out about a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scout {
    outside: Outcome,
    inside: Outcome,
    /// The index of the quote that ends the quotes the block may begin in; its length when they go on.
    closed: usize,
}

/// Looks over a block that may begin outside or inside quotes. `before` is the byte before it.
pub(super) fn scout(bytes: &[u8], before: u8, dialect: Dialect) -> Scout {
    if dialect.quote.is_none_or(|quote| memchr(quote, bytes).is_none()) {
        let last_end = last_line_end(bytes).or(end_before(bytes, before));
        let inside = Outcome { last_end: None, quoting: Quoting::Inside { opened: None } };
        return Scout { outside: Outcome { last_end, quoting: Quoting::Outside }, inside, closed: bytes.len() };
    }
    let mut outside = Walk::new(bytes, before, dialect);
    let mut inside = Walk { last_end: None, ..outside.clone() };
    let closed = inside.close(None).unwrap_or(bytes.len());
    while outside.at != inside.at {
        if outside.at < inside.at { outside.step() } else { inside.step() }
    }
    if outside.at < bytes.len() {
        // Both are outside quotes at the same place: from here on they are one.
        let mut rest = Walk { last_end: None, ..outside.clone() };
        rest.run();
        outside = Walk { last_end: rest.last_end.or(outside.last_end), ..rest.clone() };
        inside = Walk { last_end: rest.last_end.or(inside.last_end), ..rest };
    }
    Scout { outside: outside.outcome(), inside: inside.outcome(), closed }
}

/// A way through some bytes, from one quoted field to the next.
#[derive(Clone)]
struct Walk<'a> {
    bytes: &'a [u8],
    before: u8,
    dialect: Dialect,
    /// Quotes and line ends, from `at` on.
    specials: Specials<'a>,
    at: usize,
    last_end: Option<usize>,
    quoting: Quoting,
}

impl<'a> Walk<'a> {
    /// A way that begins outside quotes.
    fn new(bytes: &'a [u8], before: u8, dialect: Dialect) -> Self {
        let specials = Specials::new(bytes, [dialect.quote.unwrap_or(b'\n'); 2]);
        let last_end = end_before(bytes, before);
        Walk { bytes, before, dialect, specials, at: 0, last_end, quoting: Quoting::Outside }
    }

    fn outcome(&self) -> Outcome {
        Outcome { last_end: self.last_end, quoting: self.quoting }
    }

    fn run(&mut self) {
        // Only within this length is a quote sure to be closed in time, however far the closing one is.
        let skim = self.bytes.len() <= self.dialect.max_record;
        while self.at < self.bytes.len() {
            if skim {
                self.skim();
            }
            self.step();
        }
    }

    /// Goes ahead as far as all quotes are well-formed, to a place outside quotes.
    fn skim(&mut self) {
        let before = if self.at == 0 { self.before } else { self.bytes[self.at - 1] };
        let mut carry = if self.dialect.begins_field(before) { Carry::FIELD } else { Carry::TEXT };
        let (start, mut opened) = (self.at, self.at);
        // The last byte is left out, since what it means may depend on the next block.
        for block in self.bytes[start..self.bytes.len() - 1].as_chunks::<LANES>().0 {
            let Some(lanes) = Lanes::of(block, self.dialect, carry) else { break };
            let line_ends = line_ends(block) & lanes.ends;
            if line_ends != 0 {
                self.last_end = Some(self.at + LANES - line_ends.leading_zeros() as usize);
            }
            if lanes.opening != 0 {
                opened = self.at + LANES - 1 - lanes.opening.leading_zeros() as usize;
            }
            self.at += LANES;
            carry = lanes.carry;
        }
        if carry.in_quoted_field() {
            self.at = opened;
        }
        self.specials.restart(self.at);
    }

    /// Goes past the next quoted field.
    #[inline]
    fn step(&mut self) {
        let end = self.bytes.len();
        loop {
            let at = self.specials.next_position();
            let Some(&byte) = self.bytes.get(at) else {
                self.at = end;
                return;
            };
            if Some(byte) != self.dialect.quote {
                // A carriage return at the end may be the first half of CRLF: the next block tells.
                if byte == b'\n' || at + 1 < end {
                    self.last_end = Some(at + 1);
                }
            } else if self.dialect.begins_field(if at == 0 { self.before } else { self.bytes[at - 1] }) {
                self.close(Some(at));
                return;
            }
        }
    }

    /// Goes from the opening quote at `opened` past the closing one, and says where that is.
    #[inline]
    fn close(&mut self, opened: Option<usize>) -> Option<usize> {
        let end = self.bytes.len();
        let closing = self.closing_quote();
        if let Some(opened) = opened
            && closing.unwrap_or(end) - opened > self.dialect.max_record
        {
            // Not closed: an ordinary byte.
            self.at = opened + 1;
            self.specials.restart(self.at);
            return None;
        }
        (self.at, self.quoting) = match closing {
            Some(at) if at + 1 < end => (at + 1, Quoting::Outside),
            Some(_) => (end, Quoting::Undecided { opened }),
            None => (end, Quoting::Inside { opened }),
        };
        closing
    }

    /// The next quote that is not doubled. When it is the last byte, more bytes could still double it.
    #[inline]
    fn closing_quote(&mut self) -> Option<usize> {
        loop {
            let at = self.specials.next_position();
            let byte = self.bytes.get(at)?;
            if Some(*byte) == self.dialect.quote {
                if self.bytes.get(at + 1) != Some(byte) {
                    return Some(at);
                }
                self.specials.seek(at + 2);
            }
        }
    }
}

/// The end of a record right before a block, which its last byte left undecided: a carriage return ends a record unless
/// a line feed follows.
fn end_before(bytes: &[u8], before: u8) -> Option<usize> {
    (before == b'\r' && bytes.first().is_some_and(|first| *first != b'\n')).then_some(0)
}

/// The index after the last line end, unless that could be the first half of CRLF.
fn last_line_end(bytes: &[u8]) -> Option<usize> {
    let decided = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    Some(memrchr2(b'\n', b'\r', decided)? + 1)
}

/// A buffer with a block of the file, and room before it for the begun record of the block before.
pub(super) struct Block {
    /// The block starts at [`HEADROOM`].
    pub buffer: Vec<u8>,
    pub scout: Scout,
}

pub(super) const HEADROOM: usize = 64 << 10;

impl Block {
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[HEADROOM..]
    }
}

/// Some whole records; the last one of a file may lack its line end, or the end of its quotes.
#[derive(Debug)]
pub(super) struct Piece {
    buffer: Vec<u8>,
    range: Range<usize>,
}

impl Piece {
    pub fn bytes(&self) -> &[u8] {
        &self.buffer[self.range.clone()]
    }

    /// Gives the buffer back, for another block.
    pub fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }
}

/// The record that has begun is longer than records may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// Cuts the blocks of a file, given in order, into pieces.
pub(super) struct Cutter {
    dialect: Dialect,
    /// The begun record.
    carry: Vec<u8>,
    /// What comes after it; `opened` is an index into it.
    quoting: Quoting,
}

impl Cutter {
    pub fn new(dialect: Dialect) -> Self {
        Cutter { dialect, carry: Vec::new(), quoting: Quoting::Outside }
    }

    /// Takes the next block; gives the records that end in it, when there are any.
    pub fn push(&mut self, block: Block) -> Result<Option<Piece>, TooLong> {
        self.check_length()?;
        let (held, scout) = (self.carry.len(), block.scout);
        let (outcome, opened) = match self.quoting {
            Quoting::Outside => (scout.outside, None),
            Quoting::Undecided { .. } if block.bytes().first() != self.dialect.quote.as_ref() => (scout.outside, None),
            Quoting::Inside { opened: Some(opened) } if held + scout.closed - opened <= self.dialect.max_record => {
                (scout.inside, Some(opened))
            }
            _ => return Ok(self.push_joined(&block)),
        };
        self.quoting = outcome.quoting.map_opened(|at| at.map(|at| held + at).or(opened));
        let piece = match outcome.last_end {
            Some(end) => Some(self.cut(block, end)),
            None => {
                self.carry.extend_from_slice(block.bytes());
                None
            }
        };
        Ok(piece)
    }

    /// What is rare (a doubled quote across two blocks, a quote that is not closed) is told by going through the begun
    /// record again, together with the block.
    fn push_joined(&mut self, block: &Block) -> Option<Piece> {
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend_from_slice(block.bytes());
        let mut walk = Walk::new(&joined, b'\n', self.dialect);
        walk.run();
        let outcome = walk.outcome();
        self.quoting = outcome.quoting;
        match outcome.last_end {
            Some(end) => {
                self.carry.extend_from_slice(&joined[end..]);
                self.move_opened(end);
                Some(Piece { buffer: joined, range: 0..end })
            }
            None => {
                self.carry = joined;
                None
            }
        }
    }

    /// The begun record and the block up to `end` as a piece; the rest of the block is begun.
    fn cut(&mut self, mut block: Block, end: usize) -> Piece {
        let begun = block.bytes()[end..].to_vec();
        let held = std::mem::replace(&mut self.carry, begun);
        self.move_opened(held.len() + end);
        if held.len() <= HEADROOM {
            let start = HEADROOM - held.len();
            block.buffer[start..HEADROOM].copy_from_slice(&held);
            return Piece { buffer: block.buffer, range: start..HEADROOM + end };
        }
        let mut buffer = held;
        buffer.extend_from_slice(&block.bytes()[..end]);
        let range = 0..buffer.len();
        Piece { buffer, range }
    }

    fn move_opened(&mut self, cut: usize) {
        self.quoting = self.quoting.map_opened(|at| at.map(|at| at - cut));
    }

    fn check_length(&self) -> Result<(), TooLong> {
        let length = match self.quoting {
            Quoting::Outside => self.carry.strip_suffix(b"\r").unwrap_or(&self.carry).len(),
            // Whether the quote is closed or not, the record reaches as far as the quote.
            Quoting::Inside { opened } | Quoting::Undecided { opened } => opened.unwrap_or(0),
        };
        if length > self.dialect.max_record { Err(TooLong) } else { Ok(()) }
    }

    /// The records that no line end follows.
    pub fn finish(self) -> Option<Piece> {
        let range = 0..self.carry.len();
        (!range.is_empty()).then_some(Piece { buffer: self.carry, range })
    }
}
