//! The step of a physical plan that reads from the server.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::SchemaRef;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics};
use datafusion::execution::TaskContext;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::filter_pushdown::{ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, SendableRecordBatchStream,
};
use futures::{StreamExt, stream};

use super::copy::copy_out;
use super::narrow::{self, Narrowed, is_dynamic};
use super::quote;
use super::reader::Reader;
use super::wire::PgColumn;
use crate::relation::RelationName;

/// What is read of a relation, in ranges of its rows.
#[derive(Clone)]
pub struct Request {
    pub reader: Arc<Reader>,
    pub table: RelationName,
    pub columns: Vec<PgColumn>,
    /// By column: whether an index starts with it.
    pub indexed: Vec<bool>,
    pub conditions: Vec<String>,
    pub limit: Option<usize>,
    /// Conditions, each for a connection of its own; a single empty one stands for all rows.
    pub ranges: Vec<String>,
}

impl Request {
    /// `select "id" from "gold"."customer_dim" where …`
    fn query<'q>(&'q self, more: impl Iterator<Item = &'q str>) -> String {
        let names = quote::identifiers(self.columns.iter().map(|column| column.name.as_str()));
        let conditions: Vec<&str> = self.conditions.iter().map(String::as_str).chain(more).collect();
        let condition =
            if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
        let limit = self.limit.map(|limit| format!(" limit {limit}")).unwrap_or_default();
        format!("select {names} from {}{condition}{limit}", quote::relation(&self.table))
    }

    /// The query of a range, narrowed to some keys or not. One that goes through an index finds the rows of all ranges:
    /// the first one asks for them.
    fn of_range(&self, range: usize, narrowed: Option<&Narrowed>) -> Option<String> {
        let keys = narrowed.map(|narrowed| narrowed.condition.as_str());
        if narrowed.is_some_and(|narrowed| narrowed.by_index) {
            return (range == 0).then(|| self.query(keys.into_iter()));
        }
        let range = self.ranges.get(range).map(String::as_str).filter(|range| !range.is_empty());
        Some(self.query(keys.into_iter().chain(range)))
    }
}

/// Copies each range over a connection of its own, and only the rows that a join on top has the keys of.
pub struct CopyExec {
    request: Arc<Request>,
    /// Known when the rows are asked for.
    filters: Vec<Arc<dyn PhysicalExpr>>,
    /// What they said when the first range was asked for. All ranges have to go by the same.
    narrowed: Arc<OnceLock<Option<Narrowed>>>,
    schema: SchemaRef,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
}

impl CopyExec {
    pub fn new(request: Request, schema: SchemaRef, statistics: Statistics) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(request.ranges.len()),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        CopyExec {
            request: Arc::new(request),
            filters: Vec::new(),
            narrowed: Arc::default(),
            schema,
            statistics: Arc::new(statistics),
            properties: Arc::new(properties),
        }
    }

    fn with_filters(&self, filters: Vec<Arc<dyn PhysicalExpr>>) -> Self {
        CopyExec {
            request: Arc::clone(&self.request),
            filters,
            narrowed: Arc::default(),
            schema: Arc::clone(&self.schema),
            statistics: Arc::clone(&self.statistics),
            properties: Arc::clone(&self.properties),
        }
    }
}

impl fmt::Debug for CopyExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_as(DisplayFormatType::Default, f)
    }
}

/// `CopyExec: select "id" from "gold"."customer_dim"`, for EXPLAIN.
impl DisplayAs for CopyExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranges = 0..self.request.ranges.len();
        let queries: Vec<String> = ranges.filter_map(|range| self.request.of_range(range, None)).collect();
        write!(f, "CopyExec: {}", queries.join("; "))?;
        if !self.filters.is_empty() {
            let filters: Vec<String> = self.filters.iter().map(|filter| filter.to_string()).collect();
            write!(f, ", narrowed by {}", filters.join(" and "))?;
        }
        Ok(())
    }
}

impl ExecutionPlan for CopyExec {
    fn name(&self) -> &'static str {
        "CopyExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        visit: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        for filter in &self.filters {
            if visit(filter)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, _: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let (request, filters, narrowed) =
            (Arc::clone(&self.request), self.filters.clone(), Arc::clone(&self.narrowed));
        // Not before the rows are asked for: by then a join has read its other side.
        let batches = stream::once(async move {
            let known = || narrow::narrowed(&filters, &request.columns, &request.indexed).unwrap_or_default();
            let Some(query) = request.of_range(partition, narrowed.get_or_init(known).as_ref()) else {
                return stream::empty().boxed();
            };
            copy_out(Arc::clone(&request.reader), request.table.clone(), query, request.columns.clone()).boxed()
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches.flatten())))
    }

    /// Takes note of filters that change while the plan runs; those that do not were known to the scan.
    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        pushed: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let dynamic = pushed.parent_filters.iter().map(|pushed| &pushed.filter).filter(|filter| is_dynamic(filter));
        let filters: Vec<_> = self.filters.iter().chain(dynamic).cloned().collect();
        let count = filters.len();
        // A limit counts the rows before the filter.
        let narrowed = (count > self.filters.len() && self.request.limit.is_none())
            .then(|| Arc::new(self.with_filters(filters)) as Arc<dyn ExecutionPlan>);
        Ok(FilterPushdownPropagation { updated_node: narrowed, ..FilterPushdownPropagation::all_unsupported(pushed) })
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(self.with_filters(self.filters.clone())))
    }

    fn partition_statistics(&self, partition: Option<usize>) -> Result<Arc<Statistics>> {
        Ok(match partition {
            None => Arc::clone(&self.statistics),
            Some(_) => Arc::new(Statistics::new_unknown(&self.schema)),
        })
    }
}
