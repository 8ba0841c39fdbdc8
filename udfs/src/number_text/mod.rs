//! Text to number: what [`word2number`](crate::word2number) does to one value, over bytes and without allocating.
//!
//! A text is a number when the whole of it, white space at both ends aside, is one of these two forms. Everything
//! else is not a number and gives `None`; there is no guessing, so that a typo never becomes a number.
//!
//! **Digits**
//!
//! ```text
//! number  = [ "+" | "-" ] [ "$" ] ( integer [ "." digit* ] | "." digit+ ) [ ("e" | "E") [ "+" | "-" ] digit+ ]
//! integer = digit+ | group
//! group   = 1 to 3 digits, the first not 0, then one or more times "," and exactly 3 digits
//! ```
//!
//! A grouped integer takes no exponent and, beyond 15 digits, at most 48 characters in all. What is too large for a double (`1e400`) or too close
//! to zero (`1e-400`), `nan`, `inf` and `infinity` are not numbers. The result is the double nearest to the decimal
//! text; `-0` is `0`.
//!
//! **Words**, in upper or lower case, between two of them any run of white space, hyphens and commas:
//!
//! ```text
//! number   = [ "minus" | "negative" ] ( "zero" | cardinal ) [ "point" digit+ ]
//!          | [ "minus" | "negative" ] "point" digit+
//! cardinal = count scale, scales falling from "trillion" over "billion" and "million" to "thousand", then [ count ]
//!          | count
//!          | ( 11 to 99, not a multiple of ten ) "hundred" [ below ]            "fifteen hundred and five"
//! count    = ( 1 to 9 | "a" ) "hundred" [ below ] | below | "a", before a scale only
//! below    = 1 to 99: "seven", "seventeen", "seventy", "seventy-seven"
//! digit    = "zero" to "nine", at most 32 of them
//! ```
//!
//! One `and` may stand wherever a smaller part is added to a larger one (`one hundred and fifteen`, `one thousand and
//! two`, `twenty and five`), and nowhere else. At the very start the count of `hundred` or of a scale may be left out
//! (`hundred and one`, `thousand`). Not numbers, for instance: `one two`, `twenty fifteen`, `two thousand million`,
//! `ten hundred`, `hundred and`, `fourty`, `twentyone`, `five 0`, `5 thousand`.

mod digits;
mod grammar;
mod spans;
#[cfg(target_arch = "x86_64")]
mod spans_sse2;
mod vocabulary;
mod words;

#[cfg(test)]
mod fast_path_tests;
#[cfg(test)]
mod tests;

use spans::is_like_letter;

/// The number that `text` is, in digits or in English words, or `None`; the grammar is on the [module](self).
///
/// Never panics, never allocates, takes any bytes.
///
/// ```
/// # use medallion_udfs::parse_number;
/// assert_eq!(parse_number(b"One hundred and fifteen"), Some(115.0));
/// assert_eq!(parse_number(b"$1,000.50"), Some(1000.5));
/// assert_eq!(parse_number(b"twenty fifteen"), None);
/// ```
#[inline]
pub fn parse_number(text: &[u8]) -> Option<f64> {
    if let Some(number) = digits::parse_short(text) {
        return Some(number);
    }
    if is_like_letter(*text.first()? & *text.last()?) { words::parse(text) } else { parse_other(text) }
}

/// What begins or ends with no letter: white space around a number, and what is in digits.
#[inline(never)]
fn parse_other(text: &[u8]) -> Option<f64> {
    let text = text.trim_ascii();
    if !is_like_letter(*text.first()?) {
        digits::parse(text)
    } else if is_like_letter(*text.last()?) {
        words::parse(text)
    } else {
        None
    }
}

/// Up to eight bytes of `text` from `at` on, the first in the lowest byte, zeros behind the end. `at` is inside `text`.
#[inline]
fn load_eight(text: &[u8], at: usize) -> u64 {
    let start = at.min(text.len().saturating_sub(8));
    match text[start..].first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk) >> (8 * (at - start)),
        None => load_short(&text[at..]),
    }
}

/// As [`load_eight`], for 1 to 7 bytes: overlapping reads instead of a loop.
#[inline]
fn load_short(bytes: &[u8]) -> u64 {
    let len = bytes.len();
    if let (Some(head), Some(tail)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << (8 * (len - 4));
    }
    u64::from(bytes[0]) | u64::from(bytes[len / 2]) << (8 * (len / 2)) | u64::from(bytes[len - 1]) << (8 * (len - 1))
}
