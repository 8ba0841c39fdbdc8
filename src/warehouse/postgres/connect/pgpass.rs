//! libpq's password file: lines of `host:port:database:user:password`, `*` for any.

use std::path::Path;

use super::{Password, Settings};

/// The password of the first line that fits. A file that does not read has none.
pub fn password(file: &Path, settings: &Settings) -> Option<Password> {
    let text = std::fs::read_to_string(file).ok()?;
    let port = settings.port.to_string();
    let host = if settings.is_socket() { "localhost" } else { &settings.host };
    let wanted = [host, &port, &settings.database, &settings.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let parts = parts(line);
        let (password, rest) = parts.split_last()?;
        let fits =
            rest.len() == wanted.len() && rest.iter().zip(wanted).all(|(part, want)| part == "*" || part == want);
        (fits && !password.is_empty()).then(|| Password::new(password))
    })
}

/// Split at colons; a backslash takes the next character as it is.
fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => parts.push(String::new()),
            '\\' => parts.last_mut().map(|part| part.extend(characters.next())).unwrap_or_default(),
            other => parts.last_mut().map(|part| part.push(other)).unwrap_or_default(),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colon_in_a_password_is_escaped() {
        assert_eq!(parts(r"*:5432:a\\b:ann:p\:w"), ["*", "5432", r"a\b", "ann", "p:w"]);
    }
}
