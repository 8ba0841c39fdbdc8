//! Queries and their results, as the user reads them.

use std::io::{self, Write};
use std::path::Path;

use arrow::array::RecordBatch;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::runtime::Runtime;

use super::format::write_to;
use super::repl::Shell;
use super::sample::Memory;
use super::*;

fn options(format: Format) -> WriteOptions {
    WriteOptions { format, output: Output::Stdout, limit: None }
}

fn shown_with(sql: &str, options: &WriteOptions) -> String {
    let runtime = Runtime::new().unwrap();
    let mut written = Written { rows: 0, more: false };
    let bytes = runtime.block_on(async {
        let stream = Memory::new().query(sql).await.unwrap();
        let mut out = Vec::new();
        write_to(&mut out, stream, options, &mut written).await.unwrap();
        out
    });
    String::from_utf8(bytes).unwrap()
}

fn shown(sql: &str, format: Format) -> String {
    shown_with(sql, &options(format))
}

/// The only value of a query, as a table shows it.
fn value(expression: &str) -> String {
    let table = shown(&format!("select {expression} as v"), Format::Table);
    table.lines().nth(2).unwrap().trim().to_string()
}

#[test]
fn a_table_as_psql_shows_it() {
    let expected = [
        " id |  name  | price",
        "----+--------+-------",
        "  1 | a, \"b\" |     1",
        " 20 |        |   0.1",
        "  3 |        |",
        "(3 rows)\n",
    ]
    .join("\n");
    assert_eq!(shown("select * from dim", Format::Table), expected);
    assert_eq!(shown("select id from dim where id = 3", Format::Table), " id\n----\n  3\n(1 row)\n");
    assert_eq!(shown("select id, name from dim limit 0", Format::Table), " id | name\n----+------\n(0 rows)\n");
}

#[test]
fn csv_tells_a_null_from_an_empty_text() {
    let expected = "id,name,price\n1,\"a, \"\"b\"\"\",1\n20,,0.1\n3,\"\",\n";
    assert_eq!(shown("select * from dim", Format::Csv), expected);
    assert_eq!(shown("select 'a\nb' as \"x,y\", true as b", Format::Csv), "\"x,y\",b\n\"a\nb\",true\n");
    assert_eq!(shown("select id from dim limit 0", Format::Csv), "id\n");
}

#[test]
fn json_is_one_array_and_ndjson_one_object_a_line() {
    let rows = [
        r#"{"id":1,"name":"a, \"b\"","price":1.0}"#,
        r#"{"id":20,"name":null,"price":0.1}"#,
        r#"{"id":3,"name":"","price":null}"#,
    ];
    assert_eq!(shown("select * from dim", Format::Json), format!("[{}]\n", rows.join(",")));
    assert_eq!(shown("select * from dim", Format::Ndjson), rows.map(|row| format!("{row}\n")).concat());
    assert_eq!(shown("select * from dim limit 0", Format::Json), "[]\n");
    assert_eq!(shown("select * from dim limit 0", Format::Ndjson), "");
}

#[test]
fn values_as_postgres_prints_them() {
    let cases = [
        ("true", "t"),
        ("null", ""),
        ("1.50::decimal(5,2)", "1.50"),
        ("1::double", "1"),
        ("'NaN'::double", "NaN"),
        ("0.1::float", "0.1"),
        ("'2023-07-11'::date", "2023-07-11"),
        ("'2023-07-11'::timestamp", "2023-07-11 00:00:00"),
        ("arrow_cast('2023-07-11T01:02:03.250', 'Timestamp(Microsecond, None)')", "2023-07-11 01:02:03.25"),
        ("arrow_cast('2023-07-11T00:00:00Z', 'Timestamp(Microsecond, Some(\"UTC\"))')", "2023-07-11 00:00:00+00"),
        ("arrow_cast('2023-07-11T00:00:00Z', 'Timestamp(Microsecond, Some(\"+05:30\"))')", "2023-07-11 05:30:00+05:30"),
        ("arrow_cast('12:00:00.5', 'Time64(Microsecond)')", "12:00:00.5"),
        ("interval '1 year 2 months 3 days 4 hours'", "1 year 2 mons 3 days 04:00:00"),
        ("arrow_cast(90061, 'Duration(Second)')", "1 day 01:01:01"),
        ("arrow_cast('a', 'Dictionary(Int32, Utf8)')", "a"),
        ("arrow_cast('a', 'Binary')", "\\x61"),
        ("make_array(1, null, 2)", "{1,NULL,2}"),
        ("make_array('a b', 'null', '', 'c')", "{\"a b\",\"null\",\"\",c}"),
        ("make_array(make_array(1), make_array(2))", "{{1},{2}}"),
        ("struct(1, null, 'a b')", "(1,,\"a b\")"),
        ("'a\nb\tc' || chr(27)", "a\\nb\\tc\\x1B"),
    ];
    for (expression, text) in cases {
        assert_eq!(value(expression), text, "{expression}");
    }
}

#[test]
fn a_limit_says_that_there_is_more() {
    let limited = |sql, limit| shown_with(sql, &WriteOptions { limit: Some(limit), ..options(Format::Table) });
    let many = "select value from generate_series(1, 20000)";
    let table = limited(many, 3);
    assert_eq!(
        table.lines().skip(2).collect::<Vec<_>>(),
        ["     1", "     2", "     3", "(first 3 rows; there are more)"]
    );
    assert!(limited("select * from dim", 3).ends_with("\n(3 rows)\n"), "three of three is all");
}

#[test]
fn rows_beyond_the_first_page_are_all_there() {
    let table = shown("select value from generate_series(1, 12345)", Format::Table);
    let rows: Vec<u32> = table.lines().filter_map(|line| line.trim().parse().ok()).collect();
    assert_eq!(rows, (1..=12345).collect::<Vec<_>>());
    assert!(table.ends_with("\n(12345 rows)\n"));
}

async fn to_file(sql: &str, path: &Path, format: Format) -> Result<Written, Error> {
    let stream = SessionContext::new().sql(sql).await?.execute_stream().await?;
    write(stream, &WriteOptions { output: Output::File(path.to_path_buf()), ..options(format) }).await
}

#[tokio::test]
async fn parquet_reads_back_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.parquet");
    let written = to_file("select value as v from generate_series(1, 5000)", &path, Format::Parquet).await.unwrap();
    assert_eq!(written, Written { rows: 5000, more: false });
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&path).unwrap()).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 5000);
    assert_eq!(batches[0].schema().field(0).name(), "v");
}

#[tokio::test]
async fn a_query_that_fails_half_way_leaves_the_file_that_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, "before").unwrap();
    let sql = "select 1 / (value - 20000) as v from generate_series(1, 30000)";
    let error = to_file(sql, &path, Format::Csv).await.unwrap_err();
    assert!(error.to_string().contains("Divide by zero"), "{error}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing unfinished is left");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_leads_to_the_file_and_a_device_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("a.csv"), dir.path().join("link.csv"));
    std::fs::write(&file, "before").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    to_file("select 1 as v", &link, Format::Csv).await.unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "v\n1\n");
    assert!(link.is_symlink());

    to_file("select 1 as v", Path::new("/dev/null"), Format::Csv).await.unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let error = to_file("select 1 as v", dir.path(), Format::Csv).await.unwrap_err();
    assert!(matches!(error, Error::Write { .. }), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let error = to_file("select 1 as v", Path::new("/nowhere/a.csv"), Format::Csv).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot write to /nowhere/a.csv: "), "{error}");
}

#[tokio::test]
async fn an_error_of_the_output_ends_the_query() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in [Format::Table, Format::Csv, Format::Json, Format::Ndjson, Format::Parquet] {
        let stream = Memory::new().query("select * from dim").await.unwrap();
        let mut written = Written { rows: 0, more: false };
        let error = write_to(&mut Closed, stream, &options(format), &mut written).await.err().unwrap();
        assert!(error.is_closed_pipe(), "{format:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_dropped_query_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    let sql = "select count(*) as v from generate_series(1, 1000000000000) a";
    let query = to_file(sql, &path, Format::Csv);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), query).await.is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// What commands answer to a script, or the error that ended it.
fn script(input: &str) -> Result<String, Error> {
    let (runtime, session) = (Runtime::new().unwrap(), Memory::new());
    let mut shell =
        Shell { session: &session, runtime: runtime.handle(), writing: options(Format::Csv), timing: false };
    let mut out = Vec::new();
    shell.script(input.as_bytes(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn a_script_runs_its_statements_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a.csv"), dir.path().join("b.json"));
    let input = format!(
        "\\o {}\n-- a note; no statement\nselect 1 as v;\n\\f json\n\\o {}\nselect ';' as v;\n\\f\nselect id\nfrom dim",
        a.display(),
        b.display()
    );
    let expected = format!(
        "1 row written to {a}\n1 row written to {b}\njson\n3 rows written to {b}\n",
        a = a.display(),
        b = b.display()
    );
    assert_eq!(script(&input).unwrap(), expected);
    assert_eq!(std::fs::read_to_string(a).unwrap(), "v\n1\n");
    assert_eq!(std::fs::read_to_string(b).unwrap(), "[{\"id\":1},{\"id\":20},{\"id\":3}]\n");
}

#[test]
fn a_script_ends_at_its_first_error() {
    let dir = tempfile::tempdir().unwrap();
    let never = dir.path().join("never.csv");
    let input = format!("\\o {}\nselect nothing from nowhere;\nselect 1 as v;\n", never.display());
    let error = script(&input).unwrap_err();
    assert!(matches!(&error, Error::Refused(refused) if refused.message.contains("nowhere")), "{error:?}");
    assert!(!never.exists());
    assert!(script("\\d nowhere\n").is_err());
}

#[test]
fn commands_answer_in_a_script_too() {
    assert_eq!(script("\\dt\n").unwrap(), "lake.gold.dim\n(1 table)\n");
    assert_eq!(script("\\q\nselect nothing from nowhere;\n").unwrap(), "");
    assert_eq!(script("\\timing\n\\timing\n").unwrap(), "Timing is on.\nTiming is off.\n");
    assert!(script("-- help\n\\?\n").unwrap().contains("\\timing"));
}

#[test]
fn a_stream_is_read_batch_by_batch() {
    Runtime::new().unwrap().block_on(async {
        let mut stream = Memory::new().query("select value from generate_series(1, 20000)").await.unwrap();
        let first = stream.next().await.unwrap().unwrap().num_rows();
        assert!(first < 20000, "the source gives several batches, or the tests above prove nothing");
    });
}
