//! What SQL has its own syntax for, planned with this crate's functions.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion_common::{Result, ScalarValue};
use datafusion_expr::expr::ScalarFunction;
use datafusion_expr::planner::{ExprPlanner, PlannerResult};
use datafusion_expr::{Cast, Expr, ScalarUDF};

use crate::text::is_text;
use crate::{DatePart, SubstringPattern};

/// Plans `extract(unit FROM value)` and `substring(text FROM 'pattern')`. It has to stand before DataFusion's own
/// planners: of several the first one that can plan an expression does.
#[derive(Debug)]
pub struct PostgresPlanner {
    extract: Arc<ScalarUDF>,
    substring_pattern: Arc<ScalarUDF>,
}

impl Default for PostgresPlanner {
    fn default() -> Self {
        Self {
            extract: Arc::new(ScalarUDF::from(DatePart::extract())),
            substring_pattern: Arc::new(ScalarUDF::from(SubstringPattern::default())),
        }
    }
}

impl ExprPlanner for PostgresPlanner {
    fn plan_extract(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        Ok(call(&self.extract, args))
    }

    fn plan_substring(&self, args: Vec<Expr>) -> Result<PlannerResult<Vec<Expr>>> {
        match args.as_slice() {
            [_, pattern] if is_text_constant(pattern) => Ok(call(&self.substring_pattern, args)),
            _ => Ok(PlannerResult::Original(args)),
        }
    }
}

fn call(function: &Arc<ScalarUDF>, args: Vec<Expr>) -> PlannerResult<Vec<Expr>> {
    PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(function), args)))
}

/// Whether an expression, whose columns have no types yet, is a text for certain.
fn is_text_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Utf8(_) | ScalarValue::LargeUtf8(_) | ScalarValue::Utf8View(_), _) => true,
        Expr::Cast(Cast { field, .. }) => is_text(field.data_type()) || field.data_type() == &DataType::Utf8,
        _ => false,
    }
}
