//! `pg_cast_date`, `pg_cast_timestamp` and `pg_cast_timestamptz`: a text as a date or timestamp, the way PostgreSQL's casts
//! read it. A text that is none is an error.
//!
//! ```sql
//! SELECT pg_cast_timestamp('2024-02-29 12:00');            -- 2024-02-29 12:00:00
//! SELECT pg_cast_timestamptz('2024-02-29T12:00+02');       -- 2024-02-29 10:00:00+00
//! SELECT pg_cast_date('Feb 29, 2024');                     -- 2024-02-29
//! ```
//!
//! These are what a cast is rewritten to. A zone in a text for a timestamp without one is read and left out.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use datafusion_common::{DataFusionError, Result, exec_datafusion_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::moment_text::{Moment, parse};
use crate::template::calendar::MICROS_PER_DAY;
use crate::text::{Text, result, rows, text_types};
use crate::timestamp::UTC;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Target {
    Date,
    Timestamp,
    TimestampTz,
}

/// One of the three functions; they are immutable, since words as `now` are not taken.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastMoment {
    target: Target,
    signature: Signature,
}

impl PgCastMoment {
    /// `pg_cast_date`
    pub fn date() -> Self {
        Self::new(Target::Date)
    }

    /// `pg_cast_timestamp`
    pub fn timestamp() -> Self {
        Self::new(Target::Timestamp)
    }

    /// `pg_cast_timestamptz`
    pub fn timestamptz() -> Self {
        Self::new(Target::TimestampTz)
    }

    fn new(target: Target) -> Self {
        Self { target, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// The type as PostgreSQL names it.
    fn type_name(&self) -> &'static str {
        match self.target {
            Target::Date => "date",
            Target::Timestamp => "timestamp",
            Target::TimestampTz => "timestamp with time zone",
        }
    }

    fn invalid(&self, text: &str) -> DataFusionError {
        exec_datafusion_err!("invalid input for type {}: \"{text}\"", self.type_name())
    }
}

impl ScalarUDFImpl for PgCastMoment {
    fn name(&self) -> &str {
        match self.target {
            Target::Date => "pg_cast_date",
            Target::Timestamp => "pg_cast_timestamp",
            Target::TimestampTz => "pg_cast_timestamptz",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 1..=1)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(match self.target {
            Target::Date => DataType::Date32,
            Target::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Target::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = Text::of(&args.args[0])?;
        let moments = (0..rows(&args)).map(|row| texts.get(row)).map(|text| {
            let read = |text| parse(text).ok_or_else(|| self.invalid(text));
            text.map(read).transpose()
        });
        let values: ArrayRef = match self.target {
            Target::Date => {
                let days = moments.map(|moment| Ok(moment?.and_then(|moment| i32::try_from(moment.day).ok())));
                Arc::new(days.collect::<Result<Date32Array>>()?)
            }
            Target::Timestamp => Arc::new(timestamps(moments, |_| 0)?),
            Target::TimestampTz => {
                Arc::new(timestamps(moments, |moment| moment.zone_micros.unwrap_or(0))?.with_timezone(UTC))
            }
        };
        result(&args, values)
    }
}

fn timestamps(
    moments: impl Iterator<Item = Result<Option<Moment>>>,
    zone: impl Fn(&Moment) -> i64,
) -> Result<TimestampMicrosecondArray> {
    let micros = |moment: Moment| {
        let midnight = moment.day.checked_mul(MICROS_PER_DAY);
        let micros = midnight.and_then(|midnight| midnight.checked_add(moment.micros - zone(&moment)));
        micros.ok_or_else(|| exec_datafusion_err!("timestamp out of range"))
    };
    moments.map(|moment| moment?.map(micros).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use super::PgCastMoment;
    use crate::testing::{assert_calls, assert_errors, text};

    #[test]
    fn texts_are_read() {
        assert_calls(&PgCastMoment::date(), &[(&[text("2024-02-29 12:00+02")], Some("2024-02-29"))]);
        assert_calls(&PgCastMoment::timestamp(), &[(&[text("2024-02-29 12:00+02")], Some("2024-02-29 12:00:00"))]);
        let zoned =
            [(text("2024-02-29 12:00+02"), "2024-02-29 10:00:00+00"), (text("2024-02-29"), "2024-02-29 00:00:00+00")];
        for (value, expected) in zoned {
            assert_calls(&PgCastMoment::timestamptz(), &[(&[value], Some(expected))]);
        }
    }

    #[test]
    fn other_texts_are_errors() {
        assert_errors(&PgCastMoment::date(), &[(&[text("2024-02-30")], "invalid input for type date: \"2024-02-30\"")]);
        assert_errors(&PgCastMoment::timestamp(), &[(&[text("")], "invalid input for type timestamp: \"\"")]);
    }
}
