use proptest::prelude::*;

use super::parse_number;

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES: [(u64, &str); 4] =
    [(1_000_000_000_000, " trillion"), (1_000_000_000, " billion"), (1_000_000, " million"), (1_000, " thousand")];

/// How English spells `number`: `hyphen` inside 21 to 99, `and` before what is below a hundred.
fn spell(number: u64, hyphen: &str, and: &str, text: &mut String) {
    let mut rest = number;
    for (scale, name) in SCALES {
        if rest >= scale {
            spell(rest / scale, hyphen, and, text);
            text.push_str(name);
            rest %= scale;
            if rest > 0 {
                text.push_str(if rest < 100 { and } else { " " });
            }
        }
    }
    if rest >= 100 {
        text.push_str(SMALL[rest as usize / 100]);
        text.push_str(" hundred");
        rest %= 100;
        if rest > 0 {
            text.push_str(and);
        }
    }
    if rest >= 20 {
        text.push_str(TENS[rest as usize / 10]);
        rest %= 10;
        if rest > 0 {
            text.push_str(hyphen);
        }
    }
    if rest > 0 || number == 0 {
        text.push_str(SMALL[rest as usize]);
    }
}

#[test]
fn every_integer_to_a_million_in_every_spelling_comes_back() {
    let mut text = String::new();
    for number in (0..=1_000_000).chain([1_000_001, 999_999_999, 1_000_000_000, 999_999_999_999_999]) {
        for hyphen in ["-", " "] {
            for and in [" ", " and "] {
                text.clear();
                spell(number, hyphen, and, &mut text);
                assert_eq!(parse_number(text.as_bytes()), Some(number as f64), "{text}");
            }
        }
    }
}

#[test]
fn numbers() {
    for (text, number) in [
        ("one hundred and fifteen", 115.0),
        ("One Hundred-And--Fifteen", 115.0),
        ("one thousand, two hundred", 1200.0),
        ("one thousand ,two\thundred", 1200.0),
        ("two hundred thousand and one", 200_001.0),
        ("  seventeen\n", 17.0),
        ("SEVENTEEN THOUSAND AND SEVENTEEN", 17_017.0),
        ("a hundred", 100.0),
        ("hundred", 100.0),
        ("a thousand and a hundred", 1100.0),
        ("thousand and one", 1001.0),
        ("minus hundred", -100.0),
        ("minus five", -5.0),
        ("Negative two point five", -2.5),
        ("point five", 0.5),
        ("minus point zero five", -0.05),
        ("zero", 0.0),
        ("minus zero", 0.0),
        ("zero point one", 0.1),
        ("one hundred and one point two five", 101.25),
        (
            "point one two three four five six seven eight nine one two three four five six seven eight",
            0.123_456_789_123_456_78,
        ),
        ("fifteen hundred and five", 1505.0),
        ("twenty-five hundred", 2500.0),
        ("twenty and five", 25.0),
        ("one million two hundred and five thousand", 1_205_000.0),
        ("nine hundred ninety nine trillion and one", 999_000_000_000_001.0),
        ("0", 0.0),
        ("-0", 0.0),
        ("007", 7.0),
        ("12345678", 12_345_678.0),
        ("123456789", 123_456_789.0),
        ("123456789012345678901234567890", 123_456_789_012_345_678_901_234_567_890.0),
        ("9007199254740993", 9_007_199_254_740_992.0),
        ("1,000.5", 1000.5),
        ("12,345,678", 12_345_678.0),
        ("999,999,999,999,999,999,999.25", 1e21),
        ("$5", 5.0),
        ("-$1,234.50", -1234.5),
        (" 12.5 ", 12.5),
        ("-3", -3.0),
        ("+4", 4.0),
        ("1e3", 1000.0),
        ("1.5E-3", 0.0015),
        (".5", 0.5),
        ("5.", 5.0),
        ("0.1", 0.1),
        ("179769313486231570000000000000000000000e270", f64::MAX),
        ("0e999999999999", 0.0),
    ] {
        assert_eq!(parse_number(text.as_bytes()), Some(number), "{text}");
        assert!(parse_number(text.as_bytes()).is_some_and(|value| value != 0.0 || value.is_sign_positive()), "{text}");
    }
}

const NOT_NUMBERS: &[&str] = &[
    "",
    " ",
    "-",
    "+",
    "$",
    ".",
    ",",
    "e",
    "-.",
    "1e",
    "1e+",
    "e5",
    "1.2.3",
    "1 2",
    "- 5",
    "$ 5",
    "5$",
    "$-5",
    "--5",
    "0x10",
    "1_000",
    "1,00",
    "1,0000",
    ",100",
    "1,000,",
    "1,000,00",
    "1234,567",
    "0,100",
    "1,000e3",
    "1.5,000",
    "1e400",
    "1e-400",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "infinity",
    "Infinity",
    "one two",
    "twenty fifteen",
    "fourty",
    "twentyone",
    "five 0",
    "5 thousand",
    "ten hundred",
    "twenty hundred",
    "hundred hundred",
    "hundred and",
    "and five",
    "one and hundred",
    "one and and five",
    "hundred and and five",
    "two thousand million",
    "million million",
    "thousand thousand",
    "fifteen hundred thousand",
    "one thousand fifteen hundred",
    "a",
    "a five",
    "a zero",
    "one a hundred",
    "zero five",
    "twenty zero",
    "zero hundred",
    "minus",
    "minus minus one",
    "one minus two",
    "point",
    "five point",
    "point twenty",
    "point a",
    "one point five thousand",
    "one point two point three",
    "and point five",
    "hundred and point five",
    "minus, ",
    "five-",
    "-five",
    "five,",
    ",five",
    "five.",
    "one/two",
    "seventee",
    "seventeent",
    "seventeenn",
    "thousands",
    "one  hundredd",
    "five\u{a0}hundred",
    "fünf",
    "NA",
    "n/a",
    "point one one one one one one one one one one one one one one one one one one one one one one one one one one one one \
         one one one one one",
];

#[test]
fn not_numbers() {
    for text in NOT_NUMBERS {
        assert_eq!(parse_number(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn known_words_are_read_by_their_whole_length() {
    for word in SMALL.iter().chain(&TENS[2..]).chain(&["hundred", "thousand", "million", "billion", "trillion"]) {
        assert!(parse_number(word.as_bytes()).is_some(), "{word}");
        assert_eq!(
            parse_number(&word.as_bytes()[..word.len() - 1]).filter(|_| !SMALL.contains(&&word[..word.len() - 1])),
            None
        );
        assert_eq!(parse_number(format!("{word}x").as_bytes()), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2000)))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        parse_number(&bytes);
    }

    #[test]
    fn any_words(words in proptest::collection::vec("zero|one|five|ten|seventeen|twenty|ninety|hundred|thousand|million|trillion|a|and|minus|point|x|7|,|-", 0..12)) {
        let text = words.join(" ");
        let shouted = text.to_ascii_uppercase().replace(' ', " \t");
        prop_assert_eq!(parse_number(text.as_bytes()), parse_number(shouted.as_bytes()));
        if let Some(number) = parse_number(text.as_bytes()) {
            prop_assert!(number.is_finite());
        }
    }

    #[test]
    fn any_double_comes_back(value in any::<f64>().prop_filter("finite", |value| value.is_finite())) {
        prop_assert_eq!(parse_number(format!("{value:e}").as_bytes()), Some(value));
        prop_assert_eq!(parse_number(format!("{value}").as_bytes()), Some(value));
    }

    #[test]
    fn decimals_read_as_the_standard_library_does(text in "[0-9]{1,20}(\\.[0-9]{0,25})?(e-?[0-9]{1,2})?") {
        prop_assert_eq!(parse_number(text.as_bytes()), text.parse().ok());
    }

    #[test]
    fn words_of_any_number_come_back(number in 0u64..1_000_000_000_000_000) {
        let mut text = String::new();
        spell(number, "-", " and ", &mut text);
        prop_assert_eq!(parse_number(text.as_bytes()), Some(number as f64));
    }
}
