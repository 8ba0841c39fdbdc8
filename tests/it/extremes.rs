//! Groups of which a model keeps minima and maxima only: most are known by the rows that come.

use std::time::Duration;

use proptest::test_runner::{Config, TestRunner};

use crate::both::in_both_places;
use crate::server;
use crate::support::{Place, Project};

const ROWS: &str = "{{ config(materialized='incremental', unique_key='id') }}
{% set from, to, shift = var('rows', [1, 1, 1]) %}
select
    n as id,
    nullif((n + {{ shift }}) % 20, 19) as place,
    'p' || ((n + {{ shift }}) % 20) as name,
    case when n % 3 > 0 then (n * 7 + {{ shift }} * 13) % 1000 end as weight,
    n * {{ shift }} as stamp
from generate_series(cast({{ from }} as bigint), cast({{ to }} as bigint)) as s(n)";

const GROUPED: &str = "{{ config(
    materialized='incremental', unique_key='where_it_is', meta={'delete_orphans': {'to': \"ref('rows')\", 'field': 'place'}}
) }}
select place as where_it_is, name, max(stamp) as newest, min(weight) as lightest
from {{ ref('rows') }}
{% if is_incremental() %}where place in (select distinct place from {{ changed_rows(ref('rows')) }}){% endif %}
group by place, name";

fn project(place: Place) -> Project {
    place.project().file("models/rows.sql", ROWS).file("models/grouped.sql", GROUPED)
}

/// Rows by their first and last number, and how far they are moved.
fn build(project: &Project, rows: (u32, u32, i32)) -> crate::support::Outcome {
    let (from, to, shift) = rows;
    project.run(&["build", "--vars", &format!("{{rows: [{from}, {to}, {shift}]}}")])
}

/// As the model has them, and as they are.
fn both(project: &Project) -> [Vec<String>; 2] {
    let anew = "select place, name, max(stamp), min(weight) from rows where place is not null group by place, name";
    // The first build takes the group without a key too.
    let built = "select * from grouped where where_it_is is not null";
    [built, anew].map(|sql| project.rows(&format!("select * from ({sql}) as t order by 1, 2")))
}

fn groups_are_what_they_would_be_anew(place: Place) {
    let rows = || (1..190u32, 0..25u32, -3..4i32);
    let steps = proptest::collection::vec(rows(), 1..4);
    let config = Config { cases: 4, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let check = |steps: Vec<(u32, u32, i32)>| {
        let project = project(place);
        build(&project, (1, 200, 1)).succeeds();
        for (from, more, shift) in steps {
            build(&project, (from, from + more, shift)).succeeds();
            let [built, anew] = both(&project);
            assert_eq!(built, anew, "after {from} {more} {shift}");
        }
        Ok(())
    };
    TestRunner::new(config).run(&steps, check).unwrap();
}

fn a_group_without_its_most_extreme_row_is_computed_anew(place: Place) {
    let project = project(place);
    build(&project, (1, 200, 1)).succeeds();
    // The row leaves its group, which had it for its newest.
    build(&project, (200, 200, 3)).succeeds();
    let [built, anew] = both(&project);
    assert_eq!(built, anew);
    // It stays, and is older than another one now.
    build(&project, (200, 200, -17)).succeeds();
    let [built, anew] = both(&project);
    assert_eq!(built, anew);
}

fn two_groups_of_one_key_are_found(place: Place) {
    let named = |other: &str| ROWS.replace("'p' ||", &format!("case when n > 190 then '{other}' else 'p' end ||"));
    let project = project(place).file("models/rows.sql", named("p"));
    build(&project, (1, 200, 1)).succeeds();
    project.write("models/rows.sql", named("q"));
    build(&project, (200, 200, 1)).exits(1).says("1 more rows than keys (where_it_is)");
}

/// What the model has of a group is not all there was to know of it.
fn a_model_that_was_not_made_of_all_rows_is_computed_as_it_says(place: Place) {
    let project = project(place);
    // The newest of the group is row 185, but the first build does not take it.
    let newest = GROUPED.replace(", min(weight) as lightest", "");
    project.write("models/grouped.sql", newest.replace("{% endif %}", "{% else %}where stamp < 100{% endif %}"));
    let of = |group: u32| project.rows(&format!("select newest from grouped where where_it_is = {group}"));
    build(&project, (1, 200, 1)).succeeds();
    assert_eq!(of(6), ["85"]);
    build(&project, (5, 5, 21)).succeeds();
    assert_eq!(of(6), ["185"], "all rows of the group are looked at");
    // A group goes for another reason than that its rows do, and comes back.
    let numbers = "select n as id from generate_series(0, 18) as s(n) where not (n = 5 and {{ var('gone', false) }})";
    project.write("models/other.sql", numbers);
    project.write(
        "models/grouped.sql",
        newest.replace("ref('rows')\", 'field': 'place'", "ref('other')\", 'field': 'id'"),
    );
    let build = |rows: &str, gone: bool| {
        project.run(&["build", "--vars", &format!("{{rows: {rows}, gone: {gone}}}")]).succeeds();
    };
    build("[1, 200, 1]", false);
    build("[1, 2, 21]", true);
    assert!(of(5).is_empty());
    build("[4, 4, 41]", false);
    assert_eq!(of(5), ["184"]);
}

in_both_places!(
    a_model_that_was_not_made_of_all_rows_is_computed_as_it_says,
    groups_are_what_they_would_be_anew,
    a_group_without_its_most_extreme_row_is_computed_anew,
    two_groups_of_one_key_are_found,
);

/// As the server counts them.
#[test]
fn the_other_rows_of_a_group_are_not_read() {
    let Some(server) = server::shared() else { return };
    let project = project(Place::Postgres);
    let database = project.database();
    let scanned = || -> u64 {
        std::thread::sleep(Duration::from_millis(300));
        let rows = server.sql(&database, "select seq_tup_read from pg_stat_user_tables where relname = 'rows'");
        rows[0].parse().unwrap()
    };
    project.write("models/grouped.sql", GROUPED.replace("min(weight)", "min(id)"));
    build(&project, (1, 40_000, 1)).succeeds();
    let before = scanned();
    // The smallest numbers of all groups stay what they are and where they are, and become the newest.
    build(&project, (1, 20, 100_001)).succeeds().says("MERGE 20 ").says("MERGE 19 ");
    assert_eq!(scanned(), before, "no row was found without an index");
    let rows = project.rows("select where_it_is, newest, lightest from grouped where where_it_is in (1, 2) order by 1");
    assert_eq!(rows, ["1,2000020,20", "2,100001,1"]);
}
