use super::graph::shop;
use super::*;

#[track_caller]
fn assert_shown(shown: &str, expected: &[&str]) {
    for part in expected {
        assert!(shown.contains(part), "no {part:?} in\n{shown}");
    }
}

#[test]
fn names_that_mean_nothing() {
    let project = shop()
        .file("models/a.sql", "select *\nfrom {{ ref('silvr') }}")
        .file("models/b.sql", "select * from {{ source('forexx', 't') }}")
        .file("models/c.sql", "select * from {{ source('forex', 'customers') }}")
        .file("models/d.sql", "select * from {{ ref('other_package', 'silver') }}");
    let shown = project.errors();
    assert_shown(
        &shown,
        &[
            "no model, seed or snapshot 'silvr'\n --> models/a.sql:2:",
            "did you mean 'silver'?",
            "no source 'forexx'",
            "did you mean 'forex'?",
            "the source 'forex' has no table 'customers'",
            "the tables are: customer_transactions",
            "no model, seed or snapshot 'silver' in the package 'other_package'",
        ],
    );
}

#[test]
fn names_given_twice() {
    let shown = shop()
        .file("models/other/silver.sql", "select 1")
        .file(
            "models/more.yml",
            "sources:\n  - {name: forex, tables: [{name: customer_transactions}]}\nmodels:\n  - name: fct\n",
        )
        .errors();
    assert_shown(
        &shown,
        &[
            "two models called 'silver'",
            "two source tables called 'forex.customer_transactions'",
            "the model 'fct' is described twice",
            "first described in models/gold/_gold.yml:2",
        ],
    );
}

#[test]
fn relations_written_twice() {
    let shown = shop().file("models/gold/dim2.sql", "{{ config(alias='dim') }}select 1").errors();
    assert_shown(&shown, &["'dim' and 'dim2' would both be written to dev.anna_gold.dim", "another `alias`"]);
}

#[test]
fn a_circle_is_shown_with_its_files() {
    let shown = TestProject::new()
        .file("models/a.sql", "{{ ref('b') }}")
        .file("models/deep/b.sql", "{{ ref('c') }}")
        .file("models/c.sql", "{{ ref('a') }}")
        .errors();
    assert_shown(&shown, &["circle: a → b → c → a", "b (models/deep/b.sql), c (models/c.sql), a (models/a.sql)"]);
}

#[test]
fn disabled_nodes() {
    let disabled = |more: &str| shop().file("models/gold/dim.sql", &format!("{{{{ config(enabled=false) }}}}{more}"));
    let shown = disabled("select 1").errors();
    assert_shown(&shown, &["'dim' is disabled\n --> models/gold/mart.sql:1:", "set its `enabled: true`"]);
    let project = disabled("{{ ref('gone') }}").file("models/gold/mart.sql", "select * from {{ ref('fct') }}");
    let manifest = project.load();
    assert!(manifest.disabled.contains_key(&NodeId::new("model.shop.dim")));
    assert!(manifest.nodes.keys().all(|id| !id.as_str().contains("relationships")), "its tests vanish");
    assert_shown(
        &project.warnings(),
        &["the test 'relationships_fct_dim_id__id__ref_dim_' is left out: 'dim' is disabled"],
    );
}

#[test]
fn tests_that_cannot_be() {
    let shown = shop()
        .file(
            "models/t.yml",
            "\
models:
  - name: silver
    data_tests:
      - not_nul
      - dbt_utils.equal_rowcount: {compare_model: ref('dim')}
      - unique: {error_if: many}
      - unique
      - unique
      - relationships: {to: ref('dimm'), field: id}
",
        )
        .errors();
    assert_shown(
        &shown,
        &[
            "no generic test 'not_nul'\n --> models/t.yml:4:9",
            "did you mean 'not_null'?",
            "the package 'dbt_utils' is not installed",
            "'many' is not a condition on the number of failures",
            "the test 'unique_silver_' stands here twice",
            "no model, seed or snapshot 'dimm'\n --> models/t.yml:9:9",
        ],
    );
}

#[test]
fn configuration_that_cannot_be() {
    let shown = shop()
        .file("models/gold/dim.sql", "{{ config(materialised='table', full_refresh='perhaps', incremental_strategy='upsert') }}select 1")
        .file("models/silver.yml", "models:\n  - name: silver\n    config: {enabled: 7, tags: {a: b}, on_schema_change: fial, owner_of_it: anna}\n")
        .errors();
    assert_shown(
        &shown,
        &[
            "unknown configuration 'materialised'",
            "did you mean 'materialized'?",
            "configuration 'enabled' must be true or false, and this is 7\n --> models/silver.yml:3:14",
            "configuration 'tags' must be text or a list of texts",
            "'fial' is not a known on_schema_change",
            "did you mean 'fail'?",
        ],
    );
    let shown = shop().file("models/gold/dim.sql", "{{ config(materialized='tabel') }}").errors();
    assert_shown(&shown, &["no materialization 'tabel'", "did you mean 'table'?", "models/gold/dim.sql:1:"]);
    let shown = shop().file("models/gold/dim.sql", "{{ config(incremental_strategy='upsert') }}").errors();
    assert_shown(&shown, &["'upsert' is not a known incremental_strategy", "append, default, delete+insert, merge"]);
}

#[test]
fn properties_and_folders_that_fit_nothing_are_warnings() {
    let project = shop()
        .file(
            "models/x.yml",
            "models:\n  - name: slver\n  - {name: silver, config: {contract: {enforced: true}}}\nmetrics: []\n",
        )
        .file(
            "dbt_project.yml",
            "name: shop\nprofile: shop\nmodels:\n  shop:\n    gold: {+schema: gold}\n    glod: {+schema: gold}\n",
        );
    assert_shown(
        &project.warnings(),
        &[
            "there is no model 'slver': what is said of it here has no effect\n --> models/x.yml:2:11",
            "did you mean 'silver'?",
            "no model lies in 'shop.glod'",
            "the contract of 'silver' is not enforced",
            "'metrics' of a property file is not supported yet",
        ],
    );
}

#[test]
fn loads_that_cannot_be() {
    let shown = TestProject::new()
        .file(
            "models/s.yml",
            "\
sources:
  - name: s
    tables:
      - name: a
        load: {path: a.csv, unique_key: idd, columns: [id, id, {name: x, clean: numberwords}], csv: {delimiter: '||'}}
      - name: b
        load: {columns: [id]}
      - name: c
        load: {path: \"{{ var('missing') }}\"}
",
        )
        .errors();
    assert_shown(&shown, &["'load' has no 'path'\n --> models/s.yml:7:"]);
    let shown = TestProject::new()
        .file(
            "models/s.yml",
            "\
sources:
  - name: s
    tables:
      - name: a
        load: {path: a.csv, unique_key: idd, columns: [id, id, {name: x, clean: numberwords}], csv: {delimiter: '||'}}
      - name: c
        load: {path: \"{{ var('missing') }}\"}
",
        )
        .errors();
    assert_shown(
        &shown,
        &[
            "the key column 'idd' is not among the columns to load",
            "did you mean 'id'?",
            "the column 'id' is loaded twice",
            "no cleaning called 'numberwords'",
            "did you mean 'number_words'?",
            "'delimiter' must be one character, and this is '||'",
            "missing",
        ],
    );
}

#[test]
fn an_error_of_one_node_is_not_told_again_where_it_is_read() {
    let shown = shop().file("models/gold/dim.sql", "{{ config(severity='bad') }}").errors();
    assert_eq!(shown.matches("-->").count(), 1, "{shown}");
}

#[test]
fn calls_and_configuration_in_macros_and_hooks() {
    let shown = TestProject::new()
        .file("dbt_project.yml", "name: shop\nprofile: shop\non-run-end:\n  - select * from {{ ref('gone') }}\n")
        .file("macros/m.sql", "\n\n{% macro m() %}{{ config(limit='many') }}{{ ref('nowhere') }}{% endmacro %}")
        .file("models/a.sql", "{{ m() }}")
        .errors();
    assert_shown(
        &shown,
        &["configuration 'limit' must be a count of rows", "--> models/a.sql:1:1", "dbt_project.yml:4:5"],
    );
    let shown = TestProject::new()
        .file("macros/m.sql", "\n\n{% macro m() %}{{ ref('nowhere') }}{% endmacro %}")
        .file("models/a.sql", "{{ m() }}")
        .errors();
    assert_shown(&shown, &["'nowhere'", "--> macros/m.sql:3:"]);
}
