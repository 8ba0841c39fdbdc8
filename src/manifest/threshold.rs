//! `warn_if` and `error_if`: how many failures a test forgives.

use std::fmt;

/// How the number of failures is compared with the threshold's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl CompareOp {
    /// Longest spellings first, so that `>=` is not read as `>`.
    const SPELLINGS: [(&'static str, CompareOp); 8] = [
        ("!=", CompareOp::NotEqual),
        ("<>", CompareOp::NotEqual),
        (">=", CompareOp::GreaterOrEqual),
        ("<=", CompareOp::LessOrEqual),
        ("==", CompareOp::Equal),
        ("=", CompareOp::Equal),
        (">", CompareOp::Greater),
        ("<", CompareOp::Less),
    ];

    fn as_str(self) -> &'static str {
        match self {
            CompareOp::Equal => "=",
            CompareOp::NotEqual => "!=",
            CompareOp::Greater => ">",
            CompareOp::GreaterOrEqual => ">=",
            CompareOp::Less => "<",
            CompareOp::LessOrEqual => "<=",
        }
    }
}

/// A condition on the number of failures, such as `!= 0`, `>= 5` or `> 20%`.
///
/// A percentage is a share of the tested relation's rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    pub op: CompareOp,
    pub value: f64,
    pub percent: bool,
}

impl Threshold {
    /// dbt's default for both conditions: any failure at all.
    pub const ANY: Threshold = Threshold { op: CompareOp::NotEqual, value: 0.0, percent: false };

    /// Reads a condition; the error is a sentence without a place.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is not a condition on the number of failures: write an operator (=, !=, >, >=, <, <=) and a number or a percentage, like \"> 20\" or \"> 20%\""
            )
        };
        let trimmed = text.trim();
        let (op, rest) = CompareOp::SPELLINGS
            .iter()
            .find_map(|(spelling, op)| Some((*op, trimmed.strip_prefix(spelling)?)))
            .ok_or_else(wrong)?;
        let rest = rest.trim();
        let (number, percent) = match rest.strip_suffix('%') {
            Some(number) => (number.trim_end(), true),
            None => (rest, false),
        };
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let value = number.parse::<f64>().ok().filter(|value| plain && value.is_finite()).ok_or_else(wrong)?;
        Ok(Threshold { op, value, percent })
    }

    /// Whether the condition is true of `failures` failures among `rows` rows.
    ///
    /// A percentage of no rows counts as 0 % when nothing failed, and as 100 % otherwise.
    pub fn holds(&self, failures: u64, rows: u64) -> bool {
        // f64 is exact up to 2^53 failures, far more than a run can count.
        let failures = failures as f64;
        let (left, right) = match (self.percent, rows) {
            (false, _) => (failures, self.value),
            (true, 0) => (if failures > 0.0 { 100.0 } else { 0.0 }, self.value),
            (true, rows) => (failures * 100.0, self.value * rows as f64),
        };
        match self.op {
            CompareOp::Equal => left == right,
            CompareOp::NotEqual => left != right,
            CompareOp::Greater => left > right,
            CompareOp::GreaterOrEqual => left >= right,
            CompareOp::Less => left < right,
            CompareOp::LessOrEqual => left <= right,
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.op.as_str(), self.value, if self.percent { "%" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conditions_hold_or_not() {
        let cases = [
            ("!= 0", 0, 10, false),
            ("!=0", 1, 10, true),
            ("<> 0", 1, 10, true),
            ("> 20", 20, 0, false),
            ("> 20", 21, 0, true),
            (">= 5", 5, 0, true),
            (">5", 5, 0, false),
            ("= 3", 3, 0, true),
            ("== 3", 4, 0, false),
            ("< 3", 2, 0, true),
            ("<= 3", 4, 0, false),
            ("> 20%", 20, 100, false),
            ("> 20%", 21, 100, true),
            ("> 20 %", 200_001, 1_000_000, true),
            (">= 0.5%", 1, 200, true),
            (">= 0.5%", 1, 201, false),
            ("> 20%", 0, 0, false),
            ("> 20%", 1, 0, true),
        ];
        for (text, failures, rows, expected) in cases {
            let threshold = Threshold::parse(text).unwrap();
            assert_eq!(threshold.holds(failures, rows), expected, "{failures} of {rows} {text}");
        }
    }

    #[test]
    fn a_shown_condition_reads_back() {
        for text in ["!= 0", "> 20", ">= 5", "> 20%", "<= 0.5%", "= 1", "< 2"] {
            assert_eq!(Threshold::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Threshold::ANY.to_string(), "!= 0");
    }

    proptest! {
        #[test]
        fn any_text_is_a_condition_that_reads_back_or_an_error(
            text in prop_oneof!["[=!<> ]{0,3}[0-9.]{0,400}[ %]{0,2}", "\\PC{0,20}"],
            failures: u64,
            rows: u64,
        ) {
            match Threshold::parse(&text) {
                Ok(threshold) => {
                    prop_assert_eq!(Threshold::parse(&threshold.to_string()), Ok(threshold));
                    threshold.holds(failures, rows);
                }
                Err(error) => prop_assert!(error.contains("operator")),
            }
        }
    }

    #[test]
    fn what_is_no_condition() {
        for text in
            ["", "20", "> ", "> %", "> twenty", "> 20 rows", "between 1 and 2", "> -1", "> inf", "> 1e5", "> 1.2.3"]
        {
            let error = Threshold::parse(text).unwrap_err();
            assert!(error.contains("operator"), "{text}: {error}");
        }
    }
}
