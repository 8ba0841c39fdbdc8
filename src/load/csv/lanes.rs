//! 64 bytes at once, one bit each: which of them end fields, when the quotes among them are well-formed.
//!
//! Well-formed means that a quote stands only where a field begins, where it ends, and doubled within it. Then a byte is
//! inside quotes exactly when the number of quotes up to it is odd, and that is known for all bytes after a few shifts.
//! What is not well-formed is left to the readers that go from one special byte to the next.

use super::options::Dialect;

/// How many bytes are looked at together.
pub(super) const LANES: usize = 64;

/// Which quotes were met in some records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Quotes {
    /// No field is quoted.
    None,
    /// No quoted field has quotes within.
    Around,
    Within,
}

/// What the bytes before leave behind. Bits are those of the first lane, or of all lanes for `inside`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carry {
    inside: u64,
    begins_field: u64,
    after_closing: u64,
}

impl Carry {
    /// At the beginning of a field.
    pub const FIELD: Carry = Carry { inside: 0, begins_field: 1, after_closing: 0 };
    /// Outside quotes, and not at the beginning of a field.
    pub const TEXT: Carry = Carry { inside: 0, begins_field: 0, after_closing: 0 };

    /// Whether what comes next may belong to a quoted field that has begun.
    pub fn in_quoted_field(self) -> bool {
        self.inside | self.after_closing != 0
    }
}

/// What some well-formed lanes are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes {
    /// Delimiters and line ends outside quotes.
    pub ends: u64,
    /// Opening quotes, and all that is inside quotes.
    pub opening: u64,
    pub inside: u64,
    pub quotes: Quotes,
    pub carry: Carry,
}

impl Lanes {
    /// Looks at 64 bytes; none when their quotes are not well-formed.
    #[inline(always)]
    pub fn of(block: &[u8; LANES], dialect: Dialect, carry: Carry) -> Option<Self> {
        let separators = mask(block, |byte| (byte == dialect.delimiter) | (byte == b'\n') | (byte == b'\r'));
        let quotes =
            dialect.quote.filter(|quote| holds(block, *quote)).map_or(0, |quote| mask(block, |byte| byte == quote));
        if quotes == 0 && !carry.in_quoted_field() {
            let carry = Carry { begins_field: separators >> 63, ..Carry::TEXT };
            return Some(Lanes { ends: separators, opening: 0, inside: 0, quotes: Quotes::None, carry });
        }
        let inside = odd_up_to(quotes) ^ carry.inside;
        let (opens, closes) = (quotes & inside, quotes & !inside);
        let after_closing = closes << 1 | carry.after_closing;
        let ends = separators & !inside;
        let opening = opens & (ends << 1 | carry.begins_field);
        let well_formed = opens & !(opening | after_closing) == 0 && after_closing & !(separators | quotes) == 0;
        let met = if after_closing & quotes != 0 { Quotes::Within } else { Quotes::Around };
        // All ones when the last lane is inside.
        let carry =
            Carry { inside: 0u64.wrapping_sub(inside >> 63), begins_field: ends >> 63, after_closing: closes >> 63 };
        well_formed.then_some(Lanes { ends, opening, inside, quotes: met, carry })
    }
}

/// For each bit whether the number of ones up to and with it is odd.
#[inline]
fn odd_up_to(mut bits: u64) -> u64 {
    for distance in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << distance;
    }
    bits
}

/// Line feeds and carriage returns.
#[inline]
pub(super) fn line_ends(block: &[u8; LANES]) -> u64 {
    mask(block, |byte| (byte == b'\n') | (byte == b'\r'))
}

/// Whether one of the bytes is `wanted`: faster than a mask, and mostly there is no quote.
#[inline]
fn holds(block: &[u8; LANES], wanted: u8) -> bool {
    block.iter().fold(false, |found, byte| found | (*byte == wanted))
}

/// One bit for each byte of which `is` holds.
#[inline]
pub(super) fn mask(block: &[u8; LANES], is: impl Fn(u8) -> bool) -> u64 {
    // Two loops of a form that compilers turn into vector instructions: bytes to 0 or 1, then eight of them to a byte.
    let mut found = [0u8; LANES];
    for (found, byte) in found.iter_mut().zip(block) {
        *found = u8::from(is(*byte));
    }
    let mut mask = 0;
    for (at, eight) in found.as_chunks::<8>().0.iter().enumerate() {
        // Multiplying gathers the lowest bit of each of the eight bytes in the highest byte.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask |= bits << (8 * at);
    }
    mask
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOSED: Carry = Carry { after_closing: 1, ..Carry::TEXT };
    const DIALECT: Dialect = Dialect { delimiter: b',', quote: Some(b'"'), max_record: 1 << 20 };

    fn lanes(text: &str, carry: Carry) -> Option<Lanes> {
        let mut block = [b'x'; LANES];
        block[..text.len()].copy_from_slice(text.as_bytes());
        Lanes::of(&block, DIALECT, carry)
    }

    #[test]
    fn every_lane_has_its_bit() {
        for at in 0..LANES {
            let mut block = [0; LANES];
            block[at] = b'x';
            assert_eq!(mask(&block, |byte| byte == b'x'), 1 << at);
        }
        assert_eq!(odd_up_to(0b1001_0010), !0 << 7 | 0b0000_1110);
    }

    #[test]
    fn field_ends_are_those_outside_quotes() {
        let found = lanes("a,\"b,\"\"c\",\"\"\r\n,", Carry::FIELD).unwrap();
        assert_eq!(found.ends, 1 << 1 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 14);
        assert_eq!(found.opening, 1 << 2 | 1 << 10);
        assert!(found.quotes == Quotes::Within && !found.carry.in_quoted_field());
    }

    #[test]
    fn what_is_not_well_formed_is_left_alone() {
        for (text, carry, well_formed) in [
            ("5\" pipe,", Carry::FIELD, false),
            ("\"a\"b,", Carry::FIELD, false),
            ("\"a\",", Carry::TEXT, false),
            ("\"a\",", Carry::FIELD, true),
            ("\"\"\"a\",", Carry::FIELD, true),
            ("x,", CLOSED, false),
            (",x", CLOSED, true),
            ("\"x\",", CLOSED, true),
        ] {
            assert_eq!(lanes(text, carry).is_some(), well_formed, "{text}");
        }
    }

    #[test]
    fn a_block_tells_the_next_how_it_begins() {
        let open = lanes("\"", Carry::FIELD).unwrap();
        assert!(open.carry.in_quoted_field());
        let closed = lanes("a,b\",", open.carry).unwrap();
        assert_eq!((closed.ends, closed.opening, closed.carry.in_quoted_field()), (1 << 4, 0, false));
    }
}
