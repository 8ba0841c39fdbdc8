//! Decimals → numeric: digits of base 10000, the first of which has a weight, sign, and how many decimals are shown.

use arrow::array::{Array, Decimal128Array, Decimal256Array};
use arrow::datatypes::i256;

use super::field::Packed;
use crate::warehouse::postgres::wire::arrow_type::ANY_SCALE;

/// 76 decimal digits, not aligned to fours.
const MOST_DIGITS: usize = 20;

/// How many decimals are shown.
#[derive(Clone, Copy)]
pub enum Shown {
    /// As many as the scale.
    Scale,
    /// As many as the value has: it comes from a numeric of any scale.
    Needed,
}

impl Shown {
    /// For a decimal of this scale in a numeric that has none of its own, or does.
    pub fn of(scale: i8, unconstrained: bool) -> Self {
        if unconstrained && scale == ANY_SCALE { Shown::Needed } else { Shown::Scale }
    }
}

pub fn pack_128(array: &Decimal128Array, shown: Shown) -> Packed {
    let scale = array.scale().unsigned_abs();
    let mut packed = Packed::with_capacity(array.len(), array.len() * 20);
    for (row, value) in array.values().iter().enumerate() {
        if array.is_null(row) {
            packed.push_null();
        } else {
            let mut digits = Digits::new(scale, *value < 0);
            digits.push(value.unsigned_abs(), scale);
            digits.pack(shown, &mut packed);
        }
    }
    packed
}

pub fn pack_256(array: &Decimal256Array, shown: Shown) -> Packed {
    let scale = array.scale().unsigned_abs();
    let mut packed = Packed::with_capacity(array.len(), array.len() * 24);
    for (row, value) in array.values().iter().enumerate() {
        if array.is_null(row) {
            packed.push_null();
            continue;
        }
        let mut digits = Digits::new(scale, value.is_negative());
        match value.to_i128() {
            Some(value) => digits.push(value.unsigned_abs(), scale),
            None => digits.push_wide(value.wrapping_abs(), scale),
        }
        digits.pack(shown, &mut packed);
    }
    packed
}

/// A number's digits, the last one first.
struct Digits {
    digits: [u16; MOST_DIGITS + 1],
    len: usize,
    scale: u8,
    negative: bool,
}

impl Digits {
    fn new(scale: u8, negative: bool) -> Self {
        Digits { digits: [0; MOST_DIGITS + 1], len: 0, scale, negative }
    }

    #[inline(always)]
    fn one(&mut self, digit: u16) {
        // There are never more: see `MOST_DIGITS`.
        if let Some(place) = self.digits.get_mut(self.len) {
            *place = digit;
            self.len += 1;
        }
    }

    /// `decimals` says how many of the value's decimal digits are behind the point.
    fn push(&mut self, mut value: u128, decimals: u8) {
        let (unit, shift) = last_digit(decimals);
        if unit > 1 {
            self.one((value % u128::from(unit)) as u16 * shift);
            value /= u128::from(unit);
        }
        while value > u128::from(u64::MAX) {
            const FOUR_DIGITS: u128 = 10_000_000_000_000_000;
            let mut rest = (value % FOUR_DIGITS) as u64;
            value /= FOUR_DIGITS;
            for _ in 0..4 {
                self.one((rest % 10_000) as u16);
                rest /= 10_000;
            }
        }
        let mut value = value as u64;
        while value > 0 {
            self.one((value % 10_000) as u16);
            value /= 10_000;
        }
    }

    /// For values that no `i128` holds. They are cut between two digits, at up to 38 decimals.
    fn push_wide(&mut self, mut value: i256, mut decimals: u8) {
        while value.to_i128().is_none() {
            let places = 36 + decimals % 4 - if decimals % 4 == 3 { 4 } else { 0 };
            let unit = i256::from_i128(10_i128.pow(u32::from(places)));
            // A division is what costs here: one, not two.
            let quotient = value.wrapping_div(unit);
            let rest = value.wrapping_sub(quotient.wrapping_mul(unit)).as_i128().unsigned_abs();
            let end = self.len + usize::from(places.div_ceil(4));
            self.push(rest, decimals);
            self.len = end.min(self.digits.len());
            value = quotient;
            decimals = 0;
        }
        self.push(value.as_i128().unsigned_abs(), decimals);
    }

    fn pack(&self, shown: Shown, packed: &mut Packed) {
        let digits = &self.digits[..self.len];
        let first = digits.iter().rposition(|digit| *digit != 0).map_or(0, |place| place + 1);
        let last = digits[..first].iter().position(|digit| *digit != 0).unwrap_or(first);
        let behind_point = usize::from(self.scale.div_ceil(4));
        let decimals = match shown {
            Shown::Scale => u16::from(self.scale),
            Shown::Needed => needed(digits[..first].get(last), behind_point.saturating_sub(last)),
        };
        let significant = &digits[last..first];
        let weight = if first == 0 { 0 } else { first as i16 - 1 - behind_point as i16 };
        let sign: u16 = if self.negative { 0x4000 } else { 0 };
        let size = 8 + 2 * significant.len();
        let mut field = [0; 12 + 2 * (MOST_DIGITS + 1)];
        field[..4].copy_from_slice(&(size as i32).to_be_bytes());
        field[4..6].copy_from_slice(&(significant.len() as i16).to_be_bytes());
        field[6..8].copy_from_slice(&weight.to_be_bytes());
        field[8..10].copy_from_slice(&sign.to_be_bytes());
        field[10..12].copy_from_slice(&decimals.to_be_bytes());
        for (bytes, digit) in field[12..].chunks_exact_mut(2).zip(significant.iter().rev()) {
            bytes.copy_from_slice(&digit.to_be_bytes());
        }
        packed.push(&field[..4 + size]);
    }
}

/// By what a value is divided to get its last digit of base 10000, and by what that is multiplied: the point lies between
/// two digits.
fn last_digit(decimals: u8) -> (u16, u16) {
    match decimals % 4 {
        1 => (10, 1000),
        2 => (100, 100),
        3 => (1000, 10),
        _ => (1, 1),
    }
}

/// The decimals of a value whose last digit but zeros is `last`, the `places`-th behind the point.
fn needed(last: Option<&u16>, places: usize) -> u16 {
    let Some(digit) = last.filter(|_| places > 0) else {
        return 0;
    };
    let zeros = [10, 100, 1000].iter().filter(|unit| digit % *unit == 0).count();
    (4 * places - zeros) as u16
}
