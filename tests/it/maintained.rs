//! Tables whose rows come one by one from those of a loaded table: what was loaded is all that is looked at again.

use std::collections::BTreeMap;

use proptest::test_runner::{Config, TestRunner};

use crate::both::in_both_places;
use crate::support::{Place, Project};

/// A loaded source with a key of two columns, a view of it, and tables of the view.
fn shop(place: Place) -> Project {
    let source = "sources:
  - name: raw
    schema: raw
    tables:
      - name: orders
        config:
          meta:
            load:
              path: data/orders.csv
              unique_key: [shop, id]
              columns: [shop, {name: id, type: int8}, {name: pieces, type: int8}, note]
";
    let view = "{{ config(materialized='view') }}
select id as number, shop, pieces, upper(note) as note, load_timestamp from {{ source('raw', 'orders') }}";
    let models = [
        ("seen", view),
        // Row by row.
        (
            "few",
            "with wanted as (select * from {{ ref('seen') }} where pieces < 5)
select shop as place, number, pieces * 2 as doubled, note from wanted where note is distinct from 'X'",
        ),
        ("direct", "select * from {{ source('raw', 'orders') }}"),
        // Not so: no key, rows that hang on others, two tables.
        ("keyless", "select number, pieces from {{ ref('seen') }}"),
        ("ranked", "select shop, number, rank() over (order by pieces) as place from {{ ref('seen') }}"),
        ("once", "select distinct shop, number, pieces from {{ ref('seen') }}"),
        (
            "most",
            "select shop, number from {{ ref('seen') }} where pieces = (select max(pieces) from {{ ref('seen') }})",
        ),
        ("summed", "select shop, number, sum(pieces) as pieces from {{ ref('seen') }} group by shop, number"),
        (
            "paired",
            "select a.shop, a.number, b.note from {{ ref('seen') }} a join {{ ref('direct') }} b on b.id = a.number and b.shop = a.shop",
        ),
        ("twice", "select shop, number from {{ ref('seen') }} union all select shop, number from {{ ref('seen') }}"),
        ("first", "select shop, number from {{ ref('seen') }} order by shop, number limit 3"),
    ];
    let project = place.project().file("models/sources.yml", source);
    models.into_iter().fold(project, |project, (name, sql)| project.file(&format!("models/{name}.sql"), sql))
}

const ANEW: [&str; 8] = ["keyless", "ranked", "once", "most", "summed", "paired", "twice", "first"];

/// By shop and number: pieces and a note.
type Orders = BTreeMap<(u8, u8), (u8, u8)>;

fn file(orders: &Orders) -> String {
    let line = |((shop, id), (pieces, note)): (&(u8, u8), &(u8, u8))| {
        format!("s{shop},{id},{pieces},{}\n", ["x", "o'n", ""][*note as usize % 3])
    };
    format!("shop,id,pieces,note\n{}", orders.iter().map(line).collect::<String>())
}

fn write(project: &Project, orders: &Orders) {
    project.write("data/orders.csv", file(orders));
}

/// The line that says what a model came to.
fn line(text: &str, model: &str) -> String {
    let ends = format!("main.{model} ");
    text.lines().find(|line| line.contains(" OK ") && line.contains(&ends)).unwrap_or_default().to_string()
}

fn what_was_loaded_takes_the_place_of_rows_with_its_keys(place: Place) {
    let project = shop(place);
    write(&project, &Orders::from([((0, 1), (1, 1)), ((0, 2), (2, 1)), ((1, 1), (3, 1)), ((1, 2), (9, 1))]));
    project.run(&["build"]).succeeds();
    // One row leaves, one stays with another value, one comes, and one is none of them before or after.
    write(&project, &Orders::from([((0, 1), (7, 1)), ((0, 2), (3, 2)), ((1, 2), (8, 1)), ((2, 2), (4, 2))]));
    let built = project.run(&["build"]).succeeds().text();
    assert!(line(&built, "few").contains("MERGE 2, DELETE 1 "), "{built}");
    assert!(line(&built, "direct").contains("[MERGE 4 "), "{built}");
    for model in ANEW {
        assert!(line(&built, model).contains("[SELECT "), "{model} in {built}");
    }
    let rows = project.rows("select place, number, doubled, note from few order by 1, 2");
    assert_eq!(rows, ["s0,2,6,", "s1,1,6,O'N", "s2,2,8,"]);
    project.run(&["build"]).succeeds().says("REUSED=11");
}

fn a_table_may_fall_behind_several_loads(place: Place) {
    let project = shop(place);
    write(&project, &Orders::from([((0, 1), (1, 1)), ((0, 2), (2, 1))]));
    project.run(&["build"]).succeeds();
    for pieces in 3..5 {
        write(&project, &Orders::from([((0, 1), (pieces, 1)), ((pieces, 1), (1, 1))]));
        project.run(&["load"]).succeeds();
    }
    let built = project.run(&["build", "--select", "seen", "few"]).succeeds().text();
    assert!(line(&built, "few").contains("[MERGE 3 "), "{built}");
    assert_eq!(
        project.rows("select place, number, doubled from few order by 1, 2"),
        ["s0,1,8", "s0,2,4", "s3,1,2", "s4,1,2"]
    );
}

fn what_is_not_known_to_be_loaded_makes_it_anew(place: Place) {
    let project = shop(place);
    let orders = |pieces| Orders::from([((0, 1), (pieces, 1)), ((0, 2), (2, 1))]);
    let anew = |args: &[&str]| {
        let built = project.run(args).succeeds().text();
        assert!(line(&built, "few").contains("[SELECT "), "{args:?}: {built}");
    };
    write(&project, &orders(1));
    project.run(&["build"]).succeeds();
    // All rows are loaded again, without those that the file has no more.
    write(&project, &Orders::from([((0, 1), (3, 1))]));
    project.run(&["load", "--full-refresh"]).succeeds();
    anew(&["build"]);
    assert_eq!(project.rows("select * from few"), ["s0,1,6,O'N"]);
    write(&project, &orders(4));
    anew(&["build", "--no-reuse"]);
    write(&project, &orders(3));
    anew(&["build", "--full-refresh", "--select", "few", "+seen"]);
    // Another select, then another view beneath it.
    write(&project, &orders(1));
    project.write("models/few.sql", "select shop as place, number, pieces as doubled, note from {{ ref('seen') }}");
    anew(&["build"]);
    write(&project, &orders(2));
    let view =
        "{{ config(materialized='view') }} select id as number, shop, pieces, note from {{ source('raw', 'orders') }}";
    project.write("models/seen.sql", view);
    anew(&["build"]);
    write(&project, &orders(3));
    let built = project.run(&["build"]).succeeds().text();
    assert!(line(&built, "few").contains("[MERGE 1 "), "{built}");
    assert_eq!(project.rows("select * from few order by number"), ["s0,1,3,o'n", "s0,2,2,o'n"]);
}

fn a_large_part_of_the_rows_makes_it_anew(place: Place) {
    let project = shop(place);
    let orders = |count: u32, pieces: u32| {
        let line = |number: u32| format!("s,{number},{pieces},o\n");
        format!("shop,id,pieces,note\n{}", (0..count).map(line).collect::<String>())
    };
    project.write("data/orders.csv", orders(10_000, 1));
    project.run(&["build", "--select", "few", "+seen"]).succeeds();
    project.write("data/orders.csv", orders(2_000, 2));
    project.run(&["build", "--select", "few", "+seen"]).succeeds().says("[MERGE 2000 ");
    project.write("data/orders.csv", orders(3_000, 3));
    project.run(&["build", "--select", "few", "+seen"]).succeeds().says("SELECT 10000 ");
    let sums = project.rows("select doubled, count(*) from few group by 1 order by 1");
    assert_eq!(sums, ["2,7000", "6,3000"]);
}

fn it_is_what_it_would_be_anew_after_any_loads(place: Place) {
    let order = || ((0..3u8, 0..12u8), (0..9u8, 0..3u8));
    let loads = proptest::collection::vec(proptest::collection::btree_map(order().0, order().1, 0..12), 2..5);
    let config = Config { cases: 3, max_shrink_iters: 20, failure_persistence: None, ..Config::default() };
    let check = |loads: Vec<Orders>| {
        let project = shop(place);
        for orders in loads {
            write(&project, &orders);
            project.run(&["build"]).succeeds();
        }
        let dump = || ["few", "direct"].map(|table| project.rows(&format!("select * from {table} order by 1, 2")));
        let maintained = dump();
        project.run(&["build", "--no-reuse"]).succeeds();
        assert_eq!(maintained, dump());
        Ok(())
    };
    TestRunner::new(config).run(&loads, check).unwrap();
}

in_both_places!(
    what_was_loaded_takes_the_place_of_rows_with_its_keys,
    a_table_may_fall_behind_several_loads,
    what_is_not_known_to_be_loaded_makes_it_anew,
    a_large_part_of_the_rows_makes_it_anew,
    it_is_what_it_would_be_anew_after_any_loads,
);

/// The table goes back with what it was made from.
#[test]
fn a_source_that_went_back_makes_it_anew() {
    let project = shop(Place::Lake);
    write(&project, &Orders::from([((0, 1), (1, 1))]));
    project.run(&["build"]).succeeds();
    write(&project, &Orders::from([((0, 1), (2, 1))]));
    project.run(&["build"]).succeeds().says("[MERGE 1 ");
    project.run(&["rollback", "2"]).succeeds();
    assert_eq!(project.value("select doubled from few"), "2");
    write(&project, &Orders::from([((0, 1), (4, 1))]));
    project.run(&["build"]).succeeds();
    assert_eq!(project.value("select doubled from few"), "8");
}

/// Rows that somebody else wrote have no time of a load.
#[test]
fn a_source_that_somebody_else_wrote_makes_it_anew() {
    if crate::server::shared().is_none() {
        return;
    }
    let project = shop(Place::Postgres);
    write(&project, &Orders::from([((0, 1), (1, 1)), ((0, 2), (1, 1))]));
    project.run(&["build"]).succeeds();
    let database = project.database();
    let server = crate::server::shared().unwrap();
    server.sql(&database, "update raw.orders set pieces = 2 where id = 1");
    write(&project, &Orders::from([((0, 2), (3, 1))]));
    let built = project.run(&["build"]).succeeds().text();
    assert!(line(&built, "few").contains("[SELECT 2 "), "{built}");
    assert_eq!(project.rows("select number, doubled from few order by 1"), ["1,4", "2,6"]);
}

/// Rows that stay as they are may be referred to, and hooks do to all rows what they do.
#[test]
fn rows_that_are_equal_are_not_touched_and_hooked_tables_are_made_anew() {
    if crate::server::shared().is_none() {
        return;
    }
    let project = shop(Place::Postgres).file(
        "models/few.sql",
        "{{ config(indexes=[{'columns': ['number'], 'unique': true}]) }} select number, shop as place, note from {{ ref('seen') }}",
    );
    let hooked = "{{ config(pre_hook='delete from {{ this }} where number = 1') }} select number, shop, pieces from {{ ref('seen') }}";
    write(&project, &Orders::from([((0, 1), (1, 1)), ((0, 2), (1, 1))]));
    project.run(&["build"]).succeeds();
    let database = project.database();
    let server = crate::server::shared().unwrap();
    server.sql(
        &database,
        "create table public.notes (number bigint references main.few (number) on delete cascade); insert into public.notes values (1), (2)",
    );
    // A column that the table does not show.
    write(&project, &Orders::from([((0, 1), (5, 1)), ((0, 2), (1, 1))]));
    let built = project.run(&["build"]).succeeds().text();
    assert!(line(&built, "few").contains("[MERGE 0 "), "{built}");
    assert_eq!(server.sql(&database, "select count(*) from public.notes"), ["2"]);
    project.write("models/keyless.sql", hooked);
    project.run(&["build", "--full-refresh"]).succeeds();
    write(&project, &Orders::from([((0, 2), (3, 2))]));
    let built = project.run(&["build"]).succeeds().text();
    assert!(line(&built, "keyless").contains("[SELECT 2 "), "{built}");
    assert_eq!(project.rows("select number, pieces from keyless order by 1"), ["1,5", "2,3"]);
}
