//! What somebody put on a published relation outlives its change of columns, or stops it: nothing that keeps rows from
//! people is lost in silence.

use super::beside::ground;
use crate::server::Server;

const POLICIES: &str = "select policyname, permissive, roles, cmd, qual, with_check from pg_policies \
                        where schemaname = 'main' order by 1";
const SECURITY: &str = "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'main.m'::regclass";

fn model(columns: &str) -> String {
    format!("select {columns} from (values ('north', 1), ('north', 2), ('south', 4)) as v(region, n)")
}

/// What the role sees of the table.
fn seen(server: &Server, database: &str, role: &str) -> Vec<String> {
    server.sql(database, &format!("set role {role}; select n from main.m order by n"))
}

#[test]
fn row_level_security_goes_over_to_the_new_table() {
    let Some((server, project, database)) = ground() else { return };
    let project = project.file("models/m.sql", model("region, n"));
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create role g_north; create role \"g Odd\"; grant usage on schema main to g_north; grant select on main.m to g_north; \
         alter table main.m enable row level security; alter table main.m force row level security; \
         create policy by_region on main.m for select to g_north, \"g Odd\" using (region = 'north'); \
         create policy \"no {table}s\" on main.m as restrictive using (n > 1) with check (n > 0)",
    );
    let (policies, security) = (server.sql(&database, POLICIES), server.sql(&database, SECURITY));
    assert_eq!((policies.len(), security.join("")), (2, "t|t".to_string()));
    assert_eq!(seen(server, &database, "g_north"), ["2"]);
    for columns in ["region, n, 'x' as more", "n, region, 5 as more", "region, n"] {
        project.write("models/m.sql", model(columns));
        project.run(&["build"]).succeeds();
        assert_eq!(server.sql(&database, POLICIES), policies, "{columns}");
        assert_eq!(server.sql(&database, SECURITY), ["t|t"], "{columns}");
        assert_eq!(seen(server, &database, "g_north"), ["2"], "{columns}");
    }
    // Without its column the policy cannot be, and without the policy the table must not be.
    for (config, columns) in [("", "n"), ("{{ config(materialized='view') }}", "region, n, 7 as more")] {
        project.write("models/m.sql", format!("{config} {}", model(columns)));
        let outcome =
            project.run(&["build"]).exits(1).says("cannot give the new").says("= help: nothing was published");
        let what = if config.is_empty() { "the policy by_region" } else { "of the former" };
        outcome.says(what);
        assert_eq!(server.sql(&database, POLICIES), policies, "{columns}");
        assert_eq!(seen(server, &database, "g_north"), ["2"], "{columns}");
    }
}

#[test]
fn constraints_triggers_and_rules_go_over_to_the_new_table() {
    let Some((server, project, database)) = ground() else { return };
    let project = project.file("models/m.sql", model("region, n"));
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create table public.numbers (n int primary key); insert into public.numbers select generate_series(1, 9); \
         create table public.log (what text); \
         create function public.noted() returns trigger language plpgsql as \
           $$ begin insert into public.log values (tg_name); return null; end $$; \
         alter table main.m add primary key (n), add constraint known check (n < 10), alter column region set not null, \
           add constraint there foreign key (n) references public.numbers, \
           add constraint once unique (region, n) deferrable initially deferred; \
         create trigger noted after update of n on main.m for each row when (new.n > 1) execute function public.noted(); \
         create trigger asleep after insert on main.m execute function public.noted(); \
         alter table main.m disable trigger asleep; \
         create rule other as on delete to main.m do also insert into public.log values ('rule')",
    );
    let all = "select conname || ' ' || pg_get_constraintdef(oid) as what from pg_constraint where conrelid = 'main.m'::regclass \
               union all select tgenabled::text || pg_get_triggerdef(oid) from pg_trigger \
               where tgrelid = 'main.m'::regclass and not tgisinternal \
               union all select pg_get_ruledef(oid) from pg_rewrite where ev_class = 'main.m'::regclass \
               union all select indexdef from pg_indexes where schemaname = 'main' and tablename = 'm' \
               union all select attname || ' not null' from pg_attribute where attrelid = 'main.m'::regclass \
               and attnum > 0 and attnotnull order by 1";
    let before = server.sql(&database, all);
    assert!(before.len() >= 11, "{before:?}");
    project.write("models/m.sql", model("n, region, 'x' as more"));
    project.run(&["build"]).succeeds().says_not("cannot");
    assert_eq!(server.sql(&database, all), before);
    assert_eq!(server.sql(&database, "select count(*) from public.log"), ["0"], "a new table has its rows before it");
    server.sql(&database, "update main.m set n = 5 where n = 4; delete from main.m where n = 5");
    assert_eq!(server.sql(&database, "select what from public.log order by 1"), ["noted", "rule"]);
    // Rows that a constraint forbids stop the run as they would in the former table.
    for (columns, constraint) in
        [("n + 6 as n, region, 1 as more", "known"), ("0 * n as n, region, 1 as more", "m_pkey")]
    {
        project.write("models/m.sql", model(columns));
        project.run(&["build"]).exits(1).says(constraint).says("nothing was published");
        assert_eq!(server.sql(&database, all), before);
    }
    // What the new table has no column for goes, and is said.
    project.write("models/m.sql", model("n, 1 as more"));
    project.run(&["build"]).succeeds().says("not null of the column region").says("the constraint once");
    let left =
        server.sql(&database, "select conname from pg_constraint where conrelid = 'main.m'::regclass order by 1");
    assert_eq!(left.iter().filter(|name| !name.contains("not_null")).count(), 3, "{left:?}");
}

#[test]
fn rows_that_a_policy_hides_from_us_are_not_left_in_silence() {
    let Some((server, project, database)) = ground() else { return };
    server.sql(
        &database,
        "create role g_owner login password 'owner-pw'; create schema main authorization g_owner; \
         create schema medallion authorization g_owner",
    );
    let profile = project.read("profiles.yml").replace("user: postgres", "user: g_owner");
    let project =
        project.file("profiles.yml", profile).env("SHOP_PASSWORD", "owner-pw").file("models/m.sql", model("n"));
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "alter table main.m enable row level security; alter table main.m force row level security; \
         create policy few on main.m using (n < 3)",
    );
    project.write("models/m.sql", model("n * 2 as n"));
    project.run(&["build"]).exits(1).says("row-level security policy").says("alter role \"g_owner\" bypassrls");
    assert_eq!(server.sql(&database, "select n from main.m order by 1"), ["1", "2", "4"]);
    server.sql(&database, "alter table main.m no force row level security");
    project.run(&["build"]).succeeds();
    assert_eq!(server.sql(&database, "select n from main.m order by 1"), ["2", "4", "8"]);
}

#[test]
fn a_new_relation_gets_no_rights_that_the_former_had_not() {
    let Some((server, project, database)) = ground() else { return };
    let project = project
        .file("models/m.sql", model("region, n"))
        .file("models/v.sql", "{{ config(materialized='view') }} select n from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create role g_some; create role g_few; grant select on main.v to g_few; grant select (n) on main.m to public; \
         alter default privileges in schema main grant select on tables to g_some, public; \
         alter view main.v set (security_barrier = true)",
    );
    let grants = "select grantee, table_name, privilege_type from information_schema.table_privileges \
                  where table_schema = 'main' and grantee <> 'postgres' order by 1, 2";
    let columns = "select grantee, column_name from information_schema.column_privileges \
                   where table_schema = 'main' and table_name = 'm' and grantee <> 'postgres'";
    let before = (server.sql(&database, grants), server.sql(&database, columns));
    assert_eq!(before.0, ["g_few|v|SELECT"]);
    project.write("models/m.sql", model("region, n, 'x' as more"));
    project.write("models/v.sql", "{{ config(materialized='view') }} select n::text as n from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    assert_eq!((server.sql(&database, grants), server.sql(&database, columns)), before);
    let options = || server.sql(&database, "select reloptions from pg_class where oid = 'main.v'::regclass");
    assert_eq!(options(), ["{security_barrier=true}"]);
    project
        .write("models/v.sql", "{{ config(materialized='view') }} select n::text as n, 1 as more from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    assert_eq!(options(), ["{security_barrier=true}"], "after a replacement in place");
}

#[test]
fn what_depends_on_a_table_and_cannot_be_made_again_is_not_dropped() {
    let Some((server, project, database)) = ground() else { return };
    let project = project.file("models/m.sql", model("region, n"));
    project.run(&["build"]).succeeds();
    server.sql(
        &database,
        "create table public.theirs (n int); alter table public.theirs enable row level security; \
         create policy listed on public.theirs using (n in (select n from main.m))",
    );
    project.write("models/m.sql", model("region, n, 'x' as more"));
    project
        .run(&["build"])
        .exits(1)
        .says("policy listed on table theirs depends on table main.m")
        .says("drop what depends on it, run again and make that again")
        .says_not("CASCADE");
    assert_eq!(server.sql(&database, "select count(*) from main.m"), ["3"]);
}
