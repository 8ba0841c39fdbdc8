//! [`super::spans`] in vectors of 16 bytes: the compiler finds no way to make one bit of each byte by itself.

use std::arch::x86_64::{
    __m128i, _mm_add_epi8, _mm_and_si128, _mm_andnot_si128, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8,
    _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8, _mm_slli_epi16,
};

/// The letters of a window by its first and its last bytes, of which there are 16 or 32.
#[inline]
#[target_feature(enable = "sse2")]
pub(super) fn both_ends<const N: usize>(head: &[u8; N], tail: &[u8; N], offset: usize) -> Option<u64> {
    let (head, head_valid) = block(head);
    let (tail, tail_valid) = block(tail);
    let valid = _mm_movemask_epi8(_mm_and_si128(head_valid, tail_valid)) == 0xFFFF;
    valid.then_some(head | tail << offset)
}

/// A bit for each byte that is like a letter, and the high bit of each byte set where an ASCII one or a separator stands.
#[inline]
#[target_feature(enable = "sse2")]
fn block<const N: usize>(bytes: &[u8; N]) -> (u64, __m128i) {
    let mut letters = 0;
    let mut valid = _mm_set1_epi8(-1);
    for (index, bytes) in bytes.as_chunks::<16>().0.iter().enumerate() {
        let bytes = u128::from_le_bytes(*bytes);
        let bytes = _mm_set_epi64x((bytes >> 64) as i64, bytes as i64);
        // Bit 6 of each byte becomes its high bit.
        let letter = _mm_slli_epi16::<1>(bytes);
        letters |= u64::from(_mm_movemask_epi8(letter).cast_unsigned()) << (16 * index);
        let ascii = _mm_andnot_si128(bytes, _mm_or_si128(letter, separators(bytes)));
        valid = _mm_and_si128(valid, ascii);
    }
    (letters, valid)
}

/// All bits of the bytes that are separators.
#[inline]
#[target_feature(enable = "sse2")]
fn separators(bytes: __m128i) -> __m128i {
    let spaces = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(b' '.cast_signed()));
    let commas_and_hyphens = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(1)), _mm_set1_epi8(b'-'.cast_signed()));
    let from_tab = _mm_add_epi8(bytes, _mm_set1_epi8(-b'\t'.cast_signed()));
    let tabs_to_returns = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8(4)), from_tab);
    _mm_or_si128(_mm_or_si128(spaces, commas_and_hyphens), tabs_to_returns)
}
