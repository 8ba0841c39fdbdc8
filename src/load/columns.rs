//! The columns a load is asked for, and which field of the file each of them comes from.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use medallion_udfs::parse_number;

use crate::diagnostic::Diagnostic;

/// One column of the table to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    pub name: String,
    /// The header's name for it; the same as `name` when absent. Several columns may come from one field.
    pub from: Option<String>,
    pub data_type: ColumnType,
    /// Reads values that the type alone would not; what stays unreadable is NULL and counted, not a reject.
    pub clean: Option<Clean>,
    /// A record without a value here (NULL or blank) is a reject.
    pub required: bool,
}

impl ColumnSpec {
    /// A text column under the header's own name.
    pub fn text(name: impl Into<String>) -> Self {
        Self::typed(name, ColumnType::Text)
    }

    /// A column of type `data_type` under the header's own name.
    pub fn typed(name: impl Into<String>, data_type: ColumnType) -> Self {
        ColumnSpec { name: name.into(), from: None, data_type, clean: None, required: false }
    }

    fn header_name(&self) -> &str {
        self.from.as_deref().unwrap_or(&self.name)
    }
}

/// The types a CSV field can be read as. Text is kept as it stands; all others are trimmed and read strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Text,
    Float8,
    /// Postgres' `bigint`.
    Int8,
    /// Postgres' `integer`.
    Int4,
    Bool,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DD[( |T)HH:MM[:SS[.ffffff]]]`, without a time zone, in microseconds.
    Timestamp,
}

impl ColumnType {
    /// The type of the Arrow arrays such a column is built as.
    pub fn arrow(self) -> DataType {
        match self {
            ColumnType::Text => DataType::Utf8,
            ColumnType::Float8 => DataType::Float64,
            ColumnType::Int8 => DataType::Int64,
            ColumnType::Int4 => DataType::Int32,
            ColumnType::Bool => DataType::Boolean,
            ColumnType::Date => DataType::Date32,
            ColumnType::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    /// The type's name in Postgres, for messages.
    pub fn sql_name(self) -> &'static str {
        match self {
            ColumnType::Text => "text",
            ColumnType::Float8 => "float8",
            ColumnType::Int8 => "bigint",
            ColumnType::Int4 => "integer",
            ColumnType::Bool => "boolean",
            ColumnType::Date => "date",
            ColumnType::Timestamp => "timestamp",
        }
    }
}

/// How a column's values are cleaned while they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clean {
    /// `two hundred`, `1,000.5` and `$5` are numbers; for `Float8` columns.
    NumberWords,
}

impl Clean {
    /// The number a value stands for, if any.
    pub(crate) fn number(self, value: &[u8]) -> Option<f64> {
        match self {
            Clean::NumberWords => parse_number(value),
        }
    }
}

/// What becomes of a field of the file that no column asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UnknownFields {
    #[default]
    Refuse,
    Ignore,
}

/// Columns joined to the fields of one file.
#[derive(Debug, Clone)]
pub struct Binding {
    pub(crate) header: Vec<String>,
    pub(crate) columns: Vec<BoundColumn>,
    schema: SchemaRef,
}

/// A column and the field it comes from, counted from zero.
#[derive(Debug, Clone)]
pub(crate) struct BoundColumn {
    pub spec: ColumnSpec,
    pub field: usize,
}

impl Binding {
    /// The schema of the batches: one nullable field a column, in the order of the specs.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The field names of the file this binding is for.
    pub fn header(&self) -> &[String] {
        &self.header
    }
}

/// Why columns and header do not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindError {
    #[error("unknown column '{name}' in the header: no column of the source comes from it")]
    UnknownField { name: String, known: Vec<String> },
    #[error("the header has no column '{name}'")]
    MissingField { name: String, header: Vec<String> },
    #[error("the header has the column '{name}' twice: fields {first} and {second}")]
    RepeatedField { name: String, first: usize, second: usize },
    #[error("field {position} of the header has no name")]
    UnnamedField { position: usize },
    #[error("the source declares the column '{name}' twice")]
    RepeatedColumn { name: String },
    #[error("the column '{name}' is {data_type}, and only float8 columns can be cleaned with number_words")]
    CleanNeedsFloat { name: String, data_type: &'static str },
}

impl From<BindError> for Diagnostic {
    fn from(error: BindError) -> Self {
        let diagnostic = Diagnostic::new(error.to_string());
        match &error {
            BindError::UnknownField { name, known } => {
                diagnostic.known_names(name, "columns of the source", known.iter().map(String::as_str))
            }
            BindError::MissingField { name, header } => {
                diagnostic.known_names(name, "columns of the header", header.iter().map(String::as_str))
            }
            BindError::RepeatedField { .. } => diagnostic.hint("give one of the two another name in the file"),
            BindError::UnnamedField { .. } => diagnostic.hint("name it in the file, or remove the field"),
            BindError::RepeatedColumn { .. } => diagnostic.hint("remove one of the two declarations"),
            BindError::CleanNeedsFloat { .. } => diagnostic.hint("declare it float8, or remove the cleaning"),
        }
    }
}

/// Joins `specs` to the fields of `header` by name, whatever their order. Without specs every field is a text column.
///
/// # Errors
/// A column whose field is missing, a field no column comes from (unless `unknown` says to ignore it), a field without
/// a name, and any name that stands twice.
pub fn bind(header: &[String], specs: &[ColumnSpec], unknown: UnknownFields) -> Result<Binding, BindError> {
    let positions = field_positions(header)?;
    let specs = if specs.is_empty() { header.iter().map(ColumnSpec::text).collect() } else { specs.to_vec() };
    let mut names = HashSet::new();
    if let Some(twice) = specs.iter().find(|spec| !names.insert(spec.name.as_str())) {
        return Err(BindError::RepeatedColumn { name: twice.name.clone() });
    }
    if let Some(spec) = specs.iter().find(|spec| spec.clean.is_some() && spec.data_type != ColumnType::Float8) {
        return Err(BindError::CleanNeedsFloat { name: spec.name.clone(), data_type: spec.data_type.sql_name() });
    }
    let wanted: HashSet<&str> = specs.iter().map(ColumnSpec::header_name).collect();
    if unknown == UnknownFields::Refuse
        && let Some(name) = header.iter().find(|name| !wanted.contains(name.as_str()))
    {
        let known = wanted.iter().map(ToString::to_string).collect();
        return Err(BindError::UnknownField { name: name.clone(), known });
    }
    let fields: Vec<Field> = specs.iter().map(|spec| Field::new(&spec.name, spec.data_type.arrow(), true)).collect();
    let columns = specs
        .into_iter()
        .map(|spec| match positions.get(spec.header_name()) {
            Some(&field) => Ok(BoundColumn { spec, field }),
            None => Err(BindError::MissingField { name: spec.header_name().to_string(), header: header.to_vec() }),
        })
        .collect::<Result<_, _>>()?;
    Ok(Binding { header: header.to_vec(), columns, schema: Arc::new(Schema::new(fields)) })
}

fn field_positions(header: &[String]) -> Result<HashMap<&str, usize>, BindError> {
    let mut positions = HashMap::with_capacity(header.len());
    for (field, name) in header.iter().enumerate() {
        if name.trim().is_empty() {
            return Err(BindError::UnnamedField { position: field + 1 });
        }
        if let Some(first) = positions.insert(name.as_str(), field) {
            return Err(BindError::RepeatedField { name: name.clone(), first: first + 1, second: field + 1 });
        }
    }
    Ok(positions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn refused(header: &[&str], specs: &[ColumnSpec]) -> String {
        let error = bind(&names(header), specs, UnknownFields::Refuse).unwrap_err();
        Diagnostic::from(error).to_string()
    }

    #[test]
    fn the_order_of_the_header_does_not_matter() {
        let specs = [ColumnSpec::text("a"), ColumnSpec::typed("b", ColumnType::Float8)];
        let binding = bind(&names(&["b", "a"]), &specs, UnknownFields::Refuse).unwrap();
        assert_eq!(binding.columns.iter().map(|column| column.field).collect::<Vec<_>>(), [1, 0]);
        assert_eq!(binding.schema().field(1).data_type(), &DataType::Float64);
    }

    #[test]
    fn two_columns_may_come_from_one_field() {
        let value = ColumnSpec { from: Some("price".into()), ..ColumnSpec::typed("price_value", ColumnType::Float8) };
        let specs = [ColumnSpec::text("price"), value];
        let binding = bind(&names(&["price"]), &specs, UnknownFields::Refuse).unwrap();
        assert_eq!(binding.columns.iter().map(|column| column.field).collect::<Vec<_>>(), [0, 0]);
    }

    #[test]
    fn without_specs_every_field_is_text() {
        let binding = bind(&names(&["x", "y"]), &[], UnknownFields::Refuse).unwrap();
        assert!(binding.columns.iter().all(|column| column.spec.data_type == ColumnType::Text));
        assert_eq!(binding.header(), ["x", "y"]);
    }

    #[test]
    fn an_unknown_field_is_refused_unless_ignored() {
        let specs = [ColumnSpec::text("price"), ColumnSpec::text("tax")];
        let shown = refused(&["price", "taxx", "tax"], &specs);
        assert!(shown.starts_with("unknown column 'taxx' in the header"), "{shown}");
        assert!(shown.ends_with("did you mean 'tax'?"), "{shown}");
        let header = names(&["price", "more", "tax"]);
        let binding = bind(&header, &specs, UnknownFields::Ignore).unwrap();
        assert_eq!(binding.columns[1].field, 2);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let a = ColumnSpec::text("a");
        let cleaned = ColumnSpec { clean: Some(Clean::NumberWords), ..ColumnSpec::text("a") };
        let missing = bind(&names(&["b"]), std::slice::from_ref(&a), UnknownFields::Ignore).unwrap_err();
        assert_eq!(missing.to_string(), "the header has no column 'a'");
        for (header, specs, message) in [
            (vec!["a", "b", "a"], vec![], "the header has the column 'a' twice: fields 1 and 3"),
            (vec!["a", " "], vec![], "field 2 of the header has no name"),
            (vec!["a"], vec![a.clone(), a], "the source declares the column 'a' twice"),
            (vec!["a"], vec![cleaned], "the column 'a' is text, and only float8 columns can be cleaned"),
        ] {
            let shown = refused(&header, &specs);
            assert!(shown.starts_with(message), "{shown}");
        }
    }
}
