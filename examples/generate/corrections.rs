//! Corrections: transactions of an earlier file again, each changed in one way.

use std::io::{self, BufRead, Write};

use crate::record::{append_field, fields};
use crate::rng::Rng;
use crate::transaction::{HEADER, Transactions, append_price, append_product, append_quantity};

/// What a correction changes. A date, an e-mail address and a product are part of the keys that models make.
#[derive(Clone, Copy)]
enum Change {
    Date,
    Email,
    Price,
    Product,
    /// A missing quantity becomes known, a known one another.
    Quantity,
}

const CHANGES: [Change; 5] = [Change::Date, Change::Email, Change::Price, Change::Product, Change::Quantity];

/// The columns that corrections change, by their place in the file.
mod column {
    pub const DATE: usize = 2;
    pub const PRODUCT_ID: usize = 3;
    pub const PRODUCT_NAME: usize = 4;
    pub const QUANTITY: usize = 5;
    pub const PRICE: usize = 6;
    pub const EMAIL: usize = 10;
}

/// Corrects a share of the transactions it reads. What it picks and writes depends on the seed and the input alone.
pub struct Corrections {
    seed: u64,
    rng: Rng,
    share: f64,
    products: u64,
    transactions: Transactions,
}

impl Corrections {
    pub fn new(seed: u64, share: f64, products: u64) -> Self {
        Self { seed, rng: Rng::new(seed), share, products, transactions: Transactions::new(seed, products) }
    }

    /// Writes the corrections of the file `input`, which has to be one that this program wrote.
    pub fn write(&mut self, input: impl BufRead, output: &mut impl Write) -> io::Result<()> {
        let mut lines = input.split(b'\n');
        if lines.next().transpose()?.as_deref() != Some(HEADER.as_bytes()) {
            return Err(invalid(format!("the first line is not `{HEADER}`")));
        }
        writeln!(output, "{HEADER}")?;
        for (index, line) in lines.enumerate() {
            let line = line?;
            if self.rng.happens(self.share) {
                let record = fields(&line);
                if record.len() != HEADER.split(',').count() {
                    return Err(invalid(format!("line {} has {} fields", index + 2, record.len())));
                }
                write_record(&self.corrected(&record)?, output)?;
            }
        }
        Ok(())
    }

    fn corrected(&mut self, record: &[Vec<u8>]) -> io::Result<Vec<Vec<u8>>> {
        loop {
            let mut corrected = record.to_vec();
            self.change(&mut corrected)?;
            // By chance, the new value may be the old one.
            if corrected != record {
                return Ok(corrected);
            }
        }
    }

    fn change(&mut self, record: &mut [Vec<u8>]) -> io::Result<()> {
        let mut value = Vec::new();
        match *self.rng.pick(&CHANGES) {
            Change::Date => {
                self.transactions.append_any_date(&mut self.rng, &mut value)?;
                record[column::DATE] = value;
            }
            Change::Email => {
                // In front of an address that is the only one of its kind, which it stays.
                write!(value, "new{}.", self.seed)?;
                value.append(&mut record[column::EMAIL]);
                record[column::EMAIL] = value;
            }
            Change::Price => {
                append_price(&mut self.rng, &mut value)?;
                record[column::PRICE] = value;
            }
            Change::Product => {
                append_product(self.rng.below(self.products), self.products, false, &mut value)?;
                for (column, field) in [column::PRODUCT_ID, column::PRODUCT_NAME].into_iter().zip(fields(&value)) {
                    record[column] = field;
                }
            }
            Change::Quantity => {
                append_quantity(&mut self.rng, &mut value)?;
                record[column::QUANTITY] = value;
            }
        }
        Ok(())
    }
}

fn write_record(record: &[Vec<u8>], output: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(256);
    for (index, field) in record.iter().enumerate() {
        if index > 0 {
            line.push(b',');
        }
        append_field(field, &mut line);
    }
    line.push(b'\n');
    output.write_all(&line)
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::Corrections;
    use crate::record::fields;
    use crate::transaction::{HEADER, Transactions};

    fn file(rows: u64) -> Vec<u8> {
        let mut file = format!("{HEADER}\n").into_bytes();
        (1..=rows).for_each(|number| Transactions::new(1, 5).append(number, &mut file).unwrap());
        file
    }

    fn corrections(of: &[u8], share: f64) -> std::io::Result<Vec<u8>> {
        let mut output = Vec::new();
        Corrections::new(3, share, 5).write(of, &mut output)?;
        Ok(output)
    }

    fn records(file: &[u8]) -> Vec<Vec<Vec<u8>>> {
        file.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()).map(fields).collect()
    }

    #[test]
    fn a_correction_changes_one_thing_and_never_the_key() {
        let (before, after) = (file(500), corrections(&file(500), 1.0).unwrap());
        let (before, after) = (records(&before), records(&after));
        assert_eq!(after.len(), before.len());
        let mut changed_columns = [0; 14];
        for (old, new) in before.iter().zip(&after).skip(1) {
            let changed: Vec<_> = (0..14).filter(|&column| old[column] != new[column]).collect();
            assert!(matches!(changed[..], [2] | [3] | [4] | [5] | [6] | [10] | [3, 4]), "{changed:?}");
            changed.iter().for_each(|&column| changed_columns[column] += 1);
        }
        assert!([2, 4, 5, 6, 10].iter().all(|&column| changed_columns[column] > 50), "{changed_columns:?}");
    }

    #[test]
    fn a_share_of_the_rows_is_corrected() {
        let corrected = records(&corrections(&file(2_000), 0.1).unwrap()).len() - 1;
        assert!((150..250).contains(&corrected), "{corrected}");
        assert_eq!(corrections(&file(10), 0.0).unwrap(), format!("{HEADER}\n").into_bytes());
    }

    #[test]
    fn another_file_is_an_error() {
        assert_eq!(corrections(b"a,b\n1,2\n", 1.0).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        let ragged = format!("{HEADER}\n1,2\n");
        assert_eq!(corrections(ragged.as_bytes(), 1.0).unwrap_err().to_string(), "line 2 has 2 fields");
    }
}
