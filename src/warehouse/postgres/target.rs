//! A table of the server that rows are copied into.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::ahead::Coming;
use super::connect::Connection;
use super::copy::Outgoing;
use super::draft::Place;
use super::failed;
use super::rows::Columns;
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

pub type Batches = BoxStream<'static, Result<RecordBatch, WarehouseError>>;

/// What is copied.
pub enum Rows<'a> {
    /// The first rows, as they come, into a table that is to be made. `waiting`: how many wait for the connection.
    First { coming: &'a mut Coming, waiting: &'a AtomicUsize },
    /// What is left.
    Rest(Batches),
    /// All rows, in place of those that were copied.
    Anew(Batches),
}

impl Rows<'_> {
    async fn next(&mut self) -> Result<Option<RecordBatch>, WarehouseError> {
        match self {
            Rows::First { coming, waiting } => Ok(coming.next(|| waiting.load(Ordering::Relaxed) > 0).await),
            Rows::Rest(rows) | Rows::Anew(rows) => rows.next().await.transpose(),
        }
    }
}

/// Where rows are copied to, and whether they still are to be.
pub struct Target<'a> {
    pub name: &'a RelationName,
    pub place: &'a Place,
    pub columns: &'a Columns,
    pub wanted: &'a AtomicBool,
}

impl Target<'_> {
    /// The table, quoted.
    fn table(&self) -> String {
        self.place.table(self.name)
    }

    /// Until there are no more, or nobody wants them any more.
    pub async fn copy(&self, connection: &Connection, mut rows: Rows<'_>) -> Result<(), WarehouseError> {
        if let Some(sql) = self.preparation(&rows) {
            let cannot = || failed(connection, format!("cannot create {}", self.name));
            connection.batch_execute(&sql).await.map_err(cannot())?;
        }
        let mut outgoing: Option<Outgoing<'_>> = None;
        while let Some(batch) = rows.next().await? {
            if !self.wanted.load(Ordering::Relaxed) {
                break;
            }
            let outgoing = match &mut outgoing {
                Some(outgoing) => outgoing,
                None => outgoing.insert(
                    Outgoing::open(connection, &self.table(), &self.columns.schema, &self.columns.columns).await?,
                ),
            };
            outgoing.write(&batch).await?;
        }
        match outgoing {
            Some(outgoing) => outgoing.close().await,
            None => Ok(()),
        }
    }

    /// What has to be done before the rows come.
    fn preparation(&self, rows: &Rows<'_>) -> Option<String> {
        let create =
            |what: &str, end: &str| format!("create {what} {} ({}){end}", self.table(), self.columns.definition());
        match (rows, self.place) {
            (Rows::First { .. }, Place::New(_)) => Some(create("table", "")),
            (Rows::First { .. }, Place::Temporary(_)) => Some(create("temporary table", " on commit drop")),
            (Rows::Rest(_), _) => None,
            (Rows::Anew(_), _) => Some(format!("truncate table {}", self.table())),
        }
    }
}
