//! A small project whose every table tells from which file it was made: what a run leaves is either all of the new one or
//! all of the one before.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::server::{PASSWORD, Server, USER};
use crate::support::{Outcome, Project};

/// Rows of one file.
const ROWS: u32 = 300;

pub struct Generations {
    pub server: Server,
    pub project: Project,
}

const SOURCES: &str = "sources:\n  - name: raw\n    database: data_lake\n    schema: raw\n    tables:\n      - name: n\n        \
config: {meta: {load: {path: data/n.csv, unique_key: id, columns: [id, {name: generation, type: integer}]}}}\n";

/// With the number of the generation in the names of its columns: the table takes the place of another.
const SHAPE: &str = "select generation, rows as rows_{{ var('n', 0) }} from {{ ref('a') }}";
const SHAPE_VIEW: &str = "{{ config(materialized='view') }} select generation, rows_{{ var('n', 0) }} as w_{{ var('n', 0) }} from {{ ref('shape') }}";
const MERGED: &str = "{{ config(materialized='incremental', unique_key='id') }} select * from {{ source('raw', 'n') }} \
{% if is_incremental() %} where load_timestamp > (select coalesce(max(load_timestamp), timestamp '1970-01-01') \
from {{ this }}) {% endif %}";

impl Generations {
    pub fn start() -> Option<Generations> {
        crate::server::shared()?;
        let server = Server::start();
        let output = |database: &str| {
            format!(
                "    {database}: {{type: postgres, host: 127.0.0.1, port: {}, user: {USER}, \
                 password: \"{{{{ env_var('SHOP_PASSWORD') }}}}\", dbname: {database}, schema: main, retries: 0, threads: 4}}\n",
                server.port()
            )
        };
        let profile = format!("shop:\n  target: dev\n  outputs:\n{}{}", output("data_lake"), output("dev"));
        let project = Project::new()
            .env("SHOP_PASSWORD", PASSWORD)
            .file("profiles.yml", profile)
            .file("models/sources.yml", SOURCES)
            .file(
                "models/a.sql",
                "select max(generation) as generation, count(*) as rows from {{ source('raw', 'n') }}",
            )
            .file("models/b.sql", "select generation, rows from {{ ref('a') }}")
            .file("models/c.sql", "{{ config(materialized='view') }} select b.generation, b.rows from {{ ref('b') }} b")
            .file("models/shape.sql", SHAPE)
            .file("models/shape_view.sql", SHAPE_VIEW)
            .file("models/merged.sql", MERGED);
        let generations = Generations { server, project };
        generations.project.run(&["setup"]).succeeds();
        Some(generations)
    }

    /// A new file: most of its keys are in the table already, some are new, and some of the table's are in it no more.
    pub fn write(&self, number: u32) {
        let rows: String = (number..number + ROWS).map(|id| format!("{id},{number}\n")).collect();
        self.project.write("data/n.csv", format!("id,generation\n{rows}"));
    }

    /// A command about this generation.
    pub fn command(&self, command: &str, number: u32) -> Command {
        self.project.command(&[command, "--vars", &format!("{{n: {number}}}")])
    }

    pub fn run(&self, command: &str, number: u32) -> Outcome {
        self.project.run(&[command, "--vars", &format!("{{n: {number}}}")])
    }

    /// How long a build takes that nobody disturbs.
    pub fn build(&self, number: u32) -> Duration {
        self.write(number);
        let clock = Instant::now();
        self.run("build", number).succeeds();
        self.check_complete(number);
        clock.elapsed()
    }

    /// The one row of a query as numbers.
    fn numbers(&self, database: &str, sql: &str) -> Vec<u32> {
        let rows = self.server.sql(database, sql);
        assert_eq!(rows.len(), 1, "{sql} gave {rows:?}");
        rows[0].split('|').map(|value| value.parse().unwrap()).collect()
    }

    /// Everything of one state: all relations of one generation, no key twice, and the source at most one load ahead.
    /// Gives the generation.
    pub fn check_whole(&self, last: u32, now: u32, at: &str) -> u32 {
        let plain =
            ["a", "b", "c"].map(|table| self.numbers("dev", &format!("select generation, rows from main.{table}")));
        let [a, b, c] = &plain;
        let shaped = ["shape", "shape_view"].map(|table| {
            let values = format!("select string_agg(v.value, '|' order by v.value::int) from main.{table} t, jsonb_each_text(to_jsonb(t)) v");
            self.numbers("dev", &values)
        });
        let mut sorted = a.clone();
        sorted.sort_unstable();
        assert!(a == b && b == c && shaped[0] == sorted && shaped[1] == sorted, "{at}: {plain:?} {shaped:?}");
        let keyed = |database, table: &str| {
            let newest = format!("count(*) filter (where generation = (select max(generation) from {table}))");
            let sql = format!("select max(generation), count(*), count(distinct id), {newest} from {table}");
            self.numbers(database, &sql)
        };
        let (merged, source) = (keyed("dev", "main.merged"), keyed("data_lake", "raw.n"));
        for table in [&merged, &source] {
            assert_eq!(table[1], table[2], "a key stands twice, {at}: {table:?}");
            assert_eq!(table[3], ROWS, "a part of a file, {at}: {table:?}");
        }
        assert_eq!(a[..2], merged[..2], "{at}");
        assert!(a[0] == now || a[0] == last, "{at}: generation {} after {last}", a[0]);
        assert!(source[0] >= a[0] && source[0] <= now, "{at}: {source:?} beside {a:?}");
        a[0]
    }

    /// After a build that was let be: every row of the newest file once, and the incremental model is its source.
    pub fn check_complete(&self, number: u32) {
        assert_eq!(self.check_whole(number, number, "after a whole build"), number);
        let columns = "select id, generation, load_timestamp from";
        let sorted = |database, table| self.server.sql(database, &format!("{columns} {table} order by id"));
        assert_eq!(sorted("dev", "main.merged"), sorted("data_lake", "raw.n"));
    }

    /// Nothing of a run that is over is left on the server, once its sessions are gone.
    pub fn check_clean(&self, at: &str) {
        let ours = "select count(*) from pg_stat_activity where application_name like 'medallion%'";
        let clock = Instant::now();
        while self.server.sql("postgres", ours) != ["0"] {
            assert!(clock.elapsed() < Duration::from_secs(20), "sessions are left, {at}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let left = "select 'relation ' || oid::regclass::text from pg_class where relname like 'medallion\\_%' \
                    and relnamespace::regnamespace::text <> 'medallion' \
                    union all select 'lock ' || objid from pg_locks where locktype = 'advisory' \
                    union all select 'index ' || indexrelid::regclass::text from pg_index where not indisvalid";
        for database in ["dev", "data_lake"] {
            assert_eq!(self.server.sql(database, left), Vec::<String>::new(), "{at}");
        }
    }
}

/// Moments spread over a run of this length, a little beyond its end too, in no regular order.
pub fn moment(number: u32, length: Duration) -> Duration {
    length.mul_f64(f64::from(number * 7919 % 101) / 95.0)
}
