//! Delta's statistics of a data file, from the statistics of its Parquet footer.
//!
//! Readers skip files by them, so a wrong bound loses rows: whatever is not certain is left out.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::Schema;
use chrono::{DateTime, Days, NaiveDate, SecondsFormat};
use parquet::basic::{LogicalType, Type};
use parquet::data_type::ByteArray;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;
use serde::Deserialize;
use serde_json::{Value, json};

use super::files::DataFile;

/// Longer text bounds are left out: they would bloat the log.
const LONGEST_TEXT: usize = 64;

/// `{"numRecords": …, "minValues": {…}, "maxValues": {…}, "nullCount": {…}}`, for the columns that are not nested. How
/// many values are null is known of all columns, their bounds of those that Parquet has statistics of.
pub fn delta_stats(metadata: &ParquetMetaData, schema: &Schema, null_counts: &[u64]) -> String {
    let mut least: BTreeMap<&str, Value> = BTreeMap::new();
    let mut greatest: BTreeMap<&str, Value> = BTreeMap::new();
    let mut nulls: BTreeMap<&str, u64> = BTreeMap::new();
    let columns = metadata.file_metadata().schema_descr();
    for (index, column) in columns.columns().iter().enumerate() {
        if column.path().parts().len() != 1 {
            continue;
        }
        let chunks = || metadata.row_groups().iter().map(|group| chunk_statistics(group, index));
        if let Some(count) = schema.index_of(column.name()).ok().and_then(|index| null_counts.get(index)) {
            nulls.insert(column.name(), *count);
        }
        if let Some((low, high)) = bounds(column, chunks()) {
            least.insert(column.name(), low);
            greatest.insert(column.name(), high);
        }
    }
    json!({
        "numRecords": metadata.file_metadata().num_rows(),
        "minValues": least,
        "maxValues": greatest,
        "nullCount": nulls,
    })
    .to_string()
}

/// The number of nulls of each column over all files, where every file tells.
pub fn null_counts(schema: &Schema, files: &[DataFile]) -> Vec<Option<usize>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Nulls {
        #[serde(default)]
        null_count: HashMap<String, Value>,
    }
    let mut counts = vec![Some(0); schema.fields().len()];
    for file in files {
        let stats = file.stats.as_deref().and_then(|stats| serde_json::from_str::<Nulls>(stats).ok());
        for (count, field) in counts.iter_mut().zip(schema.fields()) {
            let nulls = stats.as_ref().and_then(|stats| stats.null_count.get(field.name())).and_then(Value::as_u64);
            // What is known of all rows is known of those that are left where it is all or none.
            let nulls = match nulls {
                Some(nulls) if file.deleted.is_some() && nulls == file.rows => Some(file.live_rows()),
                Some(nulls) if file.deleted.is_some() && nulls > 0 => None,
                nulls => nulls,
            };
            *count = count.zip(nulls).map(|(count, nulls)| count + nulls as usize);
        }
    }
    counts
}

fn chunk_statistics(group: &RowGroupMetaData, index: usize) -> Option<&Statistics> {
    group.column(index).statistics()
}

/// The bounds over all row groups. `None` when one of them has values without known bounds.
fn bounds<'a>(
    column: &ColumnDescriptor,
    chunks: impl Iterator<Item = Option<&'a Statistics>>,
) -> Option<(Value, Value)> {
    let mut merged: Option<(Bound, Bound)> = None;
    for chunk in chunks {
        let (low, high) = chunk_bounds(chunk?)?;
        merged = Some(match merged {
            None => (low, high),
            Some((least, greatest)) => (least.least(low)?, greatest.greatest(high)?),
        });
    }
    let (low, high) = merged?;
    Some((low.to_json(column)?, high.to_json(column)?))
}

#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Bound {
    Int(i64),
    Float(f64),
    Text(String),
}

impl Bound {
    fn least(self, other: Bound) -> Option<Bound> {
        Some(if self.partial_cmp(&other)?.is_le() { self } else { other })
    }

    fn greatest(self, other: Bound) -> Option<Bound> {
        Some(if self.partial_cmp(&other)?.is_ge() { self } else { other })
    }

    fn to_json(&self, column: &ColumnDescriptor) -> Option<Value> {
        match (self, column.logical_type_ref()) {
            (Bound::Int(days), Some(LogicalType::Date)) => {
                let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
                let moved = Days::new(days.unsigned_abs());
                let date = if *days < 0 { epoch.checked_sub_days(moved) } else { epoch.checked_add_days(moved) };
                Some(json!(date?.to_string()))
            }
            (Bound::Int(micros), Some(LogicalType::Timestamp(timestamp))) => {
                let instant = DateTime::from_timestamp_micros(*micros)?;
                let text = instant.to_rfc3339_opts(SecondsFormat::Micros, true);
                Some(json!(if timestamp.is_adjusted_to_u_t_c { text.as_str() } else { text.trim_end_matches('Z') }))
            }
            (Bound::Int(value), None | Some(LogicalType::Integer { .. })) => Some(json!(value)),
            (Bound::Float(value), _) if value.is_finite() => Some(json!(value)),
            (Bound::Text(value), Some(LogicalType::String)) => Some(json!(value)),
            _ => None,
        }
    }
}

fn chunk_bounds(chunk: &Statistics) -> Option<(Bound, Bound)> {
    if !chunk.min_is_exact() || !chunk.max_is_exact() {
        return None;
    }
    match chunk {
        Statistics::Int32(s) => Some((Bound::Int((*s.min_opt()?).into()), Bound::Int((*s.max_opt()?).into()))),
        Statistics::Int64(s) => Some((Bound::Int(*s.min_opt()?), Bound::Int(*s.max_opt()?))),
        Statistics::Float(s) => Some((Bound::Float((*s.min_opt()?).into()), Bound::Float((*s.max_opt()?).into()))),
        Statistics::Double(s) => Some((Bound::Float(*s.min_opt()?), Bound::Float(*s.max_opt()?))),
        Statistics::ByteArray(s) if chunk.physical_type() == Type::BYTE_ARRAY => {
            Some((Bound::Text(text(s.min_opt()?)?), Bound::Text(text(s.max_opt()?)?)))
        }
        _ => None,
    }
}

fn text(bytes: &ByteArray) -> Option<String> {
    bytes.as_utf8().ok().filter(|text| text.len() <= LONGEST_TEXT).map(str::to_string)
}
