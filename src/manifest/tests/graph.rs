use serde_json::json;

use super::*;

/// Sources with a file, models in layers, tests of every kind.
pub(in crate::manifest) fn shop() -> TestProject {
    TestProject::new()
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\nmodels:\n  shop:\n    gold: {+materialized: table, +schema: gold}\n",
        )
        .file(
            "models/_sources.yml",
            "\
sources:
  - name: forex
    database: data_lake
    tables:
      - name: customer_transactions
        config:
          meta:
            load:
              path: \"{{ var('file', 'data/customers.csv') }}\"
              unique_key: transaction_id
              csv: {delimiter: \";\", quote: \"\"}
              columns: [transaction_id, {name: price_value, from: price, type: float8, clean: number_words}]
        columns:
          - {name: price, tests: [not_null]}
",
        )
        .file("models/silver.sql", "select * from {{ source('forex', 'customer_transactions') }}")
        .file("models/gold/fct.sql", "select * from {{ ref('silver') }} join {{ ref('silver') }}")
        .file("models/gold/dim.sql", "select * from {{ ref('silver') }}")
        .file(
            "models/gold/mart.sql",
            "{{ config(materialized='view') }}select * from {{ ref('fct') }}, {{ ref('dim') }}",
        )
        .file(
            "models/gold/_gold.yml",
            "\
models:
  - name: fct
    columns:
      - name: dim_id
        data_tests:
          - unique
          - not_null: {severity: warn, error_if: '> 20%'}
          - relationships: {arguments: {to: ref('dim'), field: id}}
",
        )
        .file("tests/no_mart.sql", "select * from {{ ref('mart') }} where false")
}

#[test]
fn refs_and_sources_become_edges() {
    let manifest = shop().load();
    let source = "source.shop.forex.customer_transactions";
    assert_eq!(manifest.get("model.shop.silver").depends_on, [NodeId::new(source)]);
    assert_eq!(manifest.get("model.shop.fct").depends_on, [NodeId::new("model.shop.silver")]);
    assert_eq!(
        manifest.get("model.shop.mart").depends_on,
        [NodeId::new("model.shop.fct"), NodeId::new("model.shop.dim")]
    );
    assert_eq!(manifest.nodes.len(), 1 + 4 + 5);
    assert_eq!(manifest.dag.topological().unwrap().len(), 10);
    assert_eq!(manifest.warnings, []);
}

#[test]
fn a_model_is_named_by_its_folders_and_target() {
    let manifest = shop().load();
    let fct = manifest.get("model.shop.fct");
    assert_eq!(fct.fqn, ["shop", "gold", "fct"]);
    assert_eq!(fct.config.materialized, Materialization::Table);
    assert_eq!(fct.relation, Some(RelationName::new("dev", "anna_gold", "fct")));
    assert_eq!(fct.path, Path::new("models/gold/fct.sql"));
    assert_eq!(fct.patch_path.as_deref(), Some(Path::new("models/gold/_gold.yml")));
    assert_eq!(manifest.get("model.shop.mart").config.materialized, Materialization::View);
    assert_eq!(manifest.get("model.shop.silver").relation, Some(RelationName::new("dev", "anna", "silver")));
    let source = manifest.get("source.shop.forex.customer_transactions");
    assert_eq!(source.relation, Some(RelationName::new("data_lake", "forex", "customer_transactions")));
    assert_eq!(source.fqn, ["shop", "forex", "customer_transactions"]);
}

#[test]
fn the_file_behind_a_source() {
    let project = shop().with(|options| options.vars = crate::project::parse_vars("file: other.csv").unwrap());
    let manifest = project.load();
    let load = manifest.get("source.shop.forex.customer_transactions").load.clone().unwrap();
    assert_eq!(load.path, "other.csv");
    assert_eq!(load.unique_key, ["transaction_id"]);
    assert_eq!(load.csv, CsvOptions { delimiter: ';', quote: None, ..CsvOptions::default() });
    let columns = load.columns.unwrap();
    assert_eq!((columns[0].name.as_str(), columns[0].data_type.as_str()), ("transaction_id", "text"));
    let price = &columns[1];
    assert_eq!((price.from.as_deref(), price.clean.as_deref()), (Some("price"), Some("number_words")));
    assert_eq!(
        shop().load().get("source.shop.forex.customer_transactions").load.as_ref().unwrap().path,
        "data/customers.csv"
    );
}

#[test]
fn generic_tests_have_dbt_s_names_and_depend_on_what_they_read() {
    let manifest = shop().load();
    let tests: Vec<&Node> = manifest.tests_of(&NodeId::new("model.shop.fct")).collect();
    let names: Vec<&str> = tests.iter().map(|test| test.name.as_str()).collect();
    assert_eq!(names, ["unique_fct_dim_id", "not_null_fct_dim_id", "relationships_fct_dim_id__id__ref_dim_"]);
    let not_null = tests[1];
    assert_eq!(not_null.config.severity, Severity::Warn);
    assert_eq!(not_null.config.error_if.to_string(), "> 20%");
    assert_eq!(not_null.relation, None);
    assert_eq!(
        not_null.raw_code,
        "{{ test_not_null(**_dbt_generic_test_kwargs) }}{{ config(severity=\"warn\",error_if=\"> 20%\") }}"
    );
    let relationships = tests[2];
    assert_eq!(relationships.depends_on, [NodeId::new("model.shop.fct"), NodeId::new("model.shop.dim")]);
    let spec = relationships.test.as_ref().unwrap();
    assert_eq!(spec.column.as_deref(), Some("dim_id"));
    assert_eq!(spec.attached_to, Some(NodeId::new("model.shop.fct")));
    let TestKind::Generic { name, kwargs, .. } = &spec.kind else { panic!("a generic test") };
    assert_eq!(name, "relationships");
    assert_eq!(
        serde_json::to_value(kwargs).unwrap(),
        json!({"to": "ref('dim')", "field": "id", "column_name": "dim_id", "model": "{{ get_where_subquery(ref('fct')) }}"})
    );
    let source = NodeId::new("source.shop.forex.customer_transactions");
    let of_source: Vec<&str> = manifest.tests_of(&source).map(|test| test.name.as_str()).collect();
    assert_eq!(of_source, ["source_not_null_forex_customer_transactions_price"]);
    let singular = manifest.get("test.shop.no_mart");
    assert_eq!(singular.test.as_ref().map(|test| test.kind.clone()), Some(TestKind::Singular));
}

#[test]
fn what_is_built_waits_for_the_tests_before_it() {
    let manifest = shop().load();
    let all: Vec<NodeId> = manifest.nodes.keys().cloned().collect();
    let graph = manifest.build_graph(&all);
    let mart = NodeId::new("model.shop.mart");
    let before: Vec<&str> = graph
        .parents(&mart)
        .filter(|id| manifest.is_test_id(id))
        .map(|id| manifest.get(id.as_str()).name.as_str())
        .collect();
    assert_eq!(before, ["unique_fct_dim_id", "not_null_fct_dim_id", "relationships_fct_dim_id__id__ref_dim_"]);
    let dim = NodeId::new("model.shop.dim");
    assert!(graph.parents(&dim).all(|id| !manifest.is_test_id(id)), "the tests of fct are none of dim's");
    assert_eq!(graph.cycle(), None);
    let part = manifest.build_graph(&[mart.clone(), NodeId::new("model.shop.silver")]);
    assert_eq!(part.parents(&mart).collect::<Vec<_>>(), [&NodeId::new("model.shop.silver")]);
}

impl Manifest {
    fn is_test_id(&self, id: &NodeId) -> bool {
        self.get(id.as_str()).kind == NodeKind::Test
    }
}

#[test]
fn refs_look_in_the_own_project_first() {
    let manifest = shop()
        .file("dbt_packages/util/dbt_project.yml", "name: util\n")
        .file("dbt_packages/util/models/dim.sql", "{{ config(alias='util_dim') }}select 1")
        .file("dbt_packages/util/models/only.sql", "select * from {{ ref('dim') }}, {{ ref('util', 'dim') }}")
        .load();
    assert_eq!(manifest.packages, ["shop", "util"]);
    let found = |package, name| manifest.resolve_ref(package, name, "util").map(|node| node.id.to_string());
    assert_eq!(found(None, "dim").unwrap(), "model.shop.dim");
    assert_eq!(found(Some("util"), "dim").unwrap(), "model.util.dim");
    assert_eq!(found(None, "only").unwrap(), "model.util.only");
    assert!(found(Some("shop"), "only").is_err());
    let only = manifest.get("model.util.only");
    assert_eq!(only.depends_on, [NodeId::new("model.shop.dim"), NodeId::new("model.util.dim")]);
    assert_eq!(only.path, Path::new("dbt_packages/util/models/only.sql"));
    assert!(manifest.resolve_source("forex", "customer_transactions", "util").is_ok());
}

#[test]
fn seeds_snapshots_analyses_and_hooks_are_nodes() {
    let manifest = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: shop\non-run-start: select 1\non-run-end: [\"select * from {{ ref('codes') }}\"]\n")
        .file("seeds/codes.csv", "a,b\n1,2\n")
        .file("snapshots/s.sql", "\n{% snapshot codes_history %}\n{{ config(unique_key='a', strategy='check', check_cols='all') }}\nselect * from {{ ref('codes') }}\n{% endsnapshot %}\n")
        .file("snapshots/s.yml", "snapshots:\n  - {name: again, relation: ref('codes'), config: {schema: kept}}\n")
        .file("analyses/a.sql", "select * from {{ ref('codes_history') }}")
        .load();
    let codes = NodeId::new("seed.shop.codes");
    assert_eq!(manifest.get("seed.shop.codes").config.materialized, Materialization::Seed);
    let history = manifest.get("snapshot.shop.codes_history");
    assert_eq!(history.fqn, ["shop", "s", "codes_history"]);
    assert_eq!(
        (history.depends_on.as_slice(), history.config.unique_key.as_slice()),
        ([codes.clone()].as_slice(), ["a".to_string()].as_slice())
    );
    assert_eq!(manifest.get("snapshot.shop.again").relation, Some(RelationName::new("dev", "anna_kept", "again")));
    assert_eq!(manifest.get("analysis.shop.a").relation, None);
    assert_eq!(manifest.on_run_start[0].raw_code, "select 1");
    assert_eq!(manifest.on_run_end[0].depends_on, [codes]);
}
