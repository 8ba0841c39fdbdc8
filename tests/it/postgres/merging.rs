//! What others hang on the rows of a merged table, and what they do with them.

use std::time::Duration;

use super::beside::ground;

const MODEL: &str =
    "{{ config(materialized='incremental', unique_key='id') }} select id, name, other from public.given";

#[test]
fn a_row_that_stays_under_its_key_is_updated() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create table public.given as select * from (values (1, 'a', 'p'), (2, 'b', 'q')) v (id, name, other)",
    );
    let project = project.file("models/m.sql", MODEL);
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create table public.note (id int references main.m (id) on delete cascade, note text); \
         create table public.said (what text); \
         create function public.say() returns trigger language plpgsql as \
           $$ begin insert into public.said values (tg_op || ' ' || coalesce(new.id, old.id)); return coalesce(new, old); end $$; \
         create trigger say after insert or update or delete on main.m for each row execute function public.say(); \
         alter table main.m add column by_hand text default 'x', add column twice text generated always as (name || name) stored; \
         insert into public.note values (1, 'kept'), (2, 'kept too')",
    );
    server.sql(
        &database,
        "update public.given set name = 'A' where id = 1; insert into public.given values (3, 'c', 'r')",
    );
    project.write(
        "models/m.sql",
        MODEL.replace("unique_key='id'", "unique_key='id', on_schema_change='append_new_columns'"),
    );
    project.run(&["build"]).succeeds().says("MERGE 3 ");
    assert_eq!(server.sql(&database, "select id, note from public.note order by 1"), ["1|kept", "2|kept too"]);
    assert_eq!(server.sql(&database, "select what from public.said order by 1"), ["INSERT 3", "UPDATE 1", "UPDATE 2"]);
    assert_eq!(server.sql(&database, "select id, name, twice from main.m order by 1"), ["1|A|AA", "2|b|bb", "3|c|cc"]);
    // Nothing of it looks like a change by somebody else.
    project.run(&["build"]).succeeds().says("REUSED=1");
}

#[test]
fn rows_may_exchange_what_is_unique_in_them() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create table public.given as select * from (values (1, 'a', 'p'), (2, 'b', 'q')) v (id, name, other)",
    );
    let project = project.file("models/m.sql", MODEL);
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create unique index on main.m (name); update public.given set name = case name when 'a' then 'b' else 'a' end",
    );
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select id, name from main.m order by 1"), ["1|b", "2|a"]);
}

/// A run that waits for a row says so, and for whom.
#[test]
fn a_locked_row_is_waited_for_and_said() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create table public.given as select * from (values (1, 'a', 'p'), (2, 'b', 'q')) v (id, name, other)",
    );
    let project = project.file("models/m.sql", MODEL);
    project.run(&["build"]).succeeds();
    std::thread::scope(|scope| {
        let locking = "begin; update main.m set name = 'by hand' where id = 1; select pg_sleep(8); commit";
        let locking = scope.spawn(|| server.sql(&database, locking));
        std::thread::sleep(Duration::from_millis(500));
        let built = project.run(&["build", "--no-reuse"]).succeeds();
        built.says("waiting for rows that another session has locked: process ").says("pg_terminate_backend");
        locking.join().unwrap();
    });
    assert_eq!(server.sql(&database, "select id, name from main.m order by 1"), ["1|a", "2|b"]);
}

#[test]
fn an_array_of_an_enum_becomes_one_of_texts() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create type public.mood as enum ('sad', 'ok'); create table public.given (id int, m public.mood[]); \
         insert into public.given values (1, '{ok,null,sad}'), (2, null)",
    );
    project.file("models/m.sql", "select id, m from public.given").run(&["build"]).succeeds();
    assert_eq!(
        server.sql(&database, "select id, m, pg_typeof(m) from main.m order by 1"),
        ["1|{ok,NULL,sad}|text[]", "2|NULL|text[]"]
    );
}
