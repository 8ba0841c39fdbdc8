//! `now()` and its kin: one instant, whoever asks and however often.

use chrono::{DateTime, Utc};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::types::UTC;

/// The functions of one run: `now()` (`current_timestamp`), `localtimestamp` and `current_date`.
pub fn functions(instant: DateTime<Utc>) -> [ScalarUDF; 3] {
    let micros = instant.timestamp_micros();
    let days = i32::try_from(micros.div_euclid(86_400_000_000)).ok();
    let now = ScalarValue::TimestampMicrosecond(Some(micros), Some(UTC.into()));
    let aliases = ["current_timestamp", "transaction_timestamp", "statement_timestamp"];
    [
        Clock::function("now", &aliases, now),
        Clock::function("localtimestamp", &[], ScalarValue::TimestampMicrosecond(Some(micros), None)),
        Clock::function("current_date", &["today"], ScalarValue::Date32(days)),
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
