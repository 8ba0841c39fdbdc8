//! Numbers in English words, in the ways people write them.

/// The largest number that has words.
pub const LARGEST: u32 = 200_000;

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

/// How a number is written.
#[derive(Clone, Copy)]
pub struct Style {
    /// "one hundred and one", not "one hundred one".
    pub and: bool,
    /// "twenty-one", not "twenty one".
    pub hyphen: bool,
    /// "one thousand, two hundred", not "one thousand two hundred".
    pub comma: bool,
    pub letters: Letters,
}

/// Which letters are capitals.
#[derive(Clone, Copy)]
pub enum Letters {
    /// "two hundred"
    Lower,
    /// "Two hundred"
    Sentence,
    /// "Two Hundred"
    Title,
    /// "TWO HUNDRED"
    Upper,
}

/// Appends the words of `number`, which is at most [`LARGEST`], to `text`.
pub fn append(number: u32, style: Style, text: &mut Vec<u8>) {
    debug_assert!(number <= LARGEST);
    let start = text.len();
    let (thousands, rest) = (number / 1_000, number % 1_000);
    if thousands > 0 {
        append_below_thousand(thousands, style, text);
        text.extend_from_slice(b" thousand");
        match rest {
            0 => {}
            1..100 if style.and => text.extend_from_slice(b" and "),
            100.. if style.comma => text.extend_from_slice(b", "),
            _ => text.push(b' '),
        }
    }
    if rest > 0 || thousands == 0 {
        append_below_thousand(rest, style, text);
    }
    capitalize(&mut text[start..], style.letters);
}

fn append_below_thousand(number: u32, style: Style, text: &mut Vec<u8>) {
    let (hundreds, rest) = (number / 100, number % 100);
    if hundreds > 0 {
        text.extend_from_slice(SMALL[hundreds as usize].as_bytes());
        text.extend_from_slice(b" hundred");
        match rest {
            0 => return,
            _ if style.and => text.extend_from_slice(b" and "),
            _ => text.push(b' '),
        }
    }
    if rest < 20 {
        text.extend_from_slice(SMALL[rest as usize].as_bytes());
        return;
    }
    text.extend_from_slice(TENS[(rest / 10) as usize].as_bytes());
    if rest % 10 > 0 {
        text.push(if style.hyphen { b'-' } else { b' ' });
        text.extend_from_slice(SMALL[(rest % 10) as usize].as_bytes());
    }
}

fn capitalize(text: &mut [u8], letters: Letters) {
    match letters {
        Letters::Lower => {}
        Letters::Upper => text.make_ascii_uppercase(),
        Letters::Sentence => {
            if let Some(first) = text.first_mut() {
                first.make_ascii_uppercase();
            }
        }
        Letters::Title => {
            for word in text.split_mut(|&byte| byte == b' ' || byte == b'-').filter(|word| *word != b"and") {
                if let Some(first) = word.first_mut() {
                    first.make_ascii_uppercase();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, Letters, SMALL, Style, TENS, append};

    const PLAIN: Style = Style { and: false, hyphen: false, comma: false, letters: Letters::Lower };
    const FULL: Style = Style { and: true, hyphen: true, comma: true, letters: Letters::Title };

    fn words(number: u32, style: Style) -> String {
        let mut text = Vec::new();
        append(number, style, &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn writes_numbers_as_people_do() {
        for (number, style, expected) in [
            (0, PLAIN, "zero"),
            (15, FULL, "Fifteen"),
            (40, PLAIN, "forty"),
            (21, FULL, "Twenty-One"),
            (100, FULL, "One Hundred"),
            (115, FULL, "One Hundred and Fifteen"),
            (200, FULL, "Two Hundred"),
            (999, PLAIN, "nine hundred ninety nine"),
            (1_000, FULL, "One Thousand"),
            (1_001, FULL, "One Thousand and One"),
            (1_001, PLAIN, "one thousand one"),
            (1_200, FULL, "One Thousand, Two Hundred"),
            (12_345, PLAIN, "twelve thousand three hundred forty five"),
            (199_999, FULL, "One Hundred and Ninety-Nine Thousand, Nine Hundred and Ninety-Nine"),
            (200_000, Style { letters: Letters::Upper, ..FULL }, "TWO HUNDRED THOUSAND"),
            (1_115, Style { letters: Letters::Sentence, ..PLAIN }, "One thousand one hundred fifteen"),
        ] {
            assert_eq!(words(number, style), expected);
        }
    }

    /// Reads words back by adding and multiplying; knows nothing of how they were put together.
    fn read(text: &str) -> u32 {
        let text = text.to_lowercase().replace(['-', ','], " ");
        let (mut total, mut group) = (0, 0);
        for word in text.split_whitespace().filter(|word| *word != "and") {
            match word {
                "hundred" => group *= 100,
                "thousand" => total += 1_000 * std::mem::take(&mut group),
                _ => {
                    let small = SMALL.iter().position(|known| *known == word);
                    let tens = || TENS.iter().position(|known| *known == word).map(|ten| ten * 10);
                    group += u32::try_from(small.or_else(tens).unwrap()).unwrap();
                }
            }
        }
        total + group
    }

    #[test]
    fn every_number_reads_back() {
        for number in 0..=LARGEST {
            assert_eq!(read(&words(number, PLAIN)), number);
            assert_eq!(read(&words(number, FULL)), number);
        }
    }
}
