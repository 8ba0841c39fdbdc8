//! The rows of a plan that come one by one from those of one table.

use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};

use super::resolve;
use crate::relation::RelationName;

/// The rows of one table, each for itself.
pub struct Rows<'p> {
    pub scan: &'p TableScan,
    /// By column of the plan: which of the table's it is.
    pub columns: Vec<Option<String>>,
    /// Whether none is left out.
    pub all: bool,
}

impl<'p> Rows<'p> {
    pub fn of(plan: &'p LogicalPlan) -> Option<Self> {
        match plan {
            LogicalPlan::TableScan(scan) if scan.fetch.is_none() => {
                let names = scan.projected_schema.fields().iter().map(|field| Some(field.name().clone()));
                Some(Rows { scan, columns: names.collect(), all: scan.filters.is_empty() })
            }
            LogicalPlan::SubqueryAlias(alias) => Rows::of(&alias.input),
            LogicalPlan::Filter(filter) => Some(Rows { all: false, ..Rows::of(&filter.input)? }),
            LogicalPlan::Projection(projection) => {
                let below = Rows::of(&projection.input)?;
                let columns = projection.expr.iter().map(|expr| column_of(expr, &projection.input, &below.columns));
                Some(Rows { columns: columns.collect(), ..below })
            }
            _ => None,
        }
    }

    /// The table's name, unqualified ones being of this database and schema.
    pub fn table(&self, database: &str, schema: &str) -> RelationName {
        resolve(self.scan.table_name.clone(), database, schema)
    }
}

/// Which of the table's columns an expression is, `stored` being those of its input.
pub fn column_of(expr: &Expr, input: &LogicalPlan, stored: &[Option<String>]) -> Option<String> {
    match expr.clone().unalias_nested().data {
        Expr::Column(column) => stored.get(input.schema().maybe_index_of_column(&column)?)?.clone(),
        _ => None,
    }
}
