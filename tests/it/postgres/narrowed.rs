//! What a join reads of a table on the server: the rows that have a key of its other side.

use std::time::Duration;

use super::beside::ground;
use crate::server::Server;

/// How many rows of the table scans of it have read, and how often one of its indexes was gone through: the rows of a
/// vacuumed table may be in the index alone.
fn given(server: &Server, database: &str, table: &str) -> (u64, u64) {
    let counters = format!(
        "select pg_stat_force_next_flush(), seq_tup_read || ' ' || coalesce(idx_scan, 0) from pg_stat_user_tables where relname = '{table}'"
    );
    let row = server.sql(database, &counters).remove(0);
    let (whole, by_index) = row.trim_start_matches('|').split_once(' ').unwrap();
    (whole.parse().unwrap(), by_index.parse().unwrap())
}

#[test]
fn a_join_goes_through_the_index() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create table public.big as select n as id, 'k' || n as name, n % 7 = 0 as odd, \
         ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid as u, n::numeric(10, 2) as price, \
         timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute' as at from generate_series(1, 20000) n; \
         insert into public.big (id) values (null), (null); \
         create index on public.big (id); create index on public.big (name); create index on public.big (u); \
         create index on public.big (at); create index on public.big (price); \
         create table public.few as select * from public.big where id in (3, 700, 19999) or id is null; \
         create table public.texts as select u::text as u from public.few union all values ('no uuid'), (upper('ABC')); \
         analyze public.big, public.few, public.texts",
    );
    for (on, keys) in [
        ("b.id = f.id", "few f"),
        ("b.name = f.name", "few f"),
        ("b.price = f.price", "few f"),
        ("b.at = f.at", "few f"),
        ("b.id = f.id and b.name = f.name", "few f"),
        ("b.u = f.u", "texts f"),
    ] {
        let before = given(server, &database, "big");
        let rows = project.rows(&format!("select b.id from public.big b join public.{keys} on {on} order by 1"));
        assert_eq!(rows, ["3", "700", "19999"], "{on}");
        // The server counts what a session did when it ends.
        let counted = (0..100).map(|_| {
            std::thread::sleep(Duration::from_millis(50));
            given(server, &database, "big")
        });
        let after = counted.into_iter().find(|after| *after != before).unwrap_or(before);
        assert_eq!(after.0, before.0, "{on}: nothing was scanned");
        assert!(after.1 > before.1, "{on}");
    }
    // Other joins see all that they have to see.
    let count = |from: &str| project.rows(&format!("select count(*) from {from}")).remove(0);
    assert_eq!(count("public.big b left join public.few f on b.id = f.id"), "20002");
    assert_eq!(count("public.few f left join public.big b on b.id = f.id"), "5");
    assert_eq!(count("public.big b where id in (select id from public.few)"), "3");
    assert_eq!(count("public.few f where not exists (select from public.big b where b.id = f.id)"), "2");
    assert_eq!(count("public.few f where id not in (select id from public.big where id > 10)"), "1");
    assert_eq!(count("public.few f where id not in (select id from public.big where id is not null)"), "0");
    assert_eq!(count("public.big b join public.few f on b.id is not distinct from f.id"), "7");
    assert_eq!(count("public.big b full join public.few f on b.id = f.id"), "20004");
}

#[test]
fn a_watermark_is_read_from_the_index() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create table public.big as select n as id, timestamptz '2026-01-01 00:00:00+00' + n * interval '1 minute' as at \
         from generate_series(1, 20000) n; create index on public.big (at); analyze public.big; \
         create table public.none (at timestamptz); create index on public.none (at)",
    );
    let before = given(server, &database, "big");
    let newer = |table: &str| {
        project.rows(&format!(
            "select id from public.big where at >= (select coalesce(max(at), timestamptz '1970-01-01 00:00+00') from public.{table})"
        ))
    };
    assert_eq!(newer("big"), ["20000"]);
    let counted = (0..100).map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        given(server, &database, "big")
    });
    let after = counted.into_iter().find(|after| *after != before).unwrap_or(before);
    assert_eq!(after.0, before.0, "nothing was scanned");
    assert!(after.1 > before.1);
    assert_eq!(newer("none").len(), 20_000);
}

#[test]
fn columns_that_compare_in_their_own_way_are_compared_here() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create collation public.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false); \
         create type public.mood as enum ('sad', 'happy'); \
         create table public.big (c char(5), t text collate public.loose, f float8, m public.mood); \
         create table public.few (c text, t text, f float8, m text); \
         insert into public.big values ('a', 'A', 'NaN', 'sad'), ('b', 'a', 0, 'happy'); \
         insert into public.few values ('a    ', 'a', 'NaN', 'sad'), ('b', 'x', '-0', 'angry')",
    );
    let count =
        |on: &str| project.rows(&format!("select count(*) from public.big b join public.few f on {on}")).remove(0);
    assert_eq!(count("b.t = f.t"), "1", "as texts, byte by byte");
    assert_eq!(count("b.m = f.m"), "1", "an enum is its text");
    assert_eq!(count("b.f = f.f"), "2");
}
