//! One session: SQL in, record batches out.

use std::sync::{Arc, OnceLock};

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Int64Type};
use chrono::{DateTime, Utc};
use datafusion::config::Dialect;
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream, execute_stream_partitioned};
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use futures::TryStreamExt;

use super::catalog::Databases;
use super::error::with_known_tables;
use super::postgres::{self, plan};
use super::{Engine, Relations, files, subqueries};

/// What unqualified names and `now()` mean.
#[derive(Debug, Clone)]
pub struct SessionOptions {
    pub database: String,
    pub schema: String,
    /// `current_timestamp`, the same for everything a run computes.
    pub instant: DateTime<Utc>,
    /// Up to how many keys a join asks for as a list ([`Capabilities::most_keys`](crate::warehouse::Capabilities)).
    pub most_keys: usize,
}

/// A DataFusion session that reads SQL as Postgres means it.
#[derive(Clone)]
pub struct Session {
    context: SessionContext,
    relations: Arc<dyn Relations>,
}

impl Session {
    pub(super) fn new(engine: &Engine, relations: Arc<dyn Relations>, options: &SessionOptions) -> Result<Self> {
        let cell = Arc::new(OnceLock::new());
        let state = postgres::with_planners(SessionStateBuilder::new())
            .with_config(config(engine, options))
            .with_runtime_env(Arc::clone(&engine.runtime))
            .with_default_features()
            .with_catalog_list(Arc::new(Databases::new(Arc::clone(&relations), Arc::clone(&cell))))
            .build();
        let context = SessionContext::new_with_state(state);
        postgres::register(&context, options.instant)?;
        // A new cell takes its first value.
        let _ = cell.set(context.state_weak_ref());
        Ok(Session { context, relations })
    }

    /// Plans a statement that reads.
    pub async fn plan(&self, sql: &str) -> Result<LogicalPlan> {
        self.plan_in(&self.context.state(), sql).await
    }

    async fn plan_in(&self, state: &SessionState, sql: &str) -> Result<LogicalPlan> {
        plan(state, sql).await.map_err(|error| with_known_tables(error, sql, self.relations.as_ref()))
    }

    /// A statement to run.
    pub async fn query(&self, sql: &str) -> Result<DataFrame> {
        let state = self.context.state();
        let planned = subqueries::resolve(&state, self.plan_in(&state, sql).await?).await?;
        Ok(DataFrame::new(state, planned))
    }

    /// The rows of a statement, in one stream.
    pub async fn stream(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        execute_stream(self.query(sql).await?.create_physical_plan().await?, self.context.task_ctx())
    }

    /// The first row of a statement whose columns are numbers; empty where there is no row.
    pub async fn numbers(&self, sql: &str) -> Result<Vec<Option<i64>>> {
        let batches: Vec<RecordBatch> = self.stream(sql).await?.try_collect().await?;
        let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(Vec::new()) };
        // A number that cannot be read must not count as none.
        let options = CastOptions { safe: false, ..CastOptions::default() };
        let first = |column: &ArrayRef| {
            let column = cast_with_options(column, &DataType::Int64, &options)?;
            Ok(column.as_primitive::<Int64Type>().iter().next().flatten())
        };
        batch.columns().iter().map(first).collect()
    }

    /// The rows of a statement that may name files by path: `select * from 'data/x.csv'`.
    pub async fn stream_with_files(&self, sql: &str) -> Result<SendableRecordBatchStream> {
        let files = files::with_files(&self.context);
        let state = files.state();
        let planned = subqueries::resolve(&state, self.plan_in(&state, sql).await?).await?;
        let frame = DataFrame::new(state, planned);
        execute_stream(frame.create_physical_plan().await?, files.task_ctx())
    }

    /// The rows of a plan, in as many streams as can be computed at once.
    pub async fn partitions(&self, frame: DataFrame) -> Result<Vec<SendableRecordBatchStream>> {
        let plan: Arc<dyn ExecutionPlan> = frame.create_physical_plan().await?;
        execute_stream_partitioned(plan, self.context.task_ctx())
    }

    pub fn context(&self) -> &SessionContext {
        &self.context
    }
}

fn config(engine: &Engine, options: &SessionOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(engine.partitions)
        .with_default_catalog_and_schema(&options.database, &options.schema)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true);
    let settings = config.options_mut();
    settings.sql_parser.dialect = Dialect::PostgreSQL;
    // 1.5 is a numeric in Postgres, not a float8.
    settings.sql_parser.parse_float_as_decimal = true;
    // An error about a column says where it stands.
    settings.sql_parser.collect_spans = true;
    settings.execution.time_zone = Some(postgres::UTC.to_string());
    settings.execution.parquet.pushdown_filters = true;
    // Parting the rows of both sides by their keys costs more than one table of up to so many keys.
    settings.optimizer.hash_join_single_partition_threshold = 32 << 20;
    settings.optimizer.hash_join_single_partition_threshold_rows = 1 << 19;
    if options.most_keys > 0 {
        // Looking up each row in the join's own table is faster, but nothing that leads to rows.
        settings.optimizer.hash_join_inlist_pushdown_max_distinct_values = options.most_keys;
        settings.optimizer.hash_join_inlist_pushdown_max_size = options.most_keys * 256;
    }
    config
}
