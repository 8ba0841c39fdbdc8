//! Shell-style patterns: `*`, `?` and `[…]`.

/// Whether all of `text` fits `pattern`, as in Python's `fnmatch`: `*` takes any characters, a `/` or dot too.
pub fn fits(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut read) = (0, 0);
    // Where to go on from when what follows the last star turns out not to fit.
    let mut retry = None;
    while read < text.len() {
        let step = match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, read));
                at += 1;
                continue;
            }
            Some(_) => one(&pattern[at..], text[read]),
            None => None,
        };
        match (step, &mut retry) {
            (Some(length), _) => {
                at += length;
                read += 1;
            }
            (None, Some((after, from))) => {
                *from += 1;
                (at, read) = (*after, *from);
            }
            (None, None) => return false,
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// Whether a path fits a pattern part by part: `*` stays within a folder, a part `**` takes any number of folders.
pub fn fits_path(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    // fitting[n]: the parts of the pattern so far take exactly the first n parts of the path.
    let mut fitting = vec![false; path.len() + 1];
    fitting[0] = true;
    for part in pattern {
        let mut next = vec![false; path.len() + 1];
        for taken in 0..=path.len() {
            next[taken] = match part {
                "**" => fitting[..=taken].contains(&true),
                _ => taken > 0 && fitting[taken - 1] && fits(part, path[taken - 1]),
            };
        }
        fitting = next;
    }
    fitting[path.len()]
}

/// Whether a text has a character that [`fits`] takes as a pattern.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// How many characters of the pattern took `character`; None when it does not fit.
fn one(pattern: &[char], character: char) -> Option<usize> {
    match pattern[0] {
        '?' => Some(1),
        '[' => match set(pattern) {
            Some((length, members, negated)) => (contains(members, character) != negated).then_some(length),
            None => (character == '[').then_some(1),
        },
        literal => (literal == character).then_some(1),
    }
}

/// The members of the set `[…]` that `pattern` starts with, its length, and whether it is negated.
fn set(pattern: &[char]) -> Option<(usize, &[char], bool)> {
    let negated = pattern.get(1) == Some(&'!');
    let start = if negated { 2 } else { 1 };
    // A bracket right at the start is a member.
    let length = pattern.iter().skip(start + 1).position(|&end| end == ']')? + 1;
    Some((start + length + 1, &pattern[start..start + length], negated))
}

fn contains(members: &[char], character: char) -> bool {
    let mut rest = members;
    while let Some((&first, after)) = rest.split_first() {
        match after {
            ['-', last, ..] => {
                if (first..=*last).contains(&character) {
                    return true;
                }
                rest = &after[2..];
            }
            _ => {
                if first == character {
                    return true;
                }
                rest = after;
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_and_texts() {
        let cases = [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*a*b*", "xxaxxbxx", true),
            ("models/*.sql", "models/gold/a.sql", true),
            ("?.sql", "a.sql", true),
            ("?.sql", ".sql", false),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[a-c]x", "cx", true),
            ("[a-c]x", "dx", false),
            ("[]]", "]", true),
            ("[", "[", true),
            ("[a", "[a", true),
            ("é?", "éü", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn paths_part_by_part() {
        let cases = [
            ("models/*.sql", "models/a.sql", true),
            ("models/*.sql", "models/gold/a.sql", false),
            ("models/**/*.sql", "models/gold/a.sql", true),
            ("models/**/*.sql", "models/a.sql", true),
            ("**", "a/b/c", true),
            ("*/b/**", "a/b", true),
            ("models", "models/a.sql", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(fits_path(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!fits(&"*a".repeat(50), &"a".repeat(10_000).replace("aaaaaaaaaa", "bbbbbbbbbb")));
    }
}
