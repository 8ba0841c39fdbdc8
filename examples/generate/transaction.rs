//! One customer transaction after the other, as a line of CSV.

use std::io::{self, Write};

use crate::names;
use crate::places::COUNTRIES;
use crate::record::append_field;
use crate::rng::Rng;
use crate::words::{self, Letters, Style};

/// The names of the columns, in the order of the file.
pub const HEADER: &str = "transaction_id,customer_id,transaction_date,product_id,product_name,quantity,price,tax,\
    customer_first_name,customer_last_name,customer_email,customer_phone,customer_country,customer_city";

/// One dirty value in so many: the intervals are those of the file that this one is modelled on.
mod every {
    pub const MISSING_QUANTITY: u64 = 6;
    pub const MISSING_CUSTOMER_ID: u64 = 7;
    pub const UNUSUAL_DATE: u64 = 8;
    pub const PRICE_IN_WORDS: u64 = 9;
    pub const PREFIXED_TRANSACTION_ID: u64 = 10;
    pub const TAX_IN_WORDS: u64 = 11;
    pub const PREFIXED_PRODUCT_ID: u64 = 15;
}

/// Transactions, each by a customer of its own. A transaction depends on its number and the seed alone.
pub struct Transactions {
    seed: u64,
    products: u64,
    months: Vec<Month>,
    places: Vec<(&'static str, &'static str)>,
}

/// A month of the calendar.
#[derive(Clone, Copy)]
struct Month {
    year: u16,
    month: u8,
    days: u8,
}

/// The transactions of one month before those of the next one start. A multiple of the interval of missing quantities, so
/// that every month of a file, the last one begun too, has a revenue.
const IN_A_MONTH: u64 = 10 * every::MISSING_QUANTITY;

impl Transactions {
    /// Transactions of `products` products, at least one.
    pub fn new(seed: u64, products: u64) -> Self {
        let places =
            COUNTRIES.iter().flat_map(|(country, cities)| cities.iter().map(|city| (*country, *city))).collect();
        Self { seed, products, months: months_of(&[2023, 2024]), places }
    }

    /// Appends the line of transaction `number`, counted from 1, to `line`.
    pub fn append(&self, number: u64, line: &mut Vec<u8>) -> io::Result<()> {
        let rng = &mut Rng::of_record(self.seed, number);
        let is_each = |interval: u64| number.is_multiple_of(interval);

        let prefix = if is_each(every::PREFIXED_TRANSACTION_ID) { "T" } else { "" };
        write!(line, "{prefix}{},", 1_000 + number)?;
        if !is_each(every::MISSING_CUSTOMER_ID) {
            write!(line, "{}.0", 500 + number % 10)?;
        }
        line.push(b',');
        if is_each(every::UNUSUAL_DATE) {
            append_unusual_date(self.month(number), rng, line)?;
        } else {
            append_date(self.month(number), rng, line)?;
        }
        line.push(b',');
        append_product(number % self.products, self.products, is_each(every::PREFIXED_PRODUCT_ID), line)?;
        line.push(b',');
        if !is_each(every::MISSING_QUANTITY) {
            append_quantity(rng, line)?;
        }
        line.push(b',');
        if is_each(every::PRICE_IN_WORDS) {
            append_words(rng, line);
        } else {
            append_price(rng, line)?;
        }
        line.push(b',');
        if is_each(every::TAX_IN_WORDS) {
            append_words(rng, line);
        } else {
            append_money(500 + rng.below(2_501), line)?;
        }
        line.push(b',');
        self.append_customer(number, rng, line)
    }

    /// Appends any date of the years that the file is about, as most of the file writes it.
    pub fn append_any_date(&self, rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
        append_date(*rng.pick(&self.months), rng, line)
    }

    fn month(&self, number: u64) -> Month {
        let index = (number - 1) / IN_A_MONTH % self.months.len() as u64;
        self.months[index as usize]
    }

    fn append_customer(&self, number: u64, rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
        let (first, last) = (*rng.pick(names::FIRST), *rng.pick(names::LAST));
        append_field(first.as_bytes(), line);
        line.push(b',');
        append_field(last.as_bytes(), line);
        line.push(b',');
        append_slug(first, line);
        line.push(b'.');
        append_slug(last, line);
        // The number makes the address the only one of its kind, as ten digits that count up do the telephone.
        write!(line, "{number}@example.com,")?;
        let phone = 2_345_678_900 + number;
        write!(line, "+1-{:03}-{:03}-{:04},", phone / 10_000_000, phone / 10_000 % 1_000, phone % 10_000)?;

        let (country, city) = self.place(number, rng);
        append_field(country.as_bytes(), line);
        line.push(b',');
        append_field(city.as_bytes(), line);
        line.push(b'\n');
        Ok(())
    }

    /// Where the customer lives. The first transactions take the countries one by one: a country then has revenue about
    /// as often as a transaction has a quantity, in small files too.
    fn place(&self, number: u64, rng: &mut Rng) -> (&'static str, &'static str) {
        match COUNTRIES.get(usize::try_from(number - 1).unwrap_or(usize::MAX)) {
            Some(&(country, cities)) => (country, *rng.pick(cities)),
            None => *rng.pick(&self.places),
        }
    }
}

fn append_date(Month { year, month, days }: Month, rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
    let day = 1 + rng.below(days.into());
    write!(line, "{year}-{month:02}-{day:02}")
}

fn append_unusual_date(Month { year, month, days }: Month, rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
    let day = 1 + rng.below(days.into());
    match rng.below(5) {
        0 => write!(line, "{day:02}-{month:02}-{year}"),
        1 => write!(line, "{day:02}/{month:02}/{year}"),
        2 => write!(line, "{year}/{month:02}/{day:02}"),
        3 => write!(line, "{day:02}-{month:02}-{:02}", year % 100),
        _ => write!(line, "{year}-{month:02}-{day:02} {:02}:{:02}:00", rng.below(24), rng.below(60)),
    }
}

/// Appends the two columns of a product, `index` being less than `products`: 101 is Product A, 102 is Product B, and the
/// last product has number 100.
pub fn append_product(index: u64, products: u64, prefixed: bool, line: &mut Vec<u8>) -> io::Result<()> {
    let prefix = if prefixed { "P" } else { "" };
    write!(line, "{prefix}{},Product ", 100 + index)?;
    append_letters(if index == 0 { products } else { index }, line);
    Ok(())
}

/// Appends `number`, at least 1, as the columns of a sheet are named: A to Z, then AA.
fn append_letters(number: u64, line: &mut Vec<u8>) {
    let rest = number - 1;
    if rest >= 26 {
        append_letters(rest / 26, line);
    }
    line.push(b'A' + (rest % 26) as u8);
}

/// Appends how many pieces were sold.
pub fn append_quantity(rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
    write!(line, "{}.0", 1 + rng.below(5))
}

/// Appends the price of a piece, from 50 to 300.
pub fn append_price(rng: &mut Rng, line: &mut Vec<u8>) -> io::Result<()> {
    append_money(5_000 + rng.below(25_001), line)
}

/// Appends an amount as a number with a decimal point and no needless zero: 76.27, 14.6, 206.0.
fn append_money(cents: u64, line: &mut Vec<u8>) -> io::Result<()> {
    match cents % 100 {
        rest if rest % 10 == 0 => write!(line, "{}.{}", cents / 100, rest / 10),
        rest => write!(line, "{}.{rest:02}", cents / 100),
    }
}

/// Appends a number in words: half of them like the prices in digits, half up to the largest there is.
fn append_words(rng: &mut Rng, line: &mut Vec<u8>) {
    let largest = if rng.below(2) == 0 { 300 } else { words::LARGEST };
    let style = Style {
        and: rng.below(2) == 0,
        hyphen: rng.below(2) == 0,
        comma: rng.below(4) == 0,
        letters: *rng.pick(&[Letters::Title, Letters::Sentence, Letters::Lower, Letters::Upper]),
    };
    let mut text = Vec::with_capacity(80);
    words::append(rng.below(u64::from(largest) + 1) as u32, style, &mut text);
    append_field(&text, line);
}

/// Appends the ASCII letters of a name as small ones, as in an e-mail address.
fn append_slug(name: &str, line: &mut Vec<u8>) {
    line.extend(name.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()));
}

fn months_of(years: &[u16]) -> Vec<Month> {
    let month = |year: u16, month: u8| {
        let days = match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Month { year, month, days }
    };
    years.iter().flat_map(|&year| (1..=12).map(move |number| month(year, number))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{HEADER, Transactions, append_letters, append_money, months_of};
    use crate::record::fields;

    fn rows(numbers: std::ops::RangeInclusive<u64>) -> Vec<Vec<String>> {
        let transactions = Transactions::new(7, 5);
        numbers
            .map(|number| {
                let mut line = Vec::new();
                transactions.append(number, &mut line).unwrap();
                let line = line.strip_suffix(b"\n").unwrap();
                fields(line).into_iter().map(|field| String::from_utf8(field).unwrap()).collect()
            })
            .collect()
    }

    #[test]
    fn every_row_has_every_column_and_a_customer_of_its_own() {
        let rows = rows(1..=2_000);
        let columns = HEADER.split(',').count();
        assert!(rows.iter().all(|row| row.len() == columns));
        for unique in ["transaction_id", "customer_email", "customer_phone"] {
            let column = HEADER.split(',').position(|name| name == unique).unwrap();
            let values: HashSet<_> = rows.iter().map(|row| &row[column]).collect();
            assert_eq!(values.len(), rows.len(), "{unique}");
        }
    }

    #[test]
    fn a_sixth_of_the_quantities_is_missing_in_a_file_of_any_size() {
        for size in [6, 100, 1_999] {
            let missing = rows(1..=size).iter().filter(|row| row[5].is_empty()).count() as u64;
            assert_eq!(missing, size / 6);
        }
    }

    #[test]
    fn every_month_and_country_of_a_file_has_about_its_share_of_quantities() {
        let rows = rows(1..=1_500);
        let is_iso = |date: &str| date.len() == 10 && date.as_bytes()[4] == b'-';
        let month = |row: &[String]| is_iso(&row[2]).then(|| row[2][..7].to_owned());
        for size in [1, 18, 61, 67, 100, 1_000, 1_500] {
            let sold = rows[..size].iter().filter(|row| !row[5].is_empty());
            let (months, countries): (HashSet<_>, HashSet<_>) = sold.map(|row| (month(row), &row[12])).unzip();
            assert!(rows[..size].iter().all(|row| months.contains(&month(row))), "{size}");
            let all_countries: HashSet<_> = rows[..size].iter().map(|row| &row[12]).collect();
            assert!((all_countries.len() - countries.len()) * 5 <= all_countries.len(), "{size}");
        }
    }

    #[test]
    fn a_file_can_be_written_in_parts() {
        assert_eq!(rows(1..=20)[10..], rows(11..=20));
    }

    #[test]
    fn amounts_have_one_or_two_decimals() {
        for (cents, expected) in [(7_627, "76.27"), (1_460, "14.6"), (20_600, "206.0"), (505, "5.05")] {
            let mut line = Vec::new();
            append_money(cents, &mut line).unwrap();
            assert_eq!(line, expected.as_bytes());
        }
    }

    #[test]
    fn products_are_named_like_columns_of_a_sheet() {
        for (number, expected) in [(1, "A"), (26, "Z"), (27, "AA"), (52, "AZ"), (53, "BA"), (702, "ZZ"), (703, "AAA")] {
            let mut line = Vec::new();
            append_letters(number, &mut line);
            assert_eq!(line, expected.as_bytes());
        }
    }

    #[test]
    fn years_have_all_their_days() {
        for (year, days) in [(2023, 365), (2024, 366), (1900, 365), (2000, 366)] {
            assert_eq!(months_of(&[year]).iter().map(|month| u32::from(month.days)).sum::<u32>(), days);
        }
    }
}
