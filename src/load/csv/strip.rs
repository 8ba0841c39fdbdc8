//! A strip: some records of the right form, few enough that their bytes stay in the nearest cache while column after
//! column is built from them.

use super::lanes::Quotes;
use super::record::{Record, Records};

/// How many records a strip holds at most.
pub(super) const STRIP_ROWS: usize = 128;

/// Records with as many fields as the header has.
pub(super) struct Strip<'a> {
    bytes: &'a [u8],
    /// For each row where its fields begin, and where one after the last would.
    bounds: Vec<u32>,
    /// For each row the line it starts on, counted from zero.
    lines: Vec<usize>,
    fields: usize,
    quotes: Quotes,
}

impl<'a> Strip<'a> {
    pub fn new(bytes: &'a [u8], fields: usize) -> Self {
        let bounds = Vec::with_capacity(STRIP_ROWS * (fields + 1));
        Strip { bytes, bounds, lines: Vec::with_capacity(STRIP_ROWS), fields, quotes: Quotes::None }
    }

    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Which quotes the rows have.
    pub fn quotes(&self) -> Quotes {
        self.quotes
    }

    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Reads up to `limit` rows in place of those it holds. `refuse` is asked about each record, together with the
    /// bounds of its fields, and those it says yes to are left out. False at the end of the bytes.
    pub fn refill(
        &mut self,
        records: &mut Records<'a>,
        limit: usize,
        mut refuse: impl FnMut(&Record, &[u32]) -> bool,
    ) -> bool {
        self.bounds.clear();
        self.lines.clear();
        let mut more = true;
        while more && self.rows() < limit.min(STRIP_ROWS) {
            let first = self.bounds.len();
            let Some(record) = records.read(&mut self.bounds) else {
                more = false;
                continue;
            };
            if refuse(&record, &self.bounds[first..]) {
                self.bounds.truncate(first);
            } else {
                self.lines.push(record.line);
            }
        }
        self.quotes = records.take_quotes();
        more
    }

    /// The bytes of one field after the other of the same column, quotes and all.
    pub fn column(&self, field: usize) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.ranges(field).map(|(start, end)| &self.bytes[start..end])
    }

    /// Where the fields of a column begin and end.
    #[inline]
    pub fn ranges(&self, field: usize) -> impl ExactSizeIterator<Item = (usize, usize)> + '_ {
        self.bounds
            .chunks_exact(self.fields + 1)
            .map(move |bounds| (bounds[field] as usize, bounds[field + 1] as usize - 1))
    }

    /// The line a row starts on.
    pub fn line(&self, row: usize) -> usize {
        self.lines[row]
    }

    /// The bytes of a whole row, without its line end.
    pub fn record(&self, row: usize) -> &'a [u8] {
        let bounds = &self.bounds[row * (self.fields + 1)..][..=self.fields];
        &self.bytes[bounds[0] as usize..bounds[self.fields] as usize - 1]
    }

    /// Removes the rows for which `remove` says so.
    pub fn remove_rows(&mut self, mut remove: impl FnMut(usize) -> bool) {
        let stride = self.fields + 1;
        let mut kept = 0;
        for row in 0..self.rows() {
            if !remove(row) {
                self.bounds.copy_within(row * stride..(row + 1) * stride, kept * stride);
                self.lines[kept] = self.lines[row];
                kept += 1;
            }
        }
        self.bounds.truncate(kept * stride);
        self.lines.truncate(kept);
    }
}
