//! A plain `numeric` column: what is computed from it here is what the server computes.

use super::project;
use crate::server;

const TABLE: &str = "
create schema src;
create table src.m (id int, qty numeric, price numeric, n numeric, d numeric(38,18));
insert into src.m values (1, 3, 12.50, 1.50, 12345678901234567890.123456789012345678), (2, 2.25, -0.07, -2.5, 1.5),
 (3, 1000000000000000000.5, 12345678901234567890.1234567890, 0.0000000001, -0.000000000000000001), (4, null, 0.00, 100.00, null)
";

/// Expressions over the rows of the table. Their numbers are compared without the zeros that end them.
const VALUES: &[&str] = &[
    "price * 0.1",
    "price * 1.19",
    "qty * 0.5",
    "qty * price",
    "qty * qty",
    "price * 0.1 + 1",
    "price - qty",
    "-n",
    "n / 3",
    "n / n",
    "price / 7",
    "n % 2",
    "mod(price, 0.3)",
    "round(n, 1)",
    "round(price * 1.19, 2)",
    "round(n)",
    "ceil(price)",
    "floor(price)",
    "trunc(price, 1)",
    "abs(n)",
    "sign(n)",
    "greatest(n, qty, 2)",
    "least(n, 1)",
    "coalesce(qty, 0) + id",
    "case when n > 1 then n else 0.5 end",
    "sum(n) over (order by id)",
    "avg(n) over (order by id)",
    "d * 1.5",
    "d / 2",
    "(d + n) * 2",
];

/// Those whose results are no numerics.
const OTHERS: &[&str] = &[
    "(price * 0.1)::float8",
    "n::int",
    "price * 2 > 20",
    "n = 1.5",
    "n > id",
    "n < 2.5::float8",
    "price * 0.1 in (1.25, 0)",
    "md5(trim_scale(n)::text)",
    "to_char(n, 'FM990.00')",
    "round((sqrt(abs(n)))::numeric, 6)",
    "round(n, 2)::text",
];

fn select() -> String {
    let named = |prefix: &'static str| {
        move |(place, value): (usize, &&str)| {
            let value = if prefix == "v" { format!("trim_scale({value})") } else { (*value).to_string() };
            format!("{value} as {prefix}{place}")
        }
    };
    let values: Vec<String> = VALUES.iter().enumerate().map(named("v")).collect();
    let others: Vec<String> = OTHERS.iter().enumerate().map(named("o")).collect();
    format!("select id, {}, {} from src.m", values.join(", "), others.join(", "))
}

const GROUPED: &str = "select id % 2 as half, trim_scale(sum(n)) as a, trim_scale(sum(price * 0.1)) as b,
    trim_scale(avg(qty)) as c, round(avg(n), 2) as d, trim_scale(sum(n) / count(*)) as e, round(sum(qty * price), 2) as f,
    trim_scale(max(n)) as g, count(distinct n) as h, trim_scale(avg(d)) as i, round(stddev(n)::numeric, 6) as j
    from src.m where n < 1000.5 group by 1";

#[test]
fn what_is_computed_from_a_plain_numeric_is_what_the_server_computes() {
    let Some(server) = server::shared() else { return };
    let database = "plain_numeric";
    server.create_database(database).unwrap();
    server.sql(database, TABLE);
    let sources = "sources:\n  - name: src\n    tables: [{name: m}]\n";
    let model = |kind: &str, sql: &str| {
        format!("{{{{ config(materialized='{kind}') }}}}\n{}", sql.replace("src.m", "{{ source('src', 'm') }}"))
    };
    let project = project(server, database, "")
        .file("models/_sources.yml", sources)
        .file("models/rows_table.sql", model("table", &select()))
        .file("models/rows_view.sql", model("view", &select()))
        .file("models/groups_table.sql", model("table", GROUPED))
        .file("models/groups_view.sql", model("view", GROUPED))
        .file("models/again.sql", model("table", "select id, price * 1.19 as a, n, qty * 0.5 as b from src.m"));
    project.run(&["build"]).succeeds();
    for (computed, sql) in [("rows", select()), ("groups", GROUPED.to_string())] {
        let expected = server.sql(database, &format!("{sql} order by 1"));
        for kind in ["table", "view"] {
            let shown = server.sql(database, &format!("select * from main.{computed}_{kind} order by 1"));
            assert_eq!(shown, expected, "{computed}_{kind}");
        }
    }
    let types = server.sql(
        database,
        "select distinct data_type || coalesce(numeric_precision::text, '') from information_schema.columns \
         where table_schema = 'main' and table_name = 'again' order by 1",
    );
    assert_eq!(types, ["integer32", "numeric"]);
    assert_eq!(project.rows("select a, n, n::text, b from main.again where id = 1"), ["14.875,1.5,1.5,1.5"]);
}
