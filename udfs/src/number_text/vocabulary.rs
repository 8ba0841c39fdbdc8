//! The number words and how one is recognised: its up to eight letters are one 64-bit word, looked up in a table that
//! holds every known word at a place of its own.

/// What a word does to the number read so far, and which words may follow it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Class {
    /// No number word.
    Unknown,
    Zero,
    /// 1 to 9
    Unit,
    Ten,
    /// 11 to 19
    Teen,
    /// 20, 30 … 90
    Tens,
    Hundred,
    /// thousand, million, billion, trillion
    Scale,
    /// `a` before hundred or a scale
    Article,
    And,
    /// minus, negative
    Minus,
    Point,
}

impl Class {
    pub(super) const ALL: [Self; 12] = [
        Self::Unknown,
        Self::Zero,
        Self::Unit,
        Self::Ten,
        Self::Teen,
        Self::Tens,
        Self::Hundred,
        Self::Scale,
        Self::Article,
        Self::And,
        Self::Minus,
        Self::Point,
    ];
}

/// A word as arithmetic without branches: the count under way, which is `at_least` that, is multiplied by `keep` and
/// grows by `add`; a scale moves it, times `scale`, to the total.
#[derive(Clone, Copy)]
pub(super) struct Word {
    letters: u64,
    pub(super) scale: u64,
    pub(super) keep: u16,
    pub(super) add: u16,
    pub(super) at_least: u8,
    pub(super) class: Class,
}

const UNKNOWN: Word = Word { letters: 0, scale: 0, keep: 0, add: 0, at_least: 0, class: Class::Unknown };

/// Every word, `seventeen` (the only one with nine letters) by its first eight.
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
    (b"seventee", Class::Teen, 17),
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
    (b"thousand", Class::Scale, 1_000),
    (b"million", Class::Scale, 1_000_000),
    (b"billion", Class::Scale, 1_000_000_000),
    (b"trillion", Class::Scale, 1_000_000_000_000),
    (b"a", Class::Article, 1),
    (b"and", Class::And, 0),
    (b"minus", Class::Minus, 0),
    (b"negative", Class::Minus, 0),
    (b"point", Class::Point, 0),
];

/// Sends the words above to 38 different places; the assertion in [`table`] proves it at compile time.
const MULTIPLIER: u64 = 0x0bb4_f028_1b5f_e249;
const TABLE_BITS: u32 = 6;
const TABLE_SIZE: usize = 1 << TABLE_BITS;

static TABLE: [Word; TABLE_SIZE] = table();

const fn place(letters: u64) -> usize {
    (letters.wrapping_mul(MULTIPLIER) >> (64 - TABLE_BITS)) as usize
}

const fn table() -> [Word; TABLE_SIZE] {
    let mut table = [UNKNOWN; TABLE_SIZE];
    let mut index = 0;
    while index < WORDS.len() {
        let (text, class, value) = WORDS[index];
        let letters = pack(text);
        let place = place(letters);
        assert!(matches!(table[place].class, Class::Unknown), "two words share a place: choose another multiplier");
        table[place] = word(letters, class, value);
        index += 1;
    }
    table
}

const fn word(letters: u64, class: Class, value: u64) -> Word {
    match class {
        Class::Hundred => Word { letters, scale: 0, keep: value as u16, add: 0, at_least: 1, class },
        Class::Scale => Word { letters, scale: value, keep: 0, add: 0, at_least: 1, class },
        _ => Word { letters, scale: 0, keep: 1, add: value as u16, at_least: 0, class },
    }
}

const fn pack(text: &[u8]) -> u64 {
    let mut letters = 0;
    let mut index = 0;
    while index < text.len() {
        letters |= (text[index] as u64) << (8 * index);
        index += 1;
    }
    letters
}

/// The letters of `seventee`, behind which an `n` must follow.
pub(super) const SEVENTEEN: u64 = pack(b"seventee");

/// The word made of these lower-case letters (first letter in the lowest byte, zeros behind the last), or a word of
/// class [`Class::Unknown`].
#[inline]
pub(super) fn look_up(letters: u64) -> &'static Word {
    static NO_WORD: Word = UNKNOWN;
    let word = &TABLE[place(letters)];
    if word.letters == letters { word } else { &NO_WORD }
}
