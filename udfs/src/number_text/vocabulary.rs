//! The number words, what they do to a number, and how one is recognised: its up to eight letters are one 64-bit word,
//! looked up in a table that holds every known word at a place of its own.

use super::grammar::{Class, Steps, steps};

const SEVENTEEN: u64 = 17;

/// Every word, `seventeen` (the only one with nine letters) by its last eight, see [`look_up_nine`].
const WORDS: [(&[u8], Class, u64); 38] = [
    (b"zero", Class::Zero, 0),
    (b"one", Class::Unit, 1),
    (b"two", Class::Unit, 2),
    (b"three", Class::Unit, 3),
    (b"four", Class::Unit, 4),
    (b"five", Class::Unit, 5),
    (b"six", Class::Unit, 6),
    (b"seven", Class::Unit, 7),
    (b"eight", Class::Unit, 8),
    (b"nine", Class::Unit, 9),
    (b"ten", Class::Ten, 10),
    (b"eleven", Class::Teen, 11),
    (b"twelve", Class::Teen, 12),
    (b"thirteen", Class::Teen, 13),
    (b"fourteen", Class::Teen, 14),
    (b"fifteen", Class::Teen, 15),
    (b"sixteen", Class::Teen, 16),
    (b"eventeen", Class::Teen, SEVENTEEN),
    (b"eighteen", Class::Teen, 18),
    (b"nineteen", Class::Teen, 19),
    (b"twenty", Class::Tens, 20),
    (b"thirty", Class::Tens, 30),
    (b"forty", Class::Tens, 40),
    (b"fifty", Class::Tens, 50),
    (b"sixty", Class::Tens, 60),
    (b"seventy", Class::Tens, 70),
    (b"eighty", Class::Tens, 80),
    (b"ninety", Class::Tens, 90),
    (b"hundred", Class::Hundred, 100),
    (b"thousand", Class::Thousand, 1_000),
    (b"million", Class::Million, 1_000_000),
    (b"billion", Class::Billion, 1_000_000_000),
    (b"trillion", Class::Trillion, 1_000_000_000_000),
    (b"a", Class::Article, 1),
    (b"and", Class::And, 0),
    (b"minus", Class::Minus, 0),
    (b"negative", Class::Minus, 0),
    (b"point", Class::Point, 0),
];

/// Sends the words above to 38 different places; the assertion in [`vocabulary`] proves it at compile time.
const MULTIPLIER: u64 = 0x52e7_b0f7_e1c6_e601;
const PLACE_BITS: u32 = 6;
const PLACES: usize = 1 << PLACE_BITS;

/// What there is to know of the word at each place. A word is arithmetic without branches: the count under way is
/// multiplied by `keep` and grows by `add`; a scale moves it, times `scale`, to the total.
struct Vocabulary {
    /// No word has no letters.
    letters: [u64; PLACES],
    scale: [u64; PLACES],
    keep: [u64; PLACES],
    add: [u64; PLACES],
    steps: [&'static Steps; PLACES],
}

static VOCABULARY: Vocabulary = vocabulary();

/// A known word.
#[derive(Clone, Copy)]
pub(super) struct Word {
    place: usize,
}

impl Word {
    #[inline]
    pub(super) fn scale(self) -> u64 {
        VOCABULARY.scale[self.place % PLACES]
    }

    #[inline]
    pub(super) fn keep(self) -> u64 {
        VOCABULARY.keep[self.place % PLACES]
    }

    #[inline]
    pub(super) fn add(self) -> u64 {
        VOCABULARY.add[self.place % PLACES]
    }

    /// What follows it.
    #[inline]
    pub(super) fn steps(self) -> &'static Steps {
        VOCABULARY.steps[self.place % PLACES]
    }

    /// What it is behind `point`.
    #[inline]
    pub(super) fn digit(self) -> Option<u8> {
        let is_digit = std::ptr::eq(self.steps(), steps(Class::Unit)) || std::ptr::eq(self.steps(), steps(Class::Zero));
        is_digit.then_some(self.add() as u8)
    }
}

/// The word made of these lower-case letters, the first in the lowest byte, zeros behind the last.
#[inline]
pub(super) fn look_up(letters: u64) -> Option<Word> {
    let place = place(letters);
    (VOCABULARY.letters[place] == letters).then_some(Word { place })
}

/// The word of nine letters whose last eight these are. It is found by their complement, which no letters of a shorter
/// word are.
#[inline]
pub(super) fn look_up_nine(letters: u64) -> Option<Word> {
    look_up(!letters)
}

const fn place(letters: u64) -> usize {
    (letters.wrapping_mul(MULTIPLIER) >> (64 - PLACE_BITS)) as usize
}

const fn vocabulary() -> Vocabulary {
    let mut vocabulary = Vocabulary {
        letters: [0; PLACES],
        scale: [0; PLACES],
        keep: [0; PLACES],
        add: [0; PLACES],
        steps: [steps(Class::End); PLACES],
    };
    let mut index = 0;
    while index < WORDS.len() {
        let (text, class, value) = WORDS[index];
        let letters = if value == SEVENTEEN { !pack(text) } else { pack(text) };
        let place = place(letters);
        assert!(vocabulary.letters[place] == 0, "two words share a place: choose another multiplier");
        vocabulary.letters[place] = letters;
        vocabulary.steps[place] = steps(class);
        match class {
            Class::Hundred => vocabulary.keep[place] = value,
            Class::Thousand | Class::Million | Class::Billion | Class::Trillion => vocabulary.scale[place] = value,
            _ => {
                vocabulary.keep[place] = 1;
                vocabulary.add[place] = value;
            }
        }
        index += 1;
    }
    vocabulary
}

/// Up to eight letters, the first in the lowest byte, zeros behind the last.
const fn pack(text: &[u8]) -> u64 {
    let mut letters = 0;
    let mut index = 0;
    while index < text.len() {
        letters |= (text[index] as u64) << (8 * index);
        index += 1;
    }
    letters
}
