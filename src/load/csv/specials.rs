//! The bytes that matter: delimiters, quotes and line ends, found 64 at a time.

use super::lanes::{LANES, mask};

/// Goes through the positions of two given bytes, line feeds and carriage returns.
#[derive(Clone)]
pub(super) struct Specials<'a> {
    bytes: &'a [u8],
    wanted: [u8; 2],
    /// Where the bytes of `mask` start.
    base: usize,
    /// The positions not yet given, counted from `base`.
    mask: u64,
}

impl<'a> Specials<'a> {
    pub fn new(bytes: &'a [u8], wanted: [u8; 2]) -> Self {
        let mut specials = Specials { bytes, wanted, base: 0, mask: 0 };
        specials.restart(0);
        specials
    }

    /// Goes on with the positions from `at`.
    #[inline]
    pub fn restart(&mut self, at: usize) {
        (self.base, self.mask) = first_mask(self.bytes, self.wanted, at);
    }

    /// The next position; the number of bytes when there is none.
    #[inline]
    pub fn next_position(&mut self) -> usize {
        if self.mask == 0 {
            self.restart(self.base + LANES);
            if self.mask == 0 {
                return self.bytes.len();
            }
        }
        let at = self.base + self.mask.trailing_zeros() as usize;
        self.mask &= self.mask - 1;
        at
    }

    /// Leaves out all positions before `at`.
    #[inline]
    pub fn seek(&mut self, at: usize) {
        match at.saturating_sub(self.base) {
            lane @ ..LANES => self.mask &= u64::MAX << lane,
            LANES.. => self.restart(at),
        }
    }
}

/// The first mask from `at` on that is not zero, and where it starts; a zero mask when no special byte follows. A call,
/// since most positions are found without it; given and returned in registers, so that its callers can keep them there.
#[inline(never)]
fn first_mask(bytes: &[u8], wanted: [u8; 2], at: usize) -> (usize, u64) {
    let special = |byte: u8| (byte == wanted[0]) | (byte == wanted[1]) | (byte == b'\n') | (byte == b'\r');
    let mut base = at;
    while let Some(block) = bytes.get(base..).and_then(|rest| rest.first_chunk()) {
        let mask = mask(block, special);
        if mask != 0 {
            return (base, mask);
        }
        base += LANES;
    }
    let rest = bytes.get(base..).unwrap_or_default();
    let mut block = [0; LANES];
    block[..rest.len()].copy_from_slice(rest);
    (base, mask(&block, special))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn positions(bytes: &[u8], from: usize) -> Vec<usize> {
        let mut specials = Specials::new(bytes, *b",;");
        specials.seek(from);
        std::iter::from_fn(|| Some(specials.next_position()).filter(|at| *at < bytes.len())).collect()
    }

    #[test]
    fn every_special_byte_is_found_at_any_position() {
        for length in [1, 7, 63, 64, 65, 127, 128, 200] {
            for special in *b",;\n\r" {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = special;
                    assert_eq!(positions(&bytes, 0), [at], "{length} bytes");
                }
            }
            assert_eq!(positions(&vec![b';'; length], 0), (0..length).collect::<Vec<_>>());
            assert!(positions(&vec![0; length], 0).is_empty());
        }
        assert!(positions(b"", 0).is_empty());
    }

    #[test]
    fn seeking_leaves_out_what_is_before() {
        let bytes = [b','; 200];
        for from in [0, 1, 63, 64, 65, 128, 199, 200] {
            assert_eq!(positions(&bytes, from), (from..200).collect::<Vec<_>>());
        }
    }
}
