//! Python's number and string literals.

use super::token::Token;

/// The number at the start of `text`: its length in bytes and its token, or none if it does not fit.
/// A fraction is only read when `fraction` is set: the `0.1` of `row.0.1` is two subscripts.
pub(crate) fn number(text: &str, fraction: bool) -> (usize, Option<Token>) {
    let radix = match text.get(..2).unwrap_or_default() {
        "0x" | "0X" => 16,
        "0o" | "0O" => 8,
        "0b" | "0B" => 2,
        _ => 10,
    };
    if radix != 10 {
        let length = digits(&text[2..], radix);
        if length > 0 {
            let value = i64::from_str_radix(&text[2..2 + length].replace('_', ""), radix);
            return (2 + length, value.ok().map(Token::Int));
        }
    }
    let whole = digits(text, 10);
    let mut length = whole;
    if fraction {
        if text[length..].starts_with('.') {
            let places = digits(&text[length + 1..], 10);
            length += if places > 0 { places + 1 } else { 0 };
        }
        length += exponent(&text[length..]);
    }
    let plain = text[..length].replace('_', "");
    let token = if length > whole { plain.parse().ok().map(Token::Float) } else { plain.parse().ok().map(Token::Int) };
    (length, token)
}

/// How many bytes of digits, single underscores between them, `text` starts with.
fn digits(text: &str, radix: u32) -> usize {
    let mut length = 0;
    let mut underscore = false;
    for c in text.chars() {
        if c.is_digit(radix) {
            underscore = false;
        } else if c == '_' && length > 0 && !underscore {
            underscore = true;
        } else {
            break;
        }
        length += 1;
    }
    length - usize::from(underscore)
}

fn exponent(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return 0 };
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let length = digits(unsigned, 10);
    if length == 0 { 0 } else { text.len() - unsigned.len() + length }
}

/// The value of the inside of a string literal. An unknown escape keeps its backslash, as in Python.
pub(crate) fn unescape(text: &str) -> Result<String, String> {
    if !text.contains('\\') {
        return Ok(text.to_string());
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(escape) = rest.chars().next() else { break };
        let after = &rest[escape.len_utf8()..];
        let simple = match escape {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            'a' => Some('\x07'),
            'b' => Some('\x08'),
            'f' => Some('\x0c'),
            'v' => Some('\x0b'),
            '\\' | '\'' | '"' => Some(escape),
            _ => None,
        };
        rest = match escape {
            '\n' => after,
            'x' => hexadecimal(after, 2, &mut out)?,
            'u' => hexadecimal(after, 4, &mut out)?,
            'U' => hexadecimal(after, 8, &mut out)?,
            '0'..='7' => octal(rest, &mut out),
            _ => {
                match simple {
                    Some(c) => out.push(c),
                    None => out.extend(['\\', escape]),
                }
                after
            }
        };
    }
    out.push_str(rest);
    Ok(out)
}

fn hexadecimal<'a>(text: &'a str, length: usize, out: &mut String) -> Result<&'a str, String> {
    let digits = text.get(..length).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    out.push(code.ok_or_else(|| format!("an escape of this string needs {length} hexadecimal digits of a character"))?);
    Ok(&text[length..])
}

fn octal<'a>(text: &'a str, out: &mut String) -> &'a str {
    let length = text.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
    out.extend(u32::from_str_radix(&text[..length], 8).ok().and_then(char::from_u32));
    &text[length..]
}
