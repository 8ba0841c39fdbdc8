//! `to_date(text, pattern) → date`: PostgreSQL's, with its template patterns, its leniency and its errors.
//!
//! ```sql
//! SELECT to_date('2023-07-25', 'YYYY-MM-DD'), to_date('5 Jul 23', 'DD Mon YY');
//! SELECT to_date('2023-02-30', 'YYYY-MM-DD');   -- error: date/time field value out of range: "2023-02-30"
//! ```

use std::sync::Arc;

use arrow::array::Date32Array;
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pattern_cache::PatternCache;
use crate::template::Template;
use crate::text::{Text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ToDate {
    signature: Signature,
}

impl Default for ToDate {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ToDate {
    fn name(&self) -> &str {
        "to_date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 2..=2)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, patterns) = (Text::of(&args.args[0])?, Text::of(&args.args[1])?);
        let mut templates = PatternCache::new(|pattern, _| Ok(Template::parse(pattern)));
        let dates = (0..rows(&args)).map(|row| match (texts.get(row), patterns.get(row)) {
            (Some(text), Some(pattern)) => templates.get(pattern, "")?.read(text)?.date(text).map(Some),
            _ => Ok(None),
        });
        let dates: Date32Array = dates.collect::<Result<_>>()?;
        result(&args, Arc::new(dates))
    }
}

#[cfg(test)]
mod tests {
    use datafusion_common::ScalarValue;

    use super::ToDate;
    use crate::testing::{assert_calls, assert_errors, text};

    #[test]
    fn texts_become_dates() {
        for (value, pattern, expected) in [
            ("2023-07-25", "YYYY-MM-DD", "2023-07-25"),
            ("5 Jul 23", "DD Mon YY", "2023-07-05"),
            ("2024-2-9", "YYYY-MM-DD", "2024-02-09"),
        ] {
            assert_calls(&ToDate::default(), &[(&[text(value), text(pattern)], Some(expected))]);
        }
        assert_calls(&ToDate::default(), &[(&[ScalarValue::Utf8(None), text("YYYY")], None)]);
    }

    #[test]
    fn a_day_that_does_not_exist_is_an_error() {
        let message = "date/time field value out of range: \"2023-02-30\"";
        assert_errors(&ToDate::default(), &[(&[text("2023-02-30"), text("YYYY-MM-DD")], message)]);
    }
}
