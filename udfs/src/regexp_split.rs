//! `regexp_split_to_array(text, pattern [, flags]) → text[]`: the parts of a text between the matches of a pattern.
//!
//! ```sql
//! SELECT regexp_split_to_array('hello  world', '\s+');   -- {hello,world}
//! ```
//!
//! A match of nothing at the start, at the end or right after another match separates nothing.

use std::sync::Arc;

use arrow::array::{ListBuilder, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion_common::Result;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use regex::Regex;

use crate::pattern_cache::PatternCache;
use crate::regex_pattern::compile;
use crate::text::{Text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct RegexpSplit {
    signature: Signature,
}

impl Default for RegexpSplit {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for RegexpSplit {
    fn name(&self) -> &str {
        "regexp_split_to_array"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 2..=3)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arguments = args.args.iter().map(Text::of).collect::<Result<Vec<_>>>()?;
        let get = |argument: usize, row: usize| match arguments.get(argument) {
            Some(text) => text.get(row),
            None => Some(""),
        };
        let mut regexes = PatternCache::new(compile);
        let mut lists = ListBuilder::new(StringBuilder::new());
        for row in 0..rows(&args) {
            let (Some(text), Some(pattern), Some(flags)) = (get(0, row), get(1, row), get(2, row)) else {
                lists.append(false);
                continue;
            };
            for part in split(regexes.get(pattern, flags)?, text) {
                lists.values().append_value(part);
            }
            lists.append(true);
        }
        result(&args, Arc::new(lists.finish()))
    }
}

fn split<'a>(regex: &Regex, text: &'a str) -> Vec<&'a str> {
    let mut parts = vec![];
    let mut start = 0;
    for found in regex.find_iter(text) {
        let separates = !found.is_empty() || (found.start() > start && found.end() < text.len());
        if separates {
            parts.push(&text[start..found.start()]);
            start = found.end();
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::regex_pattern::compile;

    #[test]
    fn texts_are_split() {
        for (pattern, text, expected) in [
            (r"\s+", "hello  world", vec!["hello", "world"]),
            (",", "a,b,,c", vec!["a", "b", "", "c"]),
            (",", "", vec![""]),
            (",", ",a,", vec!["", "a", ""]),
            ("", "abc", vec!["a", "b", "c"]),
            ("x*", "axb", vec!["a", "b"]),
        ] {
            assert_eq!(split(&compile(pattern, "").expect("a pattern"), text), expected, "{pattern} of {text}");
        }
    }
}
