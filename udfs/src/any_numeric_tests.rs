use arrow::datatypes::i256;
use num_bigint::BigInt;
use proptest::prelude::*;

use super::*;

fn big(value: i256) -> BigInt {
    BigInt::from_signed_bytes_le(&value.to_le_bytes())
}

fn ten_to(power: u32) -> BigInt {
    BigInt::from(10).pow(power)
}

/// `None` beyond 76 digits, as the arithmetic has it.
fn within(value: BigInt) -> Option<BigInt> {
    (value.magnitude() < ten_to(76).magnitude()).then_some(value)
}

/// The quotient of whole numbers, rounded half away from zero.
fn rounded(dividend: &BigInt, divisor: &BigInt) -> BigInt {
    let (dividend, divisor) = if divisor.sign() == num_bigint::Sign::Minus {
        (-dividend, -divisor)
    } else {
        (dividend.clone(), divisor.clone())
    };
    if dividend.sign() == num_bigint::Sign::Minus {
        -rounded(&-dividend, &divisor)
    } else {
        (dividend * 2 + &divisor) / (divisor * 2)
    }
}

fn number(text: &str) -> i256 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let digits: BigInt = format!("{whole}{fraction:0<38}").parse().unwrap();
    let bytes = (digits * BigInt::from(sign)).to_signed_bytes_le();
    let fill = if sign < 0 && bytes.last().is_some_and(|byte| *byte > 127) { 255 } else { 0 };
    let mut all = [fill; 32];
    all[..bytes.len()].copy_from_slice(&bytes);
    i256::from_le_bytes(all)
}

fn text(value: i256) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

/// Numbers of all sizes: money, quotients, whole numbers, and any.
fn numbers() -> impl Strategy<Value = i256> {
    let shifted = (any::<i128>(), 0u32..39).prop_map(|(digits, power)| {
        let digits = i256::from_i128(digits % 10i128.pow(power.min(38)));
        digits.checked_mul(power_of_ten(38 - power.min(38)).unwrap()).and_then(bounded).unwrap_or(digits)
    });
    let wide = (any::<u128>(), any::<i128>())
        .prop_map(|(low, high)| bounded(i256::from_parts(low, high)).unwrap_or(i256::from_i128(high)));
    prop_oneof![shifted, wide, Just(i256::ZERO), any::<i64>().prop_map(|value| i256::from_i128(value.into()))]
}

proptest! {
    #[test]
    fn arithmetic_is_exact(left in numbers(), right in numbers()) {
        let (l, r) = (big(left), big(right));
        prop_assert_eq!(add(left, right).map(big), within(&l + &r));
        prop_assert_eq!(subtract(left, right).map(big), within(&l - &r));
        prop_assert_eq!(multiply(left, right).map(big), within(rounded(&(&l * &r), &ten_to(38))));
        if right != i256::ZERO {
            let decimals = quotient_decimals(left, right);
            let exact = rounded(&(&l * ten_to(decimals)), &r) * ten_to(38 - decimals);
            prop_assert_eq!(quotient(left, right).map(big), within(exact));
            prop_assert_eq!(whole_quotient(left, right).map(big), within(&l / &r * ten_to(38)));
        }
    }

    #[test]
    fn rescaling_rounds_half_away(value in numbers(), from in 0i32..77, to in 0i32..77) {
        let expected = rounded(&(big(value) * ten_to(to.max(0) as u32)), &ten_to(from as u32));
        prop_assert_eq!(rescale(value, from, to).map(big), within(expected));
    }

    #[test]
    fn what_is_written_reads_back(value in numbers()) {
        prop_assert_eq!(number(&text(value)), value);
        prop_assert!(!text(value).contains('.') || !text(value).ends_with('0'));
        prop_assert_eq!(to_float8(value), text(value).parse::<f64>().unwrap());
    }
}

#[test]
fn digits_are_written_without_zeros_at_the_end() {
    for shown in
        ["0", "1.5", "-0.05", "20", "123456789012345678901234567890.5", "0.00000000000000000000000000000000000001"]
    {
        assert_eq!(text(number(shown)), shown);
    }
    assert_eq!(text(number("-12.500")), "-12.5");
}

#[test]
fn quotients_have_the_decimals_of_postgres() {
    for (left, right, expected) in [
        ("1", "3", "0.33333333333333333333"),
        ("2", "3", "0.66666666666666666667"),
        ("-2", "3", "-0.66666666666666666667"),
        ("10", "3", "3.3333333333333333"),
        ("100000", "3", "33333.333333333333"),
        ("1.5", "3", "0.5"),
        ("1", "70000", "0.000014285714285714285714"),
        ("1", "0.00000000000000000003", "33333333333333333333.33333333333333333333"),
        ("0", "7", "0"),
    ] {
        assert_eq!(quotient(number(left), number(right)).map(text).as_deref(), Some(expected), "{left} / {right}");
    }
}

#[test]
fn what_has_more_digits_overflows() {
    let most = number("99999999999999999999999999999999999999");
    assert_eq!(add(most, number("1")), None);
    assert_eq!(multiply(most, number("10")), None);
    assert_eq!(quotient(most, number("0.1")), None);
    assert_eq!(quotient(most, i256::ZERO), None);
    assert_eq!(multiply(most, number("0.5")).map(text).as_deref(), Some("49999999999999999999999999999999999999.5"));
}
