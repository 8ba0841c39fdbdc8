//! One file's queries as the models of a project, built into a PostgreSQL by the real binary.
//!
//! Each query becomes a table, which medallion computes and copies to the server; a view, which the server computes; and a
//! table that a second build makes of the first one's rows, read back from the server. The server is then asked for the
//! rows of all three: each must be what the file says.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use libtest_mimic::Failed;
use sqllogictest::{Condition, DefaultColumnType, QueryExpect, Record, StatementExpect};

use crate::medallion_engine::{MedallionDb, creation};
use crate::server::Server;
use crate::support::{Outcome, Place, Project};
use crate::visible;

/// `skipif types` before a query: the engine is known to find another type, which has the same values.
const OTHER_TYPES: &str = "types";

/// What a query becomes: the first letter of the model's name, and what it is.
const KINDS: [(char, &str); 3] =
    [('t', "the table"), ('v', "the view, computed by the server,"), ('r', "the table read back")];

/// A query of the file.
struct Case {
    line: u32,
    columns: usize,
    sql: String,
    expected: Vec<String>,
    has_other_types: bool,
}

/// Models that queries read: name, whether it is a table, query.
type Creation = (String, bool, String);

pub fn run(file: &Path, server: &Server) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (creations, cases) = runtime.block_on(records(file))?;
    if cases.is_empty() {
        return Ok(());
    }
    let project = Place::Postgres.project();
    let profile = project.read("profiles.yml");
    // Tables are named in the files without their schema.
    project.write("profiles.yml", profile.replace("schema: main", "schema: main\n      search_path: main"));
    let database = database(&profile)?;
    write_models(&project, &creations, &cases);
    succeeds(&project.run(&["build"]))?;
    for (number, _) in cases.iter().enumerate() {
        project.write(&format!("models/r{number}.sql"), format!("select * from {{{{ ref('t{number}') }}}}"));
    }
    succeeds(&project.run(&["build"]))?;
    let shown = rows(server, database, &cases)?;
    let types = types(server, database)?;
    let mut differences = String::new();
    for (number, case) in cases.iter().enumerate() {
        let head = |what: &str| format!("{}:{}: {what}\n{}\n", file.display(), case.line, case.sql);
        for (letter, what) in KINDS {
            let rows = shown.get(&format!("{letter}{number}")).cloned().unwrap_or_default();
            if rows != case.expected {
                write!(differences, "{}  has      {rows:?}\n  expected {:?}\n\n", head(what), case.expected)?;
            }
        }
        let of = |letter: char| types.get(&format!("{letter}{number}"));
        let (table, view, again) = (of('t'), of('v'), of('r'));
        if (table != view) != case.has_other_types || table != again {
            write!(
                differences,
                "{}  {table:?}\n  {view:?}\n  {again:?}\n\n",
                head("types of table, view, table read back")
            )?;
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(Failed::from(differences)) }
}

/// What the file creates, and its queries that are to give rows.
async fn records(file: &Path) -> Result<(Vec<Creation>, Vec<Case>), Failed> {
    let engine = MedallionDb::new()?;
    let (mut creations, mut cases) = (Vec::new(), Vec::new());
    let records = sqllogictest::parse_file::<DefaultColumnType>(file).map_err(|error| error.to_string())?;
    for record in records {
        match record {
            Record::Statement { sql, expected: StatementExpect::Ok, .. } => {
                let Some((is_table, name, query)) = creation(&sql) else { continue };
                engine.create(name, is_table, query).await?;
                creations.push((name.to_string(), is_table, query.to_string()));
            }
            Record::Query { loc, conditions, sql, expected: QueryExpect::Results { results, .. }, .. } => {
                let has_other_types = conditions.contains(&Condition::SkipIf { label: OTHER_TYPES.to_string() });
                let columns = engine.columns(&sql).await?;
                let mut expected: Vec<String> = results.iter().map(|row| row.trim().to_string()).collect();
                expected.sort();
                cases.push(Case { line: loc.line(), columns, sql, expected, has_other_types });
            }
            _ => {}
        }
    }
    Ok((creations, cases))
}

fn write_models(project: &Project, creations: &[Creation], cases: &[Case]) {
    let config =
        |is_table: bool| format!("{{{{ config(materialized='{}') }}}}", if is_table { "table" } else { "view" });
    let raw = |sql: &str| format!("{{% raw %}}{sql}{{% endraw %}}");
    let mut reads = String::new();
    for (name, is_table, sql) in creations {
        let text = format!("{reads}{}\n{}\n", config(*is_table), raw(sql));
        project.write(&format!("models/{name}.sql"), text);
        reads.push_str(&format!("-- depends_on: {{{{ ref('{name}') }}}}\n"));
    }
    for (number, case) in cases.iter().enumerate() {
        let names: Vec<String> = (1..=case.columns).map(|column| format!("c{column}")).collect();
        let sql = raw(&format!("select * from (\n{}\n) as q({})", case.sql, names.join(", ")));
        for (letter, is_table) in [('t', true), ('v', false)] {
            project.write(&format!("models/{letter}{number}.sql"), format!("{reads}{}\n{sql}\n", config(is_table)));
        }
    }
}

fn succeeds(outcome: &Outcome) -> Result<(), Failed> {
    if outcome.code == Some(0) { Ok(()) } else { Err(Failed::from(outcome.text())) }
}

fn database(profile: &str) -> Result<&str, Failed> {
    let line = profile.lines().find_map(|line| line.trim().strip_prefix("dbname: "));
    Ok(line.ok_or("the profile names no database")?)
}

/// The sorted rows of every relation, as psql shows them: all of them by one query.
fn rows(server: &Server, database: &str, cases: &[Case]) -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let mut selects = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        // `format` writes a value as the type does, unlike a cast of a boolean.
        let value = |column| {
            format!(
                "coalesce(nullif(format('%s', c{column}), ''), case when c{column} is null then '{}' else '{}' end)",
                visible(None),
                visible(Some(""))
            )
        };
        let values: Vec<String> = (1..=case.columns).map(value).collect();
        for (letter, _) in KINDS {
            let relation = format!("{letter}{number}");
            selects.push(format!("select '{relation}', concat_ws('|', {}) from main.{relation}", values.join(", ")));
        }
    }
    let text = server.psql_with(database, &selects.join("\nunion all "), "\x1f", "\x1e")?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let mut shown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (relation, row) in text.split('\x1e').filter_map(|record| record.split_once('\x1f')) {
        shown.entry(relation.to_string()).or_default().push(row.trim().to_string());
    }
    shown.values_mut().for_each(|rows| rows.sort());
    Ok(shown)
}

/// The types of every relation's columns. A varchar is a text to the engine, so that its tables have texts.
fn types(server: &Server, database: &str) -> Result<BTreeMap<String, String>, Failed> {
    let types = "select relname, string_agg(format_type(atttypid, null), ', ' order by attnum) from pg_class \
                 join pg_attribute on attrelid = pg_class.oid and attnum > 0 \
                 where relnamespace = 'main'::regnamespace and relkind in ('r', 'v') group by 1";
    let rows = server.try_sql(database, types)?;
    let rows = rows.iter().map(|row| row.replace("character varying", "text"));
    let pairs = rows.filter_map(|row| row.split_once('|').map(|(a, b)| (a.to_string(), b.to_string())));
    Ok(pairs.collect())
}
