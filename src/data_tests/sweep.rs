//! All standard tests of a table in one scan: what they ask of its columns is counted for all of them when the first of
//! them runs. A relationship takes what was found in its two tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow::datatypes::DataType;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::sync::OnceCell;

use super::digest::{BYTES_PER_VALUE, Digest, add_column};
use super::shape::{Asked, ColumnOf, asked};
use crate::manifest::{Node, NodeId, TestKind};
use crate::materialize::{Compiled, Compiler, Workspace};
use crate::warehouse::{RelationName, WarehouseError};

/// The scans that the tests of a run share.
#[derive(Default)]
pub struct Sweeps {
    /// The tests of the run.
    tests: Vec<NodeId>,
    /// What they ask for, by what stands behind `from`.
    wanted: OnceLock<HashMap<String, Wanted>>,
    swept: Mutex<HashMap<String, Arc<OnceCell<Option<Swept>>>>>,
}

/// What all tests want to know of a table.
#[derive(Default)]
struct Wanted {
    /// By column: whether its values are looked at, and not its nulls alone.
    columns: HashMap<String, bool>,
    /// Where the table is one of the warehouse's, and not a filtered one.
    relation: Option<RelationName>,
}

impl Wanted {
    fn add(&mut self, column: &str, values: bool) {
        *self.columns.entry(column.to_string()).or_default() |= values;
    }
}

/// What is known of a table.
#[derive(Default)]
struct Swept {
    nulls: HashMap<String, u64>,
    digests: HashMap<String, Digest>,
}

impl Sweeps {
    pub fn new(tests: Vec<NodeId>) -> Self {
        Sweeps { tests, ..Sweeps::default() }
    }

    /// The number of failures of a standard test; `None` where SQL has to find it: the test is another one, its table
    /// does not fit into memory, or cannot be read.
    pub async fn failures(&self, workspace: &Workspace, node: &Node, compiled: &Compiled) -> Option<u64> {
        let asked = standard(node, compiled)?;
        let wanted = self.wanted.get_or_init(|| self.collect(workspace));
        let sweep = async |of: &ColumnOf| {
            let columns = wanted.get(&of.source)?;
            let cell = Arc::clone(self.lock().entry(of.source.clone()).or_default());
            cell.get_or_init(|| scan(workspace, &of.source, columns)).await;
            Some(cell)
        };
        match asked {
            Asked::NotNull(of) => sweep(&of).await?.get()?.as_ref()?.nulls.get(&of.column).copied(),
            Asked::Unique(of) => Some(sweep(&of).await?.get()?.as_ref()?.digests.get(&of.column)?.repeated()),
            Asked::Relationship { child, parent } => {
                let (children, parents) = (sweep(&child).await?, sweep(&parent).await?);
                let child = children.get()?.as_ref()?.digests.get(&child.column)?;
                child.missing_in(parents.get()?.as_ref()?.digests.get(&parent.column)?)
            }
        }
    }

    /// What the tests of the run ask for. One that cannot be compiled says so when its turn comes.
    fn collect(&self, workspace: &Workspace) -> HashMap<String, Wanted> {
        let mut wanted: HashMap<String, Wanted> = HashMap::new();
        let nodes = self.tests.iter().filter_map(|id| workspace.manifest.node(id)).filter(|node| is_standard(node));
        for node in nodes {
            let Ok(compiled) = Compiler::new(workspace).compile(node, false) else { continue };
            match standard(node, &compiled) {
                Some(Asked::NotNull(of)) => {
                    let table = wanted.entry(of.source.clone()).or_default();
                    table.add(&of.column, false);
                    table.relation = tested(workspace, node).filter(|relation| relation.quoted() == of.source);
                }
                Some(Asked::Unique(of)) => wanted.entry(of.source).or_default().add(&of.column, true),
                Some(Asked::Relationship { child, parent }) => {
                    wanted.entry(child.source).or_default().add(&child.column, true);
                    wanted.entry(parent.source).or_default().add(&parent.column, true);
                }
                None => {}
            }
        }
        wanted
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<OnceCell<Option<Swept>>>>> {
        self.swept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The relation that a test stands on.
pub fn tested(workspace: &Workspace, node: &Node) -> Option<RelationName> {
    let tested = node.test.as_ref()?.attached_to.as_ref()?;
    workspace.manifest.nodes.get(tested)?.relation.clone()
}

/// Whether a test may be one of the standard ones; compiling another may run queries of its own.
fn is_standard(node: &Node) -> bool {
    let kind = node.test.as_ref().map(|test| &test.kind);
    matches!(kind, Some(TestKind::Generic { name, package: None, .. })
        if matches!(name.as_str(), "not_null" | "unique" | "relationships"))
}

/// What a test asks for, where nothing but the number of its failing rows is wanted.
fn standard(node: &Node, compiled: &Compiled) -> Option<Asked> {
    let config = &node.config;
    let counted = config.fail_calc == "count(*)" && config.limit.is_none() && config.store_failures != Some(true);
    let Some(TestKind::Generic { kwargs, .. }) = node.test.as_ref().map(|test| &test.kind) else { return None };
    let column = kwargs.get("column_name")?.as_str()?;
    if counted { asked(&compiled.sql, column) } else { None }
}

async fn scan(workspace: &Workspace, source: &str, wanted: &Wanted) -> Option<Swept> {
    let mut swept = Swept::default();
    if let Some(relation) = &wanted.relation {
        swept.nulls = known_nulls(workspace, relation, wanted).await;
    }
    let open = wanted.columns.iter().filter(|(name, values)| **values || !swept.nulls.contains_key(*name));
    let mut open: Vec<(&str, bool)> = open.map(|(name, values)| (name.as_str(), *values)).collect();
    open.sort_unstable();
    if !open.is_empty() {
        // A test that fails this way runs as SQL, whose error says where.
        read(workspace, source, &open, &mut swept)
            .await
            .inspect_err(|error| tracing::debug!("{source}: {error}"))
            .ok()?;
    }
    Some(swept)
}

/// The numbers of nulls that the warehouse knows without reading.
async fn known_nulls(workspace: &Workspace, relation: &RelationName, wanted: &Wanted) -> HashMap<String, u64> {
    let mut known = HashMap::new();
    let is_table =
        workspace.relations.describe(relation).is_some_and(|d| d.kind == crate::warehouse::RelationKind::Table);
    let Some(table) = (if is_table { workspace.relations.scan(relation).await.ok() } else { None }) else {
        return known;
    };
    let (schema, Some(statistics)) = (table.schema(), table.statistics()) else { return known };
    for name in wanted.columns.keys() {
        // As SQL reads a name that is not quoted.
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let column = schema.index_of(name).ok().filter(|_| plain);
        let nulls = column.and_then(|index| statistics.column_statistics.get(index)).map(|column| column.null_count);
        if let Some(datafusion::common::stats::Precision::Exact(nulls)) = nulls {
            known.insert(name.clone(), nulls as u64);
        }
    }
    known
}

/// What one partition of the scan came to, by column.
struct Part {
    nulls: Vec<u64>,
    hashes: Vec<Vec<u128>>,
    memory: Vec<MemoryReservation>,
}

async fn read(
    workspace: &Workspace,
    source: &str,
    columns: &[(&str, bool)],
    swept: &mut Swept,
) -> Result<(), WarehouseError> {
    let list: Vec<String> = columns.iter().enumerate().map(|(i, (name, _))| format!("{name} as \"c{i}\"")).collect();
    let frame = workspace.session.query(&format!("select {} from {source}", list.join(", "))).await?;
    let types: Vec<DataType> = frame.schema().fields().iter().map(|field| field.data_type().clone()).collect();
    let values: Arc<[bool]> = columns.iter().map(|(_, values)| *values).collect();
    let pool = Arc::clone(&workspace.session.context().runtime_env().memory_pool);
    let streams = workspace.session.partitions(frame).await?;
    let parts = streams.into_iter().map(|stream| {
        let memory = values.iter().map(|_| MemoryConsumer::new("data tests").register(&pool)).collect();
        tokio::spawn(count(stream, Arc::clone(&values), memory))
    });
    let parts: Vec<Part> = futures::future::try_join_all(parts).await?.into_iter().collect::<Result<_, _>>()?;
    let digests = tokio::task::spawn_blocking(move || together(parts, &values, types)).await?;
    for ((name, _), (nulls, digest)) in columns.iter().zip(digests) {
        swept.nulls.insert((*name).to_string(), nulls);
        swept.digests.extend(digest.map(|digest| ((*name).to_string(), digest)));
    }
    Ok(())
}

async fn count(
    mut stream: SendableRecordBatchStream,
    values: Arc<[bool]>,
    memory: Vec<MemoryReservation>,
) -> Result<Part, WarehouseError> {
    let mut part = Part { nulls: vec![0; values.len()], hashes: vec![Vec::new(); values.len()], memory };
    while let Some(batch) = stream.next().await.transpose()? {
        for (index, values) in values.iter().enumerate() {
            part.nulls[index] += if *values {
                part.memory[index].try_grow(batch.num_rows() * BYTES_PER_VALUE)?;
                add_column(&batch, index, &mut part.hashes[index])?
            } else {
                batch.column(index).logical_null_count() as u64
            };
        }
    }
    Ok(part)
}

/// The columns of all parts.
fn together(parts: Vec<Part>, values: &[bool], types: Vec<DataType>) -> Vec<(u64, Option<Digest>)> {
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return Vec::new() };
    for mut part in parts {
        for index in 0..values.len() {
            all.nulls[index] += part.nulls[index];
            all.hashes[index].append(&mut part.hashes[index]);
            let bytes = part.memory[index].free();
            all.memory[index].grow(bytes);
        }
    }
    let columns = all.nulls.into_iter().zip(all.hashes).zip(all.memory).zip(values.iter().zip(types));
    let digest = |hashes, data_type, memory| Digest::new(hashes, data_type, memory);
    columns
        .map(|(((nulls, hashes), memory), (values, data_type))| {
            (nulls, values.then(|| digest(hashes, data_type, memory)))
        })
        .collect()
}
