//! Ad-hoc SQL: `medallion sql`. A query's rows are written as they come, in one of five formats, and a prompt reads
//! statements from a terminal or a pipe.
//!
//! [`write()`] takes any stream of batches and holds at most a page of it. [`repl()`] needs a [`Session`], which is all it
//! knows of engine and warehouse.

mod cell;
mod complete;
mod csv;
mod format;
mod history;
mod interval;
mod meta;
mod number;
mod output;
mod prompt;
mod repl;
mod session;
mod statement;
mod table;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use format::{Format, WriteOptions, Written, write};
pub use history::history_path;
pub use output::Output;
pub use repl::{End, ReplOptions, repl};
pub use session::{Session, TableEntry};

use std::io;
use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;

use crate::diagnostic::Diagnostic;

/// Why a result could not be written whole.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The query failed after its first rows.
    #[error("{0}")]
    Query(#[from] DataFusionError),
    #[error("cannot show a value: {0}")]
    Value(#[from] ArrowError),
    #[error("cannot write Parquet: {0}")]
    Parquet(#[from] ParquetError),
    #[error("cannot write to {}: {source}", .to.display())]
    Write { to: PathBuf, source: io::Error },
    /// The query itself was refused.
    #[error("{0}")]
    Refused(Diagnostic),
    #[error("Parquet is not text and cannot be shown on a terminal")]
    ParquetOnTerminal,
    #[error("the prompt failed: {0}")]
    Prompt(#[from] rustyline::error::ReadlineError),
}

impl Error {
    fn write(to: &Path, source: io::Error) -> Self {
        Error::Write { to: to.to_path_buf(), source }
    }

    /// Whether the reader of the output went away, as in `medallion sql … | head`.
    fn is_closed_pipe(&self) -> bool {
        let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        match self {
            Error::Write { source, .. } => closed(source),
            Error::Value(ArrowError::IoError(_, source)) => closed(source),
            Error::Parquet(ParquetError::External(source)) => source.downcast_ref::<io::Error>().is_some_and(closed),
            _ => false,
        }
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Error::write(Path::new("the output"), source)
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(diagnostic) => diagnostic,
            Error::ParquetOnTerminal => {
                Diagnostic::new(error.to_string()).hint("name a file with --output, or redirect the output")
            }
            other => Diagnostic::new(other.to_string()),
        }
    }
}
