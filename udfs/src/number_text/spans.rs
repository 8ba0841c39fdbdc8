//! Where the words of a text begin and end: 63 bytes at once, one bit for each, instead of a look at every letter.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * ONES;
const SPACES: u64 = 0x20 * ONES;

/// How many bytes are looked at at once: one less than bits, so that the end of every word has one.
pub(super) const WINDOW: usize = 63;

/// Whether a byte has the bit that all letters have and no separator, nor a digit, has. So have `@[\]^_` and their like:
/// no word is spelled with them.
#[inline]
pub(super) fn is_like_letter(byte: u8) -> bool {
    byte & 0x40 != 0
}

/// A bit for every byte of `window` that [is like a letter](is_like_letter), the first byte's lowest, or `None` where
/// one is not ASCII or neither a separator nor like a letter. There are 1 to 63 bytes, the first eight of them, or as
/// many as there are, in `head`.
#[inline]
pub(super) fn letters(window: &[u8], head: u64) -> Option<u64> {
    if let (Some(head), Some(tail)) = (window.first_chunk::<32>(), window.last_chunk::<32>()) {
        return both_ends(head, tail, window.len() - 32);
    }
    if let (Some(head), Some(tail)) = (window.first_chunk::<16>(), window.last_chunk::<16>()) {
        return both_ends(head, tail, window.len() - 16);
    }
    let (head, tail, offset) = match window.last_chunk() {
        Some(tail) => (head, u64::from_le_bytes(*tail), window.len() - 8),
        None => {
            let filled = head | SPACES << (8 * window.len());
            (filled, filled, 0)
        }
    };
    let (head, tail) = (Bytes::of_word(head), Bytes::of_word(tail));
    head.and(&tail, offset).letters()
}

/// [`letters`] of a window by its first and its last bytes, which overlap or meet, so that no length needs a loop of its
/// own. The last ones begin at `offset`.
#[inline]
fn both_ends<const N: usize>(head: &[u8; N], tail: &[u8; N], offset: usize) -> Option<u64> {
    #[cfg(target_arch = "x86_64")]
    #[expect(unsafe_code, reason = "the only way to call what uses vector instructions by name")]
    // SAFETY: every processor of this architecture has SSE2.
    return unsafe { super::spans_sse2::both_ends(head, tail, offset) };
    #[cfg(not(target_arch = "x86_64"))]
    Bytes::of_block(head).and(&Bytes::of_block(tail), offset).letters()
}

/// What was found out about some bytes.
pub(super) struct Bytes {
    letters: u64,
    /// The high bit of each byte is lost when one of the bytes it stands for is neither separator nor like a letter.
    valid: u64,
}

impl Bytes {
    #[inline]
    fn of_word(word: u64) -> Self {
        // An ASCII byte from `k` on gets its high bit by the addition of 0x80 - k. Every bound that is passed flips the
        // bit, which is therefore set inside of the ranges. A byte that is not ASCII spoils its neighbour, but it is
        // refused itself.
        let reaches = |bound: u64| word.wrapping_add((0x80 - bound) * ONES);
        let tabs_to_returns = reaches(0x09) ^ reaches(0x0E);
        let spaces = reaches(0x20) ^ reaches(0x21);
        let commas_and_hyphens = reaches(0x2C) ^ reaches(0x2E);
        let valid = (tabs_to_returns ^ spaces ^ commas_and_hyphens ^ (word << 1)) & !word;
        // Bit 6 of byte `n` goes to bit `n` of the product's highest byte.
        let letters = ((word >> 6) & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        Self { letters, valid }
    }

    #[cfg(any(test, not(target_arch = "x86_64")))]
    #[inline]
    pub(super) fn of_block<const N: usize>(block: &[u8; N]) -> Self {
        let words = block.as_chunks::<8>().0.iter().enumerate();
        words.fold(Self { letters: 0, valid: HIGH_BITS }, |all, (index, word)| {
            all.and(&Self::of_word(u64::from_le_bytes(*word)), 8 * index)
        })
    }

    /// These and others, of which the first is at `offset`.
    #[inline]
    pub(super) fn and(&self, others: &Self, offset: usize) -> Self {
        Self { letters: self.letters | others.letters << offset, valid: self.valid & others.valid }
    }

    #[inline]
    pub(super) fn letters(&self) -> Option<u64> {
        (self.valid & HIGH_BITS == HIGH_BITS).then_some(self.letters)
    }
}
