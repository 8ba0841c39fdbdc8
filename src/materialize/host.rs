//! What a template can ask while it is compiled: names of relations, and rows.

use std::future::Future;
use std::sync::Mutex;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::TryStreamExt;
use medallion_udfs::ANY_NUMERIC;
use serde_json::Value;

use super::{Prior, Workspace};
use crate::diagnostic::Diagnostic;
use crate::jinja::{Host, QueryTable, Relation};
use crate::manifest::{Materialization, Node, NodeId};
use crate::warehouse::{RelationKind, RelationName};

/// Waits for a future inside a synchronous call. Only on a worker of the multi-threaded runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

/// Answers for one node.
pub struct NodeHost<'a> {
    pub workspace: &'a Workspace,
    pub node: &'a Node,
    pub incremental: bool,
    /// Ephemeral models that were named: they become common table expressions.
    pub ephemeral: Mutex<Vec<NodeId>>,
}

/// The name under which an ephemeral model stands in the SQL that reads it.
pub fn cte_name(node: &Node) -> String {
    format!("__dbt__cte__{}", node.name)
}

impl NodeHost<'_> {
    fn relation_of(&self, node: &Node) -> Result<Relation, Diagnostic> {
        if node.config.materialized == Materialization::Ephemeral {
            let mut named = self.ephemeral.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !named.contains(&node.id) {
                named.push(node.id.clone());
            }
            return Ok(Relation { database: None, schema: None, identifier: cte_name(node) });
        }
        match &node.relation {
            Some(relation) => Ok(to_jinja(relation)),
            None => Err(Diagnostic::new(format!("{} has no relation that could be read", node.id))),
        }
    }
}

pub fn to_jinja(name: &RelationName) -> Relation {
    Relation {
        database: Some(name.database.clone()),
        schema: Some(name.schema.clone()),
        identifier: name.identifier.clone(),
    }
}

fn from_jinja(workspace: &Workspace, relation: &Relation) -> RelationName {
    let target = &workspace.manifest.target;
    RelationName::new(
        relation.database.as_deref().unwrap_or(&target.database),
        relation.schema.as_deref().unwrap_or(&target.schema),
        &relation.identifier,
    )
}

impl Host for NodeHost<'_> {
    fn reference(&self, package: Option<&str>, name: &str, _: Option<&str>) -> Result<Relation, Diagnostic> {
        self.relation_of(self.workspace.manifest.resolve_ref(package, name, &self.node.package)?)
    }

    fn source(&self, source: &str, table: &str) -> Result<Relation, Diagnostic> {
        self.relation_of(self.workspace.manifest.resolve_source(source, table, &self.node.package)?)
    }

    fn this(&self) -> Option<Relation> {
        self.node.relation.as_ref().map(to_jinja)
    }

    fn is_incremental(&self) -> bool {
        self.incremental
    }

    fn run_query(&self, sql: &str) -> Result<QueryTable, String> {
        // What a template makes of the rows has to hold whatever the node has seen.
        let sql = Prior::default().resolve(self.workspace, sql);
        let batches: Vec<RecordBatch> =
            block_on(async { self.workspace.session.stream(&sql).await?.try_collect().await })
                .map_err(|error| error.strip_backtrace())?;
        query_table(&batches).map_err(|error| error.to_string())
    }

    fn changed_rows(&self, relation: &Relation) -> Relation {
        let name = from_jinja(self.workspace, relation);
        let described = self.workspace.publication.describe(&name);
        let stands_for_itself = relation.database.is_none();
        match described {
            Some(table) if table.kind == RelationKind::Table && !stands_for_itself => to_jinja(&name.changes()),
            _ => relation.clone(),
        }
    }

    fn columns_in_relation(&self, relation: &Relation) -> Result<Vec<(String, String)>, String> {
        let name = from_jinja(self.workspace, relation);
        if self.workspace.relations.describe(&name).is_none() {
            return Ok(Vec::new());
        }
        let plan = block_on(self.workspace.session.plan(&format!("select * from {}", name.quoted())));
        let plan = plan.map_err(|error| error.strip_backtrace())?;
        let fields = plan.schema().fields().iter();
        Ok(fields.map(|field| (field.name().clone(), postgres_type(field.data_type()))).collect())
    }

    fn get_relation(&self, database: Option<&str>, schema: Option<&str>, identifier: &str) -> Option<Relation> {
        let target = &self.workspace.manifest.target;
        let name =
            RelationName::new(database.unwrap_or(&target.database), schema.unwrap_or(&target.schema), identifier);
        self.workspace.relations.describe(&name).map(|_| to_jinja(&name))
    }

    fn relation_kind(&self, relation: &Relation) -> Option<String> {
        let description = self.workspace.relations.describe(&from_jinja(self.workspace, relation))?;
        Some(if description.kind == RelationKind::Table { "table" } else { "view" }.to_string())
    }
}

fn query_table(batches: &[RecordBatch]) -> Result<QueryTable, arrow::error::ArrowError> {
    let mut table = QueryTable::default();
    for batch in batches {
        table.columns = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let start = table.rows.len();
        table.rows.resize(start + batch.num_rows(), Vec::with_capacity(batch.num_columns()));
        for column in batch.columns() {
            let options = FormatOptions::default();
            let printed = ArrayFormatter::try_new(column, &options)?;
            for row in 0..batch.num_rows() {
                let value = if column.is_null(row) {
                    Value::Null
                } else {
                    json_value(column.data_type(), printed.value(row).to_string())
                };
                table.rows[start + row].push(value);
            }
        }
    }
    Ok(table)
}

/// Numbers and booleans as such, everything else as text.
fn json_value(data_type: &DataType, text: String) -> Value {
    if data_type.is_numeric() || *data_type == DataType::Boolean {
        serde_json::from_str(&text).unwrap_or(Value::String(text))
    } else {
        Value::String(text)
    }
}

/// The name Postgres has for a column's type.
pub fn postgres_type(data_type: &DataType) -> String {
    match data_type {
        DataType::Boolean => "boolean".to_string(),
        DataType::Int8 | DataType::Int16 => "smallint".to_string(),
        DataType::Int32 => "integer".to_string(),
        DataType::Int64 => "bigint".to_string(),
        DataType::Float32 => "real".to_string(),
        DataType::Float64 => "double precision".to_string(),
        any if any == &ANY_NUMERIC => "numeric".to_string(),
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            format!("numeric({precision},{scale})")
        }
        DataType::Date32 => "date".to_string(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_string(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_string(),
        DataType::Binary | DataType::BinaryView => "bytea".to_string(),
        DataType::List(item) => format!("{}[]", postgres_type(item.data_type())),
        _ => "text".to_string(),
    }
}
