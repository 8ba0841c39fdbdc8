//! The reporter: events in; console lines, log lines, a progress bar and `run_results.json` out.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, FixedOffset, Local, Utc};

use super::entry::Entry;
use super::line;
use super::log_file::LogFile;
use super::narrator::{Narrator, warning};
use super::options::{LogFormat, LogLevel, ReportOptions, can_draw};
use super::progress::Progress;
use super::redact::Redactor;
use super::run_results;
use crate::runner::events::{Event, Reporter, RunReport};

/// What time it is, with the offset in which the console shows it.
pub(super) type Clock = Box<dyn Fn() -> DateTime<FixedOffset> + Send + Sync>;

/// The reporter of a run on stdout, as `options` have it. A log file that cannot be opened is a warning of the run.
pub fn build(options: ReportOptions) -> Arc<dyn Reporter> {
    let stdout = io::stdout();
    let colored = options.colored(&stdout);
    let draws = can_draw() && options.format != LogFormat::Json && options.console_level() <= LogLevel::Info;
    let progress = draws.then(|| Progress::on_terminal(Redactor::new(&options.redact)));
    let clock = Box::new(|| Local::now().fixed_offset());
    Arc::new(Console::new(options, Box::new(stdout), colored, progress, clock))
}

/// A lock around everything, since the lines of an event belong together.
pub(super) struct Console(Mutex<State>);

struct State {
    narrator: Narrator,
    out: Box<dyn Write + Send>,
    /// Nobody reads `out` any more, or it cannot be written to.
    closed: bool,
    colored: bool,
    format: LogFormat,
    level: LogLevel,
    progress: Option<Progress>,
    log: Option<LogFile>,
    target_path: Option<PathBuf>,
    redactor: Redactor,
    invocation_id: String,
    clock: Clock,
    /// What went wrong before the first event.
    pending: Vec<Entry>,
}

impl Console {
    pub(super) fn new(
        options: ReportOptions,
        out: Box<dyn Write + Send>,
        colored: bool,
        progress: Option<Progress>,
        clock: Clock,
    ) -> Self {
        let level = options.console_level();
        let mut pending = Vec::new();
        let log = options.log_path.and_then(|folder| match LogFile::open(&folder, options.format) {
            Ok(log) => Some(log),
            Err(error) => {
                pending.push(warning(&format!("no log file: cannot write to {}: {error}", folder.display())));
                None
            }
        });
        Console(Mutex::new(State {
            narrator: Narrator::new(options.printer_width),
            out,
            closed: false,
            colored,
            format: options.format,
            level,
            progress,
            log,
            target_path: options.target_path,
            redactor: Redactor::new(&options.redact),
            invocation_id: String::new(),
            clock,
            pending,
        }))
    }
}

impl Reporter for Console {
    fn event(&self, event: &Event) {
        // A thread that died while it wrote a line is no reason to be silent about the others.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).event(event);
    }
}

impl State {
    fn event(&mut self, event: &Event) {
        let now = (self.clock)();
        if let Event::RunStarted(info) = event {
            self.invocation_id.clone_from(&info.invocation_id);
            if let Some(Err(error)) = self.log.as_mut().map(|log| log.begin(now, &info.invocation_id)) {
                self.give_up_log(&error);
            }
        }
        if let Some(progress) = &mut self.progress {
            progress.event(event);
        }
        let mut entries = self.narrator.tell(event, now.with_timezone(&Utc));
        if let Event::RunFinished(report) = event {
            entries.extend(self.write_results(report, now.with_timezone(&Utc)));
        }
        entries.append(&mut self.pending);
        let entries: Vec<Entry> = entries.into_iter().map(|entry| entry.redacted(&self.redactor)).collect();
        self.write_log(&entries, now);
        self.show(&entries, now);
    }

    fn write_results(&self, report: &RunReport, now: DateTime<Utc>) -> Option<Entry> {
        let folder = self.target_path.as_ref()?;
        let error = run_results::write(folder, report, now, &self.redactor).err()?;
        Some(warning(&format!("cannot write run_results.json to {}: {error}", folder.display())))
    }

    fn write_log(&mut self, entries: &[Entry], now: DateTime<FixedOffset>) {
        for entry in entries {
            if let Some(Err(error)) = self.log.as_mut().map(|log| log.write(entry, now, &self.invocation_id)) {
                self.give_up_log(&error);
            }
        }
    }

    /// The console tells it with the next event.
    fn give_up_log(&mut self, error: &io::Error) {
        self.log = None;
        self.pending.push(warning(&format!("the log file ends here: {error}")));
    }

    fn show(&mut self, entries: &[Entry], now: DateTime<FixedOffset>) {
        let mut shown = String::new();
        for entry in entries.iter().filter(|entry| self.is_shown(entry)) {
            shown.push_str(&match self.format {
                LogFormat::Json => line::json(entry, now, &self.invocation_id),
                LogFormat::Default | LogFormat::Text => line::console(entry, now, self.colored),
            });
            shown.push('\n');
        }
        if shown.is_empty() || self.closed {
            return;
        }
        let out = &mut self.out;
        let mut written = Ok(());
        let mut write = || written = out.write_all(shown.as_bytes()).and_then(|()| out.flush());
        match &self.progress {
            Some(progress) => progress.above(write),
            None => write(),
        }
        if let Err(error) = written {
            self.closed = true;
            // `medallion build | head` is no error; a full disk is.
            if error.kind() != io::ErrorKind::BrokenPipe {
                let _ = writeln!(io::stderr(), "error: cannot write the output: {error}");
            }
        }
    }

    fn is_shown(&self, entry: &Entry) -> bool {
        let drawn = entry.shown_by_progress && self.progress.is_some() && self.level > LogLevel::Debug;
        let empty = entry.is_blank() && self.format == LogFormat::Json;
        entry.level >= self.level && !drawn && !empty
    }
}
