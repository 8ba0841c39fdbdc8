//! `.dbtignore`: which files of a project are not read.

use super::wildcard;

/// The name of the file, at the top of a project.
pub const IGNORE_FILE: &str = ".dbtignore";

/// Patterns as in `.gitignore`: the last one that fits decides, `!` takes a file back in.
#[derive(Debug, Default)]
pub struct Ignore {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    pattern: String,
    /// Whether the pattern is a path from the top rather than a name at any depth.
    from_top: bool,
    keep: bool,
}

impl Ignore {
    pub fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rule = |line: &str| {
            let (keep, line) = line.strip_prefix('!').map_or((false, line), |line| (true, line));
            let pattern = line.trim_end_matches('/');
            Rule { from_top: pattern.contains('/'), pattern: pattern.trim_start_matches('/').to_string(), keep }
        };
        Ignore { rules: lines.map(rule).collect() }
    }

    /// Whether a file or folder, given as a path from the top with `/`, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        self.rules.iter().rev().find(|rule| rule.fits(path)).is_some_and(|rule| !rule.keep)
    }
}

impl Rule {
    fn fits(&self, path: &str) -> bool {
        if self.from_top {
            return wildcard::fits_path(&self.pattern, path);
        }
        path.rsplit('/').next().is_some_and(|name| wildcard::fits(&self.pattern, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rule_that_fits_decides() {
        let ignore = Ignore::parse("# drafts\n*_draft.sql\nmodels/old/\n!keep_draft.sql\nmodels/*/x.sql\n");
        let cases = [
            ("models/a.sql", false),
            ("models/a_draft.sql", true),
            ("models/deep/keep_draft.sql", false),
            ("models/old", true),
            ("models/older", false),
            ("models/gold/x.sql", true),
            ("models/gold/deep/x.sql", false),
        ];
        for (path, left_out) in cases {
            assert_eq!(ignore.leaves_out(path), left_out, "{path}");
        }
    }
}
