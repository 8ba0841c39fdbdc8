//! A generic test as a property file attaches it.

use serde_json::{Map, Value};

use crate::project::Spot;
use crate::project::yaml::{Data, Fields, Key, Layer, Reader, Yaml};

/// A test on a column, model, seed, snapshot or source table. Arguments and configuration may hold Jinja.
#[derive(Debug, Clone)]
pub struct DataTestProperties {
    pub spot: Spot,
    /// The test macro's name without `test_`.
    pub name: String,
    /// The package before the dot of `dbt_utils.expression_is_true`.
    pub package: Option<String>,
    /// `name:`, in place of the name made of test, model and arguments.
    pub custom_name: Option<String>,
    pub description: String,
    pub config: Layer,
    /// The macro's arguments but `model` and, for a test on a column, `column_name`.
    pub kwargs: Map<String, Value>,
}

/// Configuration that may stand beside the arguments.
const INLINE_CONFIG: [&str; 14] = [
    "severity",
    "tags",
    "enabled",
    "where",
    "limit",
    "warn_if",
    "error_if",
    "fail_calc",
    "store_failures",
    "store_failures_as",
    "meta",
    "database",
    "schema",
    "alias",
];

impl DataTestProperties {
    /// The tests under `tests:` and under `data_tests:`.
    pub(super) fn read_all(fields: &Fields<'_, '_>) -> Vec<Self> {
        let items = ["tests", "data_tests"].into_iter().flat_map(|key| fields.list(key));
        items.filter_map(|item| Self::read(fields.reader(), item)).collect()
    }

    fn read(reader: &Reader, item: &Yaml) -> Option<Self> {
        match &item.data {
            Data::Map(entries) => match entries.as_slice() {
                [(key, body)] if key.text != "test_name" => Self::read_body(reader, key, body),
                _ => Self::read_flat(reader, item),
            },
            _ => Self::named(reader, &reader.text(item, "a test")?, item),
        }
    }

    fn named(reader: &Reader, full_name: &str, at: &Yaml) -> Option<Self> {
        let (package, name) = match full_name.split_once('.') {
            Some((package, name)) => (Some(package), name),
            None => (None, full_name),
        };
        if !is_name(name) || !package.is_none_or(is_name) {
            let error = reader.at(at.span, format!("'{full_name}' cannot be the name of a test"));
            reader.error(error.hint("write a test's name, such as not_null, or package.name"));
            return None;
        }
        Some(DataTestProperties {
            spot: at.span.spot(reader.file()),
            name: name.to_string(),
            package: package.map(ToString::to_string),
            custom_name: None,
            description: String::new(),
            config: Layer::default(),
            kwargs: Map::new(),
        })
    }

    /// `- not_null: {…}`
    fn read_body(reader: &Reader, key: &Key, body: &Yaml) -> Option<Self> {
        let at = Yaml { span: key.span, data: body.data.clone() };
        let test = Self::named(reader, &key.text, &at)?;
        if body.is_null() {
            return Some(test);
        }
        let fields = reader.fields(body, &format!("the arguments of the test '{}'", key.text))?;
        Some(test.with_body(&fields, &[]))
    }

    /// `- {test_name: not_null, …}`
    fn read_flat(reader: &Reader, item: &Yaml) -> Option<Self> {
        let fields = reader.fields(item, "a test")?;
        let Some(name) = fields.get("test_name") else {
            let names: Vec<&str> = fields.all().iter().map(|(key, _)| key.text.as_str()).collect();
            let error = reader.at(item.span, "a test is one name with its arguments below it");
            reader.error(match names.as_slice() {
                [first, second, ..] => error.hint(format!("is '{second}' meant to be indented below '{first}'?")),
                _ => error.hint("write `- not_null` or `- not_null: {…}`"),
            });
            return None;
        };
        let test = Self::named(reader, &reader.text(name, "'test_name'")?, name)?;
        Some(test.with_body(&fields, &["test_name"]))
    }

    fn with_body(mut self, fields: &Fields<'_, '_>, not_arguments: &[&str]) -> Self {
        self.config = Layer::under(fields, "config");
        for key in INLINE_CONFIG {
            self.config.take_inline(fields, key);
        }
        self.custom_name = fields.text("name");
        self.description = fields.text("description").unwrap_or_default();
        let known = |key: &str| {
            INLINE_CONFIG.contains(&key)
                || ["config", "name", "description"].contains(&key)
                || not_arguments.contains(&key)
        };
        for (key, value) in fields.all().iter().filter(|(key, _)| !known(&key.text)) {
            match &value.data {
                Data::Map(arguments) if key.text == "arguments" => {
                    self.kwargs.extend(arguments.iter().map(|(key, value)| (key.text.clone(), value.to_json())));
                }
                _ => {
                    self.kwargs.insert(key.text.clone(), value.to_json());
                }
            }
        }
        self
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|part| part.is_ascii_alphanumeric() || part == '_')
}
