//! The project with every name resolved: acyclic and immutable.
//!
//! [`Manifest::load`] reads the project, renders its configuration, finds the refs and sources of every template, and
//! builds the graph. Whatever is wrong is reported at once, each with its place.

mod config;
mod config_read;
mod inline;
mod json;
mod layers;
mod load;
mod lookup;
mod names;
mod node;
mod profile;
mod render;
mod select;
#[cfg(test)]
mod tests;
mod threshold;

use std::collections::HashMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::dag::Dag;
use crate::diagnostic::Diagnostic;
use crate::jinja::Jinja;
use crate::project::{MacroProperties, ProjectOptions, TargetProfile};

pub use crate::relation::RelationName;
pub use config::{Config, Materialization, OnSchemaChange, Severity, Strategy};
pub use load::Exposure;
pub use names::{NodeId, NodeKind};
pub use node::{Column, CsvOptions, LoadColumn, LoadSpec, Node, RefName, SourceName, SourceSpec, TestKind, TestSpec};
pub use profile::outputs_of;
pub use select::{IndirectSelection, Selected, Selection};
pub use threshold::{CompareOp, Threshold};

use load::Index;
use render::Context;

/// A project, ready to be planned.
pub struct Manifest {
    /// The name in `dbt_project.yml`.
    pub project_name: String,
    /// The root project's package, then the installed ones by name.
    pub packages: Vec<String>,
    /// What it was loaded with.
    pub options: ProjectOptions,
    /// Where compiled files and `manifest.json` go, relative to the project directory.
    pub target_path: PathBuf,
    /// Folders that `clean` removes, relative to the project directory.
    pub clean_targets: Vec<PathBuf>,
    pub target: TargetProfile,
    /// Outputs of the same profile in which other databases of the nodes stand: those of sources, as a rule.
    pub elsewhere: Vec<TargetProfile>,
    /// What `var()` answers, by package.
    pub vars: IndexMap<String, Map<String, Value>>,
    /// Enabled sources, seeds, models, snapshots, tests and analyses.
    pub nodes: IndexMap<NodeId, Node>,
    /// Nodes with `enabled: false`, kept for messages and `manifest.json`.
    pub disabled: IndexMap<NodeId, Node>,
    pub on_run_start: Vec<Node>,
    pub on_run_end: Vec<Node>,
    pub exposures: Vec<Exposure>,
    /// Every key of `nodes`, and an edge from each node to those that depend on it.
    pub dag: Dag<NodeId>,
    pub jinja: Jinja,
    pub warnings: Vec<Diagnostic>,
    context: Context,
    index: Index,
    /// By unique id.
    macro_properties: HashMap<String, MacroProperties>,
    docs: Vec<(String, Value)>,
}
