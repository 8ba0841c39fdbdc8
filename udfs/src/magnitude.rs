//! Whole numbers of up to 512 bits without sign: room for the product of two decimals of 76 digits, and for a dividend with
//! the decimals its quotient is to have.

use std::cmp::Ordering;

use arrow::datatypes::i256;

const LIMBS: usize = 8;

/// The largest power of ten that is one limb: 10^19.
const LIMB_POWER: u32 = 19;

/// The least limb comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Magnitude([u64; LIMBS]);

impl Magnitude {
    /// `value` without its sign.
    pub(crate) fn of(value: i256) -> Self {
        let (low, high) = value.wrapping_abs().to_parts();
        let high = high as u128;
        let mut limbs = [0; LIMBS];
        limbs[..4].copy_from_slice(&[low as u64, (low >> 64) as u64, high as u64, (high >> 64) as u64]);
        Self(limbs)
    }

    /// The number with a sign; `None` beyond 255 bits.
    pub(crate) fn signed(self, negative: bool) -> Option<i256> {
        let [a, b, c, d, rest @ ..] = self.0;
        if rest != [0; 4] || d >> 63 != 0 {
            return None;
        }
        let pair = |low: u64, high: u64| u128::from(low) | u128::from(high) << 64;
        let value = i256::from_parts(pair(a, b), pair(c, d) as i128);
        Some(if negative { value.wrapping_neg() } else { value })
    }

    /// The product of two numbers of up to 256 bits.
    pub(crate) fn product(left: Self, right: Self) -> Self {
        let mut limbs = [0; LIMBS];
        for (place, left) in left.0[..4].iter().enumerate().filter(|(_, left)| **left != 0) {
            let mut carry = 0;
            for (limb, right) in limbs[place..].iter_mut().zip(&right.0[..4]) {
                let sum = u128::from(*left) * u128::from(*right) + u128::from(*limb) + carry;
                *limb = sum as u64;
                carry = sum >> 64;
            }
            if let Some(limb) = limbs.get_mut(place + 4) {
                *limb = carry as u64;
            }
        }
        Self(limbs)
    }

    /// The number × 10^`power`; `None` beyond 512 bits.
    pub(crate) fn times_power_of_ten(mut self, mut power: u32) -> Option<Self> {
        while power > 0 {
            let step = power.min(LIMB_POWER);
            let factor = u128::from(10u64.pow(step));
            let mut carry = 0;
            for limb in &mut self.0 {
                let sum = u128::from(*limb) * factor + carry;
                *limb = sum as u64;
                carry = sum >> 64;
            }
            if carry != 0 {
                return None;
            }
            power -= step;
        }
        Some(self)
    }

    /// The number / 10^`power`, the fraction cut off.
    pub(crate) fn over_power_of_ten(mut self, mut power: u32) -> Self {
        while power > 0 {
            let step = power.min(LIMB_POWER);
            self.divide_by_limb(10u64.pow(step));
            power -= step;
        }
        self
    }

    /// The number / 10^`power`, rounded half up.
    pub(crate) fn rounded_over_power_of_ten(self, power: u32) -> Option<Self> {
        let Some(power_of_half) = power.checked_sub(1) else { return Some(self) };
        let half = Self::from(5).times_power_of_ten(power_of_half);
        // What has no room beside the number is more than twice as large as it.
        let Some(half) = half else { return Some(Self::from(0)) };
        Some(self.plus(half)?.over_power_of_ten(power))
    }

    /// The number / `divisor`, and the rest; `None` by zero.
    pub(crate) fn divided_by(self, divisor: Self) -> Option<(Self, Self)> {
        let count = divisor.count();
        match count {
            0 => None,
            1 => {
                let mut quotient = self;
                let rest = quotient.divide_by_limb(divisor.0[0]);
                Some((quotient, Self::from(rest)))
            }
            _ => Some(self.divided_by_many(divisor, count)),
        }
    }

    /// The number / `divisor`, rounded half up; `None` by zero.
    pub(crate) fn rounded_over(self, divisor: Self) -> Option<Self> {
        let (quotient, rest) = self.divided_by(divisor)?;
        let is_up = rest.cmp(&divisor.minus(rest)) != Ordering::Less;
        if is_up { quotient.plus(Self::from(1)) } else { Some(quotient) }
    }

    /// Divides in place and gives the rest.
    pub(crate) fn divide_by_limb(&mut self, divisor: u64) -> u64 {
        let mut rest = 0;
        for limb in self.0.iter_mut().rev().skip_while(|limb| **limb == 0) {
            let part = u128::from(rest) << 64 | u128::from(*limb);
            *limb = (part / u128::from(divisor)) as u64;
            rest = (part % u128::from(divisor)) as u64;
        }
        rest
    }

    /// How many of the last bits are zero.
    pub(crate) fn trailing_zeros(&self) -> u32 {
        let zeros = self.0.iter().take_while(|limb| **limb == 0).count();
        zeros as u32 * 64 + self.0.get(zeros).map_or(0, |limb| limb.trailing_zeros())
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.0 == [0; LIMBS]
    }

    /// `None` beyond 128 bits.
    pub(crate) fn to_u128(self) -> Option<u128> {
        let [low, high, rest @ ..] = self.0;
        (rest == [0; 6]).then_some(u128::from(low) | u128::from(high) << 64)
    }

    /// Knuth's algorithm D, for a divisor of at least two limbs.
    fn divided_by_many(self, divisor: Self, count: usize) -> (Self, Self) {
        let shift = divisor.0[count - 1].leading_zeros();
        let divisor = shifted_left(&divisor.0, shift);
        let mut rest = shifted_left(&self.0, shift);
        let mut quotient = [0; LIMBS];
        for place in (0..=LIMBS - count).rev() {
            let mut digit = estimate(&rest[place..=place + count], &divisor[..count]);
            if subtract_product(&mut rest[place..=place + count], &divisor[..count], digit) {
                digit -= 1;
                add_back(&mut rest[place..=place + count], &divisor[..count]);
            }
            quotient[place] = digit;
        }
        let mut unshifted = [0; LIMBS];
        for (place, limb) in unshifted.iter_mut().enumerate() {
            let pair = u128::from(rest[place]) | u128::from(rest[place + 1]) << 64;
            *limb = (pair >> shift) as u64;
        }
        (Self(quotient), Self(unshifted))
    }

    fn plus(self, other: Self) -> Option<Self> {
        let mut limbs = [0; LIMBS];
        let mut carry = false;
        for ((limb, left), right) in limbs.iter_mut().zip(self.0).zip(other.0) {
            (*limb, carry) = left.carrying_add(right, carry);
        }
        (!carry).then_some(Self(limbs))
    }

    /// The difference to a number that is no greater.
    fn minus(self, other: Self) -> Self {
        let mut limbs = [0; LIMBS];
        let mut borrow = false;
        for ((limb, left), right) in limbs.iter_mut().zip(self.0).zip(other.0) {
            (*limb, borrow) = left.borrowing_sub(right, borrow);
        }
        Self(limbs)
    }

    fn count(&self) -> usize {
        self.0.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1)
    }
}

impl From<u64> for Magnitude {
    fn from(value: u64) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = value;
        Self(limbs)
    }
}

impl Ord for Magnitude {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Magnitude {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By less than a limb; what leaves the last one goes into one more.
fn shifted_left(limbs: &[u64; LIMBS], shift: u32) -> [u64; LIMBS + 1] {
    let mut shifted = [0; LIMBS + 1];
    let mut carry = 0;
    for (to, from) in shifted.iter_mut().zip(limbs.iter().chain([&0])) {
        let pair = u128::from(*from) << shift;
        *to = pair as u64 | carry;
        carry = (pair >> 64) as u64;
    }
    shifted
}

/// A limb of the quotient, or one more than it.
fn estimate(rest: &[u64], divisor: &[u64]) -> u64 {
    let count = divisor.len();
    let first = u128::from(divisor[count - 1]);
    let pair = u128::from(rest[count]) << 64 | u128::from(rest[count - 1]);
    let (mut digit, mut left) = (pair / first, pair % first);
    let is_over = |digit: u128, left: u128| {
        digit >> 64 != 0 || digit * u128::from(divisor[count - 2]) > (left << 64 | u128::from(rest[count - 2]))
    };
    while left >> 64 == 0 && is_over(digit, left) {
        digit -= 1;
        left += first;
    }
    digit as u64
}

/// Whether more was subtracted than there was.
fn subtract_product(rest: &mut [u64], divisor: &[u64], digit: u64) -> bool {
    let mut carry = 0;
    let mut borrow = false;
    for (limb, divisor) in rest.iter_mut().zip(divisor.iter().chain([&0])) {
        let product = u128::from(*divisor) * u128::from(digit) + carry;
        carry = product >> 64;
        (*limb, borrow) = limb.borrowing_sub(product as u64, borrow);
    }
    borrow
}

fn add_back(rest: &mut [u64], divisor: &[u64]) {
    let mut carry = false;
    for (limb, divisor) in rest.iter_mut().zip(divisor.iter().chain([&0])) {
        (*limb, carry) = limb.carrying_add(*divisor, carry);
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigUint;
    use proptest::prelude::*;

    use super::{LIMBS, Magnitude};

    fn big(value: Magnitude) -> BigUint {
        BigUint::from_bytes_le(&value.0.iter().flat_map(|limb| limb.to_le_bytes()).collect::<Vec<_>>())
    }

    /// Limbs that are often empty or full, where carries and estimates go wrong.
    fn magnitude(limbs: usize) -> impl Strategy<Value = Magnitude> {
        let limb = prop_oneof![Just(0), Just(u64::MAX), Just(1 << 63), any::<u64>()];
        prop::collection::vec(limb, 0..=limbs).prop_map(|limbs| {
            let mut all = [0; LIMBS];
            all[..limbs.len()].copy_from_slice(&limbs);
            Magnitude(all)
        })
    }

    proptest! {
        #[test]
        fn division_is_exact(dividend in magnitude(8), divisor in magnitude(8)) {
            match dividend.divided_by(divisor) {
                None => prop_assert!(divisor.is_zero()),
                Some((quotient, rest)) => {
                    prop_assert_eq!(big(quotient), big(dividend) / big(divisor));
                    prop_assert_eq!(big(rest), big(dividend) % big(divisor));
                }
            }
        }

        #[test]
        fn products_are_exact(left in magnitude(4), right in magnitude(4)) {
            prop_assert_eq!(big(Magnitude::product(left, right)), big(left) * big(right));
        }

        #[test]
        fn powers_of_ten(value in magnitude(8), power in 0u32..100) {
            let ten_to = BigUint::from(10u32).pow(power);
            let scaled = big(value) * &ten_to;
            prop_assert_eq!(value.times_power_of_ten(power).map(big), (scaled.bits() <= 512).then_some(scaled));
            prop_assert_eq!(big(value.over_power_of_ten(power)), big(value) / &ten_to);
            if let Some(rounded) = value.rounded_over_power_of_ten(power) {
                prop_assert_eq!(big(rounded), (big(value) * 2u32 + &ten_to) / (ten_to * 2u32));
            }
        }
    }
}
