//! `store_failures`: the rows that fail a test stay where one can look at them.

use crate::both::in_both_places;
use crate::support::{Place, Project};

/// A table whose rows are `rows`, and a test that keeps those without a value.
fn project(place: Place, rows: &str, severity: &str) -> Project {
    place.project().file("models/t.sql", format!("select * from (values {rows}) as v(id, value)")).file(
        "models/t.yml",
        format!(
            "models:\n  - name: t\n    columns:\n      - name: value\n        data_tests:\n          - not_null:\n              \
             config: {{store_failures: true, severity: {severity}}}\n"
        ),
    )
}

const STORED: &str = "main_dbt_test__audit.not_null_t_value";
const GOOD: &str = "(1, 10), (2, 20)";
const BAD: &str = "(1, null), (2, 20), (3, null)";

fn failing_rows_are_kept_when_nothing_else_is_published(place: Place) {
    let project = project(place, BAD, "error");
    project
        .run(&["build"])
        .exits(1)
        .says("Nothing was published: 1 node failed")
        .says("See test failures:")
        .says("\".\"main_dbt_test__audit\".\"not_null_t_value\"");
    assert_eq!(project.rows(&format!("select id from {STORED} order by id")), ["1", "3"]);
    project.run(&["sql", "select * from main.t"]).exits(2);
    // What is told next time is of that time.
    project.write("models/t.sql", format!("select * from (values {GOOD}) as v(id, value)"));
    project.run(&["build"]).succeeds().says_not("See test failures");
    assert_eq!(project.value(&format!("select count(*) from {STORED}")), "0");
    assert_eq!(project.value("select count(*) from main.t"), "2");
}

fn failing_rows_of_a_warning_are_published_with_the_rest(place: Place) {
    let project = project(place, BAD, "warn");
    project.run(&["build"]).succeeds().says("WARN=1").says("See test failures:");
    assert_eq!(project.value(&format!("select count(*) from {STORED}")), "2");
    let history = project.run(&["history", "--output", "json"]).succeeds().stdout;
    assert_eq!(history.lines().count(), 1, "one publication for all:\n{history}");
}

fn the_test_command_and_a_build_per_model_and_one_that_stops_early_keep_them_too(place: Place) {
    for args in [&["build", "--publish", "per-model"][..], &["build", "--fail-fast"]] {
        let project = project(place, BAD, "error");
        project.run(args).exits(1);
        assert_eq!(project.value(&format!("select count(*) from {STORED}")), "2", "{args:?}");
    }
    let project = project(place, BAD, "error");
    project.run(&["run"]).succeeds();
    project.run(&["test"]).exits(1).says("See test failures:").says_not("Nothing was published");
    assert_eq!(project.value(&format!("select count(*) from {STORED}")), "2");
    // Testing again stores the same rows: there is no new state.
    project.run(&["test"]).exits(1);
    let history = project.run(&["history", "--output", "json"]).succeeds().stdout;
    assert!(history.lines().count() <= 3, "{history}");
}

fn the_outcomes_of_the_last_publication_stand_after_a_failed_build(place: Place) {
    let project = project(place, GOOD, "error").file("models/other.sql", "select 1 as x");
    project.run(&["build"]).succeeds();
    project.write("models/t.sql", format!("select * from (values {BAD}) as v(id, value)"));
    project.run(&["build"]).exits(1);
    project.write("models/t.sql", format!("select * from (values {GOOD}) as v(id, value)"));
    // The test runs again since its table holds the rows of the build that failed.
    project.run(&["build"]).succeeds().says("PASS=1").says("REUSED=2");
    assert_eq!(project.value(&format!("select count(*) from {STORED}")), "0");
}

in_both_places![
    failing_rows_are_kept_when_nothing_else_is_published,
    failing_rows_of_a_warning_are_published_with_the_rest,
    the_test_command_and_a_build_per_model_and_one_that_stops_early_keep_them_too,
    the_outcomes_of_the_last_publication_stand_after_a_failed_build,
];
