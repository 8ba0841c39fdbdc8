//! Where a result goes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::Error;

/// Where a result goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    Stdout,
    /// A file that is complete or not there: it is written under a temporary name beside it and renamed at the end.
    /// What is no regular file, such as `/dev/stderr` or a named pipe, is written to directly.
    File(PathBuf),
}

impl Output {
    pub(super) fn is_terminal(&self) -> bool {
        *self == Output::Stdout && io::stdout().is_terminal()
    }
}

/// An output that is being written. Dropped before [`Sink::finish`], it leaves no file.
pub(super) struct Sink {
    out: Option<BufWriter<Box<dyn Write + Send>>>,
    /// The temporary name and the final one.
    file: Option<(PathBuf, PathBuf)>,
    shown_as: PathBuf,
}

impl Sink {
    pub(super) fn open(output: &Output) -> Result<Self, Error> {
        let Output::File(path) = output else {
            return Ok(Sink {
                out: Some(BufWriter::new(Box::new(io::stdout()))),
                file: None,
                shown_as: PathBuf::from("standard output"),
            });
        };
        let failed = |source| Error::write(path, source);
        let existing = std::fs::metadata(path);
        let (file, names) = if existing.is_ok_and(|existing| !existing.is_file()) {
            (OpenOptions::new().write(true).open(path).map_err(failed)?, None)
        } else {
            // Renaming onto a link would replace the link instead of what it leads to.
            let target = path.canonicalize().unwrap_or_else(|_| path.clone());
            let unfinished = beside(&target);
            (File::create(&unfinished).map_err(failed)?, Some((unfinished, target)))
        };
        Ok(Sink { out: Some(BufWriter::new(Box::new(file))), file: names, shown_as: path.clone() })
    }

    /// Writes what is still buffered and gives the file its name.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let flushed = self.flush();
        // Closed before it is renamed.
        self.out = None;
        flushed.map_err(|source| Error::write(&self.shown_as, source))?;
        if let Some((unfinished, path)) = self.file.take() {
            std::fs::rename(&unfinished, &path).map_err(|source| {
                // The error is that of the renaming; a file that cannot be removed either adds nothing.
                let _ = std::fs::remove_file(&unfinished);
                Error::write(&self.shown_as, source)
            })?;
        }
        Ok(())
    }

    pub(super) fn shown_as(&self) -> &Path {
        &self.shown_as
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.as_mut().map_or(Ok(0), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        if let Some((unfinished, _)) = self.file.take() {
            self.out = None;
            let _ = std::fs::remove_file(unfinished);
        }
    }
}

/// A name in the same folder, so that renaming does not copy; the process id keeps two processes apart.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}", std::process::id()))
}
