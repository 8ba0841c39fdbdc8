//! How many number words a second crates from crates.io read, and whether they read them right; medallion's own parser
//! beside them, on the same texts, in the same program. One thread.
//!
//! The first argument is a file that `word2number_peers.py FILE --dump` has written: a text, a tab, its value.

#![expect(clippy::unwrap_used, reason = "a bench that cannot be set up has nothing to say")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use text_processing_rs::itn::en::cardinal;
use text2num::LangInterpreter;
use text2num::lang::English;
use words2num2_core::w2n_lang_en::W2nValue;

// The parser's sources, not its crate, which would bring DataFusion with it.
#[path = "../../../../udfs/src/number_text/mod.rs"]
mod number_text;

const RUNS: usize = 5;

/// A run goes over all texts until this has passed: once takes the fastest only two milliseconds.
const RUN: Duration = Duration::from_millis(200);

/// A text and its value.
type Case<'a> = (&'a str, f64);

struct Implementation {
    name: String,
    /// The share of the texts whose value is the expected one.
    right: f64,
    /// One run: values a second.
    run: fn(&[Case<'_>]) -> f64,
    rates: Vec<f64>,
}

impl Implementation {
    fn rate(&self) -> f64 {
        let mut rates = self.rates.clone();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    }
}

fn medallion(text: &str) -> Option<f64> {
    number_text::parse_number(text.as_bytes())
}

/// What the crate's `text2digits` does, but for the number that it makes and drops.
fn text2num(text: &str) -> Option<f64> {
    let number = English::new().exec_group(text.to_lowercase().split_whitespace()).ok()?;
    Some(English::new().format_and_value(&number).1)
}

fn words2num2_core(text: &str) -> Option<f64> {
    match words2num2_core::en_to_cardinal(text).ok()? {
        W2nValue::Int(number) => Some(i64::try_from(&number).ok()? as f64),
        W2nValue::Float(number) => Some(number),
        // Only "point" gives one, which none of the texts has.
        W2nValue::Dec(_) => None,
    }
}

/// The part of the crate that reads cardinals; its `normalize` tries dates, times and money before.
fn text_processing_rs(text: &str) -> Option<f64> {
    cardinal::words_to_number(text).map(|number| number as f64)
}

fn cases(dump: &str) -> Vec<Case<'_>> {
    dump.lines()
        .map(|line| {
            let (text, value) = line.split_once('\t').unwrap();
            (text, value.parse().unwrap())
        })
        .collect()
}

fn right(read: fn(&str) -> Option<f64>, cases: &[Case<'_>]) -> f64 {
    cases.iter().filter(|(text, value)| read(text) == Some(*value)).count() as f64 / cases.len() as f64
}

fn one_run(read: impl Fn(&str) -> Option<f64>, cases: &[Case<'_>]) -> f64 {
    let start = Instant::now();
    let mut values = 0;
    while start.elapsed() < RUN {
        for (text, _) in cases {
            black_box(read(black_box(text)));
        }
        values += cases.len();
    }
    values as f64 / start.elapsed().as_secs_f64()
}

fn implementations(cases: &[Case<'_>]) -> Vec<Implementation> {
    /// A run of its own for each, so that no text is read through a pointer to a function.
    macro_rules! implementation {
        ($name:expr, $read:ident) => {
            Implementation {
                name: $name,
                right: right($read, cases),
                run: |cases| one_run($read, cases),
                rates: Vec::new(),
            }
        };
    }
    vec![
        implementation!("medallion".to_string(), medallion),
        implementation!(with_version("text2num"), text2num),
        implementation!(with_version("words2num2-core"), words2num2_core),
        implementation!(with_version("text-processing-rs"), text_processing_rs),
    ]
}

/// A crate's name with the version that was built.
fn with_version(name: &str) -> String {
    let (_, package) = include_str!("../Cargo.lock").split_once(&format!("name = \"{name}\"\nversion = \"")).unwrap();
    format!("{name} {}", package.split_once('"').unwrap().0)
}

/// `1234567` as `1,234,567`.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| str::from_utf8(group).unwrap()).collect();
    groups.join(",")
}

fn main() {
    let path = std::env::args().nth(1).unwrap_or_else(|| {
        eprintln!("Give the file that word2number_peers.py FILE --dump has written.");
        std::process::exit(2)
    });
    let dump = std::fs::read_to_string(path).unwrap();
    let cases = cases(&dump);

    let mut implementations = implementations(&cases);
    // In turns, so that what else the machine does meets all of them.
    for _ in 0..RUNS {
        for implementation in &mut implementations {
            implementation.rates.push((implementation.run)(&cases));
        }
    }
    let ours = implementations[0].rate();
    implementations.sort_by(|one, other| other.rate().total_cmp(&one.rate()));

    let characters: usize = cases.iter().map(|(text, _)| text.chars().count()).sum();
    println!("{} texts, {} characters each on average.\n", grouped(cases.len() as f64), characters / cases.len());
    println!("| implementation | values/s | right | medallion is faster by |\n|---|--:|--:|--:|");
    for implementation in &implementations {
        let Implementation { name, right, .. } = implementation;
        let rate = implementation.rate();
        println!("| {name} | {} | {:.0}% | {:.1} |", grouped(rate), 100.0 * right, ours / rate);
    }
}
