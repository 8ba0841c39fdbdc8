//! `pg_substring(text, pattern) → text`: what `substring(text FROM pattern)` gives: the first group of the first match,
//! or the whole match of a pattern without groups; null without a match.
//!
//! ```sql
//! SELECT substring('order 115 of 2023' FROM '[0-9]+');      -- 115
//! SELECT substring('key=value' FROM '=(.*)$');              -- value
//! ```
//!
//! It is planned by [`crate::PostgresPlanner`].

use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pattern_cache::PatternCache;
use crate::regex_pattern::compile;
use crate::text::{Text, collect_text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SubstringPattern {
    signature: Signature,
}

impl Default for SubstringPattern {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SubstringPattern {
    fn name(&self) -> &str {
        "pg_substring"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 2..=2)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (texts, patterns) = (Text::of(&args.args[0])?, Text::of(&args.args[1])?);
        let mut regexes = PatternCache::new(compile);
        let column = collect_text(rows(&args), |row| {
            let (Some(text), Some(pattern)) = (texts.get(row), patterns.get(row)) else {
                return Ok(None);
            };
            let regex = regexes.get(pattern, "")?;
            let group = usize::from(regex.captures_len() > 1);
            Ok(regex.captures(text).and_then(|found| found.get(group)).map(|found| found.as_str()))
        })?;
        result(&args, column)
    }
}

#[cfg(test)]
mod tests {

    use super::SubstringPattern;
    use crate::testing::{assert_calls, text};

    #[test]
    fn the_first_group_or_the_match_is_taken() {
        for (value, pattern, expected) in [
            ("order 115 of 2023", "[0-9]+", Some("115")),
            ("key=value", "=(.*)$", Some("value")),
            ("foobar", "o(.)b", Some("o")),
            ("foobar", "z", None),
            ("b", "(a)?b", None),
        ] {
            assert_calls(&SubstringPattern::default(), &[(&[text(value), text(pattern)], expected)]);
        }
    }
}
