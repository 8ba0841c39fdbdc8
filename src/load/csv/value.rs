//! Text to typed values, in the forms Postgres takes. All but text is trimmed of blanks first.

const MICROSECONDS: i64 = 1_000_000;

/// A number in decimal or scientific notation, `NaN` or `Infinity`; none too large or too small for a float8.
pub(super) fn float8(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let value: f64 = text.parse().ok()?;
    let digit_before_exponent =
        || text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| matches!(byte, b'1'..=b'9'));
    let overflow = value.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit());
    let underflow = value == 0.0 && digit_before_exponent();
    (!overflow && !underflow).then_some(value)
}

/// A plain decimal number, for which every reader of numbers gives the same answer: digits, perhaps a minus sign before
/// them and a point among them, few enough to be exact.
#[inline]
pub(super) fn plain_number(text: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let (negative, digits) = match text.split_first()? {
        (b'-', digits) => (true, digits),
        _ => (false, text),
    };
    let last = digits.last()?;
    if digits.len() > 16 || !digits[0].is_ascii_digit() || !last.is_ascii_digit() {
        return None;
    }
    let (mut number, mut decimals, mut point) = (0u64, 0, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' => {
                number = number * 10 + u64::from(byte - b'0');
                decimals += usize::from(point);
            }
            b'.' if !point => point = true,
            _ => return None,
        }
    }
    // Both are exact in a float8 (15 digits, powers up to 22), so the division rounds once, as reading does.
    let digits = digits.len() - usize::from(point);
    let value = (digits <= 15).then(|| number as f64 / POWERS[decimals])?;
    Some(if negative { -value } else { value })
}

/// A whole number in decimal notation.
pub(super) fn integer<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Postgres' words for true and false, and their unique beginnings, in any case.
pub(super) fn boolean(text: &[u8]) -> Option<bool> {
    let starts = |word: &str, at_least: usize| {
        text.len() >= at_least
            && word.as_bytes().get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text))
    };
    if starts("true", 1) || starts("yes", 1) || starts("on", 2) || text == b"1" {
        Some(true)
    } else if starts("false", 1) || starts("no", 1) || starts("off", 2) || text == b"0" {
        Some(false)
    } else {
        None
    }
}

/// `YYYY-MM-DD`, as days since 1970-01-01.
pub(super) fn date(text: &[u8]) -> Option<i32> {
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *text else { return None };
    let year = digits(&[y0, y1, y2, y3])?;
    let (month, day) = (digits(&[m0, m1])?, digits(&[d0, d1])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (year >= 1 && (1..=days).contains(&day)).then(|| days_since_1970(year, month, day))
}

/// The days from 1970-01-01 to a day of the Gregorian calendar, by counting years from March, so that the leap day comes
/// last and the months before it have lengths that follow one line.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days_to_year = 365 * year + year / 4 - year / 100 + year / 400;
    let days_to_month = (153 * month + 2) / 5;
    days_to_year + days_to_month + day - 1 - 719_468
}

/// `YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]]]`, as microseconds since 1970-01-01 00:00. Further decimals are rounded.
pub(super) fn timestamp(text: &[u8]) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let day = i64::from(date(day)?) * 86_400 * MICROSECONDS;
    let time = match rest.split_first() {
        None => return Some(day),
        Some((b' ' | b'T', time)) => time,
        Some(_) => return None,
    };
    let (clock, decimals) = match time.iter().position(|byte| *byte == b'.') {
        Some(point) => (&time[..point], Some(&time[point + 1..])),
        None => (time, None),
    };
    let (hour, minute, second) = match *clock {
        [h0, h1, b':', m0, m1] if decimals.is_none() => (digits(&[h0, h1])?, digits(&[m0, m1])?, 0),
        [h0, h1, b':', m0, m1, b':', s0, s1] => (digits(&[h0, h1])?, digits(&[m0, m1])?, digits(&[s0, s1])?),
        _ => return None,
    };
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let within = hour < 24 && minute < 60 && second < 60;
    within.then_some(day + seconds * MICROSECONDS + fraction(decimals.unwrap_or(b"0"))?)
}

/// The decimals of a second, as microseconds.
fn fraction(decimals: &[u8]) -> Option<i64> {
    if decimals.is_empty() || !decimals.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digit = |at: usize| decimals.get(at).map_or(0, |digit| i64::from(digit - b'0'));
    let microseconds = (0..6).fold(0, |sum, at| sum * 10 + digit(at));
    Some(microseconds + i64::from(digit(6) >= 5))
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i32::from(byte - b'0')))
}
