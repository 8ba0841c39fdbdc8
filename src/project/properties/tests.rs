use proptest::prelude::*;
use serde_json::json;

use super::*;

fn read(text: &str) -> (PropertyFile, Vec<Diagnostic>) {
    PropertyFile::parse(&TextFile::new("models/p.yml", text))
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
        .unwrap()
}

fn errors(text: &str) -> String {
    let errors = PropertyFile::parse(&TextFile::new("models/p.yml", text)).unwrap_err();
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// One of everything that is known.
const EVERYTHING: &str = "\
version: 2
models:
  - name: fct
    description: >
      one
      two
    docs: {show: false}
    access: public
    meta: {owner: anna, anything: {goes: here}}
    config:
      materialized: incremental
      tags: nightly
      my_own_key: 1
    tests:
      - dbt_utils.expression_is_true: {expression: a > 0}
    columns:
      - name: id
        data_type: text
        quote: true
        tags: [key]
        config: {meta: {pii: true}, tags: [more]}
        tests: [unique]
        data_tests:
          - not_null:
              name: id_is_there
              severity: warn
              config: {error_if: '> 20%'}
          - relationships:
              arguments: {to: ref('dim'), field: id}
          - test_name: accepted_values
            values: [1, 2]
seeds: [{name: codes, config: {column_types: {a: text}}}]
snapshots: [{name: s, relation: ref('fct')}]
data_tests: [{name: singular, description: x}]
macros: [{name: m, description: x, arguments: [{name: a, type: text}]}]
exposures: [{name: e, type: dashboard, owner: {name: a}, depends_on: [ref('fct')]}]
sources:
  - name: forex
    database: data_lake
    loader: csv
    config: {enabled: true}
    tables:
      - name: transactions
        identifier: t
        description: as they came
        load:
          path: data/t.csv
          unique_key: [id, day]
          csv: {delimiter: '|', quote: '', header: no, null_strings: ['', NA], ignore_unknown: yes}
          columns: [id, {name: price, type: float8, clean: number_words, from: p}]
        columns: [{name: id, tests: [not_null]}]
";

#[test]
fn everything_of_a_property_file() {
    let (file, warnings) = read(EVERYTHING);
    assert_eq!(warnings, []);
    let model = &file.models[0];
    assert_eq!(model.description, "one two\n");
    let config: Vec<&str> = model.config.0.keys().map(String::as_str).collect();
    assert_eq!(config, ["materialized", "tags", "my_own_key", "meta"]);
    assert_eq!(model.data_tests[0].package.as_deref(), Some("dbt_utils"));
    let id = &model.columns[0];
    assert_eq!(
        (id.tags.as_slice(), &id.meta["pii"]),
        (["key".to_string(), "more".to_string()].as_slice(), &json!(true))
    );
    let [unique, not_null, relationships, accepted] = id.data_tests.as_slice() else { panic!("four tests") };
    assert_eq!((unique.name.as_str(), unique.spot.line(), unique.spot.column()), ("unique", 22, 17));
    assert_eq!(not_null.custom_name.as_deref(), Some("id_is_there"));
    assert_eq!(not_null.config.0.keys().collect::<Vec<_>>(), ["error_if", "severity"]);
    assert!(not_null.kwargs.is_empty());
    assert_eq!(serde_json::to_value(&relationships.kwargs).unwrap(), json!({"to": "ref('dim')", "field": "id"}));
    assert_eq!((accepted.name.as_str(), &accepted.kwargs["values"]), ("accepted_values", &json!([1, 2])));
    assert_eq!(file.snapshots[0].relation.as_ref().unwrap().value, "ref('fct')");
    assert_eq!(file.exposures[0].depends_on[0].value, "ref('fct')");
    let table = &file.sources[0].tables[0];
    let load = table.load.as_ref().unwrap();
    assert_eq!(load.unique_key.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["id", "day"]);
    assert_eq!((load.csv.header, load.csv.ignore_unknown), (Some(false), Some(true)));
    assert_eq!(load.csv.quote.as_ref().unwrap().value, "");
    assert_eq!(load.csv.null_strings, Some(vec![String::new(), "NA".to_string()]));
    assert_eq!(load.columns.as_ref().unwrap()[1].data_type.as_deref(), Some("float8"));
}

#[test]
fn a_load_block_may_stand_in_four_places() {
    for place in
        ["config: {meta: {load: {path: a}}}", "config: {load: {path: a}}", "meta: {load: {path: a}}", "load: {path: a}"]
    {
        let (file, _) = read(&format!("sources: [{{name: s, tables: [{{name: t, {place}}}]}}]"));
        assert_eq!(file.sources[0].tables[0].load.as_ref().unwrap().path.value, "a", "{place}");
    }
    assert!(
        errors("sources: [{name: s, tables: [{name: t, load: {path: a}, meta: {load: {path: b}}}]}]")
            .contains("a second 'load'")
    );
}

#[test]
fn mistakes_in_property_files() {
    let cases = [
        ("models: [{name: a, colums: []}]", "unknown key 'colums' in a model", "did you mean 'columns'?"),
        ("models: {name: a}", "'models' must be a list, and this is a mapping", "models/p.yml:1:9"),
        ("models: [{description: x}]", "a model has no 'name'", ""),
        ("models:\n  - a", "a model must be a mapping, and this is text", "models/p.yml:2:5"),
        ("sources: [{name: s, tables: [{name: t, load: {pth: a}}]}]", "'load' has no 'path'", "did you mean 'path'?"),
        (
            "models: [{name: a, columns: [{name: b, tests: [{not_null: , config: {severity: warn}}]}]}]",
            "a test is one name with its arguments below it",
            "is 'config' meant to be indented below 'not_null'?",
        ),
        ("models: [{name: a, tests: [not null]}]", "'not null' cannot be the name of a test", ""),
        ("models: [{name: a, tests: [[x]]}]", "a test must be text, and this is a list", ""),
        ("models: [{name: a, tests: [{}]}]", "a test is one name", "write `- not_null`"),
        ("models: [{name: a, tests: [{not_null: 3}]}]", "must be a mapping, and this is a number", ""),
        ("models: [{name: a, columns: [{name: b, quote: 7}]}]", "'quote' must be true or false", ""),
    ];
    for (text, one, two) in cases {
        let found = errors(text);
        assert!(found.contains(one) && found.contains(two), "{text}\n{found}");
    }
}

#[test]
fn what_is_not_supported_is_said() {
    let (_, warnings) = read(
        "models: [{name: a, versions: [{v: 1}], columns: [{name: b, constraints: [{type: unique}]}]}]\nunit_tests: [{name: u}]\nsemantic_models: [{name: s}]\n",
    );
    let shown = warnings.iter().map(|warning| warning.message.as_str()).collect::<Vec<_>>().join("\n");
    for part in
        ["'versions' of a model", "'constraints' of a column", "'unit_tests' of a property file", "'semantic_models'"]
    {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(600)))]

    /// Parts of the file cut out, doubled or replaced.
    #[test]
    fn no_mutation_panics(edits in prop::collection::vec((0..2000_usize, 0..40_usize, "[-:\\[\\]{}|>&*!'\"#?,a\n\t ]{0,6}"), 1..5)) {
        let mut text: Vec<char> = EVERYTHING.chars().collect();
        for (at, length, with) in edits {
            let at = at.min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, with.chars());
        }
        let text: String = text.into_iter().collect();
        if let Err(errors) = PropertyFile::parse(&TextFile::new("p.yml", text)) {
            prop_assert!(!errors.is_empty());
            prop_assert!(errors.iter().all(|error| error.place.is_some()));
        }
    }
}
