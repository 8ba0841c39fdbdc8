//! What is read many bytes at once, against a reading of one byte after the other: at every length, place and byte.

use proptest::prelude::*;

use super::spans::{self, WINDOW};
use super::{digits, load_eight, parse_number};

fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b',' | b'\t'..=b'\r')
}

fn letters_one_by_one(window: &[u8]) -> Option<u64> {
    window.iter().enumerate().try_fold(0, |letters, (at, &byte)| match byte {
        b'@'..=0x7F => Some(letters | 1 << at),
        byte => is_separator(byte).then_some(letters),
    })
}

fn letters(window: &[u8]) -> Option<u64> {
    spans::letters(window, load_eight(window, 0))
}

#[test]
fn every_byte_at_every_place_of_every_window_is_seen() {
    for len in 1..=WINDOW {
        for at in 0..len {
            for byte in 0..=u8::MAX {
                for filler in [b' ', b'n', b'-'] {
                    let mut window = vec![filler; len];
                    window[at] = byte;
                    assert_eq!(letters(&window), letters_one_by_one(&window), "{byte:#x} at {at} of {len}");
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn vectors_see_what_words_see() {
    for byte in 0..=u8::MAX {
        for at in 0..32 {
            let mut block = [b'a'; 32];
            block[at] = byte;
            assert_eq!(letters(&block), spans::Bytes::of_block(&block).letters(), "{byte:#x} at {at}");
        }
    }
}

/// What a text in digits that a double holds exactly is, sign, separators and exponents aside.
fn decimal_one_by_one(text: &[u8]) -> Option<f64> {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let points = text.iter().filter(|byte| **byte == b'.').count();
    let decimal = digits > 0 && points <= 1 && digits + points == text.len();
    decimal.then(|| std::str::from_utf8(text).unwrap().parse().unwrap())
}

#[test]
fn every_byte_at_every_place_among_digits_is_seen() {
    for len in 1..=9 {
        for at in 0..len {
            for byte in 0..=u8::MAX {
                for point in 0..=len {
                    let mut text = b"987654321"[..len].to_vec();
                    text[at] = byte;
                    if let Some(place) = text.get_mut(point) {
                        *place = b'.';
                    }
                    let short = if len <= 8 { decimal_one_by_one(&text) } else { None };
                    assert_eq!(digits::parse_short(&text), short, "{text:?}");
                }
            }
        }
    }
}

#[test]
fn words_across_the_ends_of_windows_are_read_whole() {
    for spaces in 1..=3 * WINDOW {
        let gap = " ".repeat(spaces);
        for (text, number) in [
            (format!("one{gap}hundred and seventeen"), Some(117.0)),
            (format!("seventeen{gap}thousand{gap}and{gap}one"), Some(17_001.0)),
            (format!("one{gap}point{gap}seven five"), Some(1.75)),
            (format!("minus{gap}one point{gap}five"), Some(-1.5)),
            (format!("five{gap}hundredd"), None),
            (format!("five{gap}seventeenth"), None),
            (format!("five{gap}."), None),
            (format!("five{gap}point"), None),
            (format!("five{gap}point{gap},"), None),
        ] {
            assert_eq!(parse_number(text.as_bytes()), number, "{text}");
        }
    }
    assert_eq!(parse_number(&b"n".repeat(1000)), None);
}

#[test]
fn eight_of_nine_letters_are_no_word() {
    for text in ["eventeen", "seventee", "xeventeen", "sseventeen", "aseventeen", "seventeens", "one eventeen"] {
        assert_eq!(parse_number(text.as_bytes()), None, "{text}");
    }
    assert_eq!(parse_number(b"sEVENTEEn"), Some(17.0));
}

proptest! {
    #[test]
    fn windows_of_any_bytes(window in proptest::collection::vec(
        prop_oneof![4 => prop::sample::select(b"aZ -,\t\r".to_vec()), 1 => any::<u8>()], 1..=WINDOW))
    {
        prop_assert_eq!(letters(&window), letters_one_by_one(&window));
    }

    #[test]
    fn separators_are_all_the_same(separators in proptest::collection::vec("[ \t\r\n,-]{1,40}", 5)) {
        let words = ["two", "hundred", "seventeen", "thousand", "and", "one"];
        let text: String = words.iter().zip(separators.iter().map(String::as_str).chain([""])).flat_map(|(word, separator)| [*word, separator]).collect();
        prop_assert_eq!(parse_number(text.as_bytes()), Some(217_001.0));
    }

    #[test]
    fn short_decimals_read_as_the_standard_library_does(text in "[0-9]{0,8}\\.?[0-9]{0,8}") {
        prop_assert_eq!(parse_number(text.as_bytes()), decimal_one_by_one(text.as_bytes()));
        let signed = decimal_one_by_one(text.as_bytes()).map(|value| if value == 0.0 { 0.0 } else { -value });
        prop_assert_eq!(parse_number(format!("-{text}").as_bytes()), signed);
        prop_assert_eq!(parse_number(format!("-${text}").as_bytes()), signed);
    }
}
