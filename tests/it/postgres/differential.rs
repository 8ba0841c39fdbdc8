//! Two warehouses, one answer: the bundled project gives the same rows in the lake and on a server, where the server
//! itself computes the views.

use std::fmt::Write;

use super::bundled;
use crate::server::{self, Server};
use crate::support::Project;

const RELATIONS: [&str; 11] = [
    "bronze.customer_transactions",
    "bronze.missing_quantity",
    "silver.transaction",
    "gold.transaction_fct",
    "gold.customer_dim",
    "gold.product_dim",
    "gold.location_dim",
    "gold.date_dim",
    "data_marts.agg_sales_monthly",
    "data_marts.agg_sales_customer",
    "data_marts.agg_sales_country",
];

const LAKE: [&str; 4] = ["--profile", "embedded", "--target", "pro"];
const SERVER: [&str; 4] = ["--profile", "postgres", "--target", "pro"];

fn on<'a>(place: [&'a str; 4], command: &[&'a str]) -> Vec<&'a str> {
    command.iter().copied().chain(place).collect()
}

/// The columns that do not tell when the rows came.
fn columns(server: &Server, relation: &str) -> String {
    let (schema, table) = relation.split_once('.').unwrap();
    let sql = format!(
        "select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns \
         where table_schema = '{schema}' and table_name = '{table}' and column_name <> 'load_timestamp'"
    );
    server.sql("pro", &sql).join("")
}

fn sorted(mut rows: Vec<String>) -> Vec<String> {
    rows.sort();
    rows
}

/// A sum of float8 depends on the order of its rows, which is nobody's: where it lies between two cents, either may come.
fn are_equal(relation: &str, here: &str, there: &str) -> bool {
    let revenue = |row: &str| Some((row.rsplit_once(',')?.0.to_string(), row.rsplit_once(',')?.1.parse::<f64>().ok()?));
    match (revenue(here), revenue(there)) {
        _ if here == there => true,
        (Some((group, one)), Some((other_group, other))) if relation.starts_with("data_marts.") => {
            group == other_group && (one - other).abs() < 0.0101
        }
        _ => false,
    }
}

/// Every relation, as `psql` sees it and as the lake has it.
fn compare(project: &Project, server: &Server) {
    for relation in RELATIONS {
        let columns = columns(server, relation);
        let query = format!("select {columns} from {relation}");
        let here = project.run(&on(LAKE, &["sql", "--format", "csv", &query])).succeeds().stdout;
        let here = sorted(here.lines().skip(1).map(str::to_string).collect());
        let there = sorted(server.sql("pro", &format!("copy ({query}) to stdout with (format csv)")));
        assert_eq!(here.len(), there.len(), "{relation}");
        for (here, there) in here.iter().zip(&there) {
            assert!(are_equal(relation, here, there), "{relation}: {here} here, {there} there");
        }
        // What medallion reads from the server is what the server has.
        let read = project.run(&on(SERVER, &["sql", "--format", "csv", &query])).succeeds().stdout;
        let read = sorted(read.lines().skip(1).map(str::to_string).collect());
        assert_eq!(read.len(), there.len(), "{relation}");
        for (read, there) in read.iter().zip(&there) {
            assert!(are_equal(relation, read, there), "{relation}: {read} read, {there} there");
        }
    }
}

fn build(project: &Project) {
    for place in [LAKE, SERVER] {
        project.run(&on(place, &["build"])).succeeds().says("ERROR=0 SKIP=0").says("TOTAL=69");
        project.run(&on(place, &["verify"])).succeeds().says_not("DIFFERENT");
    }
}

/// Two builds with a correction in between, on both.
fn check(project: &Project, server: &Server, correct: impl Fn(&mut Vec<String>)) {
    project.run(&on(SERVER, &["setup"])).succeeds();
    build(project);
    compare(project, server);
    for place in [LAKE, SERVER] {
        project.run(&on(place, &["build"])).succeeds().says("REUSED=69 TOTAL=69");
    }
    let mut lines: Vec<String> = project.read("data/customer_transactions.csv").lines().map(str::to_string).collect();
    correct(&mut lines);
    project.write("data/customer_transactions.csv", lines.join("\n") + "\n");
    build(project);
    compare(project, server);
}

#[test]
fn the_sample_gives_the_same_in_both() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = bundled(&server);
    check(&project, &server, |lines| {
        let mut fields: Vec<String> = lines[7].split(',').map(str::to_string).collect();
        fields[5] = "9".to_string();
        fields[8] = "O'Renamed".to_string();
        lines[7] = fields.join(",");
        lines.push("9001,901.0,2023-02-28,9,Product Z,2,fifteen,1.5,New,One,new@example.org,+9,Land,Town".to_string());
    });
    let types = "select column_name || ' ' || data_type from information_schema.columns \
                 where table_schema = 'silver' order by ordinal_position";
    let types = server.sql("pro", types);
    assert_eq!(types[3], "transaction_date date");
    assert_eq!(types[12..16].join(", "), {
        "quantity integer, price double precision, tax double precision, load_timestamp timestamp with time zone"
    });
    let kinds = "select n.nspname || '.' || c.relname || ' ' || c.relkind::text from pg_class c \
                 join pg_namespace n on n.oid = c.relnamespace where n.nspname in ('bronze', 'data_marts') \
                 and c.relkind in ('v', 'r') order by 1";
    let kinds = server.sql("pro", kinds);
    assert_eq!(kinds.iter().filter(|kind| kind.ends_with(" v")).count(), 4, "{kinds:?}");
    let texts = server.sql("pro", "select string_agg(definition, ' ') from pg_views where schemaname = 'bronze'");
    assert!(!texts.join("").contains(server::PASSWORD));
}

/// A record of every kind of dirt that the loader knows.
fn line(number: usize) -> String {
    let date = match number % 6 {
        0 => format!("2023-{:02}-{:02}", number % 12 + 1, number % 28 + 1),
        1 => format!("{:02}-{:02}-2022", number % 28 + 1, number % 12 + 1),
        2 => format!("{:02}/{:02}/2021", number % 28 + 1, number % 12 + 1),
        3 => format!("2020/{:02}/{:02}", number % 12 + 1, number % 28 + 1),
        4 => format!("{:02}-{:02}-23", number % 28 + 1, number % 12 + 1),
        _ => format!("2024-{:02}-{:02} 10:11:12", number % 12 + 1, number % 28 + 1),
    };
    let quantity = if number.is_multiple_of(6) { String::new() } else { format!("{}.0", number % 9) };
    let price = match number % 4 {
        0 => format!("{}.{:02}", number % 500, number % 100),
        1 => format!("one hundred and {}", ["one", "fifteen", "ninety nine"][number % 3]),
        2 => format!(" {} ", number % 77),
        _ => format!("{}.125", number),
    };
    let tax = if number.is_multiple_of(11) { "" } else { "12.75" };
    let first = ["Ann", "O'Neil", "\"Q, the\"", "\u{141}ukasz", "\u{3a0}\u{3b1}", " trimmed "][number % 6];
    let place =
        ["USA,New York", "Canada,St. John's", "UK,", "\"Korea, South\",Seoul", "\u{d6}sterreich,Wien"][number % 5];
    format!(
        "{},{}.0,{date},{},Product {},{quantity},{price},{tax},{first},Last {number},m{number}@example.org,+{number},{place}\n",
        number + 1000,
        number % 700,
        number % 40,
        number % 40,
    )
}

/// How many: more by `MEDALLION_ROWS`.
fn rows() -> usize {
    std::env::var("MEDALLION_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(5000)
}

#[test]
fn thousands_of_dirty_rows_give_the_same_in_both() {
    if server::shared().is_none() {
        return;
    }
    let server = Server::start();
    let project = bundled(&server);
    let header = project.read("data/customer_transactions.csv").lines().next().unwrap().to_string();
    let mut text = format!("{header}\n");
    (0..rows()).for_each(|number| text.write_str(&line(number)).unwrap());
    project.write("data/customer_transactions.csv", text);
    check(&project, &server, |lines| {
        // A twentieth is corrected: another day, product, place or quantity; and some are new.
        for number in (1..lines.len()).step_by(20) {
            let other = line(number * 7 + 3);
            let (_, other) = other.trim_end().split_once(',').unwrap();
            let key = lines[number].split(',').next().unwrap().to_string();
            let other = other.replace('@', &format!(".{number}@")).replace(",+", &format!(",+{number}-"));
            lines[number] = format!("{key},{other}");
        }
        lines.extend((rows() + 2000..rows() + 2200).map(|number| line(number).trim_end().to_string()));
    });
    assert_eq!(server.sql("pro", "select count(*) from silver.transaction"), [(rows() + 200).to_string()]);
}
