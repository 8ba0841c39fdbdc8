//! How the bytes of a CSV file are to be read, and with how many threads.

use std::num::NonZeroUsize;

/// The form of a CSV file. The encoding is always UTF-8; a byte order mark at the start is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// The byte between two fields; ASCII.
    pub delimiter: u8,
    /// The byte around fields that hold delimiters or line ends; ASCII. With none, every byte stands for itself.
    pub quote: Option<u8>,
    /// Whether the first record names the fields; otherwise they are `column_1`, `column_2` and so on.
    pub header: bool,
    /// Unquoted fields that are NULL, in addition to the empty one.
    pub null_strings: Vec<String>,
    /// A quoted field that is not closed within so many bytes is taken to be not closed at all; a record that is longer
    /// ends the scan with an error. At most [`CsvOptions::MAX_RECORD_BYTES`].
    pub max_record_bytes: usize,
}

impl CsvOptions {
    /// The upper limit of `max_record_bytes`: positions within a piece of a file are kept as 32-bit numbers.
    pub const MAX_RECORD_BYTES: usize = 256 << 20;

    /// Whether the parts fit one another.
    ///
    /// # Errors
    /// A delimiter or quote that is a line end or not ASCII, or one that is both.
    pub(super) fn dialect(&self) -> Result<Dialect, OptionsError> {
        for (name, byte) in [("delimiter", Some(self.delimiter)), ("quote", self.quote)] {
            if let Some(byte) = byte.filter(|byte| !byte.is_ascii() || matches!(byte, b'\n' | b'\r' | 0)) {
                return Err(OptionsError::NotUsable { name, byte });
            }
        }
        if self.quote == Some(self.delimiter) {
            return Err(OptionsError::Same { byte: char::from(self.delimiter) });
        }
        let max_record = self.max_record_bytes.clamp(1, Self::MAX_RECORD_BYTES);
        Ok(Dialect { delimiter: self.delimiter, quote: self.quote, max_record })
    }
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions {
            delimiter: b',',
            quote: Some(b'"'),
            header: true,
            null_strings: Vec::new(),
            max_record_bytes: 16 << 20,
        }
    }
}

/// Why [`CsvOptions`] cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    #[error("the {name} {:?} is not an ASCII character other than a line end", char::from(*byte))]
    NotUsable { name: &'static str, byte: u8 },
    #[error("{byte:?} cannot be both the delimiter and the quote")]
    Same { byte: char },
}

/// What decides where fields and records end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: Option<u8>,
    pub max_record: usize,
}

impl Dialect {
    /// Whether a field begins after this byte, when it stands outside quotes.
    pub fn begins_field(self, before: u8) -> bool {
        before == self.delimiter || matches!(before, b'\n' | b'\r')
    }
}

/// How much of the machine a scan may take. The memory it needs is about `blocks_in_flight` × `block_bytes` × 2, more
/// only for records longer than a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    pub threads: NonZeroUsize,
    /// How many blocks may be read, parsed or waiting for the consumer at once.
    pub blocks_in_flight: NonZeroUsize,
    /// How many bytes are read at once; at most [`Pace::MAX_BLOCK_BYTES`].
    pub block_bytes: NonZeroUsize,
    /// The most rows a batch holds.
    pub batch_rows: NonZeroUsize,
}

impl Pace {
    /// The upper limit of `block_bytes`.
    pub const MAX_BLOCK_BYTES: usize = 256 << 20;

    /// A pace for so many threads.
    pub fn of_threads(threads: NonZeroUsize) -> Self {
        Pace { blocks_in_flight: threads.saturating_mul(TWICE).saturating_add(2), threads, ..Pace::default() }
    }

    /// How many blocks are read ahead, and how many parsed: together those in flight, and each at least one.
    pub(super) fn reading_and_parsing(&self) -> (usize, usize) {
        let reading = (self.blocks_in_flight.get() / 2).max(1);
        (reading, self.blocks_in_flight.get().saturating_sub(reading).max(1))
    }

    pub(super) fn block_bytes(&self) -> usize {
        self.block_bytes.get().min(Self::MAX_BLOCK_BYTES)
    }
}

const TWICE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1);

impl Default for Pace {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Pace {
            threads,
            blocks_in_flight: threads.saturating_mul(TWICE).saturating_add(2),
            block_bytes: NonZeroUsize::MIN.saturating_add((2 << 20) - 1),
            batch_rows: NonZeroUsize::MIN.saturating_add(65_535),
        }
    }
}
