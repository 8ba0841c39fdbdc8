//! Number words and digits to numbers, one core: values a second.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use medallion_udfs::parse_number;

const WORDS: [&str; 6] = [
    "fifteen",
    "two hundred",
    "one hundred and fifteen",
    "forty-two thousand",
    "one thousand, two hundred",
    "ninety-nine thousand nine hundred and ninety-nine",
];
const DIGITS: [&str; 6] = ["5", "76.27", "119.16", "287.25", "1,000.5", "$5"];

fn word2number(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("word2number");
    let mixed: Vec<&str> = WORDS.into_iter().chain(DIGITS).collect();
    for (name, values) in [("words", &WORDS[..]), ("digits", &DIGITS[..]), ("mixed", &mixed[..])] {
        group.throughput(Throughput::Elements(values.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for value in values {
                    black_box(parse_number(black_box(value.as_bytes())));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, word2number);
criterion_main!(benches);
