//! What a relation has beside its rows, in the warehouses that know of such things.

use std::collections::BTreeMap;

/// As a model's configuration asks for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RelationSettings {
    /// Of tables.
    pub indexes: Vec<Index>,
    /// Columns by which other models tell what is gone from the table. No index that anyone asked for.
    pub looked_up: Vec<String>,
    /// Privilege → those who shall have it, and nobody else.
    pub grants: BTreeMap<String, Vec<String>>,
    /// The description of the relation and of columns, where they are to be kept as comments.
    pub comment: Option<String>,
    pub column_comments: Vec<(String, String)>,
    /// SQL to run before the relation is changed, and after it.
    pub pre_hooks: Vec<String>,
    pub post_hooks: Vec<String>,
}

/// An index of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    pub columns: Vec<String>,
    pub unique: bool,
    /// `btree`, `hash`, `gin`, …; none: the warehouse's default.
    pub method: Option<String>,
    /// Nobody asked for it: a table without its columns goes without it.
    pub optional: bool,
}
