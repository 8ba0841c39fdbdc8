//! Why a CSV file cannot be loaded.

use std::path::PathBuf;

use arrow::error::ArrowError;

use super::options::OptionsError;
use crate::diagnostic::Diagnostic;
use crate::load::input::InputError;

/// An error that ends the reading of a file; what is wrong with single records is a
/// [`Reject`](crate::load::reject::Reject) instead.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("cannot read {} as CSV: {source}", path.display())]
    Options { path: PathBuf, source: OptionsError },
    #[error("cannot read the header of {}: {source}", path.display())]
    Header { path: PathBuf, source: HeaderError },
    #[error("the columns were bound to another header than that of {}", path.display())]
    OtherHeader { path: PathBuf },
    #[error("the record at {}:{line} is longer than {limit} bytes", path.display())]
    RecordTooLong { path: PathBuf, line: u64, limit: usize },
    #[error("cannot start the threads that read {}: {source}", path.display())]
    Threads { path: PathBuf, source: Box<dyn std::error::Error + Send + Sync> },
    #[error("a thread that read {} ended without a result", path.display())]
    ThreadLost { path: PathBuf },
    #[error("cannot build a batch from {}: {source}", path.display())]
    Arrow { path: PathBuf, source: ArrowError },
}

/// What is wrong with the first record of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("the file holds only blank lines")]
    Blank,
    #[error("it is UTF-16, and only UTF-8 can be read")]
    Utf16,
    #[error("line {line} is not UTF-8 text")]
    NotText { line: usize },
    #[error("a quote that opens in line {line} is not closed, or text follows it")]
    Quotes { line: usize },
    #[error("line {line} is longer than {limit} bytes")]
    TooLong { line: usize, limit: usize },
}

impl From<CsvError> for Diagnostic {
    fn from(error: CsvError) -> Self {
        let diagnostic = Diagnostic::new(error.to_string());
        match &error {
            CsvError::Input(InputError::Missing { .. }) => {
                diagnostic.hint("a path is relative to the project directory")
            }
            CsvError::Input(InputError::Shrank { .. }) => {
                diagnostic.hint("load it again once the program that writes it is done")
            }
            CsvError::Header { source: HeaderError::Utf16 | HeaderError::NotText { .. }, .. } => {
                diagnostic.hint("convert it first, as in: iconv -f UTF-16 -t UTF-8")
            }
            CsvError::RecordTooLong { .. } | CsvError::Header { source: HeaderError::TooLong { .. }, .. } => {
                diagnostic.hint("is this a CSV file, with line ends and the delimiter and quote that the source says?")
            }
            _ => diagnostic,
        }
    }
}
