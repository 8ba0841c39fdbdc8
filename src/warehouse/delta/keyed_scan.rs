//! A scan that passes over rows whose keys nobody asks for. Which keys are asked for may be known only while the plan runs, when a
//! join has read its other side. As with statistics, rows too many may come back: the filter itself looks at each once more.

use std::any::Any;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, ParquetSource};
use datafusion::datasource::source::{DataSource, OpenArgs};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::expressions::lit;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{
    EquivalenceProperties, LexOrdering, PhysicalExpr, PhysicalSortExpr, conjunction, split_conjunction,
};
use datafusion::physical_plan::execution_plan::SchedulingType;
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayFormatType, Partitioning, SortOrderPushdownResult};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::path::Path;
use roaring::RoaringTreemap;
use tokio::sync::OnceCell;

use super::asked_keys::{Asked, asked, is_dynamic, is_false, may_ask};
use super::files::{DataFile, file_path};
use super::key_index::KeyIndex;
use super::key_search::{Hashed, KeySearch, MANY_ROWS};
use super::scan::only;
use crate::warehouse::WarehouseError;
use crate::warehouse::types::conform;

/// Of fewer rows a key is looked for by reading them.
const ROWS_OF_A_KEY: u64 = 8;

/// By path, how many rows a file has, and which of them may have one of the keys. A file that is not here is read whole.
type Found = HashMap<Path, (u64, RoaringTreemap)>;

/// What a scan knows of its table beside what it reads.
#[derive(Debug)]
pub struct Keyed {
    pub search: KeySearch,
    pub schema: SchemaRef,
    pub files: Arc<Vec<DataFile>>,
}

impl Keyed {
    /// Whether there is enough to be passed over.
    pub fn is_worth_it(&self) -> bool {
        self.many().next().is_some()
    }

    /// The files in which keys are looked for.
    fn many(&self) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(|file| file.live_rows() >= MANY_ROWS)
    }

    fn path(&self, file: &DataFile) -> Path {
        file_path(&self.search.lake, &self.search.dir, file)
    }

    async fn find(&self, asked: &[Asked]) -> std::result::Result<Found, WarehouseError> {
        let mut found = Found::new();
        for Asked { column, keys } in asked {
            let hashed = Hashed::keys(&self.schema, &[*column])?;
            // Values that the column cannot have are compared by whoever asks for them.
            let Ok(index) = index(&hashed, keys).map(Arc::new) else { continue };
            let looks = self.many().cloned().map(|file| {
                let (search, hashed, index) = (self.search.clone(), hashed.clone(), Arc::clone(&index));
                tokio::spawn(async move {
                    let rows = search.find_most(&file, &hashed, &index).await?;
                    Ok::<_, WarehouseError>(rows.map(|rows| (file, rows)))
                })
            });
            for looked in futures::future::try_join_all(looks).await? {
                let Some((file, rows)) = looked? else { continue };
                match found.entry(self.path(&file)) {
                    Entry::Occupied(mut others) => others.get_mut().1 &= rows,
                    Entry::Vacant(none) => drop(none.insert((file.rows, rows))),
                }
            }
        }
        Ok(found)
    }
}

fn index(hashed: &Hashed, keys: &ArrayRef) -> std::result::Result<KeyIndex, WarehouseError> {
    let schema = hashed.schema();
    let keys = RecordBatch::try_from_iter([(schema.field(0).name(), Arc::clone(keys))])?;
    Ok(KeyIndex::of(&[&hashed.of(&conform(&keys, schema)?)?], false))
}

/// The files of a table, and what of them is read.
#[derive(Debug, Clone)]
pub struct KeyedScan {
    config: FileScanConfig,
    keyed: Arc<Keyed>,
}

/// What the partitions of a scan share while it runs.
struct Shared {
    /// The scan of fewer rows, once it is known which.
    narrowed: OnceCell<Arc<FileScanConfig>>,
    files: Option<Arc<dyn Any + Send + Sync>>,
}

impl KeyedScan {
    pub fn new(config: FileScanConfig, keyed: Keyed) -> Self {
        KeyedScan { config, keyed: Arc::new(keyed) }
    }

    fn again(&self, config: &Arc<dyn DataSource>) -> Option<Arc<dyn DataSource>> {
        let config = config.downcast_ref::<FileScanConfig>()?.clone();
        Some(Arc::new(KeyedScan { config, keyed: Arc::clone(&self.keyed) }))
    }

    async fn narrowed(&self, filter: Arc<dyn PhysicalExpr>) -> Result<Arc<FileScanConfig>> {
        let mut config = self.config.clone();
        if is_false(&filter) {
            config.file_groups = config.file_groups.iter().map(|_| FileGroup::default()).collect();
            return Ok(Arc::new(config));
        }
        let rows: u64 = self.keyed.files.iter().map(DataFile::live_rows).sum();
        let mut asked = asked(&filter)?;
        asked.retain(|asked| asked.keys.len() as u64 * ROWS_OF_A_KEY <= rows);
        let found = self.keyed.find(&asked).await?;
        config.file_groups = config.file_groups.iter().map(|group| narrowed_group(group, &found)).collect();
        if self.keyed.many().all(|file| found.contains_key(&self.keyed.path(file))) {
            leave_out_dynamic(&mut config, &filter);
        }
        Ok(Arc::new(config))
    }
}

fn narrowed_group(group: &FileGroup, found: &Found) -> FileGroup {
    let files = group.iter().filter_map(|file| match found.get(&file.object_meta.location) {
        Some((_, rows)) if rows.is_empty() => None,
        Some((all, rows)) => Some(file.clone().with_extension(only(*all, rows))),
        None => Some(file.clone()),
    });
    files.collect()
}

/// The rows of nearly all other keys are passed over by now: to read a column and look at each of them once more, where the
/// join does so anyway, would be in vain.
fn leave_out_dynamic(config: &mut FileScanConfig, filter: &Arc<dyn PhysicalExpr>) {
    let Some(source) = config.file_source().downcast_ref::<ParquetSource>() else { return };
    let others: Vec<_> = split_conjunction(filter).into_iter().filter(|part| !is_dynamic(part)).cloned().collect();
    let source = match others.is_empty() {
        true => source.with_predicate(lit(true)).with_pushdown_filters(false),
        false => source.with_predicate(conjunction(others)),
    };
    config.file_source = Arc::new(source);
}

impl DataSource for KeyedScan {
    fn open(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.open_with_args(OpenArgs::new(partition, context))
    }

    fn create_sibling_state(&self, config: &ConfigOptions) -> Option<Arc<dyn Any + Send + Sync>> {
        Some(Arc::new(Shared { narrowed: OnceCell::new(), files: self.config.create_sibling_state(config) }))
    }

    fn open_with_args(&self, args: OpenArgs) -> Result<SendableRecordBatchStream> {
        let OpenArgs { partition, context, sibling_state } = args;
        let shared = sibling_state.and_then(|state| state.downcast::<Shared>().ok());
        let of_files = OpenArgs::new(partition, Arc::clone(&context));
        let filter = self.config.file_source().filter().filter(may_ask);
        let (Some(filter), Some(shared)) = (filter, shared.clone()) else {
            return self.config.open_with_args(of_files.with_shared_state(shared.and_then(|all| all.files.clone())));
        };
        let scan = self.clone();
        let schema = self.config.projected_schema()?;
        // Not before the rows are asked for: by then a join has read its other side.
        let rows = stream::once(async move {
            let narrowed = shared.narrowed.get_or_try_init(|| scan.narrowed(filter)).await?;
            narrowed.open_with_args(of_files)
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, rows.try_flatten().boxed())))
    }

    fn fmt_as(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.config.fmt_as(format, f)
    }

    fn repartitioned(
        &self,
        partitions: usize,
        least_bytes: usize,
        ordering: Option<LexOrdering>,
    ) -> Result<Option<Arc<dyn DataSource>>> {
        let again = self.config.repartitioned(partitions, least_bytes, ordering)?;
        Ok(again.and_then(|config| self.again(&config)))
    }

    fn output_partitioning(&self) -> Partitioning {
        self.config.output_partitioning()
    }

    fn eq_properties(&self) -> EquivalenceProperties {
        self.config.eq_properties()
    }

    fn scheduling_type(&self) -> SchedulingType {
        self.config.scheduling_type()
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        self.config.partition_statistics(partition)
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn DataSource>> {
        self.config.with_fetch(limit).and_then(|config| self.again(&config))
    }

    fn fetch(&self) -> Option<usize> {
        self.config.fetch()
    }

    fn metrics(&self) -> ExecutionPlanMetricsSet {
        self.config.metrics()
    }

    fn try_swapping_with_projection(&self, projection: &ProjectionExprs) -> Result<Option<Arc<dyn DataSource>>> {
        let again = self.config.try_swapping_with_projection(projection)?;
        Ok(again.and_then(|config| self.again(&config)))
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn DataSource>>> {
        let FilterPushdownPropagation { filters, updated_node } = self.config.try_pushdown_filters(filters, config)?;
        let updated_node = updated_node.and_then(|config| self.again(&config));
        Ok(FilterPushdownPropagation { filters, updated_node })
    }

    fn try_pushdown_sort(&self, order: &[PhysicalSortExpr]) -> Result<SortOrderPushdownResult<Arc<dyn DataSource>>> {
        self.config.try_pushdown_sort(order)?.try_map(|config| {
            self.again(&config).ok_or_else(|| DataFusionError::Internal("a sorted scan of files is another".into()))
        })
    }

    fn with_preserve_order(&self, preserve: bool) -> Option<Arc<dyn DataSource>> {
        self.config.with_preserve_order(preserve).and_then(|config| self.again(&config))
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.config.apply_expressions(visit)
    }

    fn with_new_state(&self, state: Arc<dyn Any + Send + Sync>) -> Option<Arc<dyn DataSource>> {
        self.config.with_new_state(state).and_then(|config| self.again(&config))
    }
}

#[cfg(test)]
mod tests;
