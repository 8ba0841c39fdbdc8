//! All standard tests of a table in one scan: what they ask of its columns is counted for all of them when the first of
//! them runs. A relationship takes what was found in its two tables.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::DataType;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;

use super::beneath::{ViewPlans, is_plain};
use super::changed::is_view;
use super::digest::{Collector, Digest};
use super::found::Found;
use super::grouped::GroupedViews;
use super::joined::is_key;
use super::nulls::known_nulls;
use super::shape::{Asked, ColumnOf, asked};
use super::tap::{Column, Taps};
use super::touched::JoinedViews;
use crate::manifest::{Node, NodeId, TestKind};
use crate::materialize::{Compiled, Compiler, Onlooker, Workspace};
use crate::warehouse::keys::comparable;
use crate::warehouse::{RelationName, WarehouseError};

/// The scans that the tests of a run share.
#[derive(Default)]
pub struct Sweeps {
    /// The tests of the run.
    tests: Vec<NodeId>,
    /// What they ask for, by what stands behind `from`.
    wanted: OnceLock<HashMap<String, Wanted>>,
    swept: Found<String, Swept>,
    views: Views,
    taps: Taps,
}

/// What the tests find out about views.
#[derive(Default)]
pub struct Views {
    pub plans: ViewPlans,
    pub joined: JoinedViews,
    grouped: GroupedViews,
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

/// What came of a test.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    pub failures: u64,
    /// How many rows were looked at, if they were.
    pub rows: Option<u64>,
}

/// What is known of a table.
#[derive(Default)]
struct Swept {
    rows: Option<u64>,
    nulls: HashMap<String, u64>,
    digests: HashMap<String, Digest>,
}

impl Sweeps {
    pub fn new(tests: Vec<NodeId>) -> Self {
        Sweeps { tests, ..Sweeps::default() }
    }

    pub fn views(&self) -> &Views {
        &self.views
    }

    /// What a standard test counts; `None` where SQL has to find it: the test is another one, its table
    /// does not fit into memory, or cannot be read.
    pub async fn failures(&self, workspace: &Workspace, node: &Node, compiled: &Compiled) -> Option<Count> {
        let asked = standard(node, compiled)?;
        let wanted = self.wanted.get_or_init(|| self.collect(workspace));
        if let Some(count) = self.of_groups(workspace, node, &asked, wanted).await {
            return Some(count);
        }
        let sweep = async |of: &ColumnOf| {
            let columns = wanted.get(&of.source)?;
            let cell = self.swept.cell(&of.source);
            cell.get_or_init(|| scan(workspace, self, &of.source, columns)).await;
            Some(cell)
        };
        let count = |swept: &Swept, failures| Count { failures, rows: swept.rows };
        match asked {
            Asked::NotNull(of) => {
                let table = sweep(&of).await?;
                let table = table.get()?.as_ref()?;
                Some(count(table, *table.nulls.get(&of.column)?))
            }
            Asked::Unique(of) => {
                let table = sweep(&of).await?;
                let table = table.get()?.as_ref()?;
                Some(count(table, known(table.digests.get(&of.column)?.repeated())?))
            }
            Asked::Relationship { child, parent } => {
                let (children, parents) = (sweep(&child).await?, sweep(&parent).await?);
                let (children, parents) = (children.get()?.as_ref()?, parents.get()?.as_ref()?);
                let missing = children.digests.get(&child.column)?.missing_in(parents.digests.get(&parent.column)?);
                Some(count(children, known(missing)??))
            }
        }
    }

    /// What a view that groups counts, where that can be told without making the groups.
    async fn of_groups(
        &self,
        workspace: &Workspace,
        node: &Node,
        asked: &Asked,
        wanted: &HashMap<String, Wanted>,
    ) -> Option<Count> {
        let (Asked::NotNull(of) | Asked::Unique(of)) = asked else { return None };
        let view = tested(workspace, node).filter(|relation| relation.quoted() == of.source)?;
        if !is_view(workspace, &view) {
            return None;
        }
        let plans = &self.views.plans;
        match asked {
            Asked::NotNull(of) => {
                let columns: Vec<&str> = wanted.get(&of.source)?.columns.keys().map(String::as_str).collect();
                self.views.grouped.nulls((workspace, plans), &view, &of.column, &columns).await
            }
            _ => is_key(workspace, plans, &view, &of.column).await?.then_some(Count { failures: 0, rows: None }),
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
}

impl Onlooker for Sweeps {
    fn watch(
        &self,
        workspace: &Workspace,
        relation: &RelationName,
        streams: Vec<SendableRecordBatchStream>,
    ) -> Vec<SendableRecordBatchStream> {
        let wanted = self.wanted.get_or_init(|| self.collect(workspace));
        let source = relation.quoted();
        let (Some(wanted), Some(first)) = (wanted.get(&source), streams.first()) else { return streams };
        let rows = first.schema();
        let Ok(stored) = workspace.publication.storable(relation, &rows) else { return streams };
        let columns = wanted.columns.iter().filter(|(name, values)| **values && is_plain(name));
        let columns: Vec<Column> = columns
            .filter_map(|(name, _)| {
                let index = rows.index_of(name).ok()?;
                let kept = comparable(rows.field(index).data_type(), stored.field_with_name(name).ok()?.data_type());
                kept.then(|| Column { name: name.clone(), index })
            })
            .collect();
        if columns.is_empty() {
            return streams;
        }
        let pool = &workspace.session.context().runtime_env().memory_pool;
        self.taps.tap(&source, &columns, streams, pool)
    }
}

/// What could be read; a test that could not runs as SQL.
fn known<T>(read: std::io::Result<T>) -> Option<T> {
    read.inspect_err(|error| tracing::debug!("data tests: {error}")).ok()
}

/// The relation that a test stands on.
pub fn tested(workspace: &Workspace, node: &Node) -> Option<RelationName> {
    let tested = node.test.as_ref()?.attached_to.as_ref()?;
    workspace.manifest.nodes.get(tested)?.relation.clone()
}

/// Whether a test may be one of the standard ones; compiling another may run queries of its own.
pub fn is_standard(node: &Node) -> bool {
    let kind = node.test.as_ref().map(|test| &test.kind);
    matches!(kind, Some(TestKind::Generic { name, package: None, .. })
        if matches!(name.as_str(), "not_null" | "unique" | "relationships"))
}

/// What a test asks for, where nothing but the number of its failing rows is wanted.
pub fn standard(node: &Node, compiled: &Compiled) -> Option<Asked> {
    let config = &node.config;
    let counted = config.fail_calc == "count(*)" && config.limit.is_none() && config.store_failures != Some(true);
    let Some(TestKind::Generic { kwargs, .. }) = node.test.as_ref().map(|test| &test.kind) else { return None };
    let column = kwargs.get("column_name")?.as_str()?;
    if counted { asked(&compiled.sql, column) } else { None }
}

async fn scan(workspace: &Workspace, sweeps: &Sweeps, source: &str, wanted: &Wanted) -> Option<Swept> {
    let mut swept = Swept::default();
    for (name, nulls, digest) in sweeps.taps.take(source).await {
        swept.nulls.insert(name.clone(), nulls);
        swept.digests.insert(name, digest);
    }
    if let Some(relation) = &wanted.relation {
        // Where values are looked at anyway, the nulls are counted on the way.
        let nulls_alone: Vec<&str> =
            wanted.columns.iter().filter(|(_, values)| !**values).map(|(name, _)| name.as_str()).collect();
        let known = known_nulls(workspace, &sweeps.views.plans, relation, &nulls_alone).await;
        swept.rows = known.rows;
        swept.nulls.extend(known.nulls);
    }
    let is_open = |name: &String, values: bool| {
        if values { !swept.digests.contains_key(name) } else { !swept.nulls.contains_key(name) }
    };
    let open = wanted.columns.iter().filter(|(name, values)| is_open(name, **values));
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

/// What one partition of the scan came to, of one column.
enum Part {
    Nulls(u64),
    Values(Collector),
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
    let pool = Arc::clone(&workspace.session.context().runtime_env().memory_pool);
    let collector = || Part::Values(Collector::new(&pool));
    let streams = workspace.session.partitions(frame).await?;
    let parts = streams.into_iter().map(|stream| {
        let parts = columns.iter().map(|(_, values)| if *values { collector() } else { Part::Nulls(0) });
        tokio::spawn(count(stream, parts.collect()))
    });
    let parts = futures::future::try_join_all(parts).await?.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (rows, parts): (Vec<u64>, Vec<Vec<Part>>) = parts.into_iter().unzip();
    swept.rows = Some(rows.into_iter().sum());
    let counted = tokio::task::spawn_blocking(move || together(parts, types)).await??;
    for ((name, _), (nulls, digest)) in columns.iter().zip(counted) {
        swept.nulls.insert((*name).to_string(), nulls);
        swept.digests.extend(digest.map(|digest| ((*name).to_string(), digest)));
    }
    Ok(())
}

/// Counts also the rows.
async fn count(
    mut stream: SendableRecordBatchStream,
    mut parts: Vec<Part>,
) -> Result<(u64, Vec<Part>), WarehouseError> {
    let mut rows = 0;
    while let Some(batch) = stream.next().await.transpose()? {
        rows += batch.num_rows() as u64;
        for (index, part) in parts.iter_mut().enumerate() {
            match part {
                Part::Nulls(nulls) => *nulls += batch.column(index).logical_null_count() as u64,
                Part::Values(collector) => collector.add(&batch, index)?,
            }
        }
    }
    Ok((rows, parts))
}

/// The columns of all parts.
fn together(parts: Vec<Vec<Part>>, types: Vec<DataType>) -> Result<Vec<(u64, Option<Digest>)>, WarehouseError> {
    let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
    let column = |data_type| {
        let (mut nulls, mut collectors) = (0, Vec::new());
        for part in parts.iter_mut().filter_map(Iterator::next) {
            match part {
                Part::Nulls(count) => nulls += count,
                Part::Values(collector) => collectors.push(collector),
            }
        }
        Ok(match Collector::together(collectors, data_type)? {
            Some((nulls, digest)) => (nulls, Some(digest)),
            None => (nulls, None),
        })
    };
    types.into_iter().map(column).collect()
}
