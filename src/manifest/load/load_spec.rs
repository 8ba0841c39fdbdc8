//! The `load:` block of a source table, rendered and checked.

use std::collections::HashSet;

use crate::diagnostic::Diagnostic;
use crate::manifest::render::Renderer;
use crate::manifest::{CsvOptions, LoadColumn, LoadSpec};
use crate::project::yaml::Spotted;
use crate::project::{CsvProperties, LoadColumnProperties, LoadProperties};

/// The ways `clean:` knows.
const CLEANERS: [&str; 1] = ["number_words"];

const DEFAULT_TYPE: &str = "text";

pub(super) fn load_spec(load: &LoadProperties, renderer: &Renderer<'_>) -> Result<LoadSpec, Vec<Diagnostic>> {
    let mut errors = Vec::new();
    let path = renderer.text(&load.path.value, &load.path.spot).unwrap_or_else(|error| {
        errors.push(error);
        String::new()
    });
    if path.trim().is_empty() && errors.is_empty() {
        errors.push(Diagnostic::new("the path of 'load' is empty").at(load.path.spot.place()));
    }
    let csv = csv_options(&load.csv, &mut errors);
    let columns = load.columns.as_ref().map(|columns| load_columns(columns, &mut errors));
    if let Some(columns) = &columns {
        for key in &load.unique_key {
            if !columns.iter().any(|column| column.name == key.value) {
                let message = format!("the key column '{}' is not among the columns to load", key.value);
                let known = columns.iter().map(|column| column.name.as_str());
                errors.push(Diagnostic::new(message).at(key.spot.place()).known_names(&key.value, "columns", known));
            }
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let unique_key = load.unique_key.iter().map(|key| key.value.clone()).collect();
    Ok(LoadSpec { path, unique_key, csv, columns, spot: load.spot.clone() })
}

fn csv_options(csv: &CsvProperties, errors: &mut Vec<Diagnostic>) -> CsvOptions {
    let default = CsvOptions::default();
    let mut one = |text: &Spotted<String>, name: &str| {
        let character = single(&text.value);
        if character.is_none() {
            let message = format!("'{name}' must be one character, and this is '{}'", text.value);
            errors.push(Diagnostic::new(message).at(text.spot.place()));
        }
        character
    };
    let delimiter = csv.delimiter.as_ref().and_then(|text| one(text, "delimiter")).unwrap_or(default.delimiter);
    let quote = match &csv.quote {
        None => default.quote,
        Some(text) if text.value.is_empty() => None,
        Some(text) => one(text, "quote"),
    };
    CsvOptions {
        delimiter,
        quote,
        header: csv.header.unwrap_or(default.header),
        null_strings: csv.null_strings.clone().unwrap_or(default.null_strings),
        ignore_unknown: csv.ignore_unknown.unwrap_or(default.ignore_unknown),
    }
}

/// The one character of a text; a tab may be written `\t` or `tab`.
fn single(text: &str) -> Option<char> {
    if matches!(text, "\\t" | "tab") {
        return Some('\t');
    }
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn load_columns(columns: &[LoadColumnProperties], errors: &mut Vec<Diagnostic>) -> Vec<LoadColumn> {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut loaded = Vec::with_capacity(columns.len());
    for column in columns {
        if !seen.insert(column.name.as_str()) {
            let message = format!("the column '{}' is loaded twice", column.name);
            errors.push(Diagnostic::new(message).at(column.spot.place()));
        }
        if let Some(clean) = column.clean.as_ref().filter(|clean| !CLEANERS.contains(&clean.value.as_str())) {
            let error = Diagnostic::new(format!("no cleaning called '{}'", clean.value)).at(clean.spot.place());
            errors.push(error.known_names(&clean.value, "ways to clean", CLEANERS));
        }
        loaded.push(LoadColumn {
            name: column.name.clone(),
            from: column.from.clone(),
            data_type: column.data_type.clone().unwrap_or_else(|| DEFAULT_TYPE.to_string()),
            clean: column.clean.as_ref().map(|clean| clean.value.clone()),
            spot: column.spot.clone(),
        });
    }
    loaded
}
