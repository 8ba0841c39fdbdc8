//! Whether staging keeps a column unique, told from how rows were staged.

use super::StageMode;

/// The columns in which each value stays in one row at most, if it was so before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StaysUnique {
    /// No row came.
    #[default]
    All,
    /// This key, by which each row that came took the place of others.
    Key(Vec<String>),
    None,
}

impl StaysUnique {
    /// Once more rows have come.
    pub fn after(self, mode: &StageMode) -> Self {
        match (self, mode) {
            (_, StageMode::Replace { unique_key }) if !unique_key.is_empty() => StaysUnique::Key(unique_key.clone()),
            (StaysUnique::All, StageMode::Merge { unique_key } | StageMode::MergeChanged { unique_key, .. }) => {
                StaysUnique::Key(unique_key.clone())
            }
            (StaysUnique::Key(key), StageMode::Merge { unique_key } | StageMode::MergeChanged { unique_key, .. })
                if key == *unique_key =>
            {
                StaysUnique::Key(key)
            }
            _ => StaysUnique::None,
        }
    }

    pub fn holds_of(&self, column: &str) -> bool {
        match self {
            StaysUnique::All => true,
            StaysUnique::Key(key) => key.as_slice() == [column],
            StaysUnique::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(key: &str) -> StageMode {
        StageMode::Merge { unique_key: vec![key.to_string()] }
    }

    #[test]
    fn a_column_stays_unique_while_rows_are_merged_by_it() {
        let after = |modes: &[StageMode]| modes.iter().fold(StaysUnique::All, StaysUnique::after);
        assert!(after(&[]).holds_of("a"));
        assert!(after(&[merge("a")]).holds_of("a"));
        assert!(!after(&[merge("a")]).holds_of("b"));
        assert!(after(&[merge("a"), merge("a")]).holds_of("a"));
        assert!(!after(&[merge("b"), merge("a")]).holds_of("a"));
        let both = StageMode::Merge { unique_key: vec!["a".to_string(), "b".to_string()] };
        assert!(!after(&[both]).holds_of("a"));
        let changed = StageMode::MergeChanged { unique_key: vec!["a".to_string()], ignoring: Vec::new() };
        assert!(after(&[changed]).holds_of("a"));
    }

    #[test]
    fn other_rows_may_have_the_same_value() {
        let key = vec!["a".to_string()];
        let all = StageMode::Replace { unique_key: Vec::new() };
        for mode in [StageMode::Append, StageMode::DeleteInsert { unique_key: key.clone() }, all] {
            assert!(!StaysUnique::All.after(&mode).holds_of("a"));
            assert!(!StaysUnique::All.after(&mode).after(&merge("a")).holds_of("a"));
            let anew = StageMode::Replace { unique_key: key.clone() };
            assert!(StaysUnique::All.after(&mode).after(&anew).holds_of("a"));
        }
    }
}
