//! One stream's rows into files. Encoding takes longer than most streams take to compute: where cores are left, several
//! files are written at once.

use arrow::array::RecordBatch;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::files::{DataFile, FileWriter, ROW_GROUP_ROWS};
use super::keeper::Keeper;
use super::write::{Hashing, Segment, Target};
use crate::warehouse::WarehouseError;
use crate::warehouse::keys::{key_hashes, row_hashes};
use crate::warehouse::types::{conform, with_text_as_it_comes};

/// A stream with fewer rows than this shares a file with the other small ones: many small files make slow tables.
pub const OWN_FILE_ROWS: usize = 64 * 1024;

/// So many rows that follow each other go to the same file.
const RUN_ROWS: usize = 8 * 1024;

/// Batches that wait for a file.
const QUEUE: usize = 2;

/// One stream's rows: in files of their own, or still in memory since they are few.
pub struct Part {
    /// In the order of the stream; by the place of their file in `files`.
    pub segments: Vec<Segment>,
    pub files: Vec<DataFile>,
    pub few: Vec<RecordBatch>,
}

/// Writes at most `lanes` files at once.
pub async fn write_stream(
    target: Target,
    mut stream: SendableRecordBatchStream,
    hashing: Hashing,
    lanes: usize,
) -> Result<Part, WarehouseError> {
    let (mut few, mut rows) = (Vec::new(), 0);
    while rows < OWN_FILE_ROWS {
        let Some(batch) = stream.next().await else { return in_memory(&target, &few, &hashing) };
        let batch = batch?;
        rows += batch.num_rows();
        few.push(batch);
    }
    let mut lanes = Lanes::new(target, hashing, lanes);
    for batch in few {
        lanes.write(batch).await?;
    }
    while let Some(batch) = stream.next().await {
        lanes.write(batch?).await?;
    }
    lanes.close().await
}

fn in_memory(target: &Target, batches: &[RecordBatch], hashing: &Hashing) -> Result<Part, WarehouseError> {
    let mut part = Part { segments: Vec::new(), files: Vec::new(), few: Vec::new() };
    let mut segment = Segment::default();
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        let batch = conform(batch, &target.schema)?;
        hash(&batch, hashing, &mut segment)?;
        part.few.push(batch);
    }
    part.segments.push(segment);
    Ok(part)
}

fn hash(batch: &RecordBatch, hashing: &Hashing, segment: &mut Segment) -> Result<(), WarehouseError> {
    segment.rows += batch.num_rows();
    if !hashing.key.is_empty() {
        segment.keys.extend(key_hashes(batch, &hashing.key)?);
    }
    if !hashing.values.is_empty() {
        segment.values.extend(row_hashes(batch, &hashing.values)?);
    }
    Ok(())
}

/// A batch, and the number of the run that it belongs to.
type Numbered = (usize, RecordBatch);

/// The files of a stream, each written by a task. Dropped, the tasks stop.
struct Lanes {
    target: Target,
    hashing: Hashing,
    most: usize,
    open: Vec<mpsc::Sender<Numbered>>,
    tasks: JoinSet<Result<Lane, WarehouseError>>,
    rows: usize,
    run: usize,
    rows_of_run: usize,
}

/// A file that was written, with its rows by runs.
struct Lane {
    file: DataFile,
    runs: Vec<(usize, Segment)>,
}

impl Lanes {
    fn new(target: Target, hashing: Hashing, most: usize) -> Self {
        let (open, tasks) = (Vec::new(), JoinSet::new());
        Lanes { target, hashing, most, open, tasks, rows: 0, run: 0, rows_of_run: RUN_ROWS }
    }

    async fn write(&mut self, batch: RecordBatch) -> Result<(), WarehouseError> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(());
        }
        if self.rows_of_run >= RUN_ROWS {
            self.run += 1;
            self.rows_of_run = 0;
            // One more file for every group of rows, so that none stays small.
            if self.open.is_empty() || self.open.len() < self.most.min(self.rows / ROW_GROUP_ROWS + 1) {
                self.open();
            }
        }
        self.rows += rows;
        self.rows_of_run += rows;
        let lane = self.run % self.open.len();
        if self.open[lane].send((self.run, batch)).await.is_err() {
            // The task has ended, and says why.
            while let Some(ended) = self.tasks.join_next().await {
                ended??;
            }
        }
        Ok(())
    }

    fn open(&mut self) {
        let (sender, batches) = mpsc::channel(QUEUE);
        self.tasks.spawn(write_lane(self.target.clone(), self.hashing.clone(), batches));
        self.open.push(sender);
    }

    async fn close(mut self) -> Result<Part, WarehouseError> {
        self.open.clear();
        let mut part = Part { segments: Vec::new(), files: Vec::new(), few: Vec::new() };
        let mut runs = Vec::new();
        while let Some(written) = self.tasks.join_next().await {
            let Lane { file, runs: of_file } = written??;
            let index = part.files.len();
            part.files.push(file);
            runs.extend(of_file.into_iter().map(|(run, segment)| (run, Segment { file: index, ..segment })));
        }
        runs.sort_by_key(|(run, _)| *run);
        part.segments = runs.into_iter().map(|(_, segment)| segment).collect();
        Ok(part)
    }
}

async fn write_lane(
    target: Target,
    hashing: Hashing,
    mut batches: mpsc::Receiver<Numbered>,
) -> Result<Lane, WarehouseError> {
    let mut writer = FileWriter::create(&target.lake, &target.dir, &target.label, &target.schema);
    let mut runs: Vec<(usize, Segment)> = Vec::new();
    let mut keeper = Keeper::new(&target);
    let (mut rows, mut schema) = (0, None);
    while let Some((run, batch)) = batches.recv().await {
        let schema = schema.get_or_insert_with(|| with_text_as_it_comes(&target.schema, batch.schema_ref()));
        let batch = conform(&batch, schema)?;
        if runs.last().is_none_or(|(last, _)| *last != run) {
            runs.push((run, Segment { offset: rows, ..Segment::default() }));
        }
        writer.write(&batch).await?;
        if let Some((_, segment)) = runs.last_mut() {
            let before = segment.keys.len();
            hash(&batch, &hashing, segment)?;
            keeper.add(&mut writer, &hashing, &batch, &segment.keys[before..]).await?;
        }
        rows += batch.num_rows();
    }
    let file = writer.close().await?;
    keeper.close(&file).await;
    Ok(Lane { file, runs })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::stream;
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;

    use super::super::files::read_file;
    use super::super::lake::Lake;
    use super::super::reader::FileReader;
    use super::*;

    fn batch(schema: &arrow::datatypes::SchemaRef, from: i64, rows: i64) -> RecordBatch {
        RecordBatch::try_new(Arc::clone(schema), vec![Arc::new(Int64Array::from_iter_values(from..from + rows))])
            .unwrap()
    }

    /// Writes the numbers from zero on in batches of these sizes; gives them back as the segments tell them, with the number
    /// of files and whether the keys are those of the rows.
    async fn written(sizes: &[i64], lanes: usize) -> (Vec<i64>, usize, bool) {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let target = Target { lake: lake.clone(), dir: "t".into(), label: "x".into(), schema: Arc::clone(&schema) };
        let hashing = Hashing { key: vec![0], ..Hashing::default() };
        let mut from = 0;
        let mut batches = Vec::new();
        for rows in sizes {
            batches.push(Ok(batch(&schema, from, *rows)));
            from += rows;
        }
        let rows = Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&schema), stream::iter(batches)));
        let part = write_stream(target, rows, hashing, lanes).await.unwrap();
        let mut files = vec![part.few];
        if !part.files.is_empty() {
            files.clear();
            for file in &part.files {
                let read = read_file(&lake, "t", file, Arc::clone(&schema), None).await.unwrap();
                files.push(read.map(Result::unwrap).collect().await);
            }
        }
        let values = |batches: &Vec<RecordBatch>| -> Vec<i64> {
            let column =
                |batch: &RecordBatch| batch.column(0).as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec();
            batches.iter().flat_map(column).collect()
        };
        let files: Vec<Vec<i64>> = files.iter().map(values).collect();
        let mut found = Vec::new();
        let mut keys: Vec<u128> = Vec::new();
        for segment in &part.segments {
            found.extend(&files[segment.file][segment.offset..segment.offset + segment.rows]);
            keys.extend(&segment.keys);
        }
        let expected = key_hashes(&batch(&schema, 0, from), &[0]).unwrap();
        (found, part.files.len(), keys == expected)
    }

    #[tokio::test]
    async fn segments_tell_the_order_of_the_stream() {
        for (sizes, lanes, files) in [
            (vec![], 4, 0),
            (vec![10, 0, 500], 4, 0),
            (vec![40_000, 40_000], 4, 1),
            (vec![4096; 100], 1, 1),
            (vec![4096; 100], 2, 2),
            (vec![3000; 140], 8, 4),
            (vec![1, 70_000, 5, 100_000, 8191, 2, 150_000, 1, 1], 3, 3),
        ] {
            let total: i64 = sizes.iter().sum();
            let (found, number, keys) = written(&sizes, lanes).await;
            assert_eq!(number, files, "{sizes:?}");
            assert!(found == (0..total).collect::<Vec<_>>(), "{sizes:?} in {lanes} lanes");
            assert!(keys, "{sizes:?} in {lanes} lanes");
        }
    }

    #[tokio::test]
    async fn text_is_read_as_the_table_has_it_in_whatever_form_it_came() {
        let schema = |text| Arc::new(Schema::new(vec![Field::new("text", text, true)]));
        let (comes, stored) = (schema(DataType::Utf8), schema(DataType::Utf8View));
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let target = Target { lake: lake.clone(), dir: "t".into(), label: "x".into(), schema: Arc::clone(&stored) };
        let texts: StringArray = (0..70_000).map(|row| (row % 9 > 0).then(|| format!("text {row}"))).collect();
        let batch = RecordBatch::try_new(Arc::clone(&comes), vec![Arc::new(texts)]).unwrap();
        let rows = Box::pin(RecordBatchStreamAdapter::new(comes, stream::iter([Ok(batch.clone())])));
        let part = write_stream(target, rows, Hashing { key: vec![0], ..Hashing::default() }, 1).await.unwrap();
        let mut reader = FileReader::new(&lake, "t", &part.files[0]);
        let metadata = ArrowReaderMetadata::load_async(&mut reader, Default::default()).await.unwrap();
        assert_eq!(metadata.schema(), &stored);
        let read = read_file(&lake, "t", &part.files[0], Arc::clone(&stored), None).await.unwrap();
        let read: Vec<RecordBatch> = read.map(Result::unwrap).collect().await;
        let read = arrow::compute::concat_batches(&stored, &read).unwrap();
        assert_eq!(read, conform(&batch, &stored).unwrap());
        assert!(part.segments[0].keys == key_hashes(&read, &[0]).unwrap());
    }

    #[tokio::test]
    async fn an_error_of_the_stream_is_told() {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let target = Target { lake, dir: "t".into(), label: "x".into(), schema: Arc::clone(&schema) };
        let broken = Err(datafusion::error::DataFusionError::Execution("it broke".into()));
        let batches = [Ok(batch(&schema, 0, 200_000)), Ok(batch(&schema, 0, 10)), broken];
        let rows = Box::pin(RecordBatchStreamAdapter::new(schema, stream::iter(batches)));
        let told = write_stream(target, rows, Hashing::default(), 2).await.err().unwrap();
        assert!(told.to_string().contains("it broke"), "{told}");
    }
}
