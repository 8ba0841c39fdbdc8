//! What view, table, incremental and ephemeral mean, in the warehouse's verbs only.

mod changes;
mod compile;
mod extremes;
mod group_keys;
mod host;
mod incremental;
mod maintain;
mod merge_columns;
mod orphans;
mod over;
mod schema_change;
mod settings;
mod table;
mod view;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::physical_plan::SendableRecordBatchStream;

pub use changes::{LoadedSince, Prior};
pub use compile::{Compiled, Compiler};
pub use group_keys::GroupKeys;
pub use host::postgres_type;
pub use orphans::without_row;
pub use over::over;
pub use settings::run_hooks;

use crate::diagnostic::Diagnostic;
use crate::engine::{Relations, Session, diagnose};
pub use crate::jinja::LogLevel;
use crate::manifest::{Manifest, Materialization, Node};
use crate::warehouse::{Capabilities, Publication, RelationName, WarehouseError};

/// What a run works with: the project, the state it reads, and the publication it fills.
#[derive(Clone)]
pub struct Workspace {
    pub manifest: Arc<Manifest>,
    pub publication: Arc<dyn Publication>,
    /// Reads what the publication has staged, and what is published.
    pub session: Session,
    pub relations: Arc<dyn Relations>,
    /// Of the warehouse that is published to.
    pub capabilities: Capabilities,
    pub started_at: DateTime<Utc>,
    pub invocation_id: String,
    /// Takes what templates say by `log`, `print` and `exceptions.warn`.
    pub log: TemplateLog,
}

pub type TemplateLog = Arc<dyn Fn(LogLevel, &str) + Send + Sync>;

/// Looks at the rows of a table that is made anew, on their way to the warehouse.
pub trait Onlooker: Send + Sync {
    /// The same rows.
    fn watch(
        &self,
        workspace: &Workspace,
        relation: &RelationName,
        streams: Vec<SendableRecordBatchStream>,
    ) -> Vec<SendableRecordBatchStream>;
}

/// What came of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// In Postgres' words: `MERGE 100`, `SELECT 11324`, `CREATE VIEW`.
    pub verb: String,
    pub rows: Option<u64>,
}

/// Stages a model.
pub async fn materialize(
    workspace: &Workspace,
    node: &Node,
    relation: &RelationName,
    compiled: &Compiled,
    prior: &Prior,
    onlooker: &dyn Onlooker,
) -> Result<Made, Diagnostic> {
    let compiled = &prior.resolve_all(workspace, compiled);
    workspace.publication.configure(relation, settings::of(workspace, node)?);
    match &node.config.materialized {
        Materialization::View => view::stage(workspace, relation, compiled, onlooker).await,
        Materialization::Table => match maintain::stage(workspace, relation, compiled, prior).await? {
            Some(made) => Ok(made),
            None => table::stage(workspace, relation, compiled, onlooker).await,
        },
        Materialization::Incremental => incremental::stage(workspace, node, relation, compiled, prior, onlooker).await,
        other => Err(Diagnostic::new(format!("{}: materialization '{other}' is not supported yet", node.name))
            .at(node.place())
            .hint("use view, table, incremental or ephemeral")),
    }
}

/// SQL that names what staging the node reads beside its own SQL, if anything.
pub fn also_reads(workspace: &Workspace, node: &Node) -> Result<Option<String>, Diagnostic> {
    match node.config.materialized {
        Materialization::Incremental => orphans::reads(workspace, node),
        _ => Ok(None),
    }
}

/// A name in SQL, whatever it is.
pub fn quoted(name: impl AsRef<str>) -> String {
    format!("\"{}\"", name.as_ref().replace('"', "\"\""))
}

/// A warehouse's error about a compiled statement.
fn failed(compiled: &Compiled) -> impl Fn(WarehouseError) -> Diagnostic + '_ {
    move |error| match &error {
        WarehouseError::Query(query) => diagnose(query, &compiled.path, &compiled.sql),
        _ => error.into(),
    }
}

/// A query engine's error about a compiled statement.
fn invalid(compiled: &Compiled) -> impl Fn(datafusion::error::DataFusionError) -> Diagnostic + '_ {
    move |error| diagnose(&error, &compiled.path, &compiled.sql)
}
