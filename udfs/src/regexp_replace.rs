//! `regexp_replace(text, pattern, replacement [, flags]) → text`: PostgreSQL's. The first match is replaced, with the
//! flag `g` every one; in the replacement `\1` to `\9` are the groups, `\&` the whole match, `\\` a backslash and `$` is
//! itself.
//!
//! ```sql
//! SELECT regexp_replace('a1b2', '[0-9]', '<\&>', 'g');   -- a<1>b<2>
//! SELECT regexp_replace('price', 'i', '$1');             -- pr$1ce
//! ```

use arrow::datatypes::DataType;
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use regex::Captures;

use crate::pattern_cache::PatternCache;
use crate::regex_pattern::compile;
use crate::text::{Text, collect_text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct RegexpReplace {
    signature: Signature,
}

impl Default for RegexpReplace {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for RegexpReplace {
    fn name(&self) -> &str {
        "regexp_replace"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 3..=4)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = args.args.iter().map(Text::of).collect::<Result<Vec<_>>>()?;
        let get = |argument: usize, row: usize| match arguments.get(argument) {
            Some(text) => text.get(row),
            None => Some(""),
        };
        let mut regexes = PatternCache::new(|pattern, flags| compile(pattern, &flags.replace('g', "")));
        let column = collect_text(rows(&args), |row| {
            let (Some(text), Some(pattern), Some(replacement), Some(flags)) =
                (get(0, row), get(1, row), get(2, row), get(3, row))
            else {
                return Ok(None);
            };
            let regex = regexes.get(pattern, flags)?;
            let limit = usize::from(!flags.contains('g'));
            let replaced = regex.replacen(text, limit, |found: &Captures<'_>| expand(replacement, found));
            Ok(Some(replaced))
        })?;
        result(&args, column)
    }
}

/// The replacement with its references filled in; a group that took no part in the match is empty.
fn expand(replacement: &str, found: &Captures<'_>) -> String {
    let mut expanded = String::with_capacity(replacement.len());
    let mut chars = replacement.chars();
    while let Some(character) = chars.next() {
        if character != '\\' {
            expanded.push(character);
            continue;
        }
        match chars.next() {
            Some('&') => expanded.push_str(&found[0]),
            Some(digit @ '1'..='9') => {
                let group = digit as usize - '0' as usize;
                expanded.push_str(found.get(group).map_or("", |group| group.as_str()));
            }
            Some('\\') | None => expanded.push('\\'),
            Some(other) => expanded.extend(['\\', other]),
        }
    }
    expanded
}

#[cfg(test)]
mod tests {

    use super::RegexpReplace;
    use crate::testing::{assert_calls, assert_errors, text};

    #[test]
    fn matches_are_replaced() {
        for (value, pattern, replacement, flags, expected) in [
            ("abcabc", "b", "X", "", "aXcabc"),
            ("abcabc", "b", "X", "g", "aXcaXc"),
            ("aBcb", "B", "x", "gi", "axcx"),
            ("foobar", "o(.)b", r"[\1|\&]", "", "f[o|oob]ar"),
            ("price", "i", "$1", "", "pr$1ce"),
            ("abc", "(x)?b", r"<\1>", "", "a<>c"),
            ("abc", "", "-", "g", "-a-b-c-"),
            ("a\nb", "a.b", "X", "", "X"),
            ("2023-01-02", "([0-9]+)-([0-9]+)-([0-9]+)", r"\3/\2/\1", "", "02/01/2023"),
            ("a.b", "[.]", r"\\", "", r"a\b"),
            ("a", "a", r"\x", "", r"\x"),
        ] {
            let args = [value, pattern, replacement, flags].map(text);
            assert_calls(&RegexpReplace::default(), &[(&args, Some(expected))]);
        }
        assert_calls(&RegexpReplace::default(), &[(&["abab", "b", ""].map(text), Some("aab"))]);
    }

    #[test]
    fn a_pattern_or_flag_that_is_none_is_an_error() {
        assert_errors(&RegexpReplace::default(), &[(&["a", "(", ""].map(text), "invalid regular expression")]);
        assert_errors(&RegexpReplace::default(), &[(&["a", "a", "", "z"].map(text), "option: \"z\"")]);
    }
}
