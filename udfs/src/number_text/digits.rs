//! Numbers in digits: `1,000.5`, `$5`, `-3`, `1e3`.

use super::load_short;

/// Powers of ten that a double holds exactly.
pub(super) const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Up to here every integer is a double.
const MAX_EXACT: u64 = 1 << 53;

/// A grouped integer has at most this many characters, fraction included.
const MAX_GROUPED: usize = 48;

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * ONES;
const ZEROS: u64 = 0x30 * ONES;

/// One to eight digits, or fewer and a point, the usual case: all of them at once in one 64-bit word.
#[inline]
pub(super) fn parse_short(text: &[u8]) -> Option<f64> {
    let digits = load_digits(text)?;
    let others = not_digits(digits);
    if others == 0 {
        return Some(f64::from(eight_digits(digits)));
    }
    // Of a point, and of no digit, this bit is set.
    let point = digits & (0x10 * ONES);
    let shift = others.trailing_zeros() & 0x38;
    let is_point = digits >> shift & 0xFF == u64::from(b'.' ^ b'0');
    if others & (others - 1) != 0 || !is_point || text.len() == 1 {
        return None;
    }
    // What is before the point moves up to where it was.
    let before = digits & (point >> 4).wrapping_sub(1);
    let behind = digits & !(point << 4).wrapping_sub(1);
    let power = POWERS_OF_TEN[7 - shift as usize / 8];
    Some(f64::from(eight_digits(before << 8 | behind)) / power)
}

/// One to eight bytes, less the code of `0` each, the last in the highest byte, zeros below the first: those are leading
/// zeros of a number.
#[inline]
fn load_digits(text: &[u8]) -> Option<u64> {
    let unused = 64u32.wrapping_sub(8 * text.len() as u32);
    if let (4..=8, Some(head), Some(tail)) = (text.len(), text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (head, tail) = (u32::from_le_bytes(*head) ^ ZEROS as u32, u32::from_le_bytes(*tail) ^ ZEROS as u32);
        return Some(u64::from(head) << unused | u64::from(tail) << 32);
    }
    match text.len() {
        1..=3 => Some((load_short(text) ^ ZEROS) << unused),
        _ => None,
    }
}

/// The high bit of each byte that is not 0 to 9, and perhaps of others when there is one that is not ASCII.
#[inline]
fn not_digits(digits: u64) -> u64 {
    (digits.wrapping_add(0x76 * ONES) | digits) & HIGH_BITS
}

/// The number of eight digits, 0 to 9 each, the first in the lowest byte.
#[inline]
fn eight_digits(digits: u64) -> u32 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let high = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let low = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    (high.wrapping_add(low) >> 32) as u32
}

/// The digit form of the grammar, for what [`parse_short`] does not read; there is no white space at the ends.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let (negative, text) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let number = text.strip_prefix(b"$").unwrap_or(text);
    let mut decimal = Decimal::default();
    let (integer_end, grouped) = integer(number, &mut decimal)?;
    let mut rest = &number[integer_end..];
    if let [b'.', fraction @ ..] = rest {
        let digits = decimal.take_digits(fraction);
        if digits == 0 && integer_end == 0 {
            return None;
        }
        decimal.exponent -= digits as i64;
        rest = &fraction[digits..];
    } else if integer_end == 0 {
        return None;
    }
    if let [b'e' | b'E', power @ ..] = rest {
        if grouped {
            return None;
        }
        decimal.exponent += exponent(power)?;
    } else if !rest.is_empty() {
        return None;
    }
    Some(signed(decimal.nearest_double(number, grouped)?, negative))
}

/// There is no negative zero.
#[inline]
pub(super) fn signed(value: f64, negative: bool) -> f64 {
    if negative && value != 0.0 { -value } else { value }
}

/// Takes the integer part, which may be empty, and says where it ends and whether it has thousands separators.
#[inline]
fn integer(text: &[u8], decimal: &mut Decimal) -> Option<(usize, bool)> {
    let mut end = decimal.take_digits(text);
    if text.get(end) != Some(&b',') {
        return Some((end, false));
    }
    if !(1..=3).contains(&end) || text[0] == b'0' {
        return None;
    }
    while let Some(b',') = text.get(end) {
        if decimal.take_digits(&text[end + 1..]) != 3 {
            return None;
        }
        end += 4;
    }
    Some((end, true))
}

/// The signed power of ten behind the `e`, cut off far beyond what a double can hold.
fn exponent(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        _ => (1, text),
    };
    let mut power = 0i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        power = (power * 10 + i64::from(byte - b'0')).min(1_000_000_000);
    }
    if digits.is_empty() { None } else { Some(sign * power) }
}

/// `mantissa` × 10^`exponent`; when the digits were too many for the mantissa it is `u64::MAX`.
#[derive(Default)]
struct Decimal {
    mantissa: u64,
    exponent: i64,
}

impl Decimal {
    /// Takes the digits at the start of `text` and returns how many there are.
    #[inline]
    fn take_digits(&mut self, text: &[u8]) -> usize {
        let mut taken = 0;
        for byte in text {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            // Once at the largest value it stays there: 10 × MAX + 9 saturates again.
            self.mantissa = self.mantissa.saturating_mul(10).saturating_add(u64::from(digit));
            taken += 1;
        }
        taken
    }

    /// The nearest double. `text` is the number without its sign, from which it is read again when the quick way,
    /// one correctly rounded division or multiplication of two exact doubles, is not open.
    #[inline]
    fn nearest_double(&self, text: &[u8], grouped: bool) -> Option<f64> {
        if self.mantissa <= MAX_EXACT {
            let power = POWERS_OF_TEN.get(self.exponent.unsigned_abs() as usize);
            if let Some(power) = power {
                let mantissa = self.mantissa as f64;
                return Some(if self.exponent < 0 { mantissa / power } else { mantissa * power });
            }
        }
        let value = if grouped { read_grouped(text) } else { read(text) }?;
        (value.is_finite() && (value != 0.0 || self.mantissa == 0)).then_some(value)
    }
}

fn read(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn read_grouped(text: &[u8]) -> Option<f64> {
    let mut buffer = [0u8; MAX_GROUPED];
    if text.len() > MAX_GROUPED {
        return None;
    }
    let mut len = 0;
    for &byte in text.iter().filter(|byte| **byte != b',') {
        buffer[len] = byte;
        len += 1;
    }
    read(&buffer[..len])
}
