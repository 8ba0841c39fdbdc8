//! Numbers and spans of time in PostgreSQL's notation.

/// `double precision`: the shortest digits that read back as the same number.
pub fn float8(value: f64) -> String {
    if value.is_finite() { laid_out(&format!("{value:e}"), 15) } else { not_finite(value) }
}

/// `real`.
pub fn float4(value: f32) -> String {
    if value.is_finite() { laid_out(&format!("{value:e}"), 6) } else { not_finite(value.into()) }
}

fn not_finite(value: f64) -> String {
    let name = match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    name.to_string()
}

/// `1.25e-7` as PostgreSQL writes it: with an exponent below -4 and from `digits` on, otherwise without.
fn laid_out(scientific: &str, digits: i32) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if exponent < -4 || exponent >= digits {
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{mantissa}e{exponent_sign}{:02}", exponent.abs());
    }
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("{sign}0.{zeros}{all}");
    }
    let point = point as usize;
    if all.len() <= point {
        return format!("{sign}{all:0<point$}");
    }
    format!("{sign}{}.{}", &all[..point], &all[point..])
}

/// `12:00:00.500000000` without the zeros that end the fraction, and without the point where nothing follows it.
pub fn trim_fraction(mut text: String) -> String {
    if text.contains('.') {
        text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
    }
    text
}

/// `1 year 2 mons -3 days +04:05:06`: a part after a negative one has its sign.
pub fn interval(months: i32, days: i64, nanos: i128) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut negative = false;
    for (count, one) in [(i64::from(months / 12), "year"), (i64::from(months % 12), "mon"), (days, "day")] {
        if count != 0 {
            let sign = if negative && count > 0 { "+" } else { "" };
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{sign}{count} {one}{plural}"));
            negative = count < 0;
        }
    }
    if nanos != 0 || parts.is_empty() {
        let sign = if nanos < 0 {
            "-"
        } else if negative {
            "+"
        } else {
            ""
        };
        let (seconds, fraction) = (nanos.abs() / 1_000_000_000, nanos.abs() % 1_000_000_000);
        let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        parts.push(trim_fraction(format!("{sign}{hours:02}:{minutes:02}:{seconds:02}.{fraction:09}")));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn floats_as_postgres_prints_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (100.0, "100"),
            (1234.5678, "1234.5678"),
            (0.1 + 0.2, "0.30000000000000004"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.25e-7, "1.25e-07"),
            (1e14, "100000000000000"),
            (1e15, "1e+15"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (value, text) in cases {
            assert_eq!(float8(value), text);
        }
        assert_eq!(float4(100_000.0), "100000");
        assert_eq!(float4(1e6), "1e+06");
        assert_eq!(float4(0.1), "0.1");
    }

    #[test]
    fn intervals_as_postgres_prints_them() {
        const HOUR: i128 = 3600 * 1_000_000_000;
        assert_eq!(interval(14, 3, 4 * HOUR + 1_500_000_000), "1 year 2 mons 3 days 04:00:01.5");
        assert_eq!(interval(0, 0, 0), "00:00:00");
        assert_eq!(interval(-1, 1, 0), "-1 mons +1 day");
        assert_eq!(interval(0, -1, 2 * HOUR), "-1 days +02:00:00");
        assert_eq!(interval(0, 0, -100 * HOUR), "-100:00:00");
    }

    proptest! {
        #[test]
        fn a_float_reads_back_as_itself(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(float8(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
