//! The output of commands that run nothing, such as `ls` and `history`, and errors from before a run.

use std::io::{self, Write};

use chrono::Local;
use serde_json::Value;

use super::entry::Entry;
use super::line;
use super::options::{LogFormat, LogLevel, ReportOptions};
use super::redact::Redactor;
use super::text::{Colour, Text};
use crate::diagnostic::Diagnostic;

/// Writes results to stdout, without time and colour, so that other programs can read them.
///
/// A reader that went away (`medallion ls | head`) ends the output without an error.
pub struct Output {
    out: Box<dyn Write + Send>,
    redactor: Redactor,
}

impl Output {
    /// Results on stdout.
    pub fn stdout(options: &ReportOptions) -> Self {
        Output::to(Box::new(io::stdout()), Redactor::new(&options.redact))
    }

    pub fn to(out: Box<dyn Write + Send>, redactor: Redactor) -> Self {
        Output { out, redactor }
    }

    /// One line of text.
    ///
    /// # Errors
    /// What the system says when it cannot write, a closed pipe aside.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        let text = self.redactor.text(text);
        self.write(&text)
    }

    /// One JSON value on a line.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn json(&mut self, value: Value) -> io::Result<()> {
        let text = self.redactor.json(value).to_string();
        self.write(&text)
    }

    /// Rows below their headers, in columns two spaces apart.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn table(&mut self, headers: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let text = self.redactor.text(&table(headers, rows));
        self.write(text.trim_end_matches('\n'))
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        match self.out.write_all(format!("{text}\n").as_bytes()).and_then(|()| self.out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written,
        }
    }
}

/// Rows below their headers, in columns two spaces apart; columns of nothing but numbers stand to the right. A missing
/// cell is empty.
pub fn table(headers: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |row: &[String], column: usize| row.get(column).map(|cell| cell.replace('\n', " ")).unwrap_or_default();
    let widths: Vec<usize> = (0..headers.len())
        .map(|column| rows.iter().map(|row| cell(row, column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .zip(headers)
        .map(|(width, header)| width.max(header.chars().count()))
        .collect();
    let numeric: Vec<bool> = (0..headers.len())
        .map(|column| !rows.is_empty() && rows.iter().all(|row| is_number(&cell(row, column))))
        .collect();
    let shown = |cells: Vec<String>| {
        let padded = cells.into_iter().enumerate().map(|(column, cell)| match numeric[column] {
            true => format!("{cell:>width$}", width = widths[column]),
            false => format!("{cell:<width$}", width = widths[column]),
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let header = shown(headers.iter().map(|header| (*header).to_string()).collect());
    let body = rows.iter().map(|row| shown((0..headers.len()).map(|column| cell(row, column)).collect()));
    std::iter::once(header).chain(body).collect()
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell.replace(',', "").parse::<f64>().is_ok_and(f64::is_finite)
}

/// An error that ended the command before anything ran: on stderr as `error: …`, or with `--log-format json` as one
/// object on stdout, where the other objects would have been.
pub fn error(diagnostic: &Diagnostic, options: &ReportOptions) {
    let redactor = Redactor::new(&options.redact);
    let message = diagnostic.to_string();
    // Nothing is left to do where an error about an error cannot be written.
    let _ = if options.format == LogFormat::Json {
        let entry = Entry::new("MainEncounteredError", "Z002", LogLevel::Error, Text::plain(message.clone()));
        let entry = entry.with("exc", message).redacted(&redactor);
        writeln!(io::stdout(), "{}", line::json(&entry, Local::now().fixed_offset(), ""))
    } else {
        writeln!(io::stderr(), "{}", error_text(&message, &redactor, options.colored(&io::stderr())))
    };
}

fn error_text(message: &str, redactor: &Redactor, colored: bool) -> String {
    Text::painted(Colour::Red, "error").then(format!(": {}", redactor.text(message))).render(colored)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample::Captured;
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_names_to_the_left() {
        let rows = [vec!["a".to_string(), "1,000".to_string()], vec!["long".to_string(), "7".to_string()], vec![]];
        assert_eq!(table(&["run", "tables"], &rows), "run   tables\na      1,000\nlong       7\n\n");
        assert_eq!(table(&["run", "tables"], &[]), "run  tables\n");
    }

    #[test]
    fn results_carry_no_secret() {
        let captured = Captured::default();
        let mut output = Output::to(Box::new(captured.clone()), Redactor::new(["s3cret"]));
        output.line("model.a s3cret").unwrap();
        output.json(json!({"name": "s3cret"})).unwrap();
        output.table(&["x"], &[vec!["s3cret".to_string()]]).unwrap();
        assert_eq!(captured.text(), "model.a *****\n{\"name\":\"*****\"}\nx\n*****\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        struct Failing(io::ErrorKind);
        impl Write for Failing {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let line = |kind| Output::to(Box::new(Failing(kind)), Redactor::default()).line("a");
        line(io::ErrorKind::BrokenPipe).unwrap();
        assert_eq!(line(io::ErrorKind::StorageFull).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }

    #[test]
    fn an_error_is_coloured_and_clean() {
        let redactor = Redactor::new(["s3cret"]);
        assert_eq!(error_text("no s3cret", &redactor, true), "\x1b[31merror\x1b[0m: no *****");
    }
}
