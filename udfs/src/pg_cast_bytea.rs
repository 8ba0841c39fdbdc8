//! `pg_cast_bytea(text) → bytea`: a text as PostgreSQL reads it into bytes.
//!
//! ```sql
//! SELECT pg_cast_bytea('\xDEADBEEF'), pg_cast_bytea('a\\b\001');   -- \xdeadbeef, \x615c6201
//! ```
//!
//! A cast of a text to bytea, and a text that is compared with one, are rewritten to it.

use std::sync::Arc;

use arrow::array::BinaryBuilder;
use arrow::datatypes::DataType;
use datafusion_common::{Result, exec_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::text::{Text, result, rows, text_types};

/// The function; it is immutable.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PgCastBytea {
    signature: Signature,
}

impl Default for PgCastBytea {
    fn default() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PgCastBytea {
    fn name(&self) -> &str {
        "pg_cast_bytea"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        text_types(self.name(), arg_types, 1..=1)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let texts = Text::of(&args.args[0])?;
        let mut bytes = BinaryBuilder::new();
        for row in 0..rows(&args) {
            bytes.append_option(texts.get(row).map(parse).transpose()?);
        }
        result(&args, Arc::new(bytes.finish()))
    }
}

fn parse(text: &str) -> Result<Vec<u8>> {
    match text.strip_prefix("\\x") {
        Some(digits) => hex(digits),
        None => escaped(text),
    }
}

/// Two digits a byte; between bytes there may be blanks.
fn hex(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut characters = text.chars().filter(|character| !character.is_ascii_whitespace());
    while let Some(first) = characters.next() {
        let (Some(high), Some(low)) = (first.to_digit(16), characters.next().and_then(|second| second.to_digit(16)))
        else {
            return exec_err!("invalid hexadecimal data: \"{text}\"");
        };
        bytes.push((high * 16 + low) as u8);
    }
    Ok(bytes)
}

/// `\\` is a backslash, `\ooo` the byte of three octal digits; the rest stands for itself.
fn escaped(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        (rest, _) = match (first, after) {
            (b'\\', [b'\\', after @ ..]) => (after, bytes.push(b'\\')),
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                (after, bytes.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0')))
            }
            (b'\\', _) => return exec_err!("invalid input syntax for type bytea: \"{text}\""),
            (byte, after) => (after, bytes.push(*byte)),
        };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn both_notations_are_read() {
        for (text, bytes) in [
            ("\\x", &[][..]),
            ("\\xDEadBE ef", &[0xde, 0xad, 0xbe, 0xef]),
            ("a\\\\b\\001", b"a\\b\x01"),
            ("ä", "ä".as_bytes()),
        ] {
            assert_eq!(parse(text).unwrap(), bytes, "{text}");
        }
        for text in ["\\x1", "\\xzz", "\\9", "a\\"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
