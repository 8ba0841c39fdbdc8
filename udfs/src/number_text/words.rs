//! Numbers in words: `minus two hundred thousand and one point five`.

use super::digits::{POWERS_OF_TEN, signed};
use super::grammar::Place;
use super::load_eight;
use super::spans::{self, WINDOW};
use super::vocabulary::{Word, look_up, look_up_nine};

/// The bit that makes a lower-case letter out of an upper-case one.
const LOWER_CASE: u64 = 0x2020_2020_2020_2020;

/// More digits behind `point` than this are no number.
const MAX_DECIMALS: usize = 32;

/// The word form of the grammar; `text` begins and ends with a byte that has the [bit of letters](spans::is_like_letter).
pub(super) fn parse(text: &[u8]) -> Option<f64> {
    let mut number = Number { place: Place::START, negative: false, total: 0, count: 0 };
    let taken = number.take_window(Window::new(text)?)?;
    if taken == text.len() { number.value() } else { number.parse_rest(&text[taken..]) }
}

/// The number read so far.
struct Number {
    place: Place,
    negative: bool,
    /// What was scaled already.
    total: u64,
    /// What a scale may still follow.
    count: u64,
}

impl Number {
    /// What [`parse`] does from the second window on. It is no part of `parse`, so that all that the first one needs there
    /// has a register.
    #[inline(never)]
    fn parse_rest(mut self, mut rest: &[u8]) -> Option<f64> {
        while self.place != Place::FRACTION && !rest.is_empty() {
            let taken = self.take_window(Window::next(rest)?)?;
            rest = &rest[taken..];
        }
        if self.place == Place::FRACTION { self.fraction(rest) } else { self.value() }
    }

    /// Takes the words of a window, up to `point`, and returns how many bytes are behind them.
    #[inline(always)]
    fn take_window(&mut self, mut window: Window<'_>) -> Option<usize> {
        // But for what is rare nothing here branches on the text: a wrong guess would cost as much as a word.
        while !window.is_empty() {
            let word = window.next_word()?;
            self.place = self.place.after(word.steps());
            if self.place.is_special() {
                match self.place {
                    Place::FRACTION => break,
                    Place::MINUS => {
                        self.negative = true;
                        self.place = Place::SIGNED;
                    }
                    Place::COUNTLESS => {
                        self.count = 1;
                        self.place = Place::ARTICLE.after(word.steps());
                    }
                    _ => return None,
                }
            }
            self.total += self.count * word.scale();
            self.count = self.count * word.keep() + word.add();
        }
        Some(window.taken())
    }

    /// The number without a fraction.
    #[inline]
    fn value(&self) -> Option<f64> {
        self.place.is_complete().then(|| signed((self.total + self.count).cast_signed() as f64, self.negative))
    }

    /// The number with what follows `point`: one digit a word.
    fn fraction(&self, mut rest: &[u8]) -> Option<f64> {
        let integer = self.total + self.count;
        let mut mantissa = integer;
        let mut digits = [b'0'; MAX_DECIMALS];
        let mut len = 0;
        while !rest.is_empty() {
            let mut window = Window::next(rest)?;
            while !window.is_empty() {
                let digit = window.next_word()?.digit()?;
                *digits.get_mut(len)? = b'0' + digit;
                len += 1;
                mantissa = mantissa.saturating_mul(10).saturating_add(u64::from(digit));
            }
            rest = &rest[window.taken()..];
        }
        if len == 0 {
            return None;
        }
        let value = match POWERS_OF_TEN.get(len) {
            // Both are exact doubles, so that the quotient is the nearest one.
            Some(power) if mantissa <= 1 << 53 => mantissa as f64 / power,
            _ => nearest_double(integer, &digits[..len])?,
        };
        Some(signed(value, self.negative))
    }
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

/// The words that are not taken yet of the first bytes of a text.
struct Window<'a> {
    text: &'a [u8],
    /// How many bytes the window has.
    len: usize,
    /// The first eight bytes of the text.
    head: u64,
    /// A bit for each place where a word begins.
    starts: u64,
    /// As `starts`, for the places behind the words.
    ends: u64,
}

impl<'a> Window<'a> {
    /// [`Window::new`] where its speed is not worth its size.
    #[inline(never)]
    fn next(text: &'a [u8]) -> Option<Self> {
        Self::new(text)
    }

    /// `None` where something that is neither separator nor letter stands; `text` is not empty.
    #[inline(always)]
    fn new(text: &'a [u8]) -> Option<Self> {
        let mut len = text.len().min(WINDOW);
        let head = load_eight(text, 0);
        let letters = spans::letters(&text[..len], head)?;
        let mut starts = letters & !(letters << 1);
        if text.len() > WINDOW && letters >> (WINDOW - 1) != 0 {
            // A word that may not end here is left to the next window, unless it is longer than any word.
            len = 63 - starts.leading_zeros() as usize;
            if len == 0 {
                return None;
            }
            starts &= !(1 << len);
        }
        Some(Self { text, len, head, starts, ends: !letters & letters << 1 })
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.starts == 0
    }

    /// How many bytes of the text are before the words that are left.
    #[inline]
    fn taken(&self) -> usize {
        self.len.min(self.starts.trailing_zeros() as usize)
    }

    /// The next word; the window is not empty.
    #[inline]
    fn next_word(&mut self) -> Option<Word> {
        let start = self.starts.trailing_zeros() as usize;
        let end = self.ends.trailing_zeros() as usize;
        self.starts &= self.starts.wrapping_sub(1);
        self.ends &= self.ends.wrapping_sub(1);
        // The letters are the last of the eight bytes that end with them.
        let eight = match self.text.get(..end)?.last_chunk() {
            Some(chunk) => u64::from_le_bytes(*chunk),
            None => self.head << (64 - 8 * end),
        };
        let lower = eight | LOWER_CASE;
        let minus_len = start.wrapping_sub(end);
        if minus_len >= 0usize.wrapping_sub(8) {
            // The number of bits that are no letters, modulo 64, which a shift does by itself.
            return look_up(lower.wrapping_shr((minus_len as u32).wrapping_mul(8)));
        }
        let nine = end - start == 9 && matches!(self.text.get(start), Some(b's' | b'S'));
        if nine { look_up_nine(lower) } else { None }
    }
}
