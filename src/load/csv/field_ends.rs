//! Where the fields of well-formed records end, found 64 bytes at a time.

use super::lanes::{Carry, LANES, Lanes, Quotes, line_ends};
use super::options::Dialect;

/// Goes through the positions of delimiters and line ends outside quotes.
pub(super) struct FieldEnds<'a> {
    bytes: &'a [u8],
    dialect: Dialect,
    /// Where the lanes looked at last start, and where the next ones do.
    base: usize,
    next: usize,
    /// The positions not yet given, counted from `base`.
    ends: u64,
    carry: Carry,
    /// The quotes met since they were last asked for, and those in the lanes looked at last.
    quotes: Quotes,
    quotes_here: Quotes,
}

impl<'a> FieldEnds<'a> {
    pub fn new(bytes: &'a [u8], dialect: Dialect) -> Self {
        let (quotes, quotes_here) = (Quotes::None, Quotes::None);
        FieldEnds { bytes, dialect, base: 0, next: 0, ends: 0, carry: Carry::FIELD, quotes, quotes_here }
    }

    /// Goes on with the record that begins at `at`.
    pub fn restart(&mut self, at: usize) {
        (self.next, self.ends, self.carry) = (at, 0, Carry::FIELD);
    }

    /// The next position, where the end of the bytes counts as the end of a line. None after that, and where quotes are
    /// not well-formed or line ends are in quotes; only [`FieldEnds::restart`] goes on from there.
    #[inline]
    pub fn next_position(&mut self) -> Option<usize> {
        if self.ends == 0 {
            self.look();
            if self.ends == 0 {
                return None;
            }
        }
        let at = self.base + self.ends.trailing_zeros() as usize;
        self.ends &= self.ends - 1;
        Some(at)
    }

    /// Which quotes were met, at most, between this and the last time this was asked.
    pub fn take_quotes(&mut self) -> Quotes {
        // The lanes looked at last may be part of what comes next.
        std::mem::replace(&mut self.quotes, self.quotes_here)
    }

    /// Looks at the next lanes in which a field ends. A call, since most positions are found without it.
    #[inline(never)]
    fn look(&mut self) {
        while self.ends == 0 {
            let Some(rest) = self.bytes.get(self.next..) else { return };
            // The end of the bytes counts as the end of a line.
            let mut padded = [b'\n'; LANES];
            let block = rest.first_chunk().unwrap_or_else(|| {
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            });
            let lanes = match Lanes::of(block, self.dialect, self.carry) {
                Some(lanes) if lanes.inside == 0 || lanes.inside & line_ends(block) == 0 => lanes,
                _ => {
                    self.next = usize::MAX;
                    return;
                }
            };
            let last = (LANES - 1).min(rest.len());
            self.ends = lanes.ends & u64::MAX >> (LANES - 1 - last);
            (self.base, self.next, self.carry) = (self.next, self.next + LANES, lanes.carry);
            self.quotes_here = lanes.quotes;
            self.quotes = self.quotes.max(lanes.quotes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), max_record: 1 << 20 };

    fn positions(text: &str) -> Vec<usize> {
        let mut ends = FieldEnds::new(text.as_bytes(), DIALECT);
        std::iter::from_fn(|| ends.next_position()).collect()
    }

    #[test]
    fn field_ends_are_found_wherever_they_are() {
        for length in [0, 1, 62, 63, 64, 65, 127, 128, 200] {
            for end in [',', '\n', '\r'] {
                for at in 0..length {
                    let text = format!("{}{end}{}", "x".repeat(at), "x".repeat(length - at - 1));
                    assert_eq!(positions(&text), [at, length], "{length} bytes");
                }
            }
            assert_eq!(positions(&",".repeat(length)), (0..=length).collect::<Vec<_>>());
            let quoted = format!("\"{}\",y", ",".repeat(length));
            assert_eq!(positions(&quoted), [length + 2, length + 4]);
        }
    }

    #[test]
    fn they_stop_before_what_is_not_well_formed() {
        let good = "a,b\n".repeat(40);
        for bad in ["5\" pipe\n", "\"a\"b\n", "\"a\nb\"\n", "\"a"] {
            let text = format!("{good}{bad}");
            let found = positions(&text);
            assert!(found.len() < 81 && found.iter().all(|at| *at < good.len()), "{bad:?}: {found:?}");
            let mut ends = FieldEnds::new(text.as_bytes(), DIALECT);
            while ends.next_position().is_some() {}
            ends.restart(0);
            assert_eq!(ends.next_position(), Some(1));
        }
    }

    #[test]
    fn quotes_are_told_for_all_that_was_given() {
        let text = format!("{}\"b\"\n{}\"c\"\"\"\n", "a\n".repeat(50), "a\n".repeat(50));
        let mut ends = FieldEnds::new(text.as_bytes(), DIALECT);
        let mut told = Vec::new();
        while ends.next_position().is_some_and(|at| at < text.len()) {
            told.push(ends.take_quotes());
        }
        assert_eq!(told[0], Quotes::None);
        assert_eq!((told[50], told[101]), (Quotes::Around, Quotes::Within));
    }
}
