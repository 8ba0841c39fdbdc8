//! What the user asked the reports to be.

use std::io::IsTerminal;
use std::path::PathBuf;

/// `--log-format`: how the lines of a run are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// Plain lines on the console, dated lines with level and thread in the log file.
    #[default]
    Default,
    /// The same plain lines on the console and in the log file.
    Text,
    /// One JSON object a line in dbt's structured log shape, on the console and in the log file.
    Json,
}

/// `--log-level`: the least important line the console shows. The log file takes them all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum LogLevel {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
    /// Nothing at all.
    None,
}

impl LogLevel {
    pub(super) fn name(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
            LogLevel::None => "none",
        }
    }
}

/// Everything the reports of a command depend on.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    pub format: LogFormat,
    pub level: LogLevel,
    /// `--quiet`: errors only.
    pub quiet: bool,
    /// `--use-colors` or `--no-use-colors`; by environment and terminal where neither is given.
    pub color: Option<bool>,
    /// `--printer-width`: where the dots of a node's line end.
    pub printer_width: usize,
    /// The folder of `medallion.log`; no log file without one.
    pub log_path: Option<PathBuf>,
    /// The folder of `run_results.json`; none is written without one.
    pub target_path: Option<PathBuf>,
    /// Texts that must appear nowhere: passwords, tokens, the values of `DBT_ENV_SECRET_*`.
    pub redact: Vec<String>,
}

impl Default for ReportOptions {
    fn default() -> Self {
        ReportOptions {
            format: LogFormat::Default,
            level: LogLevel::Info,
            quiet: false,
            color: None,
            printer_width: 80,
            log_path: None,
            target_path: None,
            redact: Vec::new(),
        }
    }
}

impl ReportOptions {
    /// The least important level that reaches the console.
    pub(super) fn console_level(&self) -> LogLevel {
        if self.quiet { self.level.max(LogLevel::Error) } else { self.level }
    }

    /// Whether lines to `stream` are coloured.
    pub(super) fn colored(&self, stream: &impl IsTerminal) -> bool {
        self.format != LogFormat::Json && wants_color(self.color, stream.is_terminal(), |name| std::env::var(name).ok())
    }
}

/// The flag decides, then `NO_COLOR`, `CLICOLOR_FORCE`, `CLICOLOR` and `TERM=dumb`, then whether it is a terminal.
fn wants_color(flag: Option<bool>, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    if let Some(flag) = flag {
        return flag;
    }
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") {
        return true;
    }
    terminal && set("CLICOLOR").as_deref() != Some("0") && set("TERM").as_deref() != Some("dumb")
}

/// Whether lines can be redrawn: both streams are terminals that understand cursor movements. With only one of them a
/// terminal, as in `medallion build | tee log`, a bar would be drawn into the other's lines.
pub(super) fn can_draw() -> bool {
    let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal() && !dumb
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_is_the_flags_then_the_environments_then_the_terminals() {
        let color = |flag, terminal, variables: &[(&str, &str)]| {
            wants_color(flag, terminal, |name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_string())
            })
        };
        assert!(color(None, true, &[]));
        assert!(!color(None, false, &[]));
        assert!(!color(Some(false), true, &[("CLICOLOR_FORCE", "1")]));
        assert!(color(Some(true), false, &[("NO_COLOR", "1")]));
        assert!(!color(None, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(color(None, true, &[("NO_COLOR", "")]), "an empty NO_COLOR is not set");
        assert!(color(None, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!color(None, false, &[("CLICOLOR_FORCE", "0")]));
        assert!(!color(None, true, &[("CLICOLOR", "0")]));
        assert!(!color(None, true, &[("TERM", "dumb")]));
    }

    #[test]
    fn quiet_leaves_errors_and_never_shows_more_than_the_level() {
        let level = |level, quiet| ReportOptions { level, quiet, ..ReportOptions::default() }.console_level();
        assert_eq!(level(LogLevel::Debug, true), LogLevel::Error);
        assert_eq!(level(LogLevel::None, true), LogLevel::None);
        assert_eq!(level(LogLevel::Warn, false), LogLevel::Warn);
    }
}
