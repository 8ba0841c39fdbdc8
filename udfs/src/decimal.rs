//! Arithmetic on decimals, for the functions that take a `numeric`.

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType};
use datafusion_common::ScalarValue;
use datafusion_expr::ReturnFieldArgs;

use crate::any_numeric::ANY_NUMERIC;

/// Where the type of `round(x, places)` takes its decimals from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Places {
    /// From the argument, where that is a constant. Whether it is one changes while a plan is made: a cast around it is
    /// folded, a column is replaced by what a subquery selects as it.
    Argument,
    /// They are known, or never will be.
    Decided(Option<i32>),
}

impl Places {
    /// How many decimals a call's result is to have; `None` where no constant says it.
    pub(crate) fn known(self, args: &ReturnFieldArgs<'_>) -> Option<i32> {
        match (args.scalar_arguments, self) {
            ([_], _) => Some(0),
            (_, Self::Decided(places)) => places,
            ([_, Some(places)], Self::Argument) => match places.cast_to(&DataType::Int32) {
                Ok(ScalarValue::Int32(places)) => Some(places.unwrap_or(0)),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The decimal type that `data_type`, a decimal or an integer, is brought to: a `Decimal128`, or a numeric of any precision
/// where that has too few digits.
pub(crate) fn decimal_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => Some(DataType::Decimal128(*precision, *scale)),
        DataType::Decimal256(precision, scale) if *precision <= DECIMAL128_MAX_PRECISION => {
            Some(DataType::Decimal128(*precision, *scale))
        }
        DataType::Decimal256(_, _) => Some(ANY_NUMERIC),
        DataType::Int8 | DataType::UInt8 => Some(DataType::Decimal128(3, 0)),
        DataType::Int16 | DataType::UInt16 => Some(DataType::Decimal128(5, 0)),
        DataType::Int32 | DataType::UInt32 => Some(DataType::Decimal128(10, 0)),
        DataType::Int64 | DataType::UInt64 => Some(DataType::Decimal128(20, 0)),
        _ => None,
    }
}

/// A multiple of 10^-`from` as one of 10^-`to`, rounded half away from zero; `None` on overflow.
pub(crate) fn rescale(value: i128, from: i32, to: i32) -> Option<i128> {
    if to >= from {
        return if value == 0 { Some(0) } else { value.checked_mul(power_of_ten(to - from)?) };
    }
    let Some(divisor) = power_of_ten(from - to) else {
        return Some(0);
    };
    let quotient = value / divisor;
    let remainder = (value % divisor).abs();
    Some(if remainder >= divisor - remainder { quotient + value.signum() } else { quotient })
}

/// 10^`power`, `None` beyond 10^38.
fn power_of_ten(power: i32) -> Option<i128> {
    10i128.checked_pow(u32::try_from(power).ok()?)
}

#[cfg(test)]
mod tests {
    use super::rescale;

    #[test]
    fn halves_go_away_from_zero() {
        for (value, from, to, expected) in [
            (25, 1, 0, Some(3)),
            (-25, 1, 0, Some(-3)),
            (24, 1, 0, Some(2)),
            (149, 2, 1, Some(15)),
            (5, 0, 2, Some(500)),
            (5, 1, -1, Some(0)),
            (50, 0, -2, Some(1)),
            (0, 0, 90, Some(0)),
            (1, 0, 39, None),
            (i128::MAX, 39, 0, Some(0)),
            (i128::MAX, 38, 0, Some(2)),
            (i128::MAX, 0, 1, None),
        ] {
            assert_eq!(rescale(value, from, to), expected, "{value} from {from} to {to}");
        }
    }
}
