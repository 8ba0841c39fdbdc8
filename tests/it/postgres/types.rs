//! Every type of a column: read as the server has it, and copied without a loss.

use super::project;
use crate::server::{self, Server};
use crate::support::Project;

const TABLE: &str = r#"
create schema raw;
create type raw.mood as enum ('sad', 'so so', 'it''s "odd"');
create domain raw.price as numeric(10,2) check (value >= 0);
create table raw.every_type (
    id int primary key, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n102 numeric(10,2),
    n5020 numeric(50,20), t text, v varchar(10), d date, ti time, ts timestamp, tz timestamptz, iv interval, u uuid, j json,
    jb jsonb, "by" bytea, ia int[], ta text[], na numeric[], m raw.mood, p raw.price
);
insert into raw.every_type values
(1, true, 1, 2, 3, 1.5, 2.5, 1.50, 1.50, 1.5, 'text', 'varchar', '2024-02-29', '12:34:56.789', '2024-02-29 12:34:56.789012',
 '2024-02-29 12:34:56.789012+02', '1 year 2 mons 3 days 04:05:06.789', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
 '{"b" : 1,  "a": [1, 2]}', '{"b" : 1,  "a": [1, 2]}', '\xdeadbeef', '{1,2,3}', '{a,b}', '{1.5,2}', 'so so', 9.99),
(2, false, -32768, -2147483648, -9223372036854775808, '-Infinity', 'NaN', -0.00000000000000000000000000000000000001,
 -99999999.99, -123456789012345678901234567890.12345678901234567890, '', '', '0001-01-01', '00:00', '0001-01-01',
 '0001-01-01 00:00:00+00', '-1 days -00:00:00.000001', '00000000-0000-0000-0000-000000000000', '""', '""', '', '{}', '{}', '{}',
 'sad', 0),
(3, null, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308,
 12345678901234567890123456789012345678.9, 99999999.99, 123456789012345678901234567890.5, E'li\nne "q" , '' \\ \t', '%',
 '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', '178 years -5 days 01:00',
 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', 'null', '\x00ff', '{1,null,-3}', '{"",NULL,"NULL","a b","q\"q",null,"b\\s"}',
 '{null,0.10}', 'it''s "odd"', 0.01),
(4, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null,
 null, null, null, null, null),
(5, true, 0, 0, 0, '-0', 5e-324, 0, 0, 0, 'große Ärzte 你好 🐘', 'äöüß€', '4713-01-01 BC', '24:00', '0044-03-15 12:00 BC',
 '0044-03-15 12:00:00+00 BC', '-178 years', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '[1]', '{"x": {"y": "ä"}}',
 '\x5c', '{-2147483648}', '{ä}', '{}', 'sad', 5),
(6, true, 7, 7, 7, 1e-45, 123456789.123456789, 100, 100, 100, ' blanks ', ' x ', '1970-01-01', '01:02:03', '1969-12-31 23:59:59',
 '2024-03-31 02:30:00+02', '00:00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', '1.0', '1.0', 'x', '{7}', '{x}', '{1e5}', 'sad', 1.1);
"#;

fn with_table(server: &Server, database: &str) -> Project {
    server.create_database(database).unwrap();
    server.sql(database, TABLE);
    project(server, database, "")
        .file("models/_sources.yml", "sources:\n  - name: raw\n    schema: raw\n    tables: [{name: every_type}]\n")
}

/// What `psql` writes as CSV: booleans are words there, and timestamps with time zone UTC's.
fn psql(server: &Server, database: &str, table: &str) -> Vec<String> {
    let columns = server.sql(
        database,
        &format!(
            "select string_agg(case data_type when 'boolean' then format('%I::text', column_name) \
             when 'numeric' then case when numeric_precision is null then format('trim_scale(%I)', column_name) \
             else format('%I', column_name) end else format('%I', column_name) end, ', ' order by ordinal_position) \
             from information_schema.columns where table_schema || '.' || table_name = '{table}' and column_name <> 'na'"
        ),
    );
    let copy = format!("copy (select {} from {table} order by id) to stdout with (format csv)", columns.join(""));
    server.sql(database, &copy)
}

#[test]
fn a_query_shows_what_psql_shows() {
    let Some(server) = server::shared() else { return };
    let project = with_table(server, "types_read");
    let columns = server.sql(
        "types_read",
        "select string_agg(format('%I', column_name), ', ' order by ordinal_position) from information_schema.columns \
         where table_name = 'every_type' and column_name <> 'na'",
    );
    let shown = project.rows(&format!("select {} from raw.every_type order by id", columns.join("")));
    let expected = psql(server, "types_read", "raw.every_type");
    assert_eq!(shown.len(), expected.len(), "{shown:#?}");
    for (shown, expected) in shown.iter().zip(&expected) {
        assert_eq!(shown, expected);
    }
    assert_eq!(project.rows("select na from raw.every_type where id = 1"), ["\"{1.5,2}\""]);
}

#[test]
fn written_uuids_and_bytes_are_those_of_the_column() {
    let Some(server) = server::shared() else { return };
    let project = with_table(server, "types_written");
    for (filter, ids) in [
        ("u = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12'", vec!["6"]),
        ("u in ('{a0eebc999c0b4ef8bb6d6bb9bd380a12}', '00000000000000000000000000000000')", vec!["2", "6"]),
        ("u <> 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' and id < 4", vec!["1", "2"]),
        ("\"by\" = '\\xDEADBEEF'", vec!["1"]),
        ("\"by\" = '\\x5c'::bytea", vec!["5"]),
        ("n = 1.5 or n > 99.5 and n < 101", vec!["1", "6"]),
    ] {
        let shown = project.rows(&format!("select id from raw.every_type where {filter} order by id"));
        let expected =
            server.sql("types_written", &format!("select id from raw.every_type where {filter} order by id"));
        assert_eq!(shown, ids, "{filter}");
        assert_eq!(expected, ids, "{filter}, on the server");
    }
}

#[test]
fn every_format_writes_every_type() {
    let Some(server) = server::shared() else { return };
    let project = with_table(server, "types_formats");
    let query = "select * from raw.every_type order by id";
    project.run(&["sql", query]).succeeds().says("so so").says("1 year 2 mons 3 days 04:05:06.789").says("(6 rows)");
    let json = project.run(&["sql", "--format", "ndjson", query]).succeeds().stdout;
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["u"], "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    assert_eq!(first["ti"].as_str().map(|time| time.starts_with("12:34:56.789")), Some(true), "{first}");
    assert_eq!(first["iv"], "1 year 2 mons 3 days 04:05:06.789");
    let file = project.path().join("every.parquet").display().to_string();
    project.run(&["sql", "--format", "parquet", "--output", &file, query]).succeeds();
    let again = format!("select count(*), max(u), max(n102) from '{file}'");
    assert_eq!(project.rows(&again), ["6,ffffffff-ffff-ffff-ffff-ffffffffffff,99999999.99"]);
}

#[test]
fn a_table_model_copies_every_type_without_a_loss() {
    let Some(server) = server::shared() else { return };
    let database = "types_copy";
    let project = with_table(server, database)
        .file("models/m.sql", "select * from {{ source('raw', 'every_type') }}")
        .file("models/again.sql", "select * from {{ ref('m') }}");
    project.run(&["build"]).succeeds();
    for copy in ["main.m", "main.again"] {
        // Types without equality are compared as text, all others as they are and as text.
        let columns = "id, b, i2, i4, i8, f4, f8, f8::text, n, n102::text, n5020::text, t, v, d, ti, ts, tz, iv, iv::text, \
                       u, j::text, jb, \"by\", ia, ta, na, m, p";
        for (left, right) in [("raw.every_type", copy), (copy, "raw.every_type")] {
            let differing =
                format!("select count(*) from (select {columns} from {left} except select {columns} from {right}) x");
            assert_eq!(server.sql(database, &differing), ["0"], "{left} except {right}");
        }
        let types = |table: &str| {
            let sql = format!(
                "select a.attname || ' ' || format_type(a.atttypid, a.atttypmod) from pg_attribute a \
                 where a.attrelid = '{table}'::regclass and a.attnum > 0 order by a.attnum"
            );
            server.sql(database, &sql)
        };
        // A domain becomes the type that it is over, and varchar is text without a limit.
        let expected: Vec<String> = types("raw.every_type")
            .into_iter()
            .map(|line| line.replace("raw.price", "numeric(10,2)").replace("character varying(10)", "text"))
            .collect();
        assert_eq!(types(copy), expected);
    }
    // Nothing differs when it is made again, and a merge finds equal rows.
    let version = "select content from medallion.relation where relation_name = 'm'";
    let before = server.sql(database, version);
    project.run(&["build"]).succeeds().says("REUSED=2");
    assert_eq!(server.sql(database, version), before);
    project.run(&["build", "--no-reuse"]).succeeds();
    let touched = "select pg_stat_get_tuples_deleted('main.m'::regclass)";
    assert_eq!(server.sql(database, touched), ["0"], "equal rows stay where they are");
}

#[test]
fn filters_mean_the_same_wherever_they_are_applied() {
    let Some(server) = server::shared() else { return };
    let project = with_table(server, "types_filters");
    // What PostgreSQL compares as another type, medallion compares as the text that it reads.
    let as_text = [
        ("m = 'so so'", "m::text = 'so so'"),
        ("m = 'no such label'", "false"),
        ("m > 'sad'", "m::text > 'sad'"),
        ("m in ('sad', 'no label')", "m::text in ('sad', 'no label')"),
        ("u = 'no uuid'", "false"),
        ("j = '[1]'", "j::text = '[1]'"),
        ("jb = 'nonsense'", "false"),
    ];
    let as_they_are = [
        "u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "t > 'a'",
        "v <> ''",
        "n102 = 1.5",
        "n > 1e30",
        "f8 > 1e30",
        "f4 = 1.5",
        "d < date '1970-01-01'",
        "ts >= timestamp '2024-01-01'",
        "tz >= timestamptz '2024-01-01 00:00:00+00'",
        "i8 = 9223372036854775807",
        "i8 in (7, 0)",
        "b",
        "b is null",
        "p between 1 and 5",
        "\"by\" is not null",
        "n5020 < 0 and t = ''",
        "i4 = 7 or m is null",
    ];
    let count = |condition: &str| format!("select count(*) from raw.every_type where {condition}");
    for (here, there) in as_text.into_iter().chain(as_they_are.map(|condition| (condition, condition))) {
        let expected = server.sql("types_filters", &count(there));
        assert_eq!(project.rows(&count(here)), expected, "{here}");
    }
}

#[test]
fn a_column_of_an_unsupported_type_is_an_error_when_it_is_read() {
    let Some(server) = server::shared() else { return };
    let database = "types_unsupported";
    server.create_database(database).unwrap();
    server.sql(database, "create schema raw; create table raw.hosts (id int, addr inet, area polygon, ids int[][])");
    server.sql(database, "insert into raw.hosts values (1, '10.0.0.1', null, '{{1,2},{3,4}}'), (2, null, null, '{5}')");
    let project = project(server, database, "");
    assert_eq!(project.rows("select id from raw.hosts order by id"), ["1", "2"]);
    assert_eq!(project.value("select count(*) from raw.hosts"), "2");
    for (column, told) in [("addr", "inet"), ("area", "polygon")] {
        project
            .run(&["sql", &format!("select {column} from raw.hosts")])
            .exits(2)
            .says("raw.hosts")
            .says(&format!("column '{column}'"))
            .says(told);
    }
    project.run(&["sql", "select ids from raw.hosts"]).exits(2).says("raw.hosts").says("column 'ids'");
    let model = project.file("models/m.sql", format!("select * from {database}.raw.hosts"));
    model.run(&["build"]).exits(1).says("column 'addr'").says("inet");
}

#[test]
fn a_value_that_no_column_of_ours_can_hold_is_an_error_that_names_it() {
    let Some(server) = server::shared() else { return };
    let database = "types_values";
    server.create_database(database).unwrap();
    server.sql(
        database,
        "create schema raw; create table raw.odd (id int, d date, ts timestamp, n numeric, big numeric(80,2)); \
         insert into raw.odd values (1, 'infinity', '-infinity', 'NaN', null), (2, null, null, 1e60, 1e77)",
    );
    let project = project(server, database, "");
    for column in ["d", "ts", "n", "big"] {
        let sql = format!("select {column} from raw.odd");
        project.run(&["sql", &sql]).exits(2).says("raw.odd").says(&format!("column '{column}'")).says("row ");
    }
}
