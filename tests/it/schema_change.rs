//! `on_schema_change`: the select of an incremental model gives other columns than its table has.

use crate::both::in_both_places;
use crate::support::{Place, Project};

/// A model of two columns that is built once, and then asked for other columns under `change`.
fn changed(place: Place, change: &str, first: &str, then: &str) -> Project {
    let model = |columns: &str| {
        format!(
            "{{{{ config(materialized='incremental', unique_key='id', on_schema_change='{change}') }}}} select {columns}"
        )
    };
    let project = place.project().file("models/m.sql", model(first));
    project.run(&["build"]).succeeds();
    project.write("models/m.sql", model(then));
    project
}

fn rows(project: &Project) -> Vec<String> {
    project.rows("select * from main.m order by id")
}

fn types(project: &Project) -> Vec<String> {
    project.rows("select column_name, data_type from information_schema.columns where table_name = 'm' order by 1")
}

fn a_new_column_is_left_out_added_or_refused(place: Place) {
    let (first, then) = ("1 as id", "2 as id, 'x' as extra");
    let ignoring = changed(place, "ignore", first, then);
    ignoring.run(&["build"]).succeeds();
    assert_eq!(rows(&ignoring), ["1", "2"]);
    for change in ["append_new_columns", "sync_all_columns"] {
        let growing = changed(place, change, first, then);
        growing.run(&["build"]).succeeds();
        assert_eq!(rows(&growing), ["1,", "2,x"], "{change}");
    }
    changed(place, "fail", first, then).run(&["build"]).exits(1).says("on_schema_change is 'fail'").says("new: extra");
}

fn a_column_that_is_gone_is_an_error_stays_or_is_dropped(place: Place) {
    let (first, then) = ("1 as id, 'old' as v union all select 2, 'kept'", "1 as id union all select 3");
    changed(place, "ignore", first, then)
        .run(&["build"])
        .exits(1)
        .says("does not give any more: v")
        .says("--full-refresh");
    changed(place, "fail", first, then).run(&["build"]).exits(1).says("gone: v");
    // What a merge replaces keeps the value that the select says nothing about, as in dbt.
    let growing = changed(place, "append_new_columns", first, then);
    growing.run(&["build"]).succeeds();
    assert_eq!(rows(&growing), ["1,old", "2,kept", "3,"]);
    let synced = changed(place, "sync_all_columns", first, then);
    synced.run(&["build"]).succeeds();
    assert_eq!(rows(&synced), ["1", "2", "3"]);
    assert_eq!(types(&synced).len(), 1);
    // A column of that name that comes again is a new one: the old values do not come back.
    synced.write(
        "models/m.sql",
        "{{ config(materialized='incremental', unique_key='id', on_schema_change='sync_all_columns') }} select 4 as id, 'new' as v",
    );
    synced.run(&["build"]).succeeds();
    assert_eq!(rows(&synced), ["1,", "2,", "3,", "4,new"]);
}

fn a_wider_type_takes_the_values_and_a_narrower_one_is_refused(place: Place) {
    for change in ["ignore", "append_new_columns"] {
        let wide = changed(place, change, "1 as id, cast(1 as bigint) as v", "2 as id, cast(2 as smallint) as v");
        wide.run(&["build"]).succeeds();
        assert_eq!(rows(&wide), ["1,1", "2,2"]);
        let text = changed(place, change, "1 as id, 'a' as v", "2 as id, cast(2.5 as double precision) as v");
        text.run(&["build"]).succeeds();
        assert_eq!(rows(&text), ["1,a", "2,2.5"]);
        let narrow = changed(place, change, "1 as id, 1 as v", "2 as id, cast(2.5 as double precision) as v");
        narrow
            .run(&["build"])
            .exits(1)
            .says("column 'v' is integer in ")
            .says("main.m and double precision in the select")
            .says("sync_all_columns")
            .says("models/m.sql");
        assert_eq!(rows(&narrow), ["1,1"]);
        changed(place, change, "1 as id, 1 as v", "2 as id, '2' as v")
            .run(&["build"])
            .exits(1)
            .says("text in the select");
    }
    // An untyped NULL fits every column.
    let null = changed(place, "ignore", "1 as id, 1 as v", "2 as id, null as v");
    null.run(&["build"]).succeeds();
    assert_eq!(rows(&null), ["1,1", "2,"]);
    changed(place, "fail", "1 as id, 1 as v", "2 as id, cast(2 as bigint) as v")
        .run(&["build"])
        .exits(1)
        .says("v from integer to bigint");
}

fn a_synced_column_gets_the_new_type_and_its_stored_values_are_cast(place: Place) {
    let project =
        changed(place, "sync_all_columns", "1 as id, '10' as v, 'x' as gone", "2 as id, 20 as v, true as new");
    project.run(&["build"]).succeeds();
    let table = project.rows("select id, v + 1, new from main.m order by id");
    assert_eq!(table, ["1,11,", "2,21,true"]);
    assert_eq!(types(&project), ["id,Int32", "new,Boolean", "v,Int32"]);
    // The next run finds nothing to change, and only merges.
    project.run(&["build", "--no-reuse"]).succeeds().says("MERGE 1");
    assert_eq!(project.rows("select count(*) from main.m"), ["2"]);
    if place == Place::Postgres {
        return;
    }
    // The state before can still be read.
    let then = project.run(&["sql", "--as-of", "1", "--format", "csv", "select * from main.m"]).succeeds();
    assert_eq!(then.stdout, "id,v,gone\n1,10,x\n");
    project.run(&["rollback", "1"]).succeeds();
    assert_eq!(rows(&project), ["1,10,x"]);
}

fn a_stored_value_that_cannot_be_cast_is_an_error_and_nothing_changes(place: Place) {
    let project = changed(place, "sync_all_columns", "1 as id, 'ten' as v", "2 as id, 20 as v");
    project.run(&["build"]).exits(1).says("ten").says("--full-refresh");
    assert_eq!(rows(&project), ["1,ten"]);
    project.run(&["build", "--full-refresh"]).succeeds();
    assert_eq!(rows(&project), ["2,20"]);
}

fn a_key_that_the_select_lost_is_an_error(place: Place) {
    let project = changed(place, "append_new_columns", "1 as id, 1 as v", "1 as idd, 2 as v");
    project.run(&["build"]).exits(1).says("no column 'id'").says("did you mean 'idd'");
}

in_both_places![
    a_new_column_is_left_out_added_or_refused,
    a_column_that_is_gone_is_an_error_stays_or_is_dropped,
    a_wider_type_takes_the_values_and_a_narrower_one_is_refused,
    a_synced_column_gets_the_new_type_and_its_stored_values_are_cast,
    a_stored_value_that_cannot_be_cast_is_an_error_and_nothing_changes,
    a_key_that_the_select_lost_is_an_error,
];
