//! What a load's configuration asks for, in the reader's terms.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use super::columns::{Clean, ColumnSpec, ColumnType};
use super::csv::CsvOptions;
use super::files::Candidate;
use super::{LOAD_TIMESTAMP, LoadRequest};
use crate::diagnostic::Diagnostic;
use crate::manifest::LoadColumn;
use crate::warehouse::Publication;

/// How the files of one load are read.
#[derive(Debug, Clone)]
pub struct LoadPlan {
    pub columns: Vec<ColumnSpec>,
    pub options: CsvOptions,
    pub unknown: super::UnknownFields,
    pub spot: crate::diagnostic::Place,
}

impl LoadPlan {
    /// Columns as configured, or those of the first file's header, as text.
    pub fn new(request: &LoadRequest<'_>, files: &[Candidate]) -> Result<Self, Diagnostic> {
        let options = csv_options(request)?;
        let place = request.spec.spot.place();
        let mut columns = match (&request.spec.columns, files.first()) {
            (Some(columns), _) => {
                let mut specs = columns.iter().map(column_spec).collect::<Result<Vec<_>, _>>()?;
                if !options.header {
                    by_place(&mut specs);
                }
                specs
            }
            (None, Some(file)) => {
                let opened = super::csv::CsvFile::open(&file.path, options.clone());
                let opened = opened.map_err(|error| Diagnostic::new(error.to_string()).at(place.clone()))?;
                opened.header().iter().map(ColumnSpec::text).collect()
            }
            (None, None) => Vec::new(),
        };
        for key in &request.spec.unique_key {
            let known: Vec<String> = columns.iter().map(|column| column.name.clone()).collect();
            let Some(column) = columns.iter_mut().find(|column| column.name == *key) else {
                return Err(Diagnostic::new(format!("unique_key '{key}' is not a column of {}", request.relation))
                    .at(place)
                    .known_names(key, "columns", known.iter().map(String::as_str)));
            };
            column.required = true;
        }
        Ok(LoadPlan { columns, options, unknown: super::unknown_fields(request.spec), spot: place })
    }

    /// The table's columns: those of the file, then `load_timestamp`.
    pub fn schema(&self) -> SchemaRef {
        let mut fields: Vec<Field> =
            self.columns.iter().map(|column| Field::new(&column.name, column.data_type.arrow(), true)).collect();
        fields.push(Field::new(LOAD_TIMESTAMP, DataType::Timestamp(TimeUnit::Microsecond, None), true));
        Arc::new(Schema::new(fields))
    }

    /// Checks that the table there is has the columns that the load gives.
    pub async fn check_columns(
        &self,
        publication: &dyn Publication,
        request: &LoadRequest<'_>,
    ) -> Result<(), super::Failure> {
        let stored = publication.scan_staged(request.relation).await?.schema();
        let given = publication.storable(request.relation, &self.schema())?;
        let columns = |schema: &Schema| {
            let mut columns: Vec<(String, DataType)> =
                schema.fields().iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
            columns.sort_by(|a, b| a.0.cmp(&b.0));
            columns
        };
        if columns(&stored) == columns(&given) {
            return Ok(());
        }
        let differs = |from: &Schema, other: &Schema| -> Vec<String> {
            let others = columns(other);
            columns(from).into_iter().filter(|c| !others.contains(c)).map(|(n, t)| format!("{n} {t}")).collect()
        };
        Err(Diagnostic::new(format!(
            "{} has other columns than the load gives; the table alone has [{}], the load alone [{}]",
            request.relation,
            differs(&stored, &given).join(", "),
            differs(&given, &stored).join(", ")
        ))
        .at(self.spot.clone())
        .hint("load with --full-refresh to build the table anew from its files")
        .into())
    }
}

fn csv_options(request: &LoadRequest<'_>) -> Result<CsvOptions, Diagnostic> {
    let csv = &request.spec.csv;
    let byte = |what: &str, character: char| {
        u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
            Diagnostic::new(format!("csv {what} '{character}' is not an ASCII character")).at(request.spec.spot.place())
        })
    };
    Ok(CsvOptions {
        delimiter: byte("delimiter", csv.delimiter)?,
        quote: csv.quote.map(|quote| byte("quote", quote)).transpose()?,
        header: csv.header,
        // An unquoted empty field is NULL anyway.
        null_strings: csv.null_strings.iter().filter(|text| !text.is_empty()).cloned().collect(),
        ..CsvOptions::default()
    })
}

/// Without a header, a column that does not say where it is read from is at its own place.
fn by_place(columns: &mut [ColumnSpec]) {
    for (index, column) in columns.iter_mut().enumerate() {
        column.from.get_or_insert_with(|| format!("column_{}", index + 1));
    }
}

fn column_spec(column: &LoadColumn) -> Result<ColumnSpec, Diagnostic> {
    let wrong = |message: String| Diagnostic::new(message).at(column.spot.place());
    let data_type = match column.data_type.to_lowercase().as_str() {
        "text" | "varchar" | "character varying" | "string" => ColumnType::Text,
        "float8" | "double precision" | "double" | "float" => ColumnType::Float8,
        "bigint" | "int8" => ColumnType::Int8,
        "integer" | "int" | "int4" => ColumnType::Int4,
        "boolean" | "bool" => ColumnType::Bool,
        "date" => ColumnType::Date,
        "timestamp" | "timestamp without time zone" => ColumnType::Timestamp,
        other => {
            return Err(wrong(format!("column '{}' has unknown type '{other}'", column.name))
                .hint("the types are: text, float8, bigint, integer, boolean, date, timestamp"));
        }
    };
    let clean = match column.clean.as_deref() {
        None => None,
        Some("number_words") if data_type == ColumnType::Float8 => Some(Clean::NumberWords),
        Some("number_words") => {
            return Err(
                wrong(format!("column '{}': number_words gives a float8", column.name)).hint("set type: float8")
            );
        }
        Some(other) => {
            return Err(wrong(format!("column '{}' has unknown cleaning '{other}'", column.name))
                .hint("the one there is: number_words"));
        }
    };
    Ok(ColumnSpec { name: column.name.clone(), from: column.from.clone(), data_type, clean, required: false })
}
