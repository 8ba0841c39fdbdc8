use serde_json::json;

use super::*;
use crate::project::{ProfileValue, parse_vars};

#[test]
fn the_most_specific_place_wins() {
    let manifest = TestProject::new()
        .file(
            "dbt_project.yml",
            "\
name: shop
profile: shop
vars: {mode: table, shop: {depth: 2}}
models:
  +materialized: ephemeral
  +tags: all
  +meta: {a: 1, b: 1}
  +pre-hook: outer
  shop:
    +materialized: \"{{ var('mode') }}\"
    gold:
      materialized: incremental
      tags: [gold, all]
      +meta: {b: 2}
      +pre-hook: [\"inner {{ this }}\"]
      deep: {+enabled: \"{{ target.name == 'dev' }}\"}
      one: {+materialized: view}
",
        )
        .file("models/top.sql", "select 1")
        .file("models/gold/mid.sql", "select 1")
        .file("models/gold/one.sql", "select 1")
        .file(
            "models/gold/deep/last.sql",
            "{{ config(materialized='table', tags=['own'], meta={'c': 3}, unique_key=['a', 'b']) }}select 1",
        )
        .file("models/p.yml", "models:\n  - {name: last, config: {materialized: view, schema: props, meta: {b: 3}}}\n")
        .load();
    let materialized = |id: &str| manifest.get(id).config.materialized.to_string();
    assert_eq!(materialized("model.shop.top"), "table");
    assert_eq!(manifest.get("model.shop.mid").config.materialized, Materialization::Incremental);
    assert_eq!(materialized("model.shop.one"), "view");
    let last = &manifest.get("model.shop.last").config;
    assert_eq!(last.materialized, Materialization::Table, "config() in the file wins");
    assert_eq!(last.tags, ["all", "gold", "own"]);
    assert_eq!(serde_json::to_value(&last.meta).unwrap(), json!({"a": 1, "b": 3, "c": 3}));
    assert_eq!(last.pre_hook, ["outer", "inner {{ this }}"]);
    assert_eq!(last.unique_key, ["a", "b"]);
    assert_eq!(last.schema.as_deref(), Some("props"));
    assert!(last.enabled);
    assert_eq!(last.raw["materialized"], "table");
}

#[test]
fn the_root_project_configures_its_packages() {
    let manifest = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: shop\nvars: {util: {size: 5}, size: 1}\nmodels: {util: {+materialized: table, +schema: \"s{{ var('size') }}\"}}\n")
        .file("dbt_packages/util/dbt_project.yml", "name: util\nmodels: {util: {+materialized: view, +alias: \"n{{ var('size') }}\"}}\nvars: {size: 2, kept: true}\n")
        .file("dbt_packages/util/models/m.sql", "{{ config(materialized='ephemeral') }}select 1")
        .load();
    let config = &manifest.get("model.util.m").config;
    assert_eq!(config.materialized, Materialization::Table);
    assert_eq!(config.alias.as_deref(), Some("n5"), "a package's own templates see its vars");
    assert_eq!(config.schema.as_deref(), Some("s1"), "the root project's see the root's");
    assert_eq!(manifest.vars_of("util").unwrap()["kept"], true);
}

#[test]
fn vars_of_the_command_line_win() {
    let project =
        TestProject::new().file("dbt_project.yml", "name: shop\nprofile: shop\nvars: {a: 1, b: 1, shop: {b: 2}}\n");
    assert_eq!(serde_json::to_value(&project.load().vars["shop"]).unwrap()["b"], 2);
    let project = project.with(|options| options.vars = parse_vars("{b: 3}").unwrap());
    assert_eq!(serde_json::to_value(&project.load().vars["shop"]).unwrap()["b"], 3);
}

#[test]
fn the_chosen_output_is_rendered_and_no_other() {
    let manifest = TestProject::new().load();
    assert_eq!((manifest.target.kind.as_str(), manifest.target.database.as_str()), ("delta", "dev"));
    let project = TestProject::new().with(|options| options.target = Some("pro".into()));
    assert!(project.errors().contains("PG_PASSWORD"));
    let project = project.with(|options| options.env = Env::of([("PG_PASSWORD", "hunter2")]));
    let target = project.load().target;
    assert_eq!((target.database.as_str(), target.schema.as_str(), target.threads), ("pro", "public", 8));
    assert_eq!(target.text("password").as_deref(), Some("hunter2"));
    assert!(matches!(target.fields["password"], ProfileValue::Secret(_)));
    let everything = format!("{target:?} {}", serde_json::to_string(&target).unwrap());
    assert!(!everything.contains("hunter2") && everything.contains("***"));
    assert!(!target.template_values().contains_key("password"));
    assert_eq!(project.with(|options| options.threads = Some(2)).load().target.threads, 2);
}

#[test]
fn profiles_that_cannot_be() {
    let cases = [
        ("shop: {target: prod, outputs: {pro: {type: delta}}}", "has no target 'prod'", "did you mean 'pro'?"),
        ("shopp: {outputs: {default: {type: delta}}}", "no profile 'shop' in profiles.yml", "did you mean 'shopp'?"),
        ("shop: {outputs: {default: {type: duckdb}}}", "unknown warehouse type 'duckdb'", "delta, postgres"),
        ("shop: {outputs: {default: {path: x}}}", "has no 'type'", "type: delta"),
        ("shop: {outputs: {default: {type: postgres}}}", "has no 'dbname'", "add `dbname"),
        ("shop: {outputs: {default: {type: delta, threads: many}}}", "'many' is not a number of threads", ""),
        ("shop: {outputs: []}", "'outputs' must be a mapping", ""),
        ("shop: {output: {}}", "unknown key 'output'", "did you mean 'outputs'?"),
    ];
    for (profiles, one, two) in cases {
        let shown = TestProject::new().file("profiles.yml", profiles).errors();
        assert!(shown.contains(one) && shown.contains(two), "{profiles}\n{shown}");
    }
    let secret = "shop:\n  outputs:\n    default:\n      password: hunter2\n      password: hunter3\n";
    let shown = TestProject::new().file("profiles.yml", secret).errors();
    assert!(shown.contains("stands here twice") && !shown.contains("hunter"), "{shown}");
}

#[test]
fn storage_options_are_secret() {
    let manifest = TestProject::new()
        .file(
            "profiles.yml",
            "shop: {outputs: {default: {type: delta, database: lake, storage_options: {region: eu, x: 1}}}}",
        )
        .load();
    assert_eq!(manifest.target.map("storage_options"), [("region".into(), "eu".into()), ("x".into(), "1".into())]);
    assert!(!format!("{:?}", manifest.target).contains("eu"));
    assert_eq!(manifest.target.database, "lake");
}

#[test]
fn project_names_of_schemas_are_used() {
    let manifest = TestProject::new()
        .file(
            "macros/names.sql",
            "{% macro generate_schema_name(custom_schema_name, node) %}{% if target.name == 'pro' %}{{ node.fqn[1] }}{% else %}{{ env_var('USER') }}_{{ node.fqn[1] }}{% endif %}{% endmacro %}",
        )
        .file("models/silver/transaction.sql", "select 1")
        .load();
    let relation = manifest.get("model.shop.transaction").relation.clone();
    assert_eq!(relation, Some(RelationName::new("dev", "anna_silver", "transaction")));
}

#[test]
fn descriptions_may_be_docs_blocks() {
    let manifest = TestProject::new()
        .file("models/a.sql", "select 1")
        .file("models/a.md", "{% docs a %}\nAll of **a**.\n{% enddocs %}")
        .file("models/a.yml", "models:\n  - {name: a, description: \"{{ doc('a') }} {{ doc('none') }}\"}\n")
        .load();
    assert_eq!(manifest.get("model.shop.a").description, "All of **a**. {{ doc('none') }}");
}

#[test]
fn tests_take_their_configuration_from_all_places() {
    let manifest = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: shop\ndata_tests: {+severity: warn, shop: {gold: {+store_failures: true}}}\n")
        .file("models/gold/a.sql", "select 1")
        .file(
            "models/gold/a.yml",
            "\
models:
  - name: a
    columns:
      - name: status
        quote: true
        tags: [pii]
        tests:
          - accepted_values: {name: known_status, values: [1, yes, x], config: {severity: error, where: \"d > '{{ target.name }}'\"}}
          - {test_name: not_null, limit: 5, tags: nightly}
          - accepted_values: {values: [placed, shipped, completed, return_pending, returned, lost, found]}
",
        )
        .load();
    let tests: Vec<&Node> = manifest.tests_of(&NodeId::new("model.shop.a")).collect();
    assert_eq!(tests[0].name, "known_status");
    assert_eq!(
        (tests[0].config.severity, tests[0].config.where_clause.as_deref()),
        (Severity::Error, Some("d > 'dev'"))
    );
    assert_eq!(tests[0].fqn, ["shop", "gold", "known_status"]);
    assert_eq!(tests[0].relation, Some(RelationName::new("dev", "anna_dbt_test__audit", "known_status")));
    let TestKind::Generic { kwargs, .. } = &tests[0].test.as_ref().unwrap().kind else { panic!("generic") };
    assert_eq!(kwargs["values"], json!([1, true, "x"]));
    assert_eq!(kwargs["column_name"], "\"status\"");
    assert_eq!((tests[1].config.severity, tests[1].config.limit), (Severity::Warn, Some(5)));
    assert_eq!(tests[1].tags.iter().map(String::as_str).collect::<Vec<_>>(), ["nightly", "pii"]);
    let long = tests[2];
    assert!(long.name.ends_with("__lost__found"));
    let relation = long.relation.as_ref().unwrap();
    assert!(relation.identifier.starts_with("accepted_values_a__status__pla_") || relation.identifier.len() <= 63);
    assert_eq!(long.config.alias.as_ref(), Some(&relation.identifier));
}
