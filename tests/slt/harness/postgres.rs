//! A database of a real PostgreSQL, with `psql` as its client.

use async_trait::async_trait;
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType};

use crate::server::{Server, SqlError};
use crate::visible;

const FIELD_SEPARATOR: char = '\x1f';
const RECORD_SEPARATOR: char = '\x1e';

/// One file's database.
pub struct PostgresDb<'a> {
    server: &'a Server,
    database: String,
}

impl<'a> PostgresDb<'a> {
    pub fn new(server: &'a Server, database: &str) -> Self {
        PostgresDb { server, database: database.to_string() }
    }
}

#[async_trait]
impl AsyncDB for PostgresDb<'_> {
    type Error = SqlError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, SqlError> {
        let (field, record) = (FIELD_SEPARATOR.to_string(), RECORD_SEPARATOR.to_string());
        let text = self.server.psql_with(&self.database, sql, &field, &record)?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if text.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows: Vec<Vec<String>> = text
            .split(RECORD_SEPARATOR)
            .map(|record| record.split(FIELD_SEPARATOR).map(|value| visible(Some(value))).collect())
            .collect();
        let types = vec![DefaultColumnType::Any; rows.first().map_or(0, Vec::len)];
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "postgres"
    }
}
