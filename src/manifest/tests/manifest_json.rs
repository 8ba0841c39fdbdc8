use serde_json::json;

use super::graph::shop;
use super::*;

#[test]
fn the_shape_is_that_of_dbt() {
    let manifest = shop()
        .file("models/silver.yml", "models:\n  - name: silver\n    description: all of it\n    config: {tags: [x], meta: {owner: anna}}\n    columns: [{name: id, data_type: text, quote: true}]\n")
        .file("models/off.sql", "{{ config(enabled=false) }}")
        .file("models/e.yml", "exposures:\n  - {name: board, type: dashboard, owner: {name: a}, depends_on: [ref('fct')]}\n")
        .file("models/e.md", "{% docs d %}text{% enddocs %}")
        .load();
    let shown = manifest.to_json();
    assert_eq!(shown["metadata"]["dbt_schema_version"], "https://schemas.getdbt.com/dbt/manifest/v12.json");
    assert_eq!(shown["metadata"]["project_name"], "shop");
    let silver = &shown["nodes"]["model.shop.silver"];
    assert_eq!(silver["relation_name"], r#""dev"."anna"."silver""#);
    assert_eq!(silver["path"], "silver.sql");
    assert_eq!(silver["patch_path"], "shop://models/silver.yml");
    assert_eq!(silver["columns"]["id"]["data_type"], "text");
    assert_eq!(silver["config"]["materialized"], "view");
    assert_eq!(silver["meta"], json!({"owner": "anna"}));
    assert_eq!(silver["sources"], json!([["forex", "customer_transactions"]]));
    assert_eq!(silver["depends_on"]["nodes"], json!(["source.shop.forex.customer_transactions"]));
    let fct = &shown["nodes"]["model.shop.fct"];
    assert_eq!((&fct["path"], &fct["alias"]), (&json!("gold/fct.sql"), &json!("fct")));
    assert_eq!(fct["refs"], json!([{"name": "silver", "package": null, "version": null}]));
    assert_eq!(shown["sources"]["source.shop.forex.customer_transactions"]["identifier"], "customer_transactions");
    assert_eq!(shown["disabled"]["model.shop.off"][0]["name"], "off");
    assert_eq!(shown["exposures"]["exposure.shop.board"]["depends_on"]["nodes"], json!(["model.shop.fct"]));
    assert_eq!(shown["docs"]["doc.shop.d"]["block_contents"], "text");
    assert_eq!(shown["parent_map"]["model.shop.mart"], json!(["model.shop.fct", "model.shop.dim"]));
    assert_eq!(shown["child_map"]["model.shop.dim"].as_array().unwrap().len(), 2);
    let tests = shown["nodes"].as_object().unwrap().values().filter(|node| node["resource_type"] == "test");
    let test = tests.clone().find(|test| test["name"] == "not_null_fct_dim_id").unwrap();
    assert_eq!(test["test_metadata"]["name"], "not_null");
    assert_eq!(test["attached_node"], "model.shop.fct");
    assert_eq!(test["column_name"], "dim_id");
    assert_eq!(test["path"], "not_null_fct_dim_id.sql");
    assert_eq!(tests.count(), 5);
}

#[test]
fn no_secret_reaches_it() {
    let project = TestProject::new().file("models/a.sql", "select 1").with(|options| {
        options.target = Some("pro".into());
        options.env = Env::of([("PG_PASSWORD", "hunter2")]);
    });
    assert!(!project.load().to_json().to_string().contains("hunter2"));
}
