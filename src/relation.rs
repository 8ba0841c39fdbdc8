//! The name of a table or view.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a table or view stands: database, schema and identifier, each as it is, unquoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RelationName {
    pub database: String,
    pub schema: String,
    pub identifier: String,
}

impl RelationName {
    pub fn new(database: impl Into<String>, schema: impl Into<String>, identifier: impl Into<String>) -> Self {
        RelationName { database: database.into(), schema: schema.into(), identifier: identifier.into() }
    }

    /// The name as SQL takes it whatever its characters: `"pro"."gold"."customer_dim"`.
    pub fn quoted(&self) -> String {
        let quote = |part: &str| format!("\"{}\"", part.replace('"', "\"\""));
        format!("{}.{}.{}", quote(&self.database), quote(&self.schema), quote(&self.identifier))
    }

    /// A relation of the same database and schema.
    pub fn sibling(&self, identifier: impl Into<String>) -> Self {
        RelationName { identifier: identifier.into(), ..self.clone() }
    }

    /// The table of the records that a load of this one could not take.
    pub fn rejects(&self) -> Self {
        self.sibling(format!("{}__rejects", self.identifier))
    }
}

/// Ends the name under which a table can be read as it is published.
const PUBLISHED: &str = "$published";

/// Ends the name under which the changed rows of a table can be read.
const CHANGES: &str = "$changes";

impl RelationName {
    /// The rows of this table that a publication changes, while it is being made.
    pub fn changes(&self) -> Self {
        self.sibling(format!("{}{CHANGES}", self.identifier))
    }

    /// The table whose changed rows this name stands for.
    pub fn changes_of(&self) -> Option<Self> {
        self.without(CHANGES)
    }

    /// This table before a publication, while that is being made.
    pub fn published(&self) -> Self {
        self.sibling(format!("{}{PUBLISHED}", self.identifier))
    }

    /// The table that this name stands for as it is published.
    pub fn published_of(&self) -> Option<Self> {
        self.without(PUBLISHED)
    }

    fn without(&self, end: &str) -> Option<Self> {
        let table = self.identifier.strip_suffix(end).filter(|table| !table.is_empty())?;
        Some(self.sibling(table))
    }
}

/// `pro.gold.customer_dim`, for people.
impl fmt::Display for RelationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.database, self.schema, self.identifier)
    }
}
