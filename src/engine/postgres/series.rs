//! `generate_series` in `FROM`: over dates it gives timestamps with time zone, moments are microseconds, and integers that
//! are written out stay integers.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::{Column, ScalarValue};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{Cast, Expr, LogicalPlanBuilder};

use super::types::UTC;

const NAME: &str = "generate_series";
/// The same over constants that are integers: once they are planned, they are bigints like all others.
pub const OF_INTEGERS: &str = "generate_series_of_integers";

/// Puts itself before DataFusion's function.
pub fn register(context: &SessionContext) {
    if let Ok(inner) = context.table_function(NAME) {
        context.register_udtf(NAME, Arc::new(Series { inner: Arc::clone(inner.function()), of_integers: false }));
        context.register_udtf(OF_INTEGERS, Arc::new(Series { inner: Arc::clone(inner.function()), of_integers: true }));
    }
}

#[derive(Debug)]
struct Series {
    inner: Arc<dyn TableFunctionImpl>,
    of_integers: bool,
}

impl TableFunctionImpl for Series {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let target = match args.exprs().first() {
            Some(Expr::Literal(ScalarValue::Date32(_), _)) => {
                DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into()))
            }
            Some(Expr::Literal(ScalarValue::TimestampMicrosecond(_, zone), _)) => {
                DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
            }
            _ if self.of_integers => DataType::Int32,
            _ => return self.inner.call_with_args(args),
        };
        // DataFusion counts timestamps in nanoseconds only.
        let exprs = args.exprs().iter().map(|expr| match expr {
            Expr::Literal(moment @ ScalarValue::TimestampMicrosecond(_, zone), _) => {
                let nanoseconds = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
                Ok(Expr::Literal(moment.cast_to(&nanoseconds)?, None))
            }
            other => Ok(other.clone()),
        });
        let exprs = exprs.collect::<Result<Vec<_>>>()?;
        let provider = self.inner.call_with_args(TableFunctionArgs::new(&exprs, args.session()))?;
        let scan = LogicalPlanBuilder::scan(NAME, provider_as_source(provider), None)?;
        let columns = scan.schema().columns().into_iter().map(|column| {
            let name = column.name;
            Expr::Cast(Cast::new(Box::new(Expr::Column(Column::new_unqualified(&name))), target.clone())).alias(name)
        });
        let columns: Vec<Expr> = columns.collect();
        Ok(Arc::new(ViewTable::new(scan.project(columns)?.build()?, None)))
    }
}
