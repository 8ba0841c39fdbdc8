//! Models: how they are made, tested, selected and reused.

use crate::both::in_both_places;
use crate::support::{Place, Project};

/// Two tables, a view and a test on them.
fn shop(place: Place) -> Project {
    place
        .project()
        .file("models/orders.sql", "select 1 as id, 10 as amount union all select 2, 20")
        .file("models/totals.sql", "select sum(amount) as total from {{ ref('orders') }}")
        .file("models/big.sql", "{{ config(materialized='view') }} select * from {{ ref('orders') }} where amount > 10")
        .file(
            "models/_shop.yml",
            "models:\n  - name: orders\n    columns:\n      - name: id\n        data_tests: [unique, not_null]\n",
        )
}

fn models_are_made_in_order_and_tested(place: Place) {
    let project = shop(place);
    project.run(&["build"]).succeeds().says("Done. PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=0 TOTAL=5");
    assert_eq!(project.value("select total from main.totals"), "30");
    assert_eq!(project.rows("select id from main.big"), ["2"]);
    assert!(project.read("target/run_results.json").contains("model.shop.totals"));
    assert!(project.read("target/manifest.json").contains("test.shop.unique_orders_id"));
    assert!(project.read("target/compiled/shop/models/totals.sql").contains("\".\"main\".\"orders\""));
}

fn only_what_changed_is_run_again(place: Place) {
    let project = shop(place);
    project.run(&["build"]).succeeds();
    project.write("models/totals.sql", "select max(amount) as total from {{ ref('orders') }}");
    project.run(&["build"]).succeeds().says("PASS=1 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=4 TOTAL=5");
    assert_eq!(project.value("select total from main.totals"), "20");
    project.run(&["build", "--no-reuse"]).succeeds().says("PASS=5 WARN=0 ERROR=0 SKIP=0 NO-OP=0 REUSED=0");
}

fn a_change_below_a_view_reaches_what_reads_the_view(place: Place) {
    let project = shop(place).file("models/biggest.sql", "select max(amount) as amount from {{ ref('big') }}");
    project.run(&["build"]).succeeds();
    project.write("models/orders.sql", "select 1 as id, 99 as amount");
    // The view itself is not selected: its rows change all the same.
    project.run(&["build", "--select", "orders"]).succeeds();
    project.run(&["build", "--select", "biggest"]).succeeds().says("REUSED=0");
    assert_eq!(project.value("select amount from main.biggest"), "99");
}

fn a_model_that_reads_the_clock_is_never_reused(place: Place) {
    let project = place.project().file("models/now.sql", "select current_timestamp as at, random() as r");
    project.run(&["build"]).succeeds();
    project.run(&["build"]).succeeds().says("REUSED=0");
}

#[test]
fn a_table_that_somebody_else_changed_is_made_again() {
    let project = shop(Place::Lake);
    project.run(&["build"]).succeeds();
    let log = "lake/dev/main/totals/_delta_log";
    // A foreign writer empties the table.
    let entry = project.read(&format!("{log}/00000000000000000000.json"));
    let add = entry.lines().find(|line| line.contains("\"add\"")).unwrap();
    let path = add.split("\"path\":\"").nth(1).unwrap().split('"').next().unwrap();
    let remove = format!("{{\"remove\":{{\"path\":\"{path}\",\"deletionTimestamp\":1,\"dataChange\":true}}}}\n");
    project.write(&format!("{log}/00000000000000000001.json"), remove);
    assert_eq!(project.value("select count(*) from dev.main.totals"), "0");
    project.run(&["build"]).succeeds().says("PASS=1").says("REUSED=4");
    assert_eq!(project.value("select total from dev.main.totals"), "30");
}

fn a_failing_model_leaves_what_is_published_as_it_was(place: Place) {
    let project = shop(place);
    project.run(&["build"]).succeeds();
    project.write("models/orders.sql", "select 1 as id, 77 as amount");
    project.write("models/totals.sql", "select sum(nonsense) as total from {{ ref('orders') }}");
    project.run(&["build"]).exits(1).says("nonsense").says("Nothing was published");
    assert_eq!(project.rows("select amount from main.orders order by 1"), ["10", "20"]);
}

fn per_model_publishes_what_does_not_hang_on_the_failure(place: Place) {
    let project = shop(place);
    project.write("models/totals.sql", "select sum(nonsense) as total from {{ ref('orders') }}");
    project.run(&["build", "--publish", "per-model"]).exits(1);
    assert_eq!(project.value("select count(*) from main.orders"), "2");
    project.run(&["sql", "select * from main.totals"]).exits(2).says("totals");
}

fn a_failing_test_skips_what_is_built_on_its_model(place: Place) {
    let project = shop(place);
    project.write("models/orders.sql", "select 1 as id, 10 as amount union all select 1, 20");
    project.run(&["build"]).exits(1).says("Got 1 result, configured to fail if != 0").says("SKIP=2");
}

fn a_threshold_may_be_a_share_of_the_rows(place: Place) {
    let with = |limit: &str| {
        place.project()
            .file("models/t.sql", "select cast(nullif(i, 1) as integer) as i from generate_series(1, 10) as g(i)")
            .file(
                "models/t.yml",
                format!(
                    "models:\n  - name: t\n    columns:\n      - name: i\n        data_tests:\n          - not_null:\n              config: {{error_if: '{limit}'}}\n"
                ),
            )
    };
    with("> 10%").run(&["build"]).succeeds().says("WARN=1");
    with("> 9.9%").run(&["build"]).exits(1).says("> 9.9%");
}

fn incremental_models_merge_append_and_replace(place: Place) {
    let model = |config: &str| {
        format!(
            "{{{{ config(materialized='incremental', {config}) }}}} select id, v from {{{{ ref('src') }}}} \
             {{% if is_incremental() %}} where v > (select max(v) from {{{{ this }}}}) {{% endif %}}"
        )
    };
    let project = place
        .project()
        .file("models/src.sql", "select 1 as id, 1 as v union all select 2, 2")
        .file("models/merged.sql", model("unique_key='id'"))
        .file("models/appended.sql", model("incremental_strategy='append'"))
        .file("models/replaced.sql", model("unique_key=['id'], incremental_strategy='delete+insert'"));
    project.run(&["build"]).succeeds();
    project.write("models/src.sql", "select 1 as id, 5 as v union all select 2, 2 union all select 3, 6");
    project.run(&["build"]).succeeds().says("MERGE 2").says("INSERT 2");
    let rows = |table: &str| project.rows(&format!("select id, v from main.{table} order by id, v"));
    assert_eq!(rows("merged"), ["1,5", "2,2", "3,6"]);
    assert_eq!(rows("replaced"), ["1,5", "2,2", "3,6"]);
    assert_eq!(rows("appended"), ["1,1", "1,5", "2,2", "3,6"]);
    project.run(&["build", "--full-refresh"]).succeeds();
    assert_eq!(rows("appended"), ["1,5", "2,2", "3,6"]);
}

fn a_merge_of_two_rows_with_one_key_is_an_error(place: Place) {
    let project = place.project().file(
        "models/m.sql",
        "{{ config(materialized='incremental', unique_key='id') }} select 1 as id, 1 as v \
         {% if is_incremental() %} union all select 1, 2 {% endif %}",
    );
    project.run(&["build"]).succeeds();
    project.run(&["build", "--no-reuse"]).exits(1).says("unique_key");
}

fn ephemeral_models_become_common_table_expressions(place: Place) {
    let project = place
        .project()
        .file("models/a.sql", "{{ config(materialized='ephemeral') }} select 1 as x")
        .file("models/b.sql", "{{ config(materialized='ephemeral') }} select x + 1 as x from {{ ref('a') }}")
        .file("models/c.sql", "with mine as (select * from {{ ref('b') }}) select x * 10 as x from mine");
    project.run(&["build"]).succeeds().says("PASS=1").says("TOTAL=1");
    assert_eq!(project.value("select x from main.c"), "20");
}

#[test]
fn errors_in_the_project_say_where_and_what_exists() {
    let unknown = Project::new()
        .file("models/orders.sql", "select 1 as id")
        .file("models/x.sql", "select *\nfrom {{ ref('ordrs') }}");
    unknown.run(&["build"]).exits(2).says("models/x.sql:2:").says("did you mean 'orders'?");
    let cycle = Project::new()
        .file("models/a.sql", "select * from {{ ref('b') }}")
        .file("models/b.sql", "select * from {{ ref('a') }}");
    cycle.run(&["build"]).exits(2).says("a").says("b");
    let yaml = Project::new().file("models/x.yml", "models:\n  - name: [unclosed\n");
    yaml.run(&["build"]).exits(2).says("models/x.yml");
    Project::new().run(&["build", "--target", "nowhere"]).exits(2).says("dev");
    Project::new().run(&["frobnicate"]).exits(2);
}

#[test]
fn a_statement_that_cannot_be_parsed_points_at_the_word() {
    let project = Project::new().file("models/x.sql", "select 1 as a,\n  from from t");
    project.run(&["build"]).exits(1).says("target/compiled/shop/models/x.sql:2:");
}

#[test]
fn the_tables_as_they_were_can_be_read_and_brought_back() {
    let project = shop(Place::Lake);
    project.run(&["build"]).succeeds();
    project.write("models/orders.sql", "select 7 as id, 70 as amount");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select total from dev.main.totals"), "70");
    let then = project.run(&["sql", "--as-of", "1", "--format", "csv", "select total from dev.main.totals"]).succeeds();
    assert_eq!(then.stdout, "total\n30\n");
    project.run(&["rollback", "1"]).succeeds();
    assert_eq!(project.value("select total from dev.main.totals"), "30");
    assert_eq!(project.value("select count(*) from dev.main.orders"), "2");
    project.run(&["rollback", "2"]).succeeds();
    assert_eq!(project.value("select total from dev.main.totals"), "70");
    project.run(&["rollback", "99"]).exits(2).says("history");
}

fn verify_finds_an_incremental_model_that_forgets(place: Place) {
    let project = place.project().file("models/src.sql", "select 1 as id, 1 as v").file(
        "models/kept.sql",
        "{{ config(materialized='incremental', unique_key='id') }} select * from {{ ref('src') }}",
    );
    project.run(&["build"]).succeeds();
    project.run(&["verify"]).succeeds().says("OK");
    project.write("models/src.sql", "select 2 as id, 1 as v");
    project.run(&["build"]).succeeds();
    project.run(&["verify"]).exits(1).says("DIFFERENT").says("+ 1 | 1");
}

fn an_empty_table_takes_the_place_of_a_view(place: Place) {
    let project = place.project().file("models/a.sql", "select 1 as x limit 0");
    project.run(&["build"]).succeeds();
    project.write("models/a.sql", "{{ config(materialized='view') }} select 1 as x");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select count(*) from main.a"), "1");
    project.write("models/a.sql", "select 1 as x limit 0");
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select count(*) from main.a"), "0");
}

fn per_model_leaves_out_what_a_failing_singular_test_reads(place: Place) {
    let project = shop(place).file("tests/no_big_order.sql", "select * from {{ ref('orders') }} where amount > 15");
    project.run(&["build", "--publish", "per-model"]).exits(1);
    project.run(&["sql", "select * from main.orders"]).exits(2);
    project.run(&["sql", "select * from main.totals"]).exits(2);
}

fn a_model_runs_after_what_its_delete_orphans_names(place: Place) {
    let orphans = |to: &str| {
        format!(
            "{{{{ config(materialized='incremental', unique_key='id', meta={{'delete_orphans': {{'to': \"{to}\", 'field': 'id'}}}}) }}}}\n\
             select id from {{{{ ref('source_rows') }}}}"
        )
    };
    let project = place.project()
        .file("models/source_rows.sql", "select 1 as id union all select 2")
        // Later by name, and slower: only an edge makes it come first.
        .file("models/zz_present.sql", "select id from {{ ref('source_rows') }} where id <= (select max(i) from generate_series(1, 300000) as g(i))")
        .file("models/kept.sql", orphans("ref('zz_present')"));
    project.run(&["build"]).succeeds();
    project.write("models/source_rows.sql", "select 2 as id");
    project.run(&["build", "--threads", "4"]).succeeds().says("DELETE 1");
    assert_eq!(project.rows("select id from main.kept"), ["2"]);
    // It is a parent like any other.
    project.run(&["ls", "--select", "+kept", "--output", "name"]).succeeds().says("zz_present");
    project.write("models/kept.sql", orphans("ref('zz_presnt')"));
    project.run(&["build"]).exits(2).says("models/kept.sql:1").says("did you mean 'zz_present'?");
    project.write("models/kept.sql", orphans("zz_present"));
    project.run(&["build"]).exits(2).says("models/kept.sql:1").says("ref('a_model')");
    project.write("models/kept.sql", orphans("source('raw', 'nothing')"));
    project.run(&["build"]).exits(2).says("no source 'raw'");
}

in_both_places![
    models_are_made_in_order_and_tested,
    only_what_changed_is_run_again,
    a_change_below_a_view_reaches_what_reads_the_view,
    a_model_that_reads_the_clock_is_never_reused,
    a_failing_model_leaves_what_is_published_as_it_was,
    per_model_publishes_what_does_not_hang_on_the_failure,
    a_failing_test_skips_what_is_built_on_its_model,
    a_threshold_may_be_a_share_of_the_rows,
    incremental_models_merge_append_and_replace,
    a_merge_of_two_rows_with_one_key_is_an_error,
    ephemeral_models_become_common_table_expressions,
    verify_finds_an_incremental_model_that_forgets,
    an_empty_table_takes_the_place_of_a_view,
    per_model_leaves_out_what_a_failing_singular_test_reads,
    a_model_runs_after_what_its_delete_orphans_names,
];

/// A node that was stopped in the middle keeps its number, and a load that failed is an error in the last line too.
#[test]
fn the_numbers_add_up() {
    let slow = "select count(*) as n from generate_series(1, 20000000) as a(x) where a.x % 7 = 3";
    let mut project = Project::new().file("models/wrong.sql", "select 1 / 0 as x");
    for number in 0..6 {
        project = project.file(&format!("models/slow_{number}.sql"), slow);
    }
    let outcome = project.run(&["build", "--fail-fast", "--threads", "4"]).exits(1).says(" TOTAL=7");
    let text = outcome.text();
    let numbers = text.lines().filter_map(|line| line.split_once(" of 7 ")?.0.split(' ').next_back()?.parse().ok());
    assert!(numbers.max() == Some(7), "{text}");
    let bundled = Project::bundled();
    let missing = ["build", "--vars", "{customer_transactions_path: nowhere.csv}"];
    bundled.run(&missing).exits(1).says("ERROR=1 SKIP=68");
}

#[test]
fn showing_a_model_shows_no_tests() {
    let project = Project::new()
        .file("models/a.sql", "select 41 + 1 as answer")
        .file("tests/wrong.sql", "select 'seen' as told from {{ ref('a') }}")
        .file("models/a.yml", "models: [{name: a, columns: [{name: answer, data_tests: [not_null]}]}]\n");
    project.run(&["build"]).exits(1);
    project.run(&["show", "--select", "a"]).succeeds().says("42").says("(1 row)").says_not("told");
}

#[test]
fn a_python_model_is_left_out_with_a_warning() {
    let project =
        Project::new().file("models/p.py", "def model(dbt, session): ...").file("models/a.sql", "select 1 as x");
    project.run(&["build"]).succeeds().says("models/p.py is a Python model").says("TOTAL=1");
}
