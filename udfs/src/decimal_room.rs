//! Whether a `Decimal128` has room for what is computed from decimals. The type of a result follows from those of its
//! operands alone, and 38 digits are few: the decimals of a product take them from the digits before the point.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL256_MAX_PRECISION, DataType};

use crate::any_numeric::ANY_NUMERIC;

/// Decimals of the types that the engine gives to what has none declared: a cast to `numeric`, a quotient, a product of
/// casts. Their digits before the point are as many as are left, not as many as are needed.
const UNDECLARED: &[i16] = &[10, 16, 20];

/// Digits before the point that are enough for an amount: beyond them overflow is an error.
const ENOUGH: i16 = 18;

/// Enough where an operand is declared with all digits that there are.
const ENOUGH_OF_ALL: i16 = 22;

/// A quotient in a `Decimal128` has at least as many.
const QUOTIENT_DECIMALS: i16 = 16;

/// What is computed from two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Computed {
    Sum,
    Product,
    Quotient,
    Remainder,
    /// One of both, or the type in which they are compared.
    Either,
}

/// Whether what is computed from two numbers, of which one is a decimal and none a float, needs a [`ANY_NUMERIC`].
pub fn needs_any_numeric(computed: Computed, left: &DataType, right: &DataType) -> bool {
    if [left, right].iter().any(|operand| matches!(operand, DataType::Decimal256(_, _))) {
        return computed != Computed::Either || left != right;
    }
    let (Some(one), Some(other)) = (Digits::of(left), Digits::of(right)) else { return false };
    let scale = one.scale.max(other.scale);
    let whole = one.whole().max(other.whole());
    let (needed, scale) = match computed {
        Computed::Sum => (whole + 1, scale),
        Computed::Product => (one.whole() + other.whole(), one.scale + other.scale),
        Computed::Quotient => (one.whole(), scale.max(QUOTIENT_DECIMALS)),
        Computed::Remainder | Computed::Either => (whole, scale),
    };
    let is_undeclared = one.is_undeclared() || other.is_undeclared();
    // With no more decimals than an operand a small quotient would have too few digits.
    if computed == Computed::Quotient && scale > QUOTIENT_DECIMALS && !is_undeclared {
        return true;
    }
    let largest = if computed == Computed::Quotient { one.whole() } else { whole };
    !has_room(needed, largest, scale, is_undeclared, one.is_all() || other.is_all())
}

/// Whether the sum of many such decimals needs one.
pub fn sum_needs_any_numeric(summed: &DataType) -> bool {
    const MANY: i16 = 5;
    /// DataFusion's sum has ten digits more than what is summed.
    const MOST_SUMMED: u8 = DECIMAL256_MAX_PRECISION - 10;
    if let DataType::Decimal256(precision, _) = summed {
        return *precision > MOST_SUMMED;
    }
    aggregate_needs_any_numeric(summed, MANY, |digits| digits.scale)
}

/// Whether the average of such decimals needs one, where it has so many decimals.
pub fn average_needs_any_numeric(averaged: &DataType, decimals: i8) -> bool {
    aggregate_needs_any_numeric(averaged, 0, |_| decimals.into())
}

fn aggregate_needs_any_numeric(of: &DataType, more: i16, scale: impl Fn(Digits) -> i16) -> bool {
    match (of, Digits::of(of)) {
        (DataType::Decimal256(_, _), _) => true,
        (_, Some(digits)) => {
            let needed = digits.whole() + more;
            !has_room(needed, needed, scale(digits), digits.is_undeclared(), digits.is_all())
        }
        _ => false,
    }
}

/// The type that two decimals meet in, where it is another one than both have; `None` where DataFusion's holds their values.
pub fn meeting_type(left: &DataType, right: &DataType) -> Option<DataType> {
    let are_numbers = [left, right].iter().all(|number| number.is_decimal() || number.is_integer());
    let is_one_decimal = left.is_decimal() || right.is_decimal();
    (are_numbers && is_one_decimal && needs_any_numeric(Computed::Either, left, right)).then_some(ANY_NUMERIC)
}

fn has_room(needed: i16, largest: i16, scale: i16, is_undeclared: bool, is_all: bool) -> bool {
    let left = i16::from(DECIMAL128_MAX_PRECISION) - scale;
    let enough = if is_all && !is_undeclared { ENOUGH_OF_ALL } else { ENOUGH };
    left >= needed.min(enough) && (is_undeclared || left >= largest.min(ENOUGH_OF_ALL))
}

#[derive(Debug, Clone, Copy)]
struct Digits {
    precision: i16,
    scale: i16,
}

impl Digits {
    fn of(data_type: &DataType) -> Option<Self> {
        let (precision, scale) = match data_type {
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => (i16::from(*precision), i16::from(*scale)),
            DataType::Int8 | DataType::UInt8 => (3, 0),
            DataType::Int16 | DataType::UInt16 => (5, 0),
            DataType::Int32 | DataType::UInt32 => (10, 0),
            DataType::Int64 | DataType::UInt64 => (20, 0),
            _ => return None,
        };
        Some(Self { precision, scale })
    }

    fn whole(self) -> i16 {
        self.precision - self.scale
    }

    fn is_all(self) -> bool {
        self.precision == i16::from(DECIMAL128_MAX_PRECISION)
    }

    fn is_undeclared(self) -> bool {
        self.is_all() && UNDECLARED.contains(&self.scale)
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType::{Decimal128, Decimal256, Int32, Int64};

    use super::*;

    #[test]
    fn ordinary_amounts_have_room() {
        for (computed, left, right) in [
            (Computed::Sum, Decimal128(38, 2), Decimal128(38, 2)),
            (Computed::Sum, Decimal128(38, 16), Int64),
            (Computed::Sum, Decimal128(38, 20), Decimal128(38, 20)),
            (Computed::Product, Decimal128(12, 2), Decimal128(12, 2)),
            (Computed::Product, Decimal128(20, 10), Decimal128(20, 10)),
            (Computed::Product, Decimal128(38, 10), Decimal128(38, 10)),
            (Computed::Product, Decimal128(38, 16), Decimal128(3, 2)),
            (Computed::Product, Decimal128(38, 0), Decimal128(2, 1)),
            (Computed::Quotient, Decimal128(38, 2), Decimal128(12, 2)),
            (Computed::Quotient, Int64, Decimal128(38, 16)),
            (Computed::Remainder, Decimal128(38, 16), Decimal128(12, 2)),
            (Computed::Either, Decimal128(38, 0), Decimal128(38, 16)),
            (Computed::Either, Decimal256(60, 20), Decimal256(60, 20)),
        ] {
            assert!(!needs_any_numeric(computed, &left, &right), "{computed:?} of {left} and {right}");
        }
    }

    #[test]
    fn what_would_lose_digits_has_none() {
        for (computed, left, right) in [
            (Computed::Sum, Decimal128(38, 18), Decimal128(38, 18)),
            (Computed::Product, Decimal128(38, 18), Decimal128(2, 1)),
            (Computed::Product, Decimal128(38, 18), Int32),
            (Computed::Product, Decimal128(38, 16), Decimal128(38, 16)),
            (Computed::Product, Decimal128(38, 20), Decimal128(38, 10)),
            (Computed::Quotient, Decimal128(38, 2), Decimal128(38, 30)),
            (Computed::Quotient, Decimal128(38, 18), Int32),
            (Computed::Either, Decimal128(38, 0), Decimal128(38, 18)),
            (Computed::Either, Decimal256(60, 20), Int64),
            (Computed::Sum, ANY_NUMERIC, Int64),
        ] {
            assert!(needs_any_numeric(computed, &left, &right), "{computed:?} of {left} and {right}");
        }
    }

    #[test]
    fn sums_and_averages() {
        for (data_type, of_sum, of_average) in [
            (Decimal128(12, 2), false, false),
            (Decimal128(38, 10), false, false),
            (Decimal128(38, 16), false, false),
            (Decimal128(38, 20), false, true),
            (Decimal128(38, 18), true, true),
            (ANY_NUMERIC, true, true),
            (Decimal256(40, 2), false, true),
        ] {
            assert_eq!(sum_needs_any_numeric(&data_type), of_sum, "sum of {data_type}");
            let decimals = data_type_scale(&data_type).max(12) + 4;
            assert_eq!(average_needs_any_numeric(&data_type, decimals), of_average, "average of {data_type}");
        }
    }

    fn data_type_scale(data_type: &DataType) -> i8 {
        Digits::of(data_type).map_or(0, |digits| digits.scale as i8)
    }
}
