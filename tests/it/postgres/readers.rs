//! Readers of a published state while the next ones are made.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::pipeline::Pipeline;

/// How many builds follow one another: more by `MEDALLION_BUILDS`.
fn builds() -> u32 {
    std::env::var("MEDALLION_BUILDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

const ROWS: u32 = 60;

/// Every row another: price, quantity, customer and day tell the generation.
fn generation(number: u32) -> String {
    let day = number % 28 + 1;
    (0..ROWS)
        .map(|row| {
            format!(
                "{row},1.0,2023-03-{day:02},1,Product {number},{number}.0,{number},1,First{number},Last,r{row}g{number}@x.org,+{row}-{number},\
                 Land {number},City {number}\n"
            )
        })
        .collect()
}

/// Each of these gives the generation that it saw, and how many rows of it.
const QUESTIONS: [&str; 9] = [
    "select min(price), max(price), count(*) from silver.transaction",
    "select min(quantity), max(price), count(*) from gold.transaction_fct",
    "select min(substring(first_name, 6)), max(substring(first_name, 6)), count(*) from gold.customer_dim",
    "select min(substring(name, 9)), max(substring(name, 9)), count(*) * 60 from gold.product_dim",
    "select min(substring(city, 6)), max(substring(country, 6)), count(*) * 60 from gold.location_dim",
    "select round(sqrt(sum(monthly_revenue) / 60)), round(sqrt(max(monthly_revenue) / 60)), count(*) * 60 from data_marts.agg_sales_monthly",
    "select round(sqrt(min(revenue))), round(sqrt(max(revenue))), count(*) from data_marts.agg_sales_customer",
    "select min(substring(country, 6)), round(sqrt(sum(monthly_revenue) / 60)), count(*) * 60 from data_marts.agg_sales_country",
    "select min(quantity), max(price), count(*) from gold.transaction_fct join gold.date_dim on date = transaction_date \
     join gold.customer_dim c on c.id = customer_id join gold.product_dim p on p.id = product_id \
     join gold.location_dim l on l.id = customer_location_id",
];

/// All questions within one transaction, with pauses in which a build goes on. Nothing may wait longer than two seconds.
fn poll(pipeline: &Pipeline) -> Result<Vec<String>, String> {
    let asked: Vec<String> =
        QUESTIONS.iter().map(|sql| format!("{sql}; do 'begin perform pg_sleep(0.03); end'")).collect();
    let script =
        format!("set statement_timeout = '2s'; begin isolation level repeatable read; {}; commit", asked.join("; "));
    pipeline.server.try_sql("pro", &script).map_err(|error| error.0)
}

#[test]
fn a_reader_never_sees_two_runs_mixed_and_never_waits() {
    let Some(pipeline) = Pipeline::start() else { return };
    pipeline.write_source(&generation(1));
    pipeline.build();
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut seen = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let clock = Instant::now();
                let answers = poll(&pipeline).unwrap();
                assert!(clock.elapsed() < Duration::from_secs(10));
                assert_eq!(answers.len(), QUESTIONS.len(), "{answers:?}");
                let number = answers[0].split('|').next().unwrap().to_string();
                for answer in &answers {
                    assert_eq!(answer, &format!("{number}|{number}|{ROWS}"), "{answers:?}");
                }
                seen.push(number.parse::<u32>().unwrap());
            }
            seen
        });
        let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for number in 2..=builds() + 1 {
                pipeline.write_source(&generation(number));
                pipeline.build();
            }
        }));
        done.store(true, Ordering::Relaxed);
        let seen = reading.join().unwrap();
        built.unwrap();
        seen
    });
    assert!(seen.is_sorted(), "{seen:?}");
    let mut different = seen.clone();
    different.dedup();
    assert!(different.len() > 2, "the reader saw too little to tell: {seen:?}");
}
