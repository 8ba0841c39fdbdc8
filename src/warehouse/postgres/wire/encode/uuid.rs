//! Text → uuid.

use arrow::buffer::NullBuffer;

use super::field::{Packed, field};
use super::text::Bytes;
use crate::warehouse::postgres::wire::error::BadValue;

/// The fields of uuids that are written as text.
pub fn pack<A: Bytes>(array: &A, nulls: Option<&NullBuffer>) -> Result<Packed, BadValue> {
    let mut packed = Packed::with_capacity(array.len(), array.len() * 20);
    for row in 0..array.len() {
        if nulls.is_some_and(|nulls| nulls.is_null(row)) {
            packed.push_null();
            continue;
        }
        let text = array.bytes(row);
        let uuid = parse(text).ok_or_else(|| {
            let shown: String = String::from_utf8_lossy(text).chars().take(60).collect();
            BadValue::new(row, format!("'{shown}' is not a uuid"))
        })?;
        packed.push(&field::<16, 20>(uuid));
    }
    Ok(packed)
}

/// 32 hexadecimal digits, or the five groups of them with `-` between.
fn parse(text: &[u8]) -> Option<[u8; 16]> {
    let mut digits = [0; 32];
    match text.len() {
        32 => digits.copy_from_slice(text),
        36 => {
            let mut filled = 0;
            for (begin, end) in [(0, 8), (9, 13), (14, 18), (19, 23), (24, 36)] {
                if end < 36 && text[end] != b'-' {
                    return None;
                }
                digits[filled..filled + end - begin].copy_from_slice(&text[begin..end]);
                filled += end - begin;
            }
        }
        _ => return None,
    }
    let mut uuid = [0; 16];
    let mut wrong = 0;
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
        wrong |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    (wrong < 16).then_some(uuid)
}

/// What a hexadecimal digit stands for; 255 for what is none.
const NIBBLES: [u8; 256] = {
    let mut nibbles = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value];
        nibbles[digit as usize] = value as u8;
        nibbles[digit.to_ascii_uppercase() as usize] = value as u8;
        value += 1;
    }
    nibbles
};
