//! Staged rows on this side: what a run reads back, and what is copied to the server.
//!
//! Few rows stay in memory. Many go to Parquet files in a temporary folder, where a query reads the columns it needs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::{Stream, StreamExt, stream};
use tokio::task::JoinSet;

use super::ahead::{Offer, PartOffer};
use super::folder::SpoolFolder;
use super::rows::conform;
use crate::warehouse::WarehouseError;
use crate::warehouse::delta::files::{DataFile, FileWriter, read_file};
use crate::warehouse::delta::scan::LakeScan;
use crate::warehouse::delta::stats::null_counts;
use crate::warehouse::keys::{Repeated, key_hashes};

/// So many bytes of one relation's rows may stay in memory.
const IN_MEMORY: usize = if cfg!(test) { 8 << 10 } else { 64 << 20 };

/// Rows of one schema.
#[derive(Clone)]
pub struct Spool {
    pub schema: SchemaRef,
    pub rows: u64,
    folder: Arc<SpoolFolder>,
    dir: String,
    parts: Arc<Vec<Part>>,
}

/// What was spooled, and what of it went again.
pub struct Spooled {
    pub spool: Spool,
    /// Rows that a later row of the same key replaced.
    pub duplicates: u64,
}

/// How many of a spool's rows somebody has, from the first of each part on.
#[derive(Default)]
pub struct Taken(Vec<usize>);

impl Taken {
    pub fn add(&mut self, part: usize, rows: usize) {
        if self.0.len() <= part {
            self.0.resize(part + 1, 0);
        }
        self.0[part] += rows;
    }

    pub fn rows(&self) -> u64 {
        self.0.iter().map(|rows| *rows as u64).sum()
    }

    fn of(&self, part: usize) -> usize {
        self.0.get(part).copied().unwrap_or_default()
    }
}

impl Spool {
    /// Takes all rows. With a key (column indices), of several rows of one key the last one stays, in the order of the
    /// streams. The rows are offered as they come, those that do not stay too.
    pub async fn fill(
        folder: &Arc<SpoolFolder>,
        dir: String,
        schema: SchemaRef,
        streams: Vec<SendableRecordBatchStream>,
        key: &[usize],
        offer: Option<&Offer>,
    ) -> Result<Spooled, WarehouseError> {
        let used = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for (index, stream) in streams.into_iter().enumerate() {
            let part = PartWriter {
                folder: Arc::clone(folder),
                dir: dir.clone(),
                schema: Arc::clone(&schema),
                key: key.to_vec(),
                used: Arc::clone(&used),
                offer: offer.map(|offer| offer.part(index)),
            };
            tasks.spawn(async move { Ok::<_, WarehouseError>((index, part.write(stream).await?)) });
        }
        let mut parts = Vec::with_capacity(tasks.len());
        while let Some(joined) = tasks.join_next().await {
            parts.push(joined??);
        }
        parts.sort_by_key(|(index, _)| *index);
        let mut parts: Vec<Part> = parts.into_iter().map(|(_, part)| part).collect();
        let duplicates = if key.is_empty() { 0 } else { drop_superseded(folder, &dir, &schema, &mut parts).await? };
        let rows = parts.iter_mut().map(|part| {
            part.keys = Vec::new();
            part.memory.iter().map(|batch| batch.num_rows() as u64).sum::<u64>()
                + part.file.as_ref().map_or(0, |file| file.rows)
        });
        let rows = rows.sum();
        let spool = Spool { schema, rows, folder: Arc::clone(folder), dir, parts: Arc::new(parts) };
        Ok(Spooled { spool, duplicates })
    }

    fn files(&self) -> Vec<DataFile> {
        self.parts.iter().filter_map(|part| part.file.clone()).collect()
    }

    /// How many values of each column are null; of a nested column that is not known.
    pub fn nulls(&self) -> BTreeMap<String, u64> {
        let in_files = null_counts(&self.schema, &self.files());
        let memory = || self.parts.iter().flat_map(|part| &part.memory);
        let columns = self.schema.fields().iter().zip(in_files).enumerate();
        let nulls = columns.filter_map(|(index, (field, in_files))| {
            let in_memory: usize = memory().map(|batch| batch.column(index).logical_null_count()).sum();
            Some((field.name().clone(), (in_files? + in_memory) as u64))
        });
        nulls.collect()
    }

    /// The rows as tables to read: those in files, and those in memory.
    pub fn providers(&self) -> Result<Vec<Arc<dyn TableProvider>>, WarehouseError> {
        let mut providers: Vec<Arc<dyn TableProvider>> = Vec::new();
        let files = self.files();
        if !files.is_empty() {
            let (lake, dir) = (self.folder.lake.clone(), self.dir.clone());
            providers.push(Arc::new(LakeScan::new(lake, dir, Arc::clone(&self.schema), Arc::new(files))));
        }
        let memory: Vec<RecordBatch> = self.parts.iter().flat_map(|part| part.memory.clone()).collect();
        if !memory.is_empty() || providers.is_empty() {
            providers.push(Arc::new(MemTable::try_new(Arc::clone(&self.schema), vec![memory])?));
        }
        Ok(providers)
    }

    /// The rows but those that are taken, in the order they came within each part.
    pub fn batches(&self, taken: &Taken) -> impl Stream<Item = Result<RecordBatch, WarehouseError>> + Send + use<> {
        let spool = self.clone();
        let taken: Vec<usize> = (0..self.parts.len()).map(|part| taken.of(part)).collect();
        stream::iter(taken.into_iter().enumerate()).flat_map(move |(part, taken)| skip(spool.part(part), taken))
    }

    fn part(&self, index: usize) -> impl Stream<Item = Result<RecordBatch, WarehouseError>> + Send + use<> {
        let spool = self.clone();
        let opened = async move {
            let Part { memory, file, .. } = &spool.parts[index];
            let Some(file) = file else { return stream::iter(memory.clone()).map(Ok).boxed() };
            match read_file(&spool.folder.lake, &spool.dir, file, Arc::clone(&spool.schema), None).await {
                Ok(batches) => batches.boxed(),
                Err(error) => stream::iter([Err(error)]).boxed(),
            }
        };
        stream::once(opened).flatten()
    }
}

/// The rows after the first ones.
fn skip<E: Send>(
    batches: impl Stream<Item = Result<RecordBatch, E>> + Send,
    mut rows: usize,
) -> impl Stream<Item = Result<RecordBatch, E>> + Send {
    let mut rest = move |batch: RecordBatch| {
        let skipped = rows.min(batch.num_rows());
        rows -= skipped;
        (skipped < batch.num_rows()).then(|| batch.slice(skipped, batch.num_rows() - skipped))
    };
    batches.filter_map(move |batch| std::future::ready(batch.map(&mut rest).transpose()))
}

/// What came of one stream: the first rows in memory, or all of them in a file.
struct Part {
    memory: Vec<RecordBatch>,
    file: Option<DataFile>,
    keys: Vec<u128>,
}

struct PartWriter {
    folder: Arc<SpoolFolder>,
    dir: String,
    schema: SchemaRef,
    key: Vec<usize>,
    /// Bytes in memory, of all parts together.
    used: Arc<AtomicUsize>,
    offer: Option<PartOffer>,
}

impl PartWriter {
    async fn write(mut self, mut stream: SendableRecordBatchStream) -> Result<Part, WarehouseError> {
        let mut part = Part { memory: Vec::new(), file: None, keys: Vec::new() };
        let mut writer: Option<FileWriter> = None;
        // Parquet has no intervals: such rows stay in memory, however many they are.
        let fits_files = !self.schema.fields().iter().any(|field| matches!(field.data_type(), DataType::Interval(_)));
        while let Some(batch) = stream.next().await {
            let batch = conform(&batch?, &self.schema)?;
            if batch.num_rows() == 0 {
                continue;
            }
            if !self.key.is_empty() {
                part.keys.extend(key_hashes(&batch, &self.key)?);
            }
            if let Some(offer) = &mut self.offer {
                offer.offer(&batch);
            }
            if let Some(writer) = &mut writer {
                writer.write(&batch).await?;
                continue;
            }
            let size = batch.get_array_memory_size();
            let total = self.used.fetch_add(size, Ordering::Relaxed) + size;
            part.memory.push(batch);
            if total > IN_MEMORY && fits_files {
                let mut new = FileWriter::scratch(&self.folder.lake, &self.dir, &self.schema);
                for batch in part.memory.drain(..) {
                    self.used.fetch_sub(batch.get_array_memory_size(), Ordering::Relaxed);
                    new.write(&batch).await?;
                }
                writer = Some(new);
            }
        }
        if let Some(writer) = writer {
            part.file = Some(writer.close().await?);
        }
        Ok(part)
    }
}

/// Takes out all rows of a key except the last. Gives how many went.
async fn drop_superseded(
    folder: &SpoolFolder,
    dir: &str,
    schema: &SchemaRef,
    parts: &mut [Part],
) -> Result<u64, WarehouseError> {
    let keys: Vec<&[u128]> = parts.iter().map(|part| part.keys.as_slice()).collect();
    let mut repeated = Repeated::among(&keys);
    if repeated.is_empty() {
        return Ok(0);
    }
    let mut dropped = 0;
    for part in parts.iter_mut().rev() {
        let mut keep = vec![true; part.keys.len()];
        for (row, key) in part.keys.iter().enumerate().rev() {
            keep[row] = !repeated.meets_again(*key);
        }
        let gone = keep.iter().filter(|keep| !**keep).count() as u64;
        if gone > 0 {
            dropped += gone;
            retain(folder, dir, schema, part, &keep).await?;
        }
    }
    Ok(dropped)
}

async fn retain(
    folder: &SpoolFolder,
    dir: &str,
    schema: &SchemaRef,
    part: &mut Part,
    keep: &[bool],
) -> Result<(), WarehouseError> {
    let mut at = 0;
    let mut kept = |batch: &RecordBatch| {
        let wanted = BooleanArray::from(keep[at..at + batch.num_rows()].to_vec());
        at += batch.num_rows();
        filter_record_batch(batch, &wanted)
    };
    if let Some(file) = part.file.take() {
        let mut writer = FileWriter::scratch(&folder.lake, dir, schema);
        let mut batches = Box::pin(read_file(&folder.lake, dir, &file, Arc::clone(schema), None).await?);
        while let Some(batch) = batches.next().await {
            writer.write(&kept(&batch?)?).await?;
        }
        part.file = Some(writer.close().await?);
        return Ok(());
    }
    part.memory = part.memory.iter().map(&mut kept).collect::<Result<_, _>>()?;
    Ok(())
}
