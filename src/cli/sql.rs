//! `sql`: queries over everything that is published, and over files by path.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::Args;
use datafusion::physical_plan::SendableRecordBatchStream;

use super::Outcome;
use super::args::GlobalArgs;
use super::context::Context;
use crate::diagnostic::Diagnostic;
use crate::engine::{Relations, Session, diagnose};
use crate::exit_code;
use crate::materialize::postgres_type;
use crate::query::{self, End, Format, Output, ReplOptions, TableEntry, WriteOptions, repl, write};
use crate::warehouse::AsOf;

/// Query all tables and views, or open a prompt where no SQL is given
///
/// Tables are named as database.schema.table; a file by its path in quotes: 'data/x.csv', 'x.parquet', 'x.json'.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  medallion sql 'select country, monthly_revenue from pro.data_marts.agg_sales_country'
  medallion sql --as-of 3 'select count(*) from pro.silver.transaction'
  medallion sql --format parquet --output sales.parquet 'select * from pro.gold.transaction_fct'
  medallion sql \"select count(*) from 'data/customer_transactions.csv'\"")]
pub struct SqlArgs {
    /// The query; without one a prompt, or the statements of standard input
    sql: Option<String>,
    /// table, csv, json, ndjson or parquet
    #[arg(long, value_name = "FORMAT", value_parser = format_named)]
    format: Option<Format>,
    /// Write to a file, which is complete or not there
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Read all tables as they were after a run, or at a time: 3, a run's id, 2026-11-23 or 2026-11-23T08:00:00Z
    #[arg(long, value_name = "RUN OR TIME")]
    as_of: Option<String>,
}

pub fn format_named(name: &str) -> Result<Format, String> {
    Format::named(name).ok_or_else(|| format!("the formats are {}", Format::NAMES.join(", ")))
}

pub async fn run(global: &GlobalArgs, args: SqlArgs) -> Outcome {
    let context = Context::open(global, false)?;
    let (session, relations) = context.session(as_of(args.as_of.as_deref())).await?;
    let output = args.output.map_or(Output::Stdout, Output::File);
    let format = args.format.unwrap_or_default();
    let Some(sql) = args.sql else {
        return prompt(&context, session, relations, format, output).await;
    };
    let shell = Shell { session, tables: Vec::new() };
    let stream = shell.stream(&sql).await.map_err(|error| vec![error])?;
    let options = WriteOptions { format, output, limit: None };
    tokio::select! {
        written = write(stream, &options) => written.map_err(|error| vec![error.into()])?,
        _ = tokio::signal::ctrl_c() => return Ok(exit_code::INTERRUPTED),
    };
    Ok(exit_code::SUCCESS)
}

async fn prompt(
    context: &Context,
    session: Session,
    relations: Arc<dyn Relations>,
    format: Format,
    output: Output,
) -> Outcome {
    let tables = entries(&session, &*relations).await;
    let shell = Shell { session, tables };
    let prompt = context.manifest.target.target_name.clone();
    let options = ReplOptions { prompt, format, output, ..ReplOptions::default() };
    let runtime = tokio::runtime::Handle::current();
    let end = tokio::task::spawn_blocking(move || repl(&shell, &runtime, options)).await;
    match end {
        Ok(Ok(End::Done)) => Ok(exit_code::SUCCESS),
        Ok(Ok(End::Interrupted)) => Ok(exit_code::INTERRUPTED),
        Ok(Err(error)) => Err(vec![error.into()]),
        Err(error) => Err(vec![Diagnostic::new(format!("the prompt stopped: {error}"))]),
    }
}

/// The tables with their columns. A view that cannot be planned any more has none.
async fn entries(session: &Session, relations: &dyn Relations) -> Vec<TableEntry> {
    let mut entries = Vec::new();
    for name in relations.names() {
        let plan = session.plan(&format!("select * from {}", name.quoted())).await;
        let columns = plan.map(|plan| {
            let fields = plan.schema().fields().iter();
            fields.map(|field| (field.name().clone(), postgres_type(field.data_type()))).collect()
        });
        entries.push(TableEntry { name: name.to_string(), columns: columns.unwrap_or_default() });
    }
    entries
}

/// The engine as the prompt sees it.
struct Shell {
    session: Session,
    tables: Vec<TableEntry>,
}

impl Shell {
    async fn stream(&self, sql: &str) -> Result<SendableRecordBatchStream, Diagnostic> {
        self.session.stream_with_files(sql).await.map_err(|error| diagnose(&error, Path::new("<sql>"), sql))
    }
}

#[async_trait]
impl query::Session for Shell {
    async fn query(&self, sql: &str) -> Result<SendableRecordBatchStream, Diagnostic> {
        self.stream(sql).await
    }

    fn tables(&self) -> Vec<TableEntry> {
        self.tables.clone()
    }
}

/// What `--as-of` means: a time where it reads as one, else a run.
pub fn as_of(text: Option<&str>) -> AsOf {
    let Some(text) = text else { return AsOf::Now };
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return AsOf::Time(time.with_timezone(&Utc));
    }
    for pattern in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, pattern) {
            return AsOf::Time(time.and_utc());
        }
    }
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        // A day means its end: what was published on it counts.
        Ok(day) => AsOf::Time(day.and_hms_opt(23, 59, 59).unwrap_or_default().and_utc()),
        Err(_) => AsOf::Run(text.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_time_and_anything_else_a_run() {
        let time = |text: &str| AsOf::Time(text.parse().unwrap());
        assert_eq!(as_of(None), AsOf::Now);
        assert_eq!(as_of(Some("7")), AsOf::Run("7".to_string()));
        assert_eq!(as_of(Some("3f2a")), AsOf::Run("3f2a".to_string()));
        assert_eq!(as_of(Some("2026-11-23T08:00:00+01:00")), time("2026-11-23T07:00:00Z"));
        assert_eq!(as_of(Some("2026-11-23 08:00")), time("2026-11-23T08:00:00Z"));
        assert_eq!(as_of(Some("2026-11-23")), time("2026-11-23T23:59:59Z"));
    }
}
