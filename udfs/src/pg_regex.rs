//! `pg_regex(text, pattern)` and `pg_iregex(text, pattern) → boolean`: what `~` and `~*` are.
//!
//! ```sql
//! SELECT pg_regex('2023-07-25', '^[0-9]{4}-');   -- true, as '2023-07-25' ~ '^[0-9]{4}-' is
//! ```
//!
//! A plan's regular expression operators are rewritten to these, since `.` matches a newline in PostgreSQL.

use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pattern_cache::PatternCache;
use crate::regex_pattern::compile;
use crate::text::{Text, result, rows, text_types};

/// One of the two functions; they are immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgRegex {
    ignore_case: bool,
    signature: Signature,
}

impl PgRegex {
    /// `pg_regex`, for `~`
    pub fn regex() -> Self {
        Self { ignore_case: false, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `pg_iregex`, for `~*`
    pub fn iregex() -> Self {
        Self { ignore_case: true, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgRegex {
    fn name(&self) -> &str {
        if self.ignore_case { "pg_iregex" } else { "pg_regex" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 2..=2)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, patterns) = (Text::of(&args.args[0])?, Text::of(&args.args[1])?);
        let flags = if self.ignore_case { "i" } else { "" };
        let mut regexes = PatternCache::new(compile);
        let matches = (0..rows(&args)).map(|row| match (texts.get(row), patterns.get(row)) {
            (Some(text), Some(pattern)) => Ok(Some(regexes.get(pattern, flags)?.is_match(text))),
            _ => Ok(None),
        });
        let matches: BooleanArray = matches.collect::<Result<Vec<_>>>()?.into();
        result(&args, Arc::new(matches))
    }
}

#[cfg(test)]
mod tests {

    use super::PgRegex;
    use crate::testing::{assert_calls, assert_errors, text};

    #[test]
    fn texts_match_or_not() {
        for (value, pattern, matches, matches_any_case) in [
            ("2023-07-25", "^[0-9]{4}-", "true", "true"),
            ("abc", "B", "false", "true"),
            ("a\nb", "a.b", "true", "true"),
            ("b\n", "b$", "false", "false"),
            ("äÖ", "Äö", "false", "true"),
        ] {
            assert_calls(&PgRegex::regex(), &[(&[text(value), text(pattern)], Some(matches))]);
            assert_calls(&PgRegex::iregex(), &[(&[text(value), text(pattern)], Some(matches_any_case))]);
        }
        assert_errors(&PgRegex::regex(), &[(&[text("a"), text("[")], "invalid regular expression \"[\"")]);
    }
}
