//! Streams of record batches → data files, with the key of every row kept for the merge.

use std::num::NonZeroUsize;
use std::sync::Arc;

use arrow::array::BooleanArray;
use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use roaring::RoaringTreemap;
use tokio::task::JoinSet;

use super::files::{DataFile, FileWriter};
use super::key_file::Width;
use super::lake::Lake;
use super::lanes::{OWN_FILE_ROWS, Part, write_stream};
use crate::warehouse::WarehouseError;

/// Which hashes of a row the merge will ask for.
#[derive(Debug, Clone, Default)]
pub struct Hashing {
    /// Key columns; none: no keys.
    pub key: Vec<usize>,
    /// Columns by which a row equals another; none: rows are not compared.
    pub values: Vec<usize>,
    /// Other columns by which rows will be looked for, and how much is kept of their hashes.
    pub indexed: Vec<(usize, Width)>,
}

/// Rows of one stream that follow each other, there and in a file.
#[derive(Debug, Default)]
pub struct Segment {
    /// Index into [`Written::files`].
    pub file: usize,
    /// Of the first row in the file.
    pub offset: usize,
    pub rows: usize,
    pub keys: Vec<u128>,
    pub values: Vec<u128>,
}

#[derive(Debug, Default)]
pub struct Written {
    pub files: Vec<DataFile>,
    /// In the order of the streams, and of the rows in each.
    pub segments: Vec<Segment>,
}

/// Where and how files are written.
#[derive(Clone)]
pub struct Target {
    pub lake: Lake,
    pub dir: String,
    /// Part of the file names.
    pub label: String,
    pub schema: SchemaRef,
}

/// Writes all streams at once, on as many cores as there are.
pub async fn write_streams(
    target: &Target,
    streams: Vec<SendableRecordBatchStream>,
    hashing: &Hashing,
) -> Result<Written, WarehouseError> {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let lanes = (cores / streams.len().max(1)).max(1);
    let mut tasks = JoinSet::new();
    for (index, stream) in streams.into_iter().enumerate() {
        let (target, hashing) = (target.clone(), hashing.clone());
        tasks.spawn(
            async move { Ok::<_, WarehouseError>((index, write_stream(target, stream, hashing, lanes).await?)) },
        );
    }
    let mut done = Vec::with_capacity(tasks.len());
    while let Some(joined) = tasks.join_next().await {
        done.push(joined??);
    }
    done.sort_by_key(|(index, _)| *index);
    gather(target, done.into_iter().map(|(_, part)| part).collect()).await
}

/// Puts the small parts together into one file.
async fn gather(target: &Target, parts: Vec<Part>) -> Result<Written, WarehouseError> {
    let mut written = Written::default();
    let mut shared: Option<FileWriter> = None;
    let mut shared_rows = 0;
    let mut in_shared = Vec::new();
    for part in parts {
        let before = written.files.len();
        written.files.extend(part.files);
        for mut segment in part.segments.into_iter().filter(|segment| segment.rows > 0) {
            if part.few.is_empty() {
                segment.file += before;
            } else {
                segment.offset = shared_rows;
                shared_rows += segment.rows;
                in_shared.push(written.segments.len());
            }
            written.segments.push(segment);
        }
        for batch in &part.few {
            let writer = match &mut shared {
                Some(writer) => writer,
                None => shared.insert(FileWriter::create(&target.lake, &target.dir, &target.label, &target.schema)),
            };
            writer.write(batch).await?;
        }
    }
    if let Some(writer) = shared {
        for segment in in_shared {
            written.segments[segment].file = written.files.len();
        }
        written.files.push(writer.close().await?);
    }
    Ok(written)
}

/// Writes a file again without the rows that are gone. `None` when no row is left.
pub async fn rewrite(
    target: &Target,
    file: &DataFile,
    gone: &RoaringTreemap,
) -> Result<Option<DataFile>, WarehouseError> {
    if gone.len() >= file.rows {
        return Ok(None);
    }
    let mut writer = FileWriter::create(&target.lake, &target.dir, &target.label, &target.schema);
    copy_rows(target, file, gone, &mut writer).await?;
    Ok(Some(writer.close().await?))
}

/// How many files of few rows a table may have.
const FEW_ROWS_FILES: usize = 16;

/// Puts the files of few rows together into one, once they are many: each merge adds one.
pub async fn compact(target: &Target, files: Vec<DataFile>) -> Result<Vec<DataFile>, WarehouseError> {
    let (few, mut kept): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.live_rows() < OWN_FILE_ROWS as u64);
    if few.len() <= FEW_ROWS_FILES {
        kept.extend(few);
        return Ok(kept);
    }
    let mut writer = FileWriter::create(&target.lake, &target.dir, &target.label, &target.schema);
    let none = RoaringTreemap::new();
    for file in &few {
        let gone = file.deleted.as_ref().map_or(&none, |deleted| &deleted.rows);
        copy_rows(target, file, gone, &mut writer).await?;
    }
    kept.push(writer.close().await?);
    Ok(kept)
}

async fn copy_rows(
    target: &Target,
    file: &DataFile,
    gone: &RoaringTreemap,
    writer: &mut FileWriter,
) -> Result<(), WarehouseError> {
    let batches = super::files::read_file(&target.lake, &target.dir, file, Arc::clone(&target.schema), None).await?;
    let mut batches = std::pin::pin!(batches);
    let mut first = 0;
    let mut gone = gone.iter().peekable();
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        let mut stays = vec![true; batch.num_rows()];
        let end = first + batch.num_rows() as u64;
        while let Some(row) = gone.next_if(|row| *row < end) {
            stays[(row - first) as usize] = false;
        }
        first = end;
        let kept = arrow::compute::filter_record_batch(&batch, &BooleanArray::from(stays))?;
        if kept.num_rows() > 0 {
            writer.write(&kept).await?;
        }
    }
    Ok(())
}
