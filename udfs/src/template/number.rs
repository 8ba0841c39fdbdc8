//! Number patterns, as `to_char` takes them: `FM999,990.00`, `S9999`, `9.99EEEE`.

use datafusion_common::{Result, exec_err};

/// A parsed number pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct NumberTemplate {
    pub(super) nodes: Vec<NumberNode>,
    pub(super) layout: Layout,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberNode {
    Key(NumberKey),
    Literal(char),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NumberKey {
    Comma,
    /// `.` or `D`
    Point,
    Zero,
    Nine,
    Blank,
    Exponent,
    Fill,
    Group,
    Currency,
    Minus,
    Plus,
    Bracket,
    /// The flag is for upper case.
    Roman(bool),
    SignHere,
    Spelled,
    Sign,
    /// The flag is for upper case.
    Ordinal(bool),
    Shift,
}

/// Where an `S` puts the sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Anchor {
    #[default]
    Nowhere,
    Before,
    Behind,
}

/// What the pattern as a whole asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Layout {
    /// Digits before and behind the decimal point.
    pub(super) before: usize,
    pub(super) behind: usize,
    /// Digits behind `V`.
    pub(super) shift: usize,
    /// Position of the first `0` before the point, and the last `0` anywhere, from 1; 0 without one.
    pub(super) zero_start: usize,
    pub(super) zero_end: usize,
    pub(super) anchor: Anchor,
    /// Digits before the `S`.
    anchor_digits: usize,
    pub(super) zero: bool,
    blank: bool,
    pub(super) point: bool,
    pub(super) fill: bool,
    pub(super) bracket: bool,
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) roman: bool,
    has_shift: bool,
    pub(super) exponent: bool,
}

const KEYWORDS: &[(&str, NumberKey)] = &[
    (",", NumberKey::Comma),
    (".", NumberKey::Point),
    ("0", NumberKey::Zero),
    ("9", NumberKey::Nine),
    ("B", NumberKey::Blank),
    ("D", NumberKey::Point),
    ("EEEE", NumberKey::Exponent),
    ("FM", NumberKey::Fill),
    ("G", NumberKey::Group),
    ("L", NumberKey::Currency),
    ("MI", NumberKey::Minus),
    ("PL", NumberKey::Plus),
    ("PR", NumberKey::Bracket),
    ("RN", NumberKey::Roman(true)),
    ("SG", NumberKey::SignHere),
    ("SP", NumberKey::Spelled),
    ("S", NumberKey::Sign),
    ("TH", NumberKey::Ordinal(true)),
    ("V", NumberKey::Shift),
    ("b", NumberKey::Blank),
    ("d", NumberKey::Point),
    ("eeee", NumberKey::Exponent),
    ("fm", NumberKey::Fill),
    ("g", NumberKey::Group),
    ("l", NumberKey::Currency),
    ("mi", NumberKey::Minus),
    ("pl", NumberKey::Plus),
    ("pr", NumberKey::Bracket),
    ("rn", NumberKey::Roman(false)),
    ("sg", NumberKey::SignHere),
    ("sp", NumberKey::Spelled),
    ("s", NumberKey::Sign),
    ("th", NumberKey::Ordinal(false)),
    ("v", NumberKey::Shift),
];

impl NumberTemplate {
    /// Takes a pattern apart; an error for keywords that do not go together.
    pub(crate) fn parse(pattern: &str) -> Result<Self> {
        let mut template = Self::default();
        let mut rest = pattern;
        while let Some(first) = rest.chars().next() {
            if let Some((name, key)) = KEYWORDS.iter().find(|(name, _)| rest.starts_with(name)) {
                template.layout.take(*key)?;
                template.nodes.push(NumberNode::Key(*key));
                rest = &rest[name.len()..];
            } else if first == '"' {
                rest = quoted(&rest[1..], &mut template.nodes);
            } else if let Some(behind) = rest.strip_prefix("\\\"") {
                template.nodes.push(NumberNode::Literal('"'));
                rest = behind;
            } else {
                template.nodes.push(NumberNode::Literal(first));
                rest = &rest[first.len_utf8()..];
            }
        }
        let layout = &mut template.layout;
        if !(layout.plus || layout.minus) && layout.anchor == Anchor::Before && layout.before == layout.anchor_digits {
            layout.anchor = Anchor::Behind;
        }
        Ok(template)
    }
}

/// Takes the characters up to the closing quote and returns what is behind it.
fn quoted<'a>(text: &'a str, nodes: &mut Vec<NumberNode>) -> &'a str {
    let mut chars = text.chars();
    while let Some(character) = chars.next() {
        match character {
            '"' => break,
            '\\' => nodes.push(NumberNode::Literal(chars.next().unwrap_or('\\'))),
            _ => nodes.push(NumberNode::Literal(character)),
        }
    }
    chars.as_str()
}

impl Layout {
    fn take(&mut self, key: NumberKey) -> Result<()> {
        if self.exponent && key != NumberKey::Exponent {
            return exec_err!("\"EEEE\" must be the last pattern used");
        }
        match key {
            NumberKey::Nine | NumberKey::Zero => return self.take_digit(key == NumberKey::Zero),
            NumberKey::Blank => self.blank |= self.before == 0 && self.behind == 0 && !self.zero,
            NumberKey::Point => {
                if self.point {
                    return exec_err!("multiple decimal points");
                }
                if self.has_shift {
                    return exec_err!("cannot use \"V\" and decimal point together");
                }
                self.point = true;
            }
            NumberKey::Fill => self.fill = true,
            NumberKey::Sign => return self.take_sign(),
            NumberKey::Minus | NumberKey::Plus | NumberKey::SignHere => {
                if self.anchor != Anchor::Nowhere {
                    let name = ["MI", "PL", "SG"]
                        [usize::from(key == NumberKey::Plus) + 2 * usize::from(key == NumberKey::SignHere)];
                    return exec_err!("cannot use \"S\" and \"{name}\" together");
                }
                self.minus |= key != NumberKey::Plus;
                self.plus |= key != NumberKey::Minus;
            }
            NumberKey::Bracket => {
                if self.anchor != Anchor::Nowhere || self.plus || self.minus {
                    return exec_err!("cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together");
                }
                self.bracket = true;
            }
            NumberKey::Roman(_) => self.roman = true,
            NumberKey::Shift => {
                if self.point {
                    return exec_err!("cannot use \"V\" and decimal point together");
                }
                self.has_shift = true;
            }
            NumberKey::Exponent => return self.take_exponent(),
            NumberKey::Comma | NumberKey::Group | NumberKey::Currency | NumberKey::Spelled | NumberKey::Ordinal(_) => {}
        }
        Ok(())
    }

    fn take_digit(&mut self, zero: bool) -> Result<()> {
        if self.bracket {
            return exec_err!("\"{}\" must be ahead of \"PR\"", if zero { '0' } else { '9' });
        }
        if !zero && self.has_shift {
            self.shift += 1;
            return Ok(());
        }
        if zero && !self.zero && !self.point {
            self.zero = true;
            self.zero_start = self.before + 1;
        }
        if self.point {
            self.behind += 1;
        } else {
            self.before += 1;
        }
        if zero {
            self.zero_end = self.before + self.behind;
        }
        Ok(())
    }

    fn take_sign(&mut self) -> Result<()> {
        if self.anchor != Anchor::Nowhere {
            return exec_err!("cannot use \"S\" twice");
        }
        if self.plus || self.minus || self.bracket {
            return exec_err!("cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together");
        }
        if self.point {
            self.anchor = Anchor::Behind;
        } else {
            self.anchor = Anchor::Before;
            self.anchor_digits = self.before;
        }
        Ok(())
    }

    fn take_exponent(&mut self) -> Result<()> {
        if self.exponent {
            return exec_err!("cannot use \"EEEE\" twice");
        }
        let signed = self.anchor != Anchor::Nowhere || self.bracket || self.minus || self.plus;
        if self.blank || self.fill || signed || self.roman || self.has_shift {
            return exec_err!(
                "\"EEEE\" is incompatible with other formats: \"EEEE\" may only be used together with digit and decimal \
                 point patterns."
            );
        }
        self.exponent = true;
        Ok(())
    }
}
