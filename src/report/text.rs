//! Text with colours that are decided late.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Green,
    Yellow,
    Red,
}

impl Colour {
    fn start(self) -> &'static str {
        match self {
            Colour::Green => "\x1b[32m",
            Colour::Yellow => "\x1b[33m",
            Colour::Red => "\x1b[31m",
        }
    }
}

const RESET: &str = "\x1b[0m";

/// Pieces of text, each with a colour or none. A log file and a pipe get it plain.
#[derive(Debug, Clone, Default)]
pub struct Text(Vec<(Option<Colour>, String)>);

impl Text {
    pub fn plain(text: impl Into<String>) -> Self {
        Text(vec![(None, text.into())])
    }

    pub fn painted(colour: Colour, text: impl Into<String>) -> Self {
        Text(vec![(Some(colour), text.into())])
    }

    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push((None, text.into()));
        self
    }

    pub fn then_painted(mut self, colour: Colour, text: impl Into<String>) -> Self {
        self.0.push((Some(colour), text.into()));
        self
    }

    /// The same pieces with `change` made to the text of each.
    pub fn map(self, change: impl Fn(&str) -> String) -> Self {
        Text(self.0.into_iter().map(|(colour, text)| (colour, change(&text))).collect())
    }

    pub fn render(&self, colored: bool) -> String {
        let mut rendered = String::new();
        for (colour, text) in &self.0 {
            match colour.filter(|_| colored && !text.is_empty()) {
                Some(colour) => rendered.extend([colour.start(), text, RESET]),
                None => rendered.push_str(text),
            }
        }
        rendered
    }
}

/// `3 models`, `1 model`: `many` is the plural.
pub fn counted(count: usize, many: &str) -> String {
    match many.strip_suffix('s') {
        Some(_) if count == 1 && many.ends_with("yses") => format!("1 {}is", &many[..many.len() - 2]),
        Some(one) if count == 1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    }
}

/// `1234567` as `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_only_where_they_are_wanted() {
        let text = Text::plain("a [").then_painted(Colour::Green, "OK").then("]").then_painted(Colour::Red, "");
        assert_eq!(text.render(false), "a [OK]");
        assert_eq!(text.render(true), "a [\x1b[32mOK\x1b[0m]");
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(counted(1, "models"), "1 model");
        assert_eq!(counted(0, "models"), "0 models");
        assert_eq!(counted(1, "analyses"), "1 analysis");
        assert_eq!(counted(2, "data tests"), "2 data tests");
    }

    #[test]
    fn thousands_are_grouped_from_the_right() {
        let grouped: Vec<String> = [0, 999, 1000, 1_234_567].into_iter().map(thousands).collect();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
