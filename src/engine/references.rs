//! Which relations a statement reads.

use datafusion::common::TableReference;
use datafusion::error::Result;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;

use crate::relation::RelationName;

/// The relations a statement names, common table expressions left out. Unqualified names stand in `database` and
/// `schema`.
pub fn relations_of(statement: &SqlStatement, database: &str, schema: &str) -> Result<Vec<RelationName>> {
    let statement = Statement::Statement(Box::new(statement.clone()));
    let (references, _) = resolve_table_references(&statement, true)?;
    Ok(references.into_iter().map(|reference| resolve(reference, database, schema)).collect())
}

pub fn resolve(reference: TableReference, database: &str, schema: &str) -> RelationName {
    let resolved = reference.resolve(database, schema);
    RelationName::new(resolved.catalog.as_ref(), resolved.schema.as_ref(), resolved.table.as_ref())
}
