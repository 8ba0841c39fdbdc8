//! Number words and digits to numbers, one core: values a second, of columns as the input has them.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

#[expect(dead_code, reason = "each bench uses a part of it")]
mod common;

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use medallion_udfs::parse_number;

use common::{short, sizes};

const SMALL: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// A number below a million as English spells it.
fn words(number: u64) -> String {
    let below_hundred = |number: u64| match (number / 10, number % 10) {
        (0 | 1, _) => SMALL[number as usize].to_string(),
        (tens, 0) => TENS[tens as usize].to_string(),
        (tens, ones) => format!("{}-{}", TENS[tens as usize], SMALL[ones as usize]),
    };
    let below_thousand = |number: u64| match (number / 100, number % 100) {
        (0, rest) => below_hundred(rest),
        (hundreds, 0) => format!("{} hundred", SMALL[hundreds as usize]),
        (hundreds, rest) => format!("{} hundred and {}", SMALL[hundreds as usize], below_hundred(rest)),
    };
    match (number / 1000, number % 1000) {
        (0, rest) => below_thousand(rest),
        (thousands, 0) => format!("{} thousand", below_thousand(thousands)),
        (thousands, rest) => format!("{} thousand, {}", below_thousand(thousands), below_thousand(rest)),
    }
}

/// Numbers that follow no order, the same in every run.
fn numbers(rows: u64) -> impl Iterator<Item = u64> {
    (0..rows).map(|row| row.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40)
}

fn word2number(criterion: &mut Criterion) {
    for rows in sizes() {
        let words: Vec<String> = numbers(rows).map(|number| words(number % 200_000)).collect();
        let digits: Vec<String> =
            numbers(rows).map(|number| format!("{}.{:02}", number % 1_000, number / 1_000 % 100)).collect();
        let mixed: Vec<&String> = words.iter().zip(&digits).flat_map(|(word, digits)| [word, digits]).collect();
        let mut group = criterion.benchmark_group(format!("word2number/{}", short(rows)));
        let columns = [
            ("words", words.iter().collect::<Vec<_>>()),
            ("digits", digits.iter().collect()),
            ("mixed", mixed[..rows as usize].to_vec()),
        ];
        for (name, column) in columns {
            let bytes = column.iter().map(|value| value.len() as u64).sum();
            group.sample_size(10).throughput(Throughput::ElementsAndBytes { elements: rows, bytes });
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    for value in &column {
                        black_box(parse_number(black_box(value.as_bytes()))).unwrap();
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, word2number);
criterion_main!(benches);
