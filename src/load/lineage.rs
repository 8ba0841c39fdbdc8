//! Which states of a table came one from the other by loads alone. The rows in which two of them differ are those that
//! were loaded between: a load adds rows and replaces them, and each row carries the time at which it came.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a load writes down beside its table, see [`state_key::lineage`](crate::warehouse::state_key::lineage).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Of which the table has one row each.
    pub unique_key: Vec<String>,
    /// The oldest first.
    pub states: Vec<LoadedState>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadedState {
    /// As [`Description::version`](crate::warehouse::Description) has it.
    pub version: String,
    /// No row was loaded later.
    pub load_timestamp: DateTime<Utc>,
}

/// Whoever fell behind more loads than these reads the whole table.
const MOST_STATES: usize = 64;

impl Lineage {
    /// Of a table that a load made from nothing, or from what is not known.
    pub fn new(unique_key: Vec<String>) -> Self {
        Lineage { unique_key, states: Vec::new() }
    }

    /// Whether the table's newest state is this one: nobody else has written it since.
    pub fn ends_with(&self, version: &str) -> bool {
        self.states.last().is_some_and(|last| last.version == version)
    }

    pub fn add(&mut self, state: LoadedState) {
        self.states.push(state);
        self.states.drain(..self.states.len().saturating_sub(MOST_STATES));
    }

    /// The states before the newest, the newest of them first.
    pub fn earlier(&self) -> impl Iterator<Item = &LoadedState> {
        self.states.iter().rev().skip(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_states_are_forgotten() {
        let mut lineage = Lineage::new(vec!["id".to_string()]);
        for number in 0..100 {
            lineage.add(LoadedState { version: number.to_string(), load_timestamp: DateTime::UNIX_EPOCH });
        }
        let earlier: Vec<&str> = lineage.earlier().map(|state| state.version.as_str()).collect();
        assert!(lineage.ends_with("99") && !lineage.ends_with("98"));
        assert_eq!((earlier.len(), earlier.first(), earlier.last()), (63, Some(&"98"), Some(&"36")));
    }
}
