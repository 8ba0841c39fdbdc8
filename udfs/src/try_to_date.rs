//! `try_to_date(text, pattern [, pattern …]) → date`: the date of a text that fits one of the patterns exactly, the
//! first that does; null when none does. This function is medallion's own: PostgreSQL has none like it, so that a view
//! that is published to PostgreSQL cannot use it (the macro `clean_date` can be used there).
//!
//! ```sql
//! SELECT try_to_date('25/07/2023', 'YYYY-MM-DD', 'DD/MM/YYYY');   -- 2023-07-25
//! SELECT try_to_date('2023-02-30', 'YYYY-MM-DD');                 -- null
//! ```
//!
//! Exactly means: the whole text, every field with all its digits (`FM` before a field lets leading zeros go), names in
//! any case but whole, everything else character by character. A field that has no exact reading (`WW`, `CC`, …) is an
//! error. Two digits of a year mean the year nearest to 2020, as in `to_date`; a pattern without a year gives null.

use std::sync::Arc;

use arrow::array::Date32Array;
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pattern_cache::PatternCache;
use crate::template::strict::StrictTemplate;
use crate::text::{Text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct TryToDate {
    signature: Signature,
}

impl Default for TryToDate {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TryToDate {
    fn name(&self) -> &str {
        "try_to_date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 2..=usize::MAX)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = Text::of(&args.args[0])?;
        let patterns = args.args[1..].iter().map(Text::of).collect::<Result<Vec<_>>>()?;
        let mut templates: Vec<_> =
            patterns.iter().map(|_| PatternCache::new(|pattern, _| StrictTemplate::parse(pattern))).collect();
        let mut dates = Vec::with_capacity(rows(&args));
        for row in 0..rows(&args) {
            let mut date = None;
            for (pattern, cache) in patterns.iter().zip(&mut templates) {
                if let (None, Some(text), Some(pattern)) = (date, texts.get(row), pattern.get(row)) {
                    date = cache.get(pattern, "")?.date(text);
                }
            }
            dates.push(date);
        }
        result(&args, Arc::new(Date32Array::from(dates)))
    }
}

#[cfg(test)]
mod tests {

    use super::TryToDate;
    use crate::testing::{assert_calls, assert_errors, text};

    #[test]
    fn a_text_has_to_fit_exactly() {
        for (value, pattern, expected) in [
            ("2023-07-25", "YYYY-MM-DD", Some("2023-07-25")),
            ("2024-02-29", "YYYY-MM-DD", Some("2024-02-29")),
            ("2023-02-29", "YYYY-MM-DD", None),
            ("2023-7-25", "YYYY-MM-DD", None),
            ("2023-7-5", "YYYY-FMMM-FMDD", Some("2023-07-05")),
            ("2023-07-25 ", "YYYY-MM-DD", None),
            ("2023/07/25", "YYYY-MM-DD", None),
            ("25-07-23", "DD-MM-YY", Some("2023-07-25")),
            ("25-07-70", "DD-MM-YY", Some("1970-07-25")),
            ("25 JULY 2023", "DD Month YYYY", Some("2023-07-25")),
            ("2023366", "YYYYDDD", None),
            ("2024366", "YYYYDDD", Some("2024-12-31")),
            ("2023-07-25 23:59:59", "YYYY-MM-DD HH24:MI:SS", Some("2023-07-25")),
            ("2023-07-25 24:00:00", "YYYY-MM-DD HH24:MI:SS", None),
            ("0000-01-01", "YYYY-MM-DD", None),
            ("25", "DD", None),
            ("", "YYYY-MM-DD", None),
        ] {
            assert_calls(&TryToDate::default(), &[(&[text(value), text(pattern)], expected)]);
        }
    }

    #[test]
    fn the_first_pattern_that_fits_counts() {
        let patterns = ["YYYY-MM-DD", "DD/MM/YYYY"].map(text);
        let [first, second] = patterns;
        assert_calls(&TryToDate::default(), &[(&[text("25/07/2023"), first, second], Some("2023-07-25"))]);
    }

    #[test]
    fn a_field_without_an_exact_reading_is_an_error() {
        assert_errors(&TryToDate::default(), &[(&[text("2023-10"), text("YYYY-WW")], "the field \"WW\"")]);
    }
}
