//! Writes customer transactions of any number, with the dirt that real ones have, for tests, benchmarks and trying out.
//!
//! ```text
//! cargo run --release --example generate -- --rows 1000000 --seed 7 -o transactions.csv
//! cargo run --release --example generate -- --corrections 0.01 --of transactions.csv -o corrections.csv
//! ```
//!
//! The same arguments give the same bytes on every machine. Dirt comes at fixed intervals (every sixth quantity is
//! missing), so that its share is the same in a file of fifty rows and in one of fifty million.

mod corrections;
mod names;
mod places;
mod record;
mod rng;
mod transaction;
mod words;

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

use corrections::Corrections;
use transaction::{HEADER, Transactions};

const BUFFER: usize = 1 << 20;

/// Transactions in a file, and the first one's number, at most: telephone numbers have ten digits.
const LIMIT: u64 = 3_500_000_000;

/// Generate customer transactions, or corrections of ones that were generated before
#[derive(Parser)]
struct Args {
    /// Transactions to write
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(..=LIMIT))]
    rows: u64,

    /// Number of the first transaction; a file that follows one of N rows starts at N + 1
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=LIMIT))]
    first: u64,

    /// Products to sell
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    products: u64,

    /// Where the random numbers start
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Write corrections instead: this share (0 to 1) of the transactions of another file, each changed in one way
    #[arg(long, requires = "of", conflicts_with_all = ["rows", "first"], value_parser = share)]
    corrections: Option<f64>,

    /// The file to correct
    #[arg(long, requires = "corrections")]
    of: Option<PathBuf>,

    /// The file to write; standard output if not given
    #[arg(short, long)]
    output: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to tell anyone if standard error is gone as well.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> io::Result<()> {
    let mut output = create(args.output.as_deref())?;
    match (args.corrections, &args.of) {
        (Some(share), Some(path)) => {
            let input = File::open(path).map_err(|error| at(path, &error))?;
            let mut corrections = Corrections::new(args.seed, share, args.products);
            corrections
                .write(BufReader::with_capacity(BUFFER, input), &mut output)
                .map_err(|error| at(path, &error))?;
        }
        _ => write_transactions(args, &mut output)?,
    }
    output.flush()
}

fn write_transactions(args: &Args, output: &mut impl Write) -> io::Result<()> {
    let transactions = Transactions::new(args.seed, args.products);
    let mut line = Vec::with_capacity(256);
    writeln!(output, "{HEADER}")?;
    for number in args.first..args.first + args.rows {
        line.clear();
        transactions.append(number, &mut line)?;
        output.write_all(&line)?;
    }
    Ok(())
}

fn create(path: Option<&Path>) -> io::Result<BufWriter<Box<dyn Write>>> {
    let output: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path).map_err(|error| at(path, &error))?),
        None => Box::new(io::stdout().lock()),
    };
    Ok(BufWriter::with_capacity(BUFFER, output))
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}
