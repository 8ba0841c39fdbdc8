//! numeric → decimals. A value is read exactly, or is an error that shows it.

use arrow::array::{ArrayRef, NullBufferBuilder};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, i256};

use super::field::{FieldReader, primitive};
use crate::warehouse::postgres::wire::error::BadValue;

/// 10^36: nine digits of base 10000.
const NINE_DIGITS: i128 = 10_i128.pow(36);

pub struct Decimals128 {
    precision: u8,
    scale: i8,
    values: Vec<i128>,
    nulls: NullBufferBuilder,
}

impl Decimals128 {
    pub fn new(precision: u8, scale: i8) -> Self {
        Decimals128 { precision, scale, values: Vec::new(), nulls: NullBufferBuilder::new(0) }
    }
}

impl FieldReader for Decimals128 {
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        let numeric = Numeric::parse(bytes)?;
        let value = numeric.to_i128(self.precision, self.scale);
        self.values.push(value.ok_or_else(|| numeric.misfit(self.precision, self.scale))?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.push(0);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        let data_type = DataType::Decimal128(self.precision, self.scale);
        primitive::<Decimal128Type>(&mut self.values, &mut self.nulls, &data_type)
    }
}

pub struct Decimals256 {
    precision: u8,
    scale: i8,
    values: Vec<i256>,
    nulls: NullBufferBuilder,
    /// 10^0, 10^1 … up to the greatest that an `i256` holds.
    powers: Vec<i256>,
}

impl Decimals256 {
    pub fn new(precision: u8, scale: i8) -> Self {
        let ten = i256::from_i128(10);
        let powers = std::iter::successors(Some(i256::ONE), |power| power.checked_mul(ten)).collect();
        Decimals256 { precision, scale, values: Vec::new(), nulls: NullBufferBuilder::new(0), powers }
    }
}

impl FieldReader for Decimals256 {
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        let numeric = Numeric::parse(bytes)?;
        let value = numeric.to_i256(self.precision, self.scale, &self.powers);
        self.values.push(value.ok_or_else(|| numeric.misfit(self.precision, self.scale))?);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.values.push(i256::ZERO);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        let data_type = DataType::Decimal256(self.precision, self.scale);
        primitive::<Decimal256Type>(&mut self.values, &mut self.nulls, &data_type)
    }
}

/// A value as the server sends it.
struct Numeric<'a> {
    /// Of base 10000, two bytes each, the first not zero and the last neither.
    digits: &'a [[u8; 2]],
    /// The power of 10000 of the first digit.
    weight: i16,
    negative: bool,
    /// How many decimals are shown.
    shown: u16,
}

impl<'a> Numeric<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let (parts, rest) = bytes.as_chunks::<2>();
        let [count, weight, sign, shown, digits @ ..] = parts else {
            return Err("the server sent a numeric that is cut off".to_string());
        };
        if usize::from(u16::from_be_bytes(*count)) != digits.len() || !rest.is_empty() {
            return Err("the server sent a numeric with too few or too many digits".to_string());
        }
        let negative = match u16::from_be_bytes(*sign) {
            0 => false,
            0x4000 => true,
            0xc000 => return Err(no_number("NaN")),
            0xd000 => return Err(no_number("Infinity")),
            0xf000 => return Err(no_number("-Infinity")),
            other => return Err(format!("the server sent a numeric with the sign {other}")),
        };
        // The server sends neither, but then the arithmetic would not hold.
        let zeros = digits.iter().take_while(|digit| **digit == [0, 0]).count();
        let weight = i16::from_be_bytes(*weight).saturating_sub(zeros as i16);
        let digits = &digits[zeros..];
        let end = digits.iter().rposition(|digit| *digit != [0, 0]).map_or(0, |last| last + 1);
        let digits = &digits[..end];
        if digits.iter().any(|digit| u16::from_be_bytes(*digit) > 9999) {
            return Err("the server sent a numeric with a digit over 9999".to_string());
        }
        Ok(Numeric { digits, weight, negative, shown: u16::from_be_bytes(*shown) })
    }

    /// The digits but for the last, what is left of the last one, by which power of ten the latter is to be multiplied, and
    /// the former against the latter. `None` if there is a decimal behind the scale.
    fn split(&self, scale: i8) -> Option<(&[[u8; 2]], u16, u32, u32)> {
        let (last, digits) = self.digits.split_last()?;
        let last = u16::from_be_bytes(*last);
        let power = 4 * (i32::from(self.weight) - digits.len() as i32) + i32::from(scale);
        if power >= 0 {
            return Some((digits, last, power as u32, 4));
        }
        let unit = 10_u16.checked_pow(power.unsigned_abs()).filter(|unit| *unit <= 1000)?;
        (last % unit == 0).then_some((digits, last / unit, 0, power.checked_add(4)? as u32))
    }

    fn to_i128(&self, precision: u8, scale: i8) -> Option<i128> {
        if self.digits.is_empty() {
            return Some(0);
        }
        let (digits, last, power, step) = self.split(scale)?;
        let (first, rest) = digits.split_at(digits.len() % 9);
        let mut value = whole(first);
        for part in rest.chunks_exact(9) {
            value = value.checked_mul(NINE_DIGITS)?.checked_add(whole(part))?;
        }
        value = value.checked_mul(10_i128.pow(step))?.checked_add(i128::from(last))?;
        if power > 0 {
            value = value.checked_mul(10_i128.checked_pow(power)?)?;
        }
        (value < 10_i128.checked_pow(u32::from(precision))?).then_some(if self.negative { -value } else { value })
    }

    fn to_i256(&self, precision: u8, scale: i8, powers: &[i256]) -> Option<i256> {
        if self.digits.is_empty() {
            return Some(i256::ZERO);
        }
        let (digits, last, power, step) = self.split(scale)?;
        let (first, rest) = digits.split_at(digits.len() % 9);
        let mut value = i256::from_i128(whole(first));
        for part in rest.chunks_exact(9) {
            value = value.checked_mul(i256::from_i128(NINE_DIGITS))?.checked_add(i256::from_i128(whole(part)))?;
        }
        value = value.checked_mul(*powers.get(step as usize)?)?.checked_add(i256::from_i128(i128::from(last)))?;
        if power > 0 {
            value = value.checked_mul(*powers.get(power as usize)?)?;
        }
        (value < *powers.get(usize::from(precision))?).then_some(if self.negative {
            value.wrapping_neg()
        } else {
            value
        })
    }

    #[cold]
    fn misfit(&self, precision: u8, scale: i8) -> String {
        format!(
            "{} does not fit into {precision} digits with {scale} of them behind the point; declare the column as a \
             numeric(p,s) that holds its values, or read a view that casts it",
            self.text()
        )
    }

    fn text(&self) -> String {
        let digit = |power: i32| {
            let place = usize::try_from(i32::from(self.weight) - power).ok();
            place.and_then(|place| self.digits.get(place)).map_or(0, |digit| u16::from_be_bytes(*digit))
        };
        let before: String =
            (0..=i32::from(self.weight).max(0)).rev().map(|power| format!("{:04}", digit(power))).collect();
        let behind: String =
            (1..=i32::from(self.shown.div_ceil(4))).map(|power| format!("{:04}", digit(-power))).collect();
        let behind = &behind[..usize::from(self.shown)];
        let before = before.trim_start_matches('0');
        let before = if before.is_empty() { "0" } else { before };
        let sign = if self.negative { "-" } else { "" };
        let point = if behind.is_empty() { "" } else { "." };
        format!("{sign}{before}{point}{behind}")
    }
}

/// At most nine digits as one number.
fn whole(digits: &[[u8; 2]]) -> i128 {
    // Four digits fit into 64 bits, where the arithmetic is fast.
    digits.chunks(4).fold(0, |value, four| {
        let part = four.iter().fold(0_i64, |part, digit| part * 10_000 + i64::from(u16::from_be_bytes(*digit)));
        value * i128::from(10_000_i64.pow(four.len() as u32)) + i128::from(part)
    })
}

#[cold]
fn no_number(name: &str) -> String {
    format!("the numeric is {name}, which a decimal cannot be; read a view that casts the column to double precision")
}
