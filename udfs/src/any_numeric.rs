//! A `numeric` of any precision: a multiple of 10^-38 of up to 76 digits, so 38 before the point and 38 behind it. It is
//! what a column that is declared without precision is read as, and the result of arithmetic that the 38 digits of a
//! `Decimal128` cannot hold. Results are exact; only what has more than 38 decimals is rounded, half away from zero.

use std::sync::LazyLock;

use arrow::datatypes::{DECIMAL256_MAX_PRECISION, DataType, i256};
use datafusion_common::{DataFusionError, exec_datafusion_err};

use crate::magnitude::Magnitude;

/// Decimals of every such number.
pub(crate) const SCALE: i8 = 38;
const DECIMALS: u32 = SCALE as u32;

/// The type of such numbers.
pub const ANY_NUMERIC: DataType = DataType::Decimal256(DECIMAL256_MAX_PRECISION, SCALE);

/// Significant digits of a quotient: PostgreSQL gives at least as many.
const QUOTIENT_DIGITS: i32 = 16;

/// 10^0 to 10^76.
static POWERS: LazyLock<Vec<i256>> = LazyLock::new(|| {
    let ten = i256::from_i128(10);
    std::iter::successors(Some(i256::ONE), |power| power.checked_mul(ten)).collect()
});

pub(crate) fn overflow() -> DataFusionError {
    exec_datafusion_err!("numeric field overflow: a number has more than 38 digits before the point")
}

/// The value where it has no more than 76 digits.
pub(crate) fn bounded(value: i256) -> Option<i256> {
    let limit = *POWERS.last()?;
    (value > limit.wrapping_neg() && value < limit).then_some(value)
}

pub(crate) fn add(left: i256, right: i256) -> Option<i256> {
    left.checked_add(right).and_then(bounded)
}

pub(crate) fn subtract(left: i256, right: i256) -> Option<i256> {
    left.checked_sub(right).and_then(bounded)
}

pub(crate) fn multiply(left: i256, right: i256) -> Option<i256> {
    let product = Magnitude::product(Magnitude::of(left), Magnitude::of(right));
    product.rounded_over_power_of_ten(DECIMALS)?.signed(left.is_negative() != right.is_negative()).and_then(bounded)
}

/// The quotient with as many decimals as PostgreSQL gives it; `None` on overflow, and by zero.
pub(crate) fn quotient(left: i256, right: i256) -> Option<i256> {
    let decimals = quotient_decimals(left, right);
    let dividend = Magnitude::of(left).times_power_of_ten(decimals)?;
    let quotient = dividend.rounded_over(Magnitude::of(right))?.times_power_of_ten(DECIMALS - decimals)?;
    quotient.signed(left.is_negative() != right.is_negative()).and_then(bounded)
}

/// The quotient cut to a whole number; `None` on overflow, and by zero.
pub(crate) fn whole_quotient(left: i256, right: i256) -> Option<i256> {
    left.checked_div(right)?.checked_mul(power_of_ten(DECIMALS)?).and_then(bounded)
}

/// A multiple of 10^-`from` as one of 10^-`to`, rounded half away from zero; `None` beyond 76 digits.
pub(crate) fn rescale(value: i256, from: i32, to: i32) -> Option<i256> {
    let magnitude = Magnitude::of(value);
    let power = from.abs_diff(to);
    let rescaled = if value == i256::ZERO {
        magnitude
    } else if to >= from {
        magnitude.times_power_of_ten(power)?
    } else {
        magnitude.rounded_over_power_of_ten(power)?
    };
    rescaled.signed(value.is_negative()).and_then(bounded)
}

/// Without the zeros that end its decimals: digits, and how many of them are behind the point.
pub(crate) fn trimmed(value: i256) -> (Magnitude, u32) {
    let mut digits = Magnitude::of(value);
    let mut decimals = DECIMALS;
    if digits.is_zero() {
        return (digits, 0);
    }
    // What is no multiple of 2^n is none of 10^n.
    for step in [16, 16, 8, 4, 2, 1] {
        if step <= decimals && digits.trailing_zeros() >= step {
            let mut shorter = digits;
            if shorter.divide_by_limb(10u64.pow(step)) == 0 {
                (digits, decimals) = (shorter, decimals - step);
            }
        }
    }
    (digits, decimals)
}

/// The digits of a 128-bit integer, and how many of them are behind the point: all that the value has, or the first 38.
pub(crate) fn short(value: i256) -> (i128, i8) {
    let (mut digits, mut decimals) = trimmed(value);
    loop {
        if let Some(short) = digits.signed(value.is_negative()).and_then(i256::to_i128) {
            return (short, decimals as i8);
        }
        digits.divide_by_limb(10);
        decimals = decimals.saturating_sub(1);
    }
}

/// Appends the digits that `value` has: `1.5`, `-0.001`, `20`.
pub(crate) fn write(value: i256, text: &mut String) {
    use std::fmt::Write;

    let (digits, decimals) = trimmed(value);
    if value.is_negative() {
        text.push('-');
    }
    let unit = Magnitude::from(1).times_power_of_ten(decimals).unwrap_or(Magnitude::from(1));
    let (whole, fraction) = digits.divided_by(unit).unwrap_or((digits, Magnitude::from(0)));
    // Both have 38 digits at most.
    let _ = write!(text, "{}", whole.to_u128().unwrap_or_default());
    if decimals > 0 {
        let _ = write!(text, ".{:0width$}", fraction.to_u128().unwrap_or_default(), width = decimals as usize);
    }
}

/// The double that is nearest.
pub(crate) fn to_float8(value: i256) -> f64 {
    const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;
    let (digits, decimals) = trimmed(value);
    // Both a number up to 2^53 and a power of ten up to 10^22 are doubles, and so their quotient is the nearest one.
    if let Some(digits) = digits.to_u128().filter(|digits| *digits <= EXACT && decimals <= 22) {
        let nearest = digits as f64 / 10f64.powi(decimals as i32);
        return if value.is_negative() { -nearest } else { nearest };
    }
    let mut text = String::new();
    write(value, &mut text);
    text.parse().unwrap_or(f64::NAN)
}

/// How PostgreSQL finds the decimals of a quotient: from the first digits of base 10000 and from the operands' decimals.
fn quotient_decimals(left: i256, right: i256) -> u32 {
    let ((left_weight, left_digit), (right_weight, right_digit)) = (first_digit(left), first_digit(right));
    let weight = left_weight - right_weight - i32::from(left_digit <= right_digit);
    let decimals = u32::try_from(QUOTIENT_DIGITS - 4 * weight).unwrap_or(0);
    decimals.max(trimmed(left).1).max(trimmed(right).1).min(DECIMALS)
}

/// The first digit of base 10000 and its power.
fn first_digit(value: i256) -> (i32, u64) {
    let exponent = match digits(value) {
        0 => return (0, 0),
        count => count as i32 - 1 - i32::from(SCALE),
    };
    let weight = exponent.div_euclid(4);
    let power = i32::from(SCALE) + 4 * weight;
    let magnitude = Magnitude::of(value);
    let digit = if power >= 0 {
        Some(magnitude.over_power_of_ten(power.unsigned_abs()))
    } else {
        magnitude.times_power_of_ten(power.unsigned_abs())
    };
    (weight, digit.and_then(Magnitude::to_u128).unwrap_or_default() as u64)
}

/// How many decimal digits there are.
fn digits(value: i256) -> usize {
    let value = value.wrapping_abs();
    POWERS.partition_point(|power| *power <= value)
}

pub(crate) fn power_of_ten(power: u32) -> Option<i256> {
    POWERS.get(power as usize).copied()
}

#[cfg(test)]
#[path = "any_numeric_tests.rs"]
mod tests;
