//! Numbers in words: `minus two hundred thousand and one point five`.

use super::digits::POWERS_OF_TEN;
use super::load_eight;
use super::vocabulary::{Class, SEVENTEEN, Word, look_up};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x80 * ONES;
/// The bit that makes a lower-case letter out of an upper-case one.
const LOWER_CASE: u64 = 0x20 * ONES;

/// More digits behind `point` than this are no number.
const MAX_DECIMALS: usize = 32;

/// Where in the grammar a text stands; `In…First` is a count that no scale came before, so that a `hundred` can follow.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum State {
    Wrong,
    Start,
    Signed,
    Zero,
    Article,
    /// 1 to 9 at the start of a count.
    Unit,
    /// 11 to 99 at the start of the first count.
    FirstBelow,
    FirstTens,
    /// 20, 30 … 90
    Tens,
    TensAnd,
    /// A count that can only be scaled now.
    Closed,
    Hundred,
    HundredAnd,
    /// `fifteen hundred`: the last count, what is below a hundred can still come.
    BigHundred,
    BigHundredAnd,
    BigTens,
    BigTensAnd,
    BigClosed,
    Scaled,
    ScaledAnd,
}

impl State {
    const ALL: [Self; 20] = [
        Self::Wrong,
        Self::Start,
        Self::Signed,
        Self::Zero,
        Self::Article,
        Self::Unit,
        Self::FirstBelow,
        Self::FirstTens,
        Self::Tens,
        Self::TensAnd,
        Self::Closed,
        Self::Hundred,
        Self::HundredAnd,
        Self::BigHundred,
        Self::BigHundredAnd,
        Self::BigTens,
        Self::BigTensAnd,
        Self::BigClosed,
        Self::Scaled,
        Self::ScaledAnd,
    ];

    /// The grammar, `point` aside.
    const fn after(self, class: Class) -> Self {
        match (self, class) {
            (Self::Start, Class::Minus) => Self::Signed,
            (Self::Start | Self::Signed, Class::Zero) => Self::Zero,
            (Self::Start | Self::Signed | Self::Scaled | Self::ScaledAnd, Class::Article) => Self::Article,
            (Self::Start | Self::Signed | Self::Scaled | Self::ScaledAnd, Class::Unit) => Self::Unit,
            (Self::Start | Self::Signed, Class::Ten) => Self::Closed,
            (Self::Start | Self::Signed, Class::Teen) => Self::FirstBelow,
            (Self::Start | Self::Signed, Class::Tens) => Self::FirstTens,
            (Self::Start | Self::Signed | Self::Article | Self::Unit, Class::Hundred) => Self::Hundred,
            (Self::FirstBelow, Class::Hundred) => Self::BigHundred,
            (Self::FirstTens, Class::Unit) => Self::FirstBelow,
            (Self::FirstTens | Self::Tens, Class::And) => Self::TensAnd,
            (Self::Hundred | Self::HundredAnd | Self::Scaled | Self::ScaledAnd, Class::Tens) => Self::Tens,
            (Self::Hundred | Self::HundredAnd | Self::Scaled | Self::ScaledAnd, Class::Ten | Class::Teen) => {
                Self::Closed
            }
            (Self::Hundred | Self::HundredAnd | Self::Tens | Self::TensAnd, Class::Unit) => Self::Closed,
            (Self::Hundred, Class::And) => Self::HundredAnd,
            (Self::BigHundred | Self::BigHundredAnd, Class::Tens) => Self::BigTens,
            (Self::BigHundred | Self::BigHundredAnd, Class::Unit | Class::Ten | Class::Teen) => Self::BigClosed,
            (Self::BigHundred, Class::And) => Self::BigHundredAnd,
            (Self::BigTens | Self::BigTensAnd, Class::Unit) => Self::BigClosed,
            (Self::BigTens, Class::And) => Self::BigTensAnd,
            (Self::Scaled, Class::And) => Self::ScaledAnd,
            (
                Self::Start
                | Self::Signed
                | Self::Article
                | Self::Unit
                | Self::FirstBelow
                | Self::FirstTens
                | Self::Tens
                | Self::Closed
                | Self::Hundred,
                Class::Scale,
            ) => Self::Scaled,
            _ => Self::Wrong,
        }
    }

    /// Whether the integer part may end here.
    const fn is_complete(self) -> bool {
        !matches!(
            self,
            Self::Wrong
                | Self::Start
                | Self::Signed
                | Self::Article
                | Self::TensAnd
                | Self::HundredAnd
                | Self::BigHundredAnd
                | Self::BigTensAnd
                | Self::ScaledAnd
        )
    }
}

/// [`State::after`] as a table: one read for each word instead of branches that depend on the text.
static AFTER: [[State; Class::ALL.len()]; State::ALL.len()] = {
    let mut table = [[State::Wrong; Class::ALL.len()]; State::ALL.len()];
    let mut state = 0;
    while state < State::ALL.len() {
        let mut class = 0;
        while class < Class::ALL.len() {
            table[state][class] = State::ALL[state].after(Class::ALL[class]);
            class += 1;
        }
        state += 1;
    }
    table
};

/// The word form of the grammar; `text` has no white space at its ends and is not empty.
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let mut state = State::Start;
    let mut negative = false;
    let (mut total, mut count) = (0u64, 0u64);
    let mut max_scale = u64::MAX;
    let mut words = Words { text, at: 0 };
    // Apart from leaving it, nothing in this loop branches on the text: a wrong guess would cost as much as a word.
    while let Some(word) = words.next()? {
        if word.class == Class::Point {
            let whole = state.is_complete() || matches!(state, State::Start | State::Signed);
            return if whole { fraction(words, total + count, negative) } else { None };
        }
        state = AFTER[state as usize][word.class as usize];
        if state == State::Wrong || word.scale > max_scale {
            return None;
        }
        negative |= word.class == Class::Minus;
        // What is no scale has the scale 0, and the largest number below it, wrapped, restricts nothing.
        max_scale = max_scale.min(word.scale.wrapping_sub(1));
        count = count.max(u64::from(word.at_least));
        total += count * word.scale;
        count = count * u64::from(word.keep) + u64::from(word.add);
    }
    state.is_complete().then(|| signed((total + count) as f64, negative))
}

/// What follows `point`: one digit a word.
fn fraction(mut words: Words<'_>, integer: u64, negative: bool) -> Option<f64> {
    let mut mantissa = integer;
    let mut digits = [b'0'; MAX_DECIMALS];
    let mut len = 0;
    while let Some(word) = words.next()? {
        if !matches!(word.class, Class::Zero | Class::Unit) {
            return None;
        }
        *digits.get_mut(len)? = b'0' + word.add as u8;
        len += 1;
        mantissa = mantissa.saturating_mul(10).saturating_add(u64::from(word.add));
    }
    if len == 0 {
        return None;
    }
    let value = match POWERS_OF_TEN.get(len) {
        // Both are exact doubles, so that the quotient is the nearest one.
        Some(power) if mantissa <= 1 << 53 => mantissa as f64 / power,
        _ => nearest_double(integer, &digits[..len])?,
    };
    Some(signed(value, negative))
}

/// `integer.digits` as the nearest double, by way of its decimal text.
#[cold]
fn nearest_double(integer: u64, digits: &[u8]) -> Option<f64> {
    let mut buffer = [b'0'; 20 + 1 + MAX_DECIMALS];
    let mut rest = integer;
    for place in buffer[..20].iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    buffer[20] = b'.';
    buffer[21..21 + digits.len()].copy_from_slice(digits);
    std::str::from_utf8(&buffer[..21 + digits.len()]).ok()?.parse().ok()
}

fn signed(value: f64, negative: bool) -> f64 {
    if negative && value != 0.0 { -value } else { value }
}

/// The words of a text that begins and ends with a word.
struct Words<'a> {
    text: &'a [u8],
    at: usize,
}

impl Words<'_> {
    /// The next word, `Some(None)` behind the last one, and `None` where neither a word nor a separator stands.
    #[inline(always)]
    fn next(&mut self) -> Option<Option<&'static Word>> {
        if self.at >= self.text.len() {
            return Some(None);
        }
        let lower = load_eight(self.text, self.at) | LOWER_CASE;
        let others = !letters(lower) & HIGH_BITS;
        let first_other = others & others.wrapping_neg();
        let word = lower & (first_other >> 7).wrapping_sub(1);
        let mut end = self.at + others.trailing_zeros() as usize / 8;
        if word == SEVENTEEN {
            if !matches!(self.text.get(end), Some(b'n' | b'N')) {
                return None;
            }
            end += 1;
        }
        self.at = end;
        if end < self.text.len() {
            self.skip_separators()?;
        }
        Some(Some(look_up(word)))
    }

    /// Moves to the next word; at least one separator and a word behind it are asked for.
    #[inline]
    fn skip_separators(&mut self) -> Option<()> {
        if !is_separator(self.text[self.at]) {
            return None;
        }
        self.at += 1;
        while is_separator(*self.text.get(self.at)?) {
            self.at += 1;
        }
        Some(())
    }
}

#[inline]
fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b',' | b'\t'..=b'\r')
}

/// The high bit of every byte that is `a` to `z`.
#[inline]
fn letters(word: u64) -> u64 {
    let low = word & !HIGH_BITS;
    let from_a = low + (0x80 - 0x61) * ONES;
    let behind_z = low + (0x80 - 0x7B) * ONES;
    from_a & !behind_z & !word & HIGH_BITS
}
