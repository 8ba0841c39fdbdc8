//! `now()` and its kin: one instant, whoever asks and however often; and `clock_timestamp()`, which is another each time.

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::types::UTC;

const DAY: i64 = 86_400_000_000;

/// The functions of one run: `now()` (`current_timestamp`), `localtimestamp`, `current_date`, `current_time`,
/// `clock_timestamp()` and `timeofday()`.
pub fn functions(instant: DateTime<Utc>) -> [ScalarUDF; 6] {
    let micros = instant.timestamp_micros();
    let days = i32::try_from(micros.div_euclid(DAY)).ok();
    let now = ScalarValue::TimestampMicrosecond(Some(micros), Some(UTC.into()));
    let aliases = ["current_timestamp", "transaction_timestamp", "statement_timestamp"];
    [
        Clock::function("now", &aliases, now),
        Clock::function("localtimestamp", &[], ScalarValue::TimestampMicrosecond(Some(micros), None)),
        Clock::function("current_date", &["today"], ScalarValue::Date32(days)),
        Clock::function("current_time", &["localtime"], ScalarValue::Time64Microsecond(Some(micros.rem_euclid(DAY)))),
        Running::function("clock_timestamp", DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))),
        Running::function("timeofday", DataType::Utf8),
    ]
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Clock {
    name: &'static str,
    aliases: Vec<String>,
    value: ScalarValue,
    signature: Signature,
}

impl Clock {
    fn function(name: &'static str, aliases: &[&str], value: ScalarValue) -> ScalarUDF {
        let aliases = aliases.iter().map(ToString::to_string).collect();
        ScalarUDF::from(Clock { name, aliases, value, signature: Signature::nullary(Volatility::Stable) })
    }
}

impl ScalarUDFImpl for Clock {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }

    /// A constant, so that a comparison with it reaches the files' statistics.
    fn simplify(&self, _: Vec<Expr>, _: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(ExprSimplifyResult::Simplified(Expr::Literal(self.value.clone(), None)))
    }
}

/// The time at which it is called.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Running {
    name: &'static str,
    data_type: DataType,
    signature: Signature,
}

impl Running {
    fn function(name: &'static str, data_type: DataType) -> ScalarUDF {
        ScalarUDF::from(Running { name, data_type, signature: Signature::nullary(Volatility::Volatile) })
    }
}

impl ScalarUDFImpl for Running {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.data_type.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let now = Utc::now();
        Ok(ColumnarValue::Scalar(match self.data_type {
            DataType::Utf8 => ScalarValue::from(now.format("%a %b %d %H:%M:%S%.6f %Y UTC").to_string()),
            _ => ScalarValue::TimestampMicrosecond(Some(now.timestamp_micros()), Some(UTC.into())),
        }))
    }
}
