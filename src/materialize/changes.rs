//! What a node has not seen yet of the tables it reads: `changed_rows(ref('…'))`.
//!
//! It compiles to a name of its own ([`RelationName::changes`]), the same in every run, so that a node whose inputs stay
//! has the SQL that it had. What it stands for is decided when the SQL runs: the rows that this publication changes, if
//! the node's published result was made from the published table, else all rows.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{Compiled, Workspace};
use crate::engine::{parse, relations_of};
use crate::warehouse::RelationName;

/// What is known of the published result of a node that runs again.
#[derive(Debug, Clone, Default)]
pub struct Prior {
    /// The tables that are published as they were when the result was made from them.
    pub seen: HashSet<RelationName>,
    /// Of a test.
    pub failures: Option<u64>,
    /// Of a test: how many rows there were to look at, where they were counted.
    pub tested_rows: Option<u64>,
    /// Of a table: what else than this would have changed nothing.
    pub since: Option<LoadedSince>,
}

/// The rows of a table that were loaded after a node had read it. All others are as the node saw them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedSince {
    pub table: RelationName,
    /// Of which the table has one row each, and keeps each that it has.
    pub unique_key: Vec<String>,
    /// The column with the time at which a row was loaded.
    pub column: &'static str,
    pub after: DateTime<Utc>,
}

impl Prior {
    /// The SQL in which tables are read whole whose changes alone would not do.
    pub fn resolve<'a>(&self, workspace: &Workspace, sql: &'a str) -> Cow<'a, str> {
        let mut resolved = Cow::Borrowed(sql);
        for name in changes_in(workspace, sql) {
            let table = name.changes_of().filter(|table| !self.seen.contains(table));
            if let Some(table) = table {
                resolved = Cow::Owned(resolved.replace(&name.quoted(), &table.quoted()));
            }
        }
        resolved
    }

    pub(super) fn resolve_all(&self, workspace: &Workspace, compiled: &Compiled) -> Compiled {
        Compiled { sql: self.resolve(workspace, &compiled.sql).into_owned(), ..compiled.clone() }
    }
}

/// The names that stand for changed rows.
fn changes_in(workspace: &Workspace, sql: &str) -> Vec<RelationName> {
    // Most SQL has none, and need not be parsed for that.
    if !sql.contains("$changes") {
        return Vec::new();
    }
    let target = &workspace.manifest.target;
    let names = parse(sql).ok().and_then(|sql| relations_of(&sql, &target.database, &target.schema).ok());
    names.unwrap_or_default().into_iter().filter(|name| name.changes_of().is_some()).collect()
}
