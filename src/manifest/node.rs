//! A node of the graph, resolved.

use std::collections::BTreeSet;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Config, NodeId, NodeKind, RelationName};
use crate::diagnostic::Place;
use crate::project::Spot;

/// A source table, seed, model, snapshot, test, analysis or operation.
#[derive(Debug, Clone)]
pub struct Node {
    pub id: NodeId,
    pub name: String,
    pub kind: NodeKind,
    pub package: String,
    /// The file that defines it, relative to the project directory.
    pub path: PathBuf,
    /// dbt's "fully qualified name": package, folders, name.
    pub fqn: Vec<String>,
    pub description: String,
    pub columns: IndexMap<String, Column>,
    pub tags: BTreeSet<String>,
    pub config: Config,
    /// Where it lives in the warehouse. None for what is not stored: ephemeral models, analyses, operations, and
    /// tests that do not store their failures.
    pub relation: Option<RelationName>,
    /// The template text; empty for sources and seeds.
    pub raw_code: String,
    /// Refs and sources, resolved, without duplicates, in the order of the calls.
    pub depends_on: Vec<NodeId>,
    pub refs: Vec<RefName>,
    pub sources: Vec<SourceName>,
    /// Macros the template calls, as `macro.<package>.<name>` where known.
    pub macros: Vec<String>,
    /// Of tests only.
    pub test: Option<TestSpec>,
    /// Of sources only.
    pub source: Option<SourceSpec>,
    /// Of sources with a file behind them only.
    pub load: Option<LoadSpec>,
    /// The property file that describes it, if any.
    pub patch_path: Option<PathBuf>,
    /// Where it is defined.
    pub spot: Spot,
}

impl Node {
    /// Where it is defined, for a diagnostic.
    pub fn place(&self) -> Place {
        self.spot.place()
    }
}

/// A column as described in a property file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Column {
    pub name: String,
    pub description: String,
    pub data_type: Option<String>,
    pub meta: Map<String, Value>,
    pub tags: Vec<String>,
    pub quote: Option<bool>,
}

/// `ref('package', 'name', version=…)` as called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefName {
    pub package: Option<String>,
    pub name: String,
    pub version: Option<String>,
}

/// `source('source', 'table')` as called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName {
    pub source: String,
    pub table: String,
}

/// What a source says beyond what every node says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SourceSpec {
    /// The first name in `source('…', '…')`; the node's own name is the second.
    pub source_name: String,
    pub source_description: String,
    pub loader: String,
    pub loaded_at_field: Option<String>,
    pub freshness: Value,
    pub external: Value,
}

/// What a data test checks.
#[derive(Debug, Clone)]
pub struct TestSpec {
    pub kind: TestKind,
    /// The model, seed, snapshot or source whose property file carries the test; None for a singular test.
    pub attached_to: Option<NodeId>,
    pub column: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TestKind {
    /// A test macro with arguments.
    Generic {
        /// `not_null`, `unique`, `relationships`, `accepted_values`, or the name of a `{% test %}` macro.
        name: String,
        /// The package before the dot of `dbt_utils.expression_is_true`.
        package: Option<String>,
        /// The arguments as written, `column_name` among them; strings are templates still.
        kwargs: Map<String, Value>,
    },
    /// A SQL file that selects the bad rows.
    Singular,
}

/// How a source table is read from a file.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadSpec {
    /// A path or glob, rendered, relative to the project directory.
    pub path: String,
    /// The columns whose values identify a record; empty: no key, each load replaces the table.
    pub unique_key: Vec<String>,
    pub csv: CsvOptions,
    /// None: every column of the header, as text.
    pub columns: Option<Vec<LoadColumn>>,
    pub spot: Spot,
}

/// How the text of a CSV file is cut into values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    pub delimiter: char,
    pub quote: Option<char>,
    pub header: bool,
    /// Unquoted texts that mean NULL.
    pub null_strings: Vec<String>,
    /// Whether columns of the file that `columns` does not name are left out rather than an error.
    pub ignore_unknown: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            delimiter: ',',
            quote: Some('"'),
            header: true,
            null_strings: vec![String::new()],
            ignore_unknown: false,
        }
    }
}

/// A column of a loaded table.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadColumn {
    pub name: String,
    /// The file's column it is read from; None: the one of its own name.
    pub from: Option<String>,
    /// A Postgres type name; `text` unless said otherwise.
    pub data_type: String,
    /// How the text becomes a value; `number_words` is the one known way.
    pub clean: Option<String>,
    pub spot: Spot,
}
