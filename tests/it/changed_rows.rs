//! What has not changed is not looked at again: `changed_rows()` of a model, the orphans of a table, and standard tests
//! whose outcome is known.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::both::in_both_places;
use crate::standard_tests::{both, failures};
use crate::support::{Place, Project};

/// Rows by number, and a model of their groups.
fn groups(place: Place) -> Project {
    let rows = "{{ config(materialized='incremental', unique_key='id') }}
select n as id, (n + {{ var('shift') }}) % {{ var('places') }} as place
from generate_series(cast({{ var('from') }} as bigint), cast({{ var('to') }} as bigint)) as s(n)";
    let grouped = "{{ config(
    materialized='incremental', unique_key='place', meta={'delete_orphans': {'to': \"ref('rows')\", 'field': 'place'}}
) }}
select place, count(*) as pieces
from {{ ref('rows') }}
{% if is_incremental() %}where place in (select distinct place from {{ changed_rows(ref('rows')) }}){% endif %}
group by place";
    place.project().file("models/rows.sql", rows).file("models/grouped.sql", grouped)
}

fn step(from: u32, to: u32, shift: u32, places: u32) -> String {
    format!("{{from: {from}, to: {to}, shift: {shift}, places: {places}}}")
}

fn a_model_reads_what_changed_since_it_was_made(place: Place) {
    let project = groups(place);
    let step = |from, to, shift| step(from, to, shift, 1000);
    let grouped = || project.rows("select * from grouped order by place");
    // So many that the lake does not write the table anew for a few.
    project.run(&["build", "--vars", &step(1, 20_000, 0)]).succeeds().says("SELECT 1000 ");
    // Six rows go to other places: twelve groups change.
    project.run(&["build", "--vars", &step(1, 6, 50)]).succeeds().says("MERGE 6 ").says("MERGE 12 ");
    // Rows that the model has not seen, since it did not run: it reads all.
    project.run(&["build", "--vars", &step(11, 12, 50), "--select", "rows"]).succeeds().says("MERGE 2 ");
    project.run(&["build", "--vars", &step(21, 21, 50)]).succeeds().says("MERGE 1 ").says("MERGE 1000 ");
    project.run(&["build", "--vars", &step(22, 22, 50)]).succeeds().says("MERGE 1 ").says("MERGE 2 ");
    let incremental = grouped();
    project.run(&["build", "--vars", &step(22, 22, 50), "--no-reuse"]).succeeds().says("MERGE 1000 ");
    assert_eq!(grouped(), incremental);
    let again = project.rows("select place, count(*) as pieces from rows group by place order by place");
    assert_eq!(incremental, again);
}

fn a_group_without_rows_goes(place: Place) {
    let project = groups(place);
    let step = |from, to, shift| step(from, to, shift, 100);
    project.run(&["build", "--vars", &step(1, 3, 0)]).succeeds();
    project.run(&["build", "--vars", &step(2, 2, 5)]).succeeds().says(", DELETE 1 ");
    // The model falls behind, and finds it out.
    project.run(&["build", "--vars", &step(3, 3, 5), "--select", "rows"]).succeeds();
    project.run(&["build", "--vars", &step(3, 3, 5)]).succeeds().says(", DELETE 1 ");
    assert_eq!(project.rows("select * from grouped order by place"), ["1,1", "7,1", "8,1"]);
}

/// The rows from one number to another, moved by a shift.
type Rows = (u32, u32, u32);

fn tables(place: Place) -> Project {
    let parents = "{{ config(materialized='incremental', unique_key='id') }}
{% set from, to, shift = var('parents') %}
select n as id, case when (n + {{ shift }}) % 40 = 0 then null else 'p' || ((n + {{ shift }}) % 6000) end as name
from generate_series(cast({{ from }} as bigint), cast({{ to }} as bigint)) as s(n)";
    let children = "{{ config(materialized='incremental', unique_key='id') }}
{% set from, to, shift = var('children') %}
select n as id, 1 + (n * 7 + {{ shift }}) % (6000 + {{ shift }}) as parent_id,
    'p' || ((n + {{ shift }}) % 6000) as parent_name
from generate_series(cast({{ from }} as bigint), cast({{ to }} as bigint)) as s(n)";
    // Groups that come and go, and one without a key.
    let grouped = |table: &str, key: &str| {
        format!(
            "{{{{ config(materialized='view') }}}}
select {key} as {table}_known_as, nullif(sum(id) % 3, 0) as {table}_odd from {{{{ ref('{table}') }}}} where id % 5 <> 0 group by {key}"
        )
    };
    let mut properties = "models:\n".to_string();
    let of_parents: &[(&str, Option<&str>)] = &[("id", None), ("name", None)];
    let of_children: &[(&str, Option<&str>)] =
        &[("id", None), ("parent_id", Some("id")), ("parent_name", Some("name"))];
    for (model, columns) in [("parents", of_parents), ("children", of_children)] {
        properties += &format!("  - name: {model}\n    columns:\n");
        for (column, to) in columns {
            properties += &format!("      - name: {column}\n        data_tests:\n");
            let tested = format!("{model}_{column}");
            properties += &both("not_null", &tested, "", "");
            properties += &both("unique", &tested, "", "");
            if let Some(field) = to {
                let arguments = format!("              to: ref('parents')\n              field: {field}\n");
                properties += &both("relationships", &tested, &arguments, "");
            }
        }
    }
    for table in ["parents", "children"] {
        properties += &format!("  - name: grouped_{table}\n    columns:\n");
        for column in ["known_as", "odd"].map(|column| format!("{table}_{column}")) {
            properties += &format!("      - name: {column}\n        data_tests:\n");
            properties += &both("not_null", &column, "", "");
            properties += &both("unique", &column, "", "");
        }
    }
    let models = place.project().file("models/parents.sql", parents).file("models/children.sql", children);
    let models = models.file("models/grouped_parents.sql", grouped("parents", "name"));
    models.file("models/grouped_children.sql", grouped("children", "parent_name")).file("models/models.yml", properties)
}

fn failures_are_those_of_the_whole_table(place: Place) {
    let rows = || (1..5990u32, 0..15u32, prop_oneof![3 => Just(0u32), 1 => 0..30u32]);
    let rows = move || rows().prop_map(|(from, more, shift)| -> Rows { (from, from + more, shift) });
    let steps = proptest::collection::vec((rows(), rows()), 1..4);
    let config = Config { cases: 3, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let check = |steps: Vec<(Rows, Rows)>| {
        let project = tables(place);
        // Enough for the lake to mark rows instead of writing the tables again.
        let first = ((1, 6000, 0), (1, 5000, 0));
        for (number, (parents, children)) in std::iter::once(first).chain(steps).enumerate() {
            let vars =
                format!("{{parents: {parents:?}, children: {children:?}}}").replace(['('], "[").replace(')', "]");
            project.run(&["build", "--vars", &vars]).succeeds().says("ERROR=0");
            for pair in failures(&project).chunks(2) {
                assert_eq!(pair[0].1, pair[1].1, "{} after step {number}, {vars}", pair[1].0);
            }
        }
        Ok(())
    };
    TestRunner::new(config).run(&steps, check).unwrap();
}

/// What a subquery of a view reads decides about groups that have no changed row.
fn a_view_with_a_subquery_is_counted_whole(place: Place) {
    let numbers = "{{ config(materialized='incremental', unique_key='id') }}
select n as id, n % 7 as part, n + {{ var('more') }} as size
from generate_series(cast({{ var('from') }} as bigint), 6000) as s(n)";
    let largest = "{{ config(materialized='view') }}
select part, sum(case when size < 6001 then null else size end) as large
from {{ ref('numbers') }} where size >= (select max(size) from {{ ref('numbers') }}) - 3 group by part";
    let properties = "models:\n  - name: largest\n    columns:\n      - name: large\n        data_tests:\n".to_string();
    let project = place.project().file("models/numbers.sql", numbers).file("models/largest.sql", largest);
    let project = project.file("models/models.yml", properties + &both("not_null", "large", "", ""));
    for (vars, expected) in [("{more: 0, from: 1}", 4), ("{more: 100, from: 6000}", 0)] {
        project.run(&["build", "--vars", vars]).succeeds();
        let counted: Vec<u64> = failures(&project).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counted, [expected, expected], "{vars}");
    }
}

/// A share of the groups there are, of which only the changed ones are counted.
fn a_threshold_in_percent_is_one_of_all_groups(place: Place) {
    let rows = "{{ config(materialized='incremental', unique_key='id') }}
{% set from, to, parts = var('rows', [1, 1, 1]) %}
select n as id, n % {{ parts }} as part, case when n % {{ parts }} > 1 then n end as size
from generate_series(cast({{ from }} as bigint), cast({{ to }} as bigint)) as s(n)";
    let view = "{{ config(materialized='view') }} select part, sum(size) as size from {{ ref('rows') }} group by part";
    let properties = "models:\n  - name: parts\n    columns:\n      - name: size\n        data_tests:\n          \
                      - not_null: {config: {warn_if: '> 15%', error_if: '> 50%'}}\n";
    let project = place.project().file("models/rows.sql", rows).file("models/parts.sql", view);
    let project = project.file("models/models.yml", properties);
    // Two groups of ten, of twenty, and of ten again.
    for (vars, expected) in [("[1, 6000, 10]", "WARN 2"), ("[1, 20, 20]", "PASS"), ("[1, 20, 10]", "WARN 2")] {
        let built = project.run(&["build", "--vars", &format!("{{rows: {vars}}}")]).succeeds().text();
        let line = built.lines().find(|line| line.contains("not_null_parts_size") && !line.contains("START"));
        assert!(line.is_some_and(|line| line.contains(expected)), "{vars}: {built}");
    }
}

/// A key of the view has the name of another column of the table.
fn groups_are_found_by_what_they_are_grouped_by(place: Place) {
    let rows = "{{ config(materialized='incremental', unique_key='id') }}
{% set from, to, size = var('rows', [1, 1, 1]) %}
select n as id, case when n % 2 = 0 then n / 2 end as parent, nullif({{ size }}, n) as size
from generate_series(cast({{ from }} as bigint), cast({{ to }} as bigint)) as s(n)";
    let view = "{{ config(materialized='view') }}
with named as (select id as child, coalesce(parent, id) as id, size from {{ ref('rows') }})
select child, max(size) as largest from named group by child";
    let properties =
        "models:\n  - name: children\n    columns:\n      - name: largest\n        data_tests:\n".to_string();
    let project = place.project().file("models/rows.sql", rows).file("models/children.sql", view);
    let project = project.file("models/models.yml", properties + &both("not_null", "largest", "", ""));
    for (vars, expected) in [("[1, 6000, 7]", 1), ("[30, 30, 30]", 2), ("[7, 7, 8]", 1)] {
        project.run(&["build", "--vars", &format!("{{rows: {vars}}}")]).succeeds();
        let counted: Vec<u64> = failures(&project).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counted, [expected, expected], "{vars}");
    }
}

/// Rows of 6,000 places, of which one is moved at a time: a place may lose all of its rows, and a row may get no place.
fn keys_that_are_lost_are_found(place: Place) {
    let rows = "{{ config(materialized='incremental', unique_key='id') }}
{% set id, place = var('moved', [0, 0]) %}
{% if is_incremental() %}
select cast({{ id }} as bigint) as id, nullif(cast({{ place }} as bigint), 0) as place
{% else %}
select n as id, n as place from generate_series(cast(1 as bigint), cast(6000 as bigint)) as s(n)
{% endif %}";
    let visits = "{{ config(materialized='incremental', unique_key='id') }}
{% set id, place = var('visit', [1, 1]) %}
{% if is_incremental() %}
select cast({{ id }} as bigint) as id, cast({{ place }} as bigint) as visited
{% else %}
select n as id, n as visited from generate_series(cast(1 as bigint), cast(5900 as bigint)) as s(n)
{% endif %}";
    let view =
        "{{ config(materialized='view') }} select place as at, max(id) as newest from {{ ref('rows') }} group by place";
    let properties = "models:\n  - name: places\n    columns:\n      - name: at\n        data_tests:\n".to_string()
        + &both("not_null", "at", "", "")
        + "  - name: visits\n    columns:\n      - name: visited\n        data_tests:\n"
        + &both("relationships", "visited", "              to: ref('rows')\n              field: place\n", "");
    let project = place.project().file("models/rows.sql", rows).file("models/visits.sql", visits);
    let project = project.file("models/places.sql", view).file("models/models.yml", properties);
    for (number, (moved, visit, without_key, without_parent)) in [
        ([1, 1], [1, 1], 0, 0),
        ([5950, 5951], [1, 1], 0, 0),
        ([10, 11], [1, 1], 0, 1),
        ([6001, 10], [1, 1], 0, 0),
        ([20, 0], [20, 6000], 1, 0),
        ([21, 22], [21, 6000], 1, 0),
        ([20, 20], [5899, 7000], 0, 1),
        ([6002, 7000], [1, 1], 0, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let vars = format!("{{moved: {moved:?}, visit: {visit:?}}}");
        project.run(&["build", "--vars", &vars]).succeeds().says("ERROR=0");
        let counted: Vec<u64> = failures(&project).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counted, [without_key, without_key, without_parent, without_parent], "{number}: {vars}");
    }
}

in_both_places![
    keys_that_are_lost_are_found,
    groups_are_found_by_what_they_are_grouped_by,
    a_threshold_in_percent_is_one_of_all_groups,
    a_view_with_a_subquery_is_counted_whole,
    a_model_reads_what_changed_since_it_was_made,
    a_group_without_rows_goes,
    failures_are_those_of_the_whole_table,
];
