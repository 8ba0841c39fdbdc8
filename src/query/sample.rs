//! A session over tables in memory for the tests of this module.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use async_trait::async_trait;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;

use super::session::{Session, TableEntry};
use crate::diagnostic::Diagnostic;

pub struct Memory(SessionContext);

impl Memory {
    /// `dim`: two rows with a null, an empty text and one that CSV has to quote.
    pub fn new() -> Self {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 20, 3]));
        let names: ArrayRef = Arc::new(StringArray::from(vec![Some("a, \"b\""), None, Some("")]));
        let prices: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), Some(0.1), None]));
        let batch = RecordBatch::try_from_iter([("id", ids), ("name", names), ("price", prices)]).unwrap();
        let context = SessionContext::new();
        context.register_batch("dim", batch).unwrap();
        Memory(context)
    }
}

#[async_trait]
impl Session for Memory {
    async fn query(&self, sql: &str) -> Result<SendableRecordBatchStream, Diagnostic> {
        let refused = |error: datafusion::error::DataFusionError| Diagnostic::new(error.strip_backtrace());
        self.0.sql(sql).await.map_err(refused)?.execute_stream().await.map_err(refused)
    }

    fn tables(&self) -> Vec<TableEntry> {
        let column = |name: &str, data_type: &str| (name.to_string(), data_type.to_string());
        let columns = vec![column("id", "bigint"), column("name", "text"), column("price", "double precision")];
        vec![TableEntry { name: "lake.gold.dim".to_string(), columns }]
    }
}
