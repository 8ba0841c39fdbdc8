//! What a relation has beside its rows: hooks, grants, indexes, comments.

use crate::server::{self, Server};
use crate::support::{Place, Project};

/// The shared server, a project and its database on it.
pub fn ground() -> Option<(&'static Server, Project, String)> {
    let server = server::shared()?;
    let project = Place::Postgres.project();
    let database = project.database();
    Some((server, project, database))
}

#[test]
fn hooks_run_in_order_inside_the_publication() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(&database, "create table public.said (number int generated always as identity, what text, seen bigint)");
    let said = |what: &str| {
        format!("insert into public.said (what, seen) select '{what}', count(*) from pg_class where relname = 'm'")
    };
    let project = project
        .file(
            "dbt_project.yml",
            format!(
                "name: shop\nversion: '1.0'\nprofile: shop\non-run-start: \"{}\"\non-run-end: [\"{}\", \"{}\"]\nmodels:\n  +materialized: table\n",
                said("start"),
                said("end 1"),
                said("end 2 {{ target.schema }}")
            ),
        )
        .file(
            "models/m.sql",
            format!(
                "{{{{ config(pre_hook=\"{}\", post_hook=[\"{}\", \"update {{{{ this }}}} set n = n + 1\"]) }}}} select 1 as n",
                said("before"),
                said("after")
            ),
        );
    project.run(&["build"]).succeeds();
    let hooks = server.sql(&database, "select what from public.said order by number");
    assert_eq!(hooks, ["start", "before", "after", "end 1", "end 2 main"]);
    assert_eq!(
        server.sql(&database, "select seen from public.said where what = 'after'"),
        ["1"],
        "the table has its name"
    );
    assert_eq!(server.sql(&database, "select n from main.m"), ["2"]);
    // A hook that fails takes everything back, the other hooks too.
    project.write("models/m.sql", "{{ config(post_hook='select 1/0') }} select 7 as n");
    project.run(&["build"]).exits(1).says("post_hook").says("division by zero");
    assert_eq!(server.sql(&database, "select n from main.m"), ["2"]);
    assert_eq!(server.sql(&database, "select count(*) from public.said"), ["5"]);
    project.write("models/m.sql", "select 8 as n");
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select n from main.m"), ["8"]);
}

#[test]
fn grants_are_those_of_the_configuration_and_outlive_changes_of_columns() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(&database, "create role \"b Reader\"; create role b_writer; create role b_other");
    let model = |config: &str, columns: &str| format!("{{{{ config({config}) }}}} select {columns}");
    let project = project
        .file("models/m.sql", model("grants={'select': ['b Reader', 'b_writer'], 'insert': 'b_writer'}", "1 as n"))
        .file("models/v.sql", "{{ config(materialized='view') }} select n from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    let grants = || {
        server.sql(
            &database,
            "select grantee || ' ' || privilege_type from information_schema.role_table_grants \
             where table_name in ('m', 'v') and grantee like 'b%' order by 1",
        )
    };
    assert_eq!(grants(), ["b Reader SELECT", "b_writer INSERT", "b_writer SELECT"]);
    server.sql(
        &database,
        "grant select on main.v to b_other; comment on table main.m is 'by hand'; create index by_hand on main.m (n)",
    );
    project.write("models/m.sql", model("grants={'select': ['b Reader']}", "'x' as n, 2 as more"));
    project.write("models/v.sql", "{{ config(materialized='view') }} select n, more from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    assert_eq!(grants(), ["b Reader SELECT", "b_other SELECT", "b_writer INSERT"]);
    assert_eq!(server.sql(&database, "select obj_description('main.m'::regclass, 'pg_class')"), ["by hand"]);
    let indexes =
        "select count(*) from pg_indexes where schemaname = 'main' and tablename = 'm' and indexdef like '%(n)'";
    assert_eq!(server.sql(&database, indexes), ["1"]);
    assert_eq!(server.sql(&database, "select * from main.v"), ["x|2"]);
}

#[test]
fn indexes_are_made_once() {
    let Some((server, project, database)) = ground() else { return };
    let project = project
        .file("models/plain.sql", "{{ config(indexes=[{'columns': ['a', 'b'], 'unique': true}, {'columns': ['b'], 'type': 'hash'}]) }} select 1 as a, 2 as b")
        .file("models/merged.sql", "{{ config(materialized='incremental', unique_key=['a']) }} select 1 as a, now() as load_timestamp")
        .file("models/bare.sql", "{{ config(materialized='incremental', unique_key='a') }} select 1 as a");
    for _ in 0..3 {
        project.run(&["build", "--no-reuse"]).succeeds();
    }
    project.run(&["build", "--full-refresh"]).succeeds();
    let indexes = "select tablename || ': ' || substring(indexdef from '(UNIQUE )?INDEX') || substring(indexdef from ' USING.*') \
                   from pg_indexes where schemaname = 'main' order by 1";
    let expected = [
        "bare: UNIQUE  USING btree (a)",
        "merged:  USING btree (load_timestamp)",
        "merged: UNIQUE  USING btree (a)",
        "plain:  USING hash (b)",
        "plain: UNIQUE  USING btree (a, b)",
    ];
    let shown: Vec<String> = server.sql(
        &database,
        &indexes.replace(
            "substring(indexdef from '(UNIQUE )?INDEX')",
            "case when indexdef like 'CREATE UNIQUE%' then 'UNIQUE ' else '' end",
        ),
    );
    assert_eq!(shown, expected);
    let names = server.sql(&database, "select count(*) from pg_indexes where indexname like 'medallion%'");
    assert_eq!(names, ["0"]);
    project.write("models/plain.sql", "{{ config(indexes=[{'columns': ['nothing']}]) }} select 1 as a, 2 as b");
    project.run(&["build"]).exits(1).says("nothing").says("plain");
}

#[test]
fn descriptions_become_comments() {
    let Some((server, project, database)) = ground() else { return };
    let project = project
        .file("models/m.sql", "{{ config(persist_docs={'relation': true, 'columns': true}) }} select 1 as n, 2 as \"Odd n\"")
        .file("models/v.sql", "{{ config(materialized='view', persist_docs={'relation': true, 'columns': true}) }} select n from {{ ref('m') }}")
        .file(
            "models/m.yml",
            "models:\n  - name: m\n    description: It's \"the\" table\n    columns:\n      - {name: n, description: A number}\n      \
             - {name: Odd n, description: 'An odd one'}\n  - name: v\n    description: The view\n    columns: [{name: n, description: Seen}]\n",
        );
    project.run(&["build"]).succeeds();
    let comments = "select c.relname || coalesce('.' || a.attname, '') || ': ' || d.description from pg_description d \
                    join pg_class c on c.oid = d.objoid and d.classoid = 'pg_class'::regclass \
                    left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0 \
                    where c.relname in ('m', 'v') order by 1";
    let expected = ["m.Odd n: An odd one", "m.n: A number", "m: It's \"the\" table", "v.n: Seen", "v: The view"];
    let mut shown = server.sql(&database, comments);
    shown.sort();
    assert_eq!(shown, expected);
}

#[test]
fn a_view_of_all_columns_follows_its_table() {
    let Some((server, project, database)) = ground() else { return };
    let project = project
        .file("models/m.sql", "select 1 as a")
        .file("models/v.sql", "{{ config(materialized='view') }} select * from {{ ref('m') }}")
        .file("models/w.sql", "{{ config(materialized='view') }} select * from {{ ref('v') }}");
    project.run(&["build"]).succeeds();
    for (columns, shown) in [("1 as a, 2 as b", "1|2"), ("'x' as c", "x"), ("3 as b, 'y' as c", "3|y")] {
        project.write("models/m.sql", format!("select {columns}"));
        project.run(&["build"]).succeeds();
        for relation in ["m", "v", "w"] {
            assert_eq!(server.sql(&database, &format!("select * from main.{relation}")), [shown], "{relation}");
            let read = project.rows(&format!("select * from main.{relation}"));
            assert_eq!(read, [shown.replace('|', ",")], "{relation}");
        }
        project.run(&["build"]).succeeds().says("REUSED=3");
    }
}

#[test]
fn views_of_others_are_made_again_as_they_were() {
    let Some((server, project, database)) = ground() else { return };
    let project = project.file("models/m.sql", "select 1 as a, 2 as b");
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create schema bi; create view bi.one as select a from main.m; create view bi.two as select a + 1 as more from bi.one; \
         create materialized view bi.kept as select a from main.m; comment on view bi.one is 'theirs'",
    );
    project.write("models/m.sql", "select cast(5 as bigint) as a, 'x' as c");
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select more from bi.two"), ["6"]);
    assert_eq!(server.sql(&database, "select a from bi.kept"), ["5"]);
    assert_eq!(server.sql(&database, "select obj_description('bi.one'::regclass, 'pg_class')"), ["theirs"]);
    // One that reads what is gone stands in the way, and says so.
    project.write("models/m.sql", "select 'x' as c");
    project.run(&["build"]).exits(1).says("bi.").says("which reads");
    assert_eq!(server.sql(&database, "select more from bi.two"), ["6"]);
}

#[test]
fn a_role_that_may_not_make_schemas_can_use_those_that_are_there() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(&database, "create role b_poor login password 'poor-pw'; create schema main authorization b_poor");
    server.sql(&database, "create schema medallion authorization b_poor");
    let profile = project.read("profiles.yml").replace("user: postgres", "user: b_poor");
    let project =
        project.file("models/m.sql", "select 1 as n").file("profiles.yml", profile).env("SHOP_PASSWORD", "poor-pw");
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select n from main.m"), ["1"]);
}

#[test]
fn a_documented_column_that_is_not_there_is_no_error() {
    let Some((server, project, database)) = ground() else { return };
    let project = project
        .file("models/m.sql", "{{ config(persist_docs={'relation': true, 'columns': true}) }} select 1 as n")
        .file(
            "models/m.yml",
            "models:\n  - name: m\n    columns:\n      - {name: gone, description: was here}\n      - {name: n, description: a number}\n",
        );
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select col_description('main.m'::regclass, 1)"), ["a number"]);
}

#[test]
fn the_schema_of_the_notes_is_nobody_elses() {
    let Some((server, project, database)) = ground() else { return };
    let project = project.file("models/m.sql", "{{ config(schema='medallion') }} select 1 as n");
    let project =
        project.file("macros/names.sql", "{% macro generate_schema_name(custom, node) %}{{ custom }}{% endmacro %}");
    project.run(&["build"]).exits(1).says("medallion");
    assert_eq!(server.sql(&database, "select to_regclass('medallion.m') is null"), ["t"]);
}

#[test]
fn what_was_published_is_analyzed_and_in_the_history() {
    let Some((server, project, database)) = ground() else { return };
    let model = |rows: u32| {
        format!(
            "{{{{ config(materialized='incremental', unique_key='n') }}}} select n from generate_series(1, {rows}) s(n)"
        )
    };
    for rows in [3000, 9000] {
        project.write("models/m.sql", model(rows));
        project.run(&["build"]).succeeds();
        let known = server.sql(&database, "select reltuples::bigint from pg_class where oid = 'main.m'::regclass");
        assert_eq!(known, [rows.to_string()]);
    }
    let history: Vec<serde_json::Value> = project
        .run(&["history", "--output", "json"])
        .succeeds()
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers: Vec<&str> = history.iter().map(|entry| entry["publication"].as_str().unwrap()).collect();
    assert_eq!(numbers, ["2", "1"], "the newest first");
    assert_eq!(history[0]["current"], true);
}
