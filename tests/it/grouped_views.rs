//! What tests of a view that groups a table find without making its groups is what they find in its rows.

use crate::both::in_both_places;
use crate::standard_tests::{both, failures};
use crate::support::{Place, Project};

/// 20,000 rows in 5,001 groups, of which one has no key. Some groups have no piece, some no weight, some neither.
const ROWS: &str = "{{ config(materialized='table') }}
select n as id, case when n % 4000 = 0 then null else 'k' || (n % 5000) end as place,
    cast(n % 3 as integer) as part,
    case when (n % 5000) % 7 = 0 or n < 3000 then null else cast(n % 9 as integer) end as pieces,
    case when (n % 5000) % 11 = 0 then null else cast(n as double precision) / 8 end as weight,
    case when n % 5 < 3 then null else 't' || n end as note,
    cast(n as double precision) * cast('{{ var('factor', 1) }}' as double precision) as large
from generate_series(cast(1 as bigint), cast(20000 as bigint)) as s(n)";

/// Views of the rows, and their columns.
const VIEWS: &[(&str, &str, &[&str])] = &[
    (
        "plain",
        "select place as plain_place, round(cast(sum(pieces * weight) as numeric), 2) as plain_worth,
            sum(pieces) as plain_pieces, count(weight) as plain_count, avg(weight) as plain_mean,
            max(note) as plain_note, cast(max(note) as text) as plain_same,
            case when max(note) > 't5' then 1 end as plain_some, sum(pieces) + 1 as plain_more
        from {{ ref('rows') }} group by place",
        &["place", "worth", "pieces", "count", "mean", "note", "same", "some", "more"],
    ),
    (
        "pairs",
        "select part as pairs_part, place as pairs_place, min(note) as pairs_note, max(pieces) as pairs_most
        from {{ ref('rows') }} where id > 700 group by place, part",
        &["part", "place", "note", "most"],
    ),
    (
        "few",
        "select part as few_part, sum(weight) filter (where id % 3 = 1) as few_weight, max(note) as few_note
        from {{ ref('rows') }} group by part",
        &["part", "weight", "note"],
    ),
    (
        "cut",
        "select place as cut_place, max(pieces) as cut_most from {{ ref('rows') }} group by place having min(id) > 2000",
        &["place", "most"],
    ),
    ("all", "select count(*) as all_count, sum(pieces) as all_pieces from {{ ref('rows') }}", &["count", "pieces"]),
];

fn project(place: Place) -> Project {
    let mut properties = "models:\n".to_string();
    let mut project = place.project().file("models/rows.sql", ROWS);
    for (view, sql, columns) in VIEWS {
        project = project.file(&format!("models/{view}.sql"), format!("{{{{ config(materialized='view') }}}}\n{sql}"));
        properties += &format!("  - name: {view}\n    columns:\n");
        for column in *columns {
            let column = format!("{view}_{column}");
            properties += &format!("      - name: {column}\n        data_tests:\n");
            properties += &both("not_null", &column, "", "");
            properties += &both("unique", &column, "", "");
        }
    }
    project.file("models/models.yml", properties)
}

fn failures_are_those_of_the_rows(place: Place) {
    let project = project(place);
    project.run(&["build"]).succeeds().says("ERROR=0");
    let failures = failures(&project);
    assert_eq!(failures.len(), 80);
    for pair in failures.chunks(2) {
        let ((alone, by_sql), (together, counted)) = (&pair[0], &pair[1]);
        assert_eq!(alone.replace("_alone", ""), together.replace("_together", ""));
        assert_eq!(by_sql, counted, "{together}");
    }
    let by_name = |name: &str| failures.iter().find(|(test, _)| test == &format!("{name}_0_together")).unwrap().1;
    assert_eq!(by_name("not_null_plain_place"), 1);
    assert_eq!(by_name("not_null_plain_pieces"), 715);
    assert_eq!(by_name("not_null_plain_worth"), 1105);
    assert_eq!(by_name("unique_plain_place"), 0);
    assert_eq!(by_name("not_null_cut_most"), 430);
}

/// A share of the groups is one of their number.
fn a_share_is_one_of_the_groups(place: Place) {
    let tests = |threshold: &str| {
        format!(
            "models: [{{name: plain, columns: [{{name: plain_worth, data_tests: \
             [not_null: {{config: {{severity: warn, warn_if: '> {threshold}%'}}}}]}}]}}]\n"
        )
    };
    for (threshold, said) in [("21", "WARN=1"), ("23", "WARN=0")] {
        let project = project(place).file("models/models.yml", tests(threshold));
        project.run(&["build", "--select", "rows", "plain"]).succeeds().says(said);
    }
}

/// What no reader of the view could read must not pass for tested.
fn a_value_that_cannot_be_computed_is_found(place: Place) {
    let view = "{{ config(materialized='view') }}
select place, round(cast(sum(large) as numeric), 2) as worth from {{ ref('rows') }} group by place";
    let tests = "models: [{name: plain, columns: [{name: worth, data_tests: [not_null]}]}]\n";
    let project = project(place).file("models/plain.sql", view).file("models/models.yml", tests);
    let build =
        |factor: &str| project.run(&["build", "--select", "rows", "plain", "--vars", &format!("{{factor: {factor}}}")]);
    build("1").succeeds().says("PASS=3");
    build("1e250").exits(1).says("ERROR not_null_plain_worth");
}

in_both_places![failures_are_those_of_the_rows, a_share_is_one_of_the_groups, a_value_that_cannot_be_computed_is_found,];
