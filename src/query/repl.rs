//! `medallion sql` without a query: statements from a terminal or a pipe, one after the other.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustyline::error::ReadlineError;
use tokio::runtime::Handle;

use super::Error;
use super::format::{Format, WriteOptions, Written, write};
use super::meta::{self, Meta};
use super::output::Output;
use super::prompt::{Lines, editor};
use super::session::Session;
use super::statement::split;
use crate::diagnostic::Diagnostic;

/// How the prompt begins.
#[derive(Debug, Clone)]
pub struct ReplOptions {
    /// What stands before `=> `: the target, as psql shows the database.
    pub prompt: String,
    /// The history file; none is kept without one.
    pub history: Option<PathBuf>,
    pub format: Format,
    pub output: Output,
    /// At most so many rows of a result on a terminal, which `\limit` changes. A pipe and a file get all rows.
    pub limit: Option<usize>,
}

impl Default for ReplOptions {
    fn default() -> Self {
        ReplOptions {
            prompt: "medallion".to_string(),
            history: super::history_path(),
            format: Format::Table,
            output: Output::Stdout,
            limit: Some(1000),
        }
    }
}

/// How the statements came to an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All were run, or the user left.
    Done,
    /// Ctrl-C stopped statements from a pipe.
    Interrupted,
}

/// Reads and runs statements until the end of the input. On a terminal a failed statement is told and the next one can
/// be typed; Ctrl-C cancels a running statement and Ctrl-D leaves. Statements from a pipe or file end at the first
/// that fails, so that none of those behind it runs on what it left.
///
/// `runtime` must be a multi-thread runtime with signals.
///
/// # Errors
/// Where the terminal cannot be used, and with statements from a pipe what made one fail.
pub fn repl(session: &dyn Session, runtime: &Handle, options: ReplOptions) -> Result<End, Error> {
    let interactive = io::stdin().is_terminal();
    let limit = options.limit.filter(|_| interactive);
    let writing = WriteOptions { format: options.format, output: options.output, limit };
    let mut shell = Shell { session, runtime, writing, timing: false };
    if interactive {
        shell.terminal(&options.prompt, options.history.as_deref())
    } else {
        shell.script(io::stdin().lock(), &mut io::stdout())
    }
}

/// What the user has set, and who answers.
pub(super) struct Shell<'a> {
    pub(super) session: &'a dyn Session,
    pub(super) runtime: &'a Handle,
    pub(super) writing: WriteOptions,
    pub(super) timing: bool,
}

impl Shell<'_> {
    fn terminal(&mut self, prompt: &str, history: Option<&Path>) -> Result<End, Error> {
        let mut lines = editor(self.session.tables())?;
        if let Some(path) = history {
            // The first run has none.
            let _ = lines.load_history(path);
        }
        writeln!(io::stdout(), "Statements end with ;  \\? for help, \\q to quit.")?;
        let ended = self.read(&mut lines, &format!("{prompt}=> "));
        if let Some(path) = history
            && let Err(error) = save(&mut lines, path)
        {
            tell(&Diagnostic::new(format!("the history is not kept in {}: {error}", path.display())));
        }
        ended.map(|()| End::Done)
    }

    fn read(&mut self, lines: &mut Lines, prompt: &str) -> Result<(), Error> {
        loop {
            let typed = match lines.readline(prompt) {
                Ok(typed) => typed,
                // Ctrl-C drops the line, as in a shell.
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            if typed.trim().is_empty() {
                continue;
            }
            lines.add_history_entry(typed.as_str())?;
            match self.run(&typed, &mut io::stdout()) {
                Ok(Next::Leave) => return Ok(()),
                Ok(Next::Cancelled) => tell(&Diagnostic::new("cancelled")),
                Ok(Next::Read) => {}
                Err(error) if error.is_closed_pipe() => return Ok(()),
                Err(error) => tell(&error.into()),
            }
            if let Some(keys) = lines.helper_mut() {
                keys.tables = self.session.tables();
            }
        }
    }

    /// Runs what `input` holds. Answers of commands go to `out`, those of queries where `\o` sends them.
    pub(super) fn script(&mut self, mut input: impl BufRead, out: &mut dyn Write) -> Result<End, Error> {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            let unreadable = |error| Error::Refused(Diagnostic::new(format!("cannot read the statements: {error}")));
            let last = input.read_line(&mut line).map_err(unreadable)? == 0;
            let command = meta::parse(&line).is_some() && split(&text).rest.is_empty();
            if command {
                // Comments at most.
                text.clear();
            }
            text.push_str(&line);
            if !(last || command || line.contains(';')) {
                continue;
            }
            let runnable = if last || command { text.len() } else { end_of_complete(&text) };
            let rest = text.split_off(runnable);
            match self.run(&text, out) {
                Ok(Next::Leave) => return Ok(End::Done),
                Ok(Next::Cancelled) => return Ok(End::Interrupted),
                Ok(Next::Read) if last => return Ok(End::Done),
                Ok(Next::Read) => text = rest,
                Err(error) if error.is_closed_pipe() => return Ok(End::Done),
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs a command, or statements up to the first that fails.
    fn run(&mut self, text: &str, out: &mut dyn Write) -> Result<Next, Error> {
        if let Some(command) = meta::parse(text) {
            return self.command(command.map_err(Error::Refused)?, out);
        }
        let parts = split(text);
        for sql in parts.complete.into_iter().chain([parts.rest]).filter(|sql| !sql.is_empty()) {
            let begun = Instant::now();
            let Some(written) = self.query(sql)? else { return Ok(Next::Cancelled) };
            self.tell_written(written, out)?;
            if self.timing {
                writeln!(out, "Time: {:.3} ms", begun.elapsed().as_secs_f64() * 1000.0)?;
            }
        }
        Ok(Next::Read)
    }

    /// None where Ctrl-C came first.
    fn query(&self, sql: &str) -> Result<Option<Written>, Error> {
        // A file gets all rows: it is read later, by something that does not see a footer.
        let limit = self.writing.limit.filter(|_| self.writing.output == Output::Stdout);
        let writing = WriteOptions { limit, ..self.writing.clone() };
        self.runtime.block_on(async {
            let answer = async {
                let stream = self.session.query(sql).await.map_err(Error::Refused)?;
                write(stream, &writing).await
            };
            tokio::select! {
                written = answer => written.map(Some),
                () = interrupted() => Ok(None),
            }
        })
    }

    /// Says what the result itself does not.
    fn tell_written(&self, written: Written, out: &mut dyn Write) -> Result<(), Error> {
        let rows = if written.rows == 1 { "1 row".to_string() } else { format!("{} rows", written.rows) };
        match &self.writing.output {
            Output::File(path) => writeln!(out, "{rows} written to {}", path.display())?,
            // On stderr, as it is no part of the CSV or JSON above it.
            Output::Stdout if written.more && self.writing.format != Format::Table => {
                writeln!(io::stderr(), "(first {rows}; there are more)")?;
            }
            Output::Stdout => {}
        }
        Ok(())
    }

    fn command(&mut self, command: Meta, out: &mut dyn Write) -> Result<Next, Error> {
        match command {
            Meta::Quit => return Ok(Next::Leave),
            Meta::Help => write!(out, "{}", meta::help())?,
            Meta::Tables => write!(out, "{}", meta::tables(&self.session.tables()))?,
            Meta::Describe(name) => {
                write!(out, "{}", meta::describe(&self.session.tables(), &name).map_err(Error::Refused)?)?;
            }
            Meta::Timing => {
                self.timing = !self.timing;
                writeln!(out, "Timing is {}.", if self.timing { "on" } else { "off" })?;
            }
            Meta::Output(path) => self.writing.output = path.map_or(Output::Stdout, Output::File),
            Meta::ShowFormat => writeln!(out, "{}", self.writing.format.name())?,
            Meta::Format(format) => self.writing.format = format,
            Meta::Limit(limit) => self.writing.limit = limit,
        }
        Ok(Next::Read)
    }
}

/// What to do after a statement.
enum Next {
    Read,
    Cancelled,
    Leave,
}

/// Ends at Ctrl-C; never where signals cannot be had.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// How much of `text` is complete statements: up to the start of what [`split`] leaves over.
fn end_of_complete(text: &str) -> usize {
    let rest = split(text).rest;
    if rest.is_empty() { text.len() } else { text.trim_end().len() - rest.len() }
}

fn save(lines: &mut Lines, path: &Path) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // Appended, so that two prompts at the same time keep what was typed in both.
    Ok(lines.append_history(path)?)
}

/// On stderr, beside the results. Nothing is left to do where that is closed.
fn tell(diagnostic: &Diagnostic) {
    let _ = writeln!(io::stderr(), "error: {diagnostic}");
}
