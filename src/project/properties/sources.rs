//! Sources, their tables, and the files behind them.

use serde_json::Value;

use super::{ColumnProperties, DataTestProperties, config_of, each};
use crate::project::Spot;
use crate::project::yaml::{Data, Fields, Key, Layer, Reader, Spotted, Yaml};

#[derive(Debug, Clone)]
pub struct SourceProperties {
    pub name: Spotted<String>,
    pub description: String,
    /// None: the target's database.
    pub database: Option<Spotted<String>>,
    /// None: the source's name.
    pub schema: Option<Spotted<String>>,
    pub loader: String,
    pub loaded_at_field: Option<String>,
    pub freshness: Value,
    pub config: Layer,
    pub tables: Vec<TableProperties>,
}

#[derive(Debug, Clone)]
pub struct TableProperties {
    pub name: Spotted<String>,
    pub description: String,
    /// None: the table's name.
    pub identifier: Option<Spotted<String>>,
    pub loader: Option<String>,
    pub loaded_at_field: Option<String>,
    pub freshness: Value,
    pub external: Value,
    pub config: Layer,
    pub columns: Vec<ColumnProperties>,
    pub data_tests: Vec<DataTestProperties>,
    pub load: Option<LoadProperties>,
}

/// The `load:` block: the file a source table is read from.
#[derive(Debug, Clone)]
pub struct LoadProperties {
    pub spot: Spot,
    pub path: Spotted<String>,
    pub unique_key: Vec<Spotted<String>>,
    pub csv: CsvProperties,
    pub columns: Option<Vec<LoadColumnProperties>>,
}

#[derive(Debug, Clone, Default)]
pub struct CsvProperties {
    pub delimiter: Option<Spotted<String>>,
    /// The empty text means that nothing is quoted.
    pub quote: Option<Spotted<String>>,
    pub header: Option<bool>,
    pub null_strings: Option<Vec<String>>,
    pub ignore_unknown: Option<bool>,
}

#[derive(Debug, Clone)]
pub struct LoadColumnProperties {
    pub spot: Spot,
    pub name: String,
    pub from: Option<String>,
    pub data_type: Option<String>,
    pub clean: Option<Spotted<String>>,
}

impl SourceProperties {
    pub(super) fn read(fields: &Fields<'_, '_>) -> Self {
        let source = SourceProperties {
            description: fields.text("description").unwrap_or_default(),
            database: fields.spotted_text("database"),
            schema: fields.spotted_text("schema"),
            loader: fields.text("loader").unwrap_or_default(),
            loaded_at_field: fields.text("loaded_at_field"),
            freshness: fields.json("freshness"),
            config: config_of(fields),
            tables: each(fields, "tables", "a table", TableProperties::read),
            name: fields.required_text("name"),
        };
        fields.ignore(&["quoting", "docs", "loaded_at_query"]);
        fields.unsupported(&["overrides"]);
        fields.check_unknown();
        source
    }
}

impl TableProperties {
    fn read(fields: &Fields<'_, '_>) -> Self {
        let mut config = config_of(fields);
        config.0.shift_remove("load");
        let table = TableProperties {
            description: fields.text("description").unwrap_or_default(),
            identifier: fields.spotted_text("identifier"),
            loader: fields.text("loader"),
            loaded_at_field: fields.text("loaded_at_field"),
            freshness: fields.json("freshness"),
            external: fields.json("external"),
            config,
            columns: ColumnProperties::read_all(fields),
            data_tests: DataTestProperties::read_all(fields),
            load: load_block(fields).and_then(|(key, yaml)| LoadProperties::read(fields.reader(), key, yaml)),
            name: fields.required_text("name"),
        };
        fields.ignore(&["quoting", "docs", "loaded_at_query", "load"]);
        fields.check_unknown();
        table
    }
}

/// The first of `config: {meta: {load}}` (the one place dbt itself tolerates), `config: {load}`, `meta: {load}`, `load`.
fn load_block<'y>(fields: &Fields<'_, 'y>) -> Option<&'y (Key, Yaml)> {
    let find = |entries: &'y [(Key, Yaml)], name: &str| {
        entries.iter().find(|(key, value)| key.text == name && !value.is_null())
    };
    let below = |entries: &'y [(Key, Yaml)], name: &str| match find(entries, name) {
        Some((_, Yaml { data: Data::Map(entries), .. })) => entries.as_slice(),
        _ => &[],
    };
    let all = fields.all();
    let config = below(all, "config");
    let places = [below(config, "meta"), config, below(all, "meta"), all];
    let found: Vec<&(Key, Yaml)> = places.into_iter().filter_map(|entries| find(entries, "load")).collect();
    if let [_, (second, _), ..] = found.as_slice() {
        let reader = fields.reader();
        reader.error(
            reader.at(second.span, "a second 'load' for the same table").hint("keep the one under config: meta:"),
        );
    }
    found.first().copied()
}

impl LoadProperties {
    fn read(reader: &Reader, key: &Key, yaml: &Yaml) -> Option<Self> {
        let fields = reader.fields(yaml, "'load'")?;
        let columns = fields.get("columns").map(|yaml| {
            reader.list(yaml, "'columns'").iter().filter_map(|item| LoadColumnProperties::read(reader, item)).collect()
        });
        let load = LoadProperties {
            spot: key.span.spot(reader.file()),
            unique_key: fields.texts("unique_key").unwrap_or_default(),
            csv: fields.fields("csv").map(|fields| CsvProperties::read(&fields)).unwrap_or_default(),
            columns,
            path: fields.required_text("path"),
        };
        fields.check_unknown();
        Some(load)
    }
}

impl CsvProperties {
    fn read(fields: &Fields<'_, '_>) -> Self {
        // `quote: ""` turns quoting off, so that an empty text is not an absent one.
        let csv = CsvProperties {
            delimiter: fields.spotted_text("delimiter"),
            quote: fields.spotted_text("quote"),
            header: fields.flag("header"),
            null_strings: fields.texts("null_strings").map(|texts| texts.into_iter().map(|text| text.value).collect()),
            ignore_unknown: fields.flag("ignore_unknown"),
        };
        fields.check_unknown();
        csv
    }
}

impl LoadColumnProperties {
    fn read(reader: &Reader, item: &Yaml) -> Option<Self> {
        let spot = item.span.spot(reader.file());
        if !matches!(item.data, Data::Map(_)) {
            let name = reader.text(item, "a column to load")?;
            return Some(LoadColumnProperties { spot, name, from: None, data_type: None, clean: None });
        }
        let fields = reader.fields(item, "a column to load")?;
        let column = LoadColumnProperties {
            from: fields.text("from"),
            data_type: fields.text("type"),
            clean: fields.spotted_text("clean"),
            name: fields.required_text("name").value,
            spot,
        };
        fields.check_unknown();
        Some(column)
    }
}
