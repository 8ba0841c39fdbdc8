//! Guarantee 3: after any sequence of loads and runs, the tables are what a full refresh makes of them.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::Project;

/// A record of the source. What is not here does not vary.
#[derive(Debug, Clone)]
pub struct Record {
    key: u8,
    /// Part of the e-mail: another version is another customer.
    version: u8,
    product: u8,
    day: u8,
    quantity: Option<u8>,
    city: u8,
}

impl Record {
    fn line(&self) -> String {
        let Record { key, version, product, day, city, .. } = self;
        let quantity = self.quantity.map(|quantity| format!("{quantity}.0")).unwrap_or_default();
        let date = match day % 3 {
            0 => format!("2023-07-{:02}", day + 1),
            1 => format!("{:02}-07-2023", day + 1),
            _ => format!("{:02}/07/2023", day + 1),
        };
        format!(
            "{key},{key}.0,{date},1,Product {product},{quantity},12.5,Fifteen,First,Last,k{key}v{version}@x.org,\
             +{key}-{version},Land {},City {city}\n",
            city % 3
        )
    }
}

fn record() -> impl Strategy<Value = Record> {
    (0..30u8, 0..3u8, 0..5u8, 0..28u8, proptest::option::weighted(0.8, 1..9u8), 0..6u8)
        .prop_map(|(key, version, product, day, quantity, city)| Record { key, version, product, day, quantity, city })
}

/// What happens one after the other.
#[derive(Debug, Clone)]
pub enum Step {
    /// A file with these records: new, corrected, repeated and unchanged ones.
    Load(Vec<Record>),
    Run,
    /// A part of the models only: the others fall behind.
    RunSilver,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        5 => proptest::collection::vec(record(), 0..25).prop_map(Step::Load),
        3 => Just(Step::Run),
        1 => Just(Step::RunSilver),
    ];
    proptest::collection::vec(step, 3..9)
}

const HEADER: &str = "transaction_id,customer_id,transaction_date,product_id,product_name,quantity,price,tax,\
customer_first_name,customer_last_name,customer_email,customer_phone,customer_country,customer_city\n";

const TABLES: [&str; 9] = [
    "bronze.missing_quantity",
    "silver.transaction",
    "gold.transaction_fct",
    "gold.customer_dim",
    "gold.product_dim",
    "gold.location_dim",
    "data_marts.agg_sales_monthly",
    "data_marts.agg_sales_customer",
    "data_marts.agg_sales_country",
];

/// All tables, by what gives the rows of one.
fn dump(read: &dyn Fn(&str) -> Vec<String>) -> Vec<Vec<String>> {
    TABLES
        .iter()
        .map(|table| {
            let mut rows = read(table);
            rows.sort();
            rows
        })
        .collect()
}

fn check(steps: &[Step]) {
    let project = Project::bundled();
    check_in(&project, &["--target", "pro"], &|table| project.rows(&format!("select * from pro.{table}")), steps);
}

/// The steps in a bundled project, whose tables `read` gives row by row.
pub fn check_in(project: &Project, target: &[&str], read: &dyn Fn(&str) -> Vec<String>, steps: &[Step]) {
    let run = |args: &[&str]| {
        let vars = ["--vars", "{customer_transactions_path: input.csv}"];
        project.run(&[args, target, &vars].concat()).succeeds()
    };
    project.write("input.csv", HEADER);
    run(&["load"]);
    for step in steps {
        match step {
            Step::Load(records) => {
                let lines: String = records.iter().map(Record::line).collect();
                project.write("input.csv", format!("{HEADER}{lines}"));
                run(&["load"]);
            }
            Step::Run => drop(run(&["run"])),
            Step::RunSilver => drop(run(&["run", "--select", "+transaction"])),
        }
    }
    run(&["run"]);
    let incremental = dump(read);
    run(&["run", "--full-refresh"]);
    let full = dump(read);
    for (table, (left, right)) in TABLES.iter().zip(incremental.iter().zip(&full)) {
        assert_eq!(left, right, "{table} differs from its full refresh");
    }
}

/// Sequences by chance: more by `MEDALLION_SEQUENCES`.
pub fn check_sequences(cases: u32, check: impl Fn(&[Step])) {
    let cases = std::env::var("MEDALLION_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let mut runner =
        TestRunner::new(Config { cases, max_shrink_iters: 20, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            check(&steps);
            Ok(())
        })
        .unwrap();
}

#[test]
fn incremental_equals_full_after_any_sequence() {
    check_sequences(3, check);
}

/// A newest row that leaves its group lowers the group's latest load: a watermark would not see it.
#[test]
fn a_group_whose_newest_row_moves_away_is_computed_again() {
    let record = |key, product, city| Record { key, version: 0, product, day: 1, quantity: Some(1), city };
    check(&[
        Step::Load(vec![record(1, 0, 0), record(2, 0, 0), record(3, 1, 1)]),
        Step::Run,
        Step::Load(vec![record(2, 0, 0), record(2, 1, 1)]),
        Step::Run,
        Step::Load(vec![record(2, 2, 2)]),
        Step::Run,
    ]);
}
