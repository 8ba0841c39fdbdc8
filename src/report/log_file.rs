//! `logs/medallion.log`: every line of every run, appended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};

use super::entry::Entry;
use super::line;
use super::options::LogFormat;

const NAME: &str = "medallion.log";

/// A file larger than this is put aside before a run appends to it; dbt's `--log-file-max-bytes`.
const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// How many files put aside are kept: `medallion.log.1`, the youngest, to `medallion.log.5`.
const KEPT: usize = 5;

#[derive(Debug)]
pub struct LogFile {
    file: File,
    format: LogFormat,
}

impl LogFile {
    /// Opens `folder/medallion.log` for appending and makes the folder where there is none.
    pub fn open(folder: &Path, format: LogFormat) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(NAME);
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > MAX_BYTES) {
            put_aside(folder)?;
        }
        Ok(LogFile { file: OpenOptions::new().create(true).append(true).open(path)?, format })
    }

    /// Sets a run apart from the one before it.
    pub fn begin(&mut self, now: DateTime<FixedOffset>, invocation_id: &str) -> io::Result<()> {
        if self.format == LogFormat::Json {
            return Ok(());
        }
        let rule = "=".repeat(30);
        let at = now.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Micros, true);
        self.write_line(&format!("\n{rule} {at} | {invocation_id} {rule}"))
    }

    /// Appends one entry; empty lines only where the file reads as the console does.
    pub fn write(&mut self, entry: &Entry, now: DateTime<FixedOffset>, invocation_id: &str) -> io::Result<()> {
        match self.format {
            LogFormat::Text => self.write_line(&line::console(entry, now, false)),
            _ if entry.is_blank() => Ok(()),
            LogFormat::Default => self.write_line(&line::dated(entry, now)),
            LogFormat::Json => self.write_line(&line::json(entry, now, invocation_id)),
        }
    }

    /// One `write` call a line: runs that append to the same file at the same time do not mix within a line.
    fn write_line(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}

fn put_aside(folder: &Path) -> io::Result<()> {
    let aside = |number: usize| folder.join(format!("{NAME}.{number}"));
    for number in (1..KEPT).rev() {
        if aside(number).exists() {
            std::fs::rename(aside(number), aside(number + 1))?;
        }
    }
    std::fs::rename(folder.join(NAME), aside(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_file_is_put_aside_and_the_oldest_goes() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["medallion.log.1", "medallion.log.5"] {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let log = File::create(dir.path().join(NAME)).unwrap();
        log.set_len(MAX_BYTES + 1).unwrap();
        LogFile::open(dir.path(), LogFormat::Default).unwrap();
        let length = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
        assert_eq!(length(NAME), 0);
        assert_eq!(length("medallion.log.1"), MAX_BYTES + 1);
        assert_eq!(std::fs::read_to_string(dir.path().join("medallion.log.2")).unwrap(), "medallion.log.1");
    }

    #[test]
    fn a_small_file_is_appended_to() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("logs");
        for _ in 0..2 {
            LogFile::open(&folder, LogFormat::Default).unwrap().write_line("a").unwrap();
        }
        assert_eq!(std::fs::read_to_string(folder.join(NAME)).unwrap(), "a\na\n");
    }
}
