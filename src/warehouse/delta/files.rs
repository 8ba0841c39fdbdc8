//! Parquet files of a table: writing them from record batches, reading them back.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::kernels::cmp::lt_eq;
use arrow::compute::{cast, max_binary_view, min_binary_view};
use arrow::datatypes::{DataType, SchemaRef};
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{
    AsyncArrowWriter, ParquetRecordBatchStreamBuilder, ProjectionMask, add_encoded_arrow_schema_to_metadata,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use roaring::RoaringTreemap;

use super::deletion_vector::DeletionVector;
use super::lake::Lake;
use super::reader::FileReader;
use super::stats::delta_stats;
use crate::warehouse::WarehouseError;
use crate::warehouse::keys::{NO_KEY, key_hashes};
use crate::warehouse::types::conform;

/// One data file of a table. Files never change: another content is another file, or the same without some of its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct DataFile {
    /// Below the table's folder.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Those that are gone among them.
    pub rows: u64,
    /// Delta's statistics: smallest and largest values and null counts, as JSON.
    pub stats: Option<String>,
    pub modified_ms: i64,
    /// The rows that are gone.
    pub deleted: Option<Arc<DeletionVector>>,
}

impl DataFile {
    /// How many rows the table has of it.
    pub fn live_rows(&self) -> u64 {
        self.rows - self.deleted.as_ref().map_or(0, |deleted| deleted.rows.len())
    }

    /// Whether the table has the row of this number.
    pub fn has(&self, row: u64) -> bool {
        self.deleted.as_ref().is_none_or(|deleted| !deleted.rows.contains(row))
    }

    /// About how many bytes they take in it.
    pub fn live_bytes(&self) -> u64 {
        let share = self.live_rows() as f64 / self.rows.max(1) as f64;
        (self.size as f64 * share) as u64
    }

    /// Tells it from other files, and from itself with other rows gone.
    pub fn id(&self) -> (&str, Option<(&str, Option<i32>)>) {
        (&self.path, self.deleted.as_ref().map(|deleted| deleted.id()))
    }
}

const PREFIX: &str = "part-";
const SUFFIX: &str = ".parquet";

/// Whether a file has a name that [`FileWriter`] gives: `part-<uuid>-<publication>.parquet`.
pub fn is_data_file(name: &str) -> bool {
    let ids = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    let ids = ids.and_then(|ids| ids.rsplit_once('-'));
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    ids.is_some_and(|(id, publication)| {
        uuid::Uuid::try_parse(id).is_ok() && publication.len() == 32 && is_hex(publication)
    })
}

/// How many rows a group of a Parquet file holds: the unit of skipping and of parallel reading.
pub const ROW_GROUP_ROWS: usize = 128 * 1024;

/// Writes one file of a table.
pub struct FileWriter {
    /// None before the first rows, by which it is decided how the columns are encoded.
    writer: Option<AsyncArrowWriter<BufWriter>>,
    target: Destination,
    name: String,
    purpose: Purpose,
    rows: u64,
    /// By column.
    nulls: Vec<u64>,
    /// By column, once the first rows were seen.
    dictionaries: Vec<bool>,
}

/// For whom a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// Whoever reads the table, for as long as it has the file.
    Table,
    /// This run alone: read once or twice, and gone. Neither size nor skipping is worth the time that it takes to write.
    Scratch,
}

/// Where the bytes go.
struct Destination {
    store: Arc<dyn ObjectStore>,
    path: Path,
    schema: SchemaRef,
}

impl Destination {
    /// For rows of the schema `comes`, which has the types of the table but for the form of its texts.
    fn open(
        &self,
        comes: SchemaRef,
        mut properties: WriterProperties,
    ) -> Result<AsyncArrowWriter<BufWriter>, WarehouseError> {
        let bytes = BufWriter::new(Arc::clone(&self.store), self.path.clone());
        // Who reads the file gets the table's types.
        add_encoded_arrow_schema_to_metadata(&self.schema, &mut properties);
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        Ok(AsyncArrowWriter::try_new_with_options(bytes, comes, options)?)
    }
}

impl FileWriter {
    /// `label` becomes part of the file's name, so that a file tells which publication wrote it.
    pub fn create(lake: &Lake, dir: &str, label: &str, schema: &SchemaRef) -> Self {
        FileWriter::with_purpose(lake, dir, label, schema, Purpose::Table)
    }

    /// A file that nobody but this run reads.
    pub fn scratch(lake: &Lake, dir: &str, schema: &SchemaRef) -> Self {
        FileWriter::with_purpose(lake, dir, "scratch", schema, Purpose::Scratch)
    }

    fn with_purpose(lake: &Lake, dir: &str, label: &str, schema: &SchemaRef, purpose: Purpose) -> Self {
        let name = format!("{PREFIX}{}-{label}{SUFFIX}", uuid::Uuid::now_v7());
        let path = lake.table_path(dir).join(name.as_str());
        let target = Destination { store: Arc::clone(&lake.store), path, schema: Arc::clone(schema) };
        FileWriter {
            writer: None,
            target,
            name,
            purpose,
            rows: 0,
            nulls: vec![0; schema.fields().len()],
            dictionaries: Vec::new(),
        }
    }

    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), WarehouseError> {
        self.rows += batch.num_rows() as u64;
        for (nulls, column) in self.nulls.iter_mut().zip(batch.columns()) {
            *nulls += column.logical_null_count() as u64;
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let properties = properties(batch, self.purpose)?;
                let fields = batch.schema_ref().fields();
                let column = |name: &str| ColumnPath::new(vec![name.to_string()]);
                let dictionaries = fields.iter().map(|field| properties.dictionary_enabled(&column(field.name())));
                self.dictionaries = dictionaries.collect();
                self.writer.insert(self.target.open(batch.schema(), properties)?)
            }
        };
        Ok(writer.write(batch).await?)
    }

    /// Of the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a column is written as numbers of a dictionary, since its values come again.
    pub fn has_dictionary(&self, column: usize) -> bool {
        self.dictionaries.get(column).copied().unwrap_or(true)
    }

    pub async fn close(self) -> Result<DataFile, WarehouseError> {
        let mut writer = match self.writer {
            Some(writer) => writer,
            None => {
                let none = RecordBatch::new_empty(Arc::clone(&self.target.schema));
                self.target.open(none.schema(), properties(&none, self.purpose)?)?
            }
        };
        let metadata = writer.finish().await?;
        Ok(DataFile {
            path: self.name,
            size: writer.bytes_written() as u64,
            rows: self.rows,
            stats: Some(delta_stats(&metadata, &self.target.schema, &self.nulls)),
            modified_ms: chrono::Utc::now().timestamp_millis(),
            deleted: None,
        })
    }
}

/// How many rows of a file are looked at to choose its encodings.
const SAMPLE_ROWS: usize = 8 * 1024;

/// Fewer rows say nothing about those that follow.
const FEW_ROWS: usize = 1024;

/// How a file that begins with `first` is written. A dictionary pays where values come again; building one of values that
/// do not is the dearest part of writing them.
fn properties(first: &RecordBatch, purpose: Purpose) -> Result<WriterProperties, WarehouseError> {
    let (compression, statistics) = match purpose {
        Purpose::Table => (Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default()), EnabledStatistics::Chunk),
        Purpose::Scratch => (Compression::LZ4_RAW, EnabledStatistics::None),
    };
    let mut properties = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(statistics);
    let sample = first.slice(0, first.num_rows().min(SAMPLE_ROWS));
    for (index, field) in first.schema_ref().fields().iter().enumerate() {
        let column = || ColumnPath::new(vec![field.name().clone()]);
        let is_text = is_text(field.data_type());
        if is_text && purpose == Purpose::Table && !have_telling_bounds(&sample, index)? {
            properties = properties.set_column_statistics_enabled(column(), EnabledStatistics::None);
        }
        if !field.data_type().is_nested() && seldom_twice(&sample, index)? {
            properties = properties.set_column_dictionary_enabled(column(), false);
            if is_text {
                // Lengths apart from the text: text alone is compressed in half the time, and to less.
                properties = properties.set_column_encoding(column(), Encoding::DELTA_LENGTH_BYTE_ARRAY);
            }
        }
    }
    Ok(properties.build())
}

/// Whether the least and the greatest text of a column may let somebody skip a file: not where they begin in all ways and come
/// in no order, as hashes, names and addresses do. Comparing all of them for that takes longer than hashing them. Of a few
/// rows nothing is known.
fn have_telling_bounds(sample: &RecordBatch, column: usize) -> Result<bool, WarehouseError> {
    if sample.num_rows() < FEW_ROWS {
        return Ok(true);
    }
    let texts = cast(sample.column(column), &DataType::BinaryView)?;
    let pairs = texts.len() - 1;
    let in_order = lt_eq(&texts.slice(0, pairs), &texts.slice(1, pairs))?;
    if in_order.true_count() * 10 >= pairs * 9 {
        return Ok(true);
    }
    let first = |text: &[u8]| text.first().copied();
    let texts = texts.as_binary_view();
    Ok(min_binary_view(texts).map(first) == max_binary_view(texts).map(first))
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::Utf8View | DataType::Binary | DataType::BinaryView)
}

/// Whether more than four of five values of a column, nulls aside, are different. Of a few rows that says nothing.
fn seldom_twice(sample: &RecordBatch, column: usize) -> Result<bool, WarehouseError> {
    let mut hashes = key_hashes(sample, &[column])?;
    hashes.retain(|hash| *hash != NO_KEY);
    let values = hashes.len();
    hashes.sort_unstable();
    hashes.dedup();
    Ok(values > FEW_ROWS && hashes.len() * 5 > values * 4)
}

/// Reads rows of a file, those that are gone too, with the columns and types of `schema`: all, or those of the numbers
/// `only`. A column the file does not have, since the table got it later, is null.
pub async fn read_file(
    lake: &Lake,
    dir: &str,
    file: &DataFile,
    schema: SchemaRef,
    only: Option<&RoaringTreemap>,
) -> Result<impl Stream<Item = Result<RecordBatch, WarehouseError>> + Send + use<>, WarehouseError> {
    read_with(lake, dir, file, open(lake, dir, file).await?, schema, only)
}

/// What a file says of itself.
pub async fn open(lake: &Lake, dir: &str, file: &DataFile) -> Result<ArrowReaderMetadata, WarehouseError> {
    let mut reader = FileReader::new(lake, dir, file);
    Ok(ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await?)
}

/// As [`read_file`], of a file that is open.
pub fn read_with(
    lake: &Lake,
    dir: &str,
    file: &DataFile,
    metadata: ArrowReaderMetadata,
    schema: SchemaRef,
    only: Option<&RoaringTreemap>,
) -> Result<impl Stream<Item = Result<RecordBatch, WarehouseError>> + Send + use<>, WarehouseError> {
    let reader = FileReader::new(lake, dir, file);
    let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, metadata);
    // By place, since a name with a dot in it would be taken for a path.
    let roots = builder.parquet_schema().root_schema().get_fields().iter().enumerate();
    let wanted = roots.filter(|(_, root)| schema.index_of(root.name()).is_ok()).map(|(place, _)| place);
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.collect::<Vec<_>>());
    if let Some(only) = only {
        let ranges = only.iter().map(|row| row as usize..row as usize + 1);
        builder = builder.with_row_selection(RowSelection::from_consecutive_ranges(ranges, file.rows as usize));
    }
    let batches = builder.with_projection(mask).with_batch_size(16 * 1024).build()?;
    Ok(batches.map_err(WarehouseError::from).map(move |batch| conform(&batch?, &schema)))
}

pub fn file_path(lake: &Lake, dir: &str, file: &DataFile) -> Path {
    file.path.split('/').fold(lake.table_path(dir), |path, part| path.join(part))
}

/// The same, as the Parquet format has it.
pub async fn footer(lake: &Lake, dir: &str, file: &DataFile) -> Result<Arc<ParquetMetaData>, WarehouseError> {
    Ok(Arc::clone(open(lake, dir, file).await?.metadata()))
}

/// The number of rows of a file that somebody else wrote, where the log does not say it.
pub async fn count_rows(lake: &Lake, dir: &str, file: &DataFile) -> Result<u64, WarehouseError> {
    Ok(footer(lake, dir, file).await?.file_metadata().num_rows().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    #[test]
    fn our_files_are_known_by_their_names() {
        let label = uuid::Uuid::now_v7().simple().to_string();
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let schema = Arc::new(arrow::datatypes::Schema::empty());
        let writer = FileWriter::create(&lake, "dev/main/t", &label, &schema);
        assert!(is_data_file(&writer.name), "{}", writer.name);
        for foreign in
            ["part-00000-0197f3a2-5e1b-7d51-a1c5-6f4f5a3b2c1d-c000.snappy.parquet", "x.parquet", "part-.parquet", ""]
        {
            assert!(!is_data_file(foreign), "{foreign}");
        }
    }

    #[tokio::test]
    async fn bounds_are_kept_of_what_has_an_order_and_nulls_of_everything() {
        let texts = |text: fn(u32) -> String| -> StringArray {
            (0..5000).map(|row| (row % 100 != 7).then(|| text(row))).collect()
        };
        let random = texts(|row| format!("{:08x}", row.wrapping_mul(0x9e37_79b9)));
        let ordered = texts(|row| format!("2026-{row:05}"));
        let of_a_day = texts(|row| format!("2026-11-26 {:08x}", row.wrapping_mul(0x9e37_79b9)));
        let repeated = texts(|row| format!("city {}", row % 10));
        let names = texts(|row| format!("{} Smith", char::from(b'A' + (row * 7 % 26) as u8)));
        let batch = RecordBatch::try_from_iter([
            ("random", Arc::new(random) as ArrayRef),
            ("ordered", Arc::new(ordered)),
            ("of_a_day", Arc::new(of_a_day)),
            ("repeated", Arc::new(repeated)),
            ("names", Arc::new(names)),
        ])
        .unwrap();
        let lake = Lake::open("memory:///lake", &Default::default()).unwrap();
        let write = async |mut writer: FileWriter| {
            writer.write(&batch).await.unwrap();
            writer.write(&batch.slice(0, 100)).await.unwrap();
            let stats = writer.close().await.unwrap().stats.unwrap();
            serde_json::from_str::<serde_json::Value>(&stats).unwrap()
        };
        let stats = write(FileWriter::create(&lake, "t", "x", &batch.schema())).await;
        assert_eq!(
            stats["nullCount"],
            serde_json::json!({"random": 51, "ordered": 51, "of_a_day": 51, "repeated": 51, "names": 51})
        );
        let bounded: Vec<&String> = stats["minValues"].as_object().unwrap().keys().collect();
        assert_eq!(bounded, ["of_a_day", "ordered", "repeated"]);
        assert_eq!(stats["minValues"]["ordered"], "2026-00000");
        let stats = write(FileWriter::scratch(&lake, "t", &batch.schema())).await;
        assert_eq!(stats["nullCount"]["random"], 51);
        assert_eq!(stats["minValues"], serde_json::json!({}));
    }
}
