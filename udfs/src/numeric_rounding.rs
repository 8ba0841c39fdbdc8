//! Rounding and cutting numerics of any precision to decimal places.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Decimal256Array};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Decimal256Type, Int32Type, i256};
use datafusion_common::{Result, exec_datafusion_err, exec_err};

use crate::any_numeric::{ANY_NUMERIC, SCALE, overflow, power_of_ten, rescale};

/// To which side of a number the result lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Nearest,
    ToZero,
    Up,
    Down,
}

/// The type of a numeric of any precision cut to `places`: where these are known it has as many decimals.
pub(crate) fn rounded_type(places: Option<i32>) -> DataType {
    let Some(places) = places else { return ANY_NUMERIC };
    let decimals = places.clamp(0, SCALE.into()) as i8;
    if decimals == 0 {
        DataType::Decimal128(DECIMAL128_MAX_PRECISION, decimals)
    } else {
        DataType::Decimal256(DECIMAL128_MAX_PRECISION + decimals.unsigned_abs(), decimals)
    }
}

/// The values to so many places, of the whole numbers' where there are none, as numbers of type `to`.
pub(crate) fn round_all(
    values: &ArrayRef,
    places: Option<&ArrayRef>,
    direction: Direction,
    to: &DataType,
) -> Result<ArrayRef> {
    let places = places.map(|places| places.as_primitive::<Int32Type>());
    let to_scale = match to {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => i32::from(*scale),
        other => return exec_err!("a numeric is not rounded to {other}"),
    };
    let rounded = values.as_primitive::<Decimal256Type>().iter().enumerate().map(|(row, value)| {
        let places = match places {
            Some(places) if places.is_null(row) => return Ok(None),
            Some(places) => places.value(row),
            None => 0,
        };
        let rounded = |value| round(value, places, direction, to_scale).ok_or_else(overflow);
        value.map(rounded).transpose()
    });
    let rounded: Vec<Option<i256>> = rounded.collect::<Result<_>>()?;
    Ok(match to {
        DataType::Decimal128(precision, scale) => {
            let limit = power_of_ten(u32::from(*precision)).and_then(i256::to_i128);
            let fits = |value: &i128| limit.is_some_and(|limit| value.abs() < limit);
            let overflow =
                || exec_datafusion_err!("numeric field overflow: more digits than numeric({precision},{scale}) has");
            let narrow = |value: i256| value.to_i128().filter(fits).ok_or_else(overflow);
            let narrow = rounded.into_iter().map(|value| value.map(narrow).transpose());
            let narrow: Decimal128Array = narrow.collect::<Result<_>>()?;
            Arc::new(narrow.with_precision_and_scale(*precision, *scale)?)
        }
        _ => Arc::new(Decimal256Array::from(rounded).with_data_type(to.clone())),
    })
}

/// `value` to so many places, as a multiple of 10^-`to`; `None` on overflow.
fn round(value: i256, places: i32, direction: Direction, to: i32) -> Option<i256> {
    let scale = i32::from(SCALE);
    // Places that no number has change nothing; beyond 38 digits before the point nothing is left of it.
    let places = places.clamp(-scale - 1, scale);
    if direction == Direction::Nearest {
        return rescale(rescale(value, scale, places)?, places, to);
    }
    // A number has 76 digits at most.
    let Some(unit) = power_of_ten((scale - places).unsigned_abs()) else { return Some(i256::ZERO) };
    let whole = value.checked_div(unit)?;
    let rest = value.checked_rem(unit)?;
    let step = match direction {
        Direction::Up if rest > i256::ZERO => i256::ONE,
        Direction::Down if rest < i256::ZERO => i256::MINUS_ONE,
        _ => i256::ZERO,
    };
    rescale(whole.checked_add(step)?, places, to)
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::i256;

    use super::{Direction, round};

    #[test]
    fn places_count_from_the_point() {
        use Direction::{Down, Nearest, ToZero, Up};
        let unit = i256::from_i128(10i128.pow(36));
        let hundredths = |count: i128| i256::from_i128(count).checked_mul(unit).unwrap();
        for (value, places, direction, expected) in [
            (12_345, 1, Nearest, 12_350),
            (-12_345, 1, Nearest, -12_350),
            (12_345, 1, ToZero, 12_340),
            (-12_345, 0, ToZero, -12_300),
            (12_345, 0, Up, 12_400),
            (-12_345, 0, Up, -12_300),
            (12_345, 0, Down, 12_300),
            (-12_345, 0, Down, -12_400),
            (12_345, -2, Nearest, 10_000),
            (12_345, -50, Nearest, 0),
            (12_345, -50, ToZero, 0),
            (12_345, 99, Nearest, 12_345),
        ] {
            let rounded = round(hundredths(value), places, direction, 38);
            assert_eq!(rounded, Some(hundredths(expected)), "{value} to {places} {direction:?}");
        }
        assert_eq!(round(hundredths(12_345), 1, Nearest, 2), Some(i256::from_i128(12_350)));
    }
}
