//! Rows from and to the server, by binary COPY.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use bytes::{Bytes, BytesMut};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{SinkExt, Stream, StreamExt, stream};
use tokio_postgres::{CopyInSink, CopyOutStream};

use super::connect::Connection;
use super::reader::{Lease, Reader};
use super::rows::Columns;
use super::wire::{Decoder, Encoder, PgColumn, PgType};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// How many bytes are sent at once.
const CHUNK: usize = 256 * 1024;

/// How many rows a batch has: so few that its columns stay in the processor's cache while they are filled.
const BATCH_ROWS: usize = 4096;

type Batches = Result<RecordBatch, DataFusionError>;

/// The rows of a query with these columns.
pub fn copy_out(
    reader: Arc<Reader>,
    table: RelationName,
    query: String,
    columns: Vec<PgColumn>,
) -> impl Stream<Item = Batches> + Send {
    let opened = async move { Incoming::open(reader, table, &query, &columns).await };
    stream::once(opened).flat_map(|opened| match opened {
        Ok(incoming) => incoming.batches().boxed(),
        Err(error) => stream::iter([Err(DataFusionError::from(error))]).boxed(),
    })
}

/// A COPY under way.
struct Incoming {
    table: RelationName,
    bytes: std::pin::Pin<Box<CopyOutStream>>,
    decoder: Option<Decoder>,
    /// Decoded, and not asked for yet, the last one first.
    ready: Vec<RecordBatch>,
    lease: Lease,
}

impl Incoming {
    async fn open(
        reader: Arc<Reader>,
        table: RelationName,
        query: &str,
        columns: &[PgColumn],
    ) -> Result<Self, WarehouseError> {
        let decoder = Decoder::new(columns).map_err(|error| error.of(&table))?.with_batch_rows(BATCH_ROWS);
        let lease = reader.lease().await?;
        let copied = lease.copy_out(&format!("copy ({query}) to stdout (format binary)")).await;
        let bytes = Box::pin(copied.map_err(failed(&lease, format!("cannot read {table}")))?);
        Ok(Incoming { table, bytes, decoder: Some(decoder), ready: Vec::new(), lease })
    }

    fn batches(self) -> impl Stream<Item = Batches> + Send {
        stream::unfold(self, |mut incoming| async move {
            let next = incoming.next().await.map_err(DataFusionError::from).transpose()?;
            Some((next, incoming))
        })
    }

    /// The next batch; none when all rows are here.
    async fn next(&mut self) -> Result<Option<RecordBatch>, WarehouseError> {
        if let Some(batch) = self.ready.pop() {
            return Ok(Some(batch));
        }
        let Some(decoder) = &mut self.decoder else { return Ok(None) };
        while let Some(bytes) = self.bytes.next().await {
            let bytes = bytes.map_err(failed(&self.lease, format!("cannot read {}", self.table)))?;
            self.ready = decoder.push(&bytes).map_err(|error| error.of(&self.table))?;
            self.ready.reverse();
            if let Some(batch) = self.ready.pop() {
                return Ok(Some(batch));
            }
        }
        let Some(decoder) = self.decoder.take() else { return Ok(None) };
        let last = decoder.finish().map_err(|error| error.of(&self.table))?;
        self.lease.finish();
        Ok(last)
    }
}

/// The rows of `source`, as COPY takes it, in the connection's transaction, in one stream.
pub async fn read_all(
    connection: &Connection,
    name: &RelationName,
    source: &str,
    columns: &Columns,
) -> Result<SendableRecordBatchStream, WarehouseError> {
    let mut decoder = Decoder::new(&columns.columns).map_err(|error| error.of(name))?;
    let query = format!("copy {source} to stdout (format binary)");
    let cannot = || failed(connection, format!("cannot read the staged rows of {name}"));
    let mut bytes = Box::pin(connection.copy_out(&query).await.map_err(cannot())?);
    let mut batches = Vec::new();
    while let Some(bytes) = bytes.next().await {
        batches.extend(decoder.push(&bytes.map_err(cannot())?).map_err(|error| error.of(name))?);
    }
    batches.extend(decoder.finish().map_err(|error| error.of(name))?);
    let rows = stream::iter(batches.into_iter().map(Ok));
    Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&columns.schema), rows)))
}

/// A COPY into a table, in the transaction of the connection.
pub struct Outgoing<'c> {
    connection: &'c Connection,
    table: String,
    encoder: Encoder,
    buffer: BytesMut,
    sink: std::pin::Pin<Box<CopyInSink<Bytes>>>,
}

impl<'c> Outgoing<'c> {
    /// Batches of `schema` into the columns. `table` is quoted already.
    pub async fn open(
        connection: &'c Connection,
        table: &str,
        schema: &Schema,
        columns: &[PgColumn],
    ) -> Result<Self, WarehouseError> {
        let types: Vec<PgType> = columns.iter().map(|column| column.pg_type.clone()).collect();
        let encoder = Encoder::new(schema, &types).map_err(|error| error.of(table))?;
        let names = quote::identifiers(columns.iter().map(|column| column.name.as_str()));
        let copied = connection.copy_in(&format!("copy {table} ({names}) from stdin (format binary)")).await;
        let sink = Box::pin(copied.map_err(failed(connection, format!("cannot write {table}")))?);
        let mut buffer = BytesMut::with_capacity(2 * CHUNK);
        encoder.header(&mut buffer);
        Ok(Outgoing { connection, table: table.to_string(), encoder, buffer, sink })
    }

    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.encoder.batch(batch, &mut self.buffer).map_err(|error| error.of(&self.table))?;
        while self.buffer.len() >= CHUNK {
            let chunk = self.buffer.split_to(CHUNK).freeze();
            self.sink.send(chunk).await.map_err(failed(self.connection, format!("cannot write {}", self.table)))?;
        }
        Ok(())
    }

    pub async fn close(mut self) -> Result<(), WarehouseError> {
        self.encoder.trailer(&mut self.buffer);
        let cannot = || failed(self.connection, format!("cannot write {}", self.table));
        self.sink.send(std::mem::take(&mut self.buffer).freeze()).await.map_err(cannot())?;
        self.sink.as_mut().finish().await.map_err(cannot())?;
        Ok(())
    }
}
