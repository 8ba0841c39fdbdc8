//! An entry as a line of the console, of the log file or of JSON.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::json;

use super::entry::Entry;

/// `02:18:25  Running with medallion=0.1.0`, with further lines of the same entry below the first one's text.
pub fn console(entry: &Entry, now: DateTime<FixedOffset>, colored: bool) -> String {
    let prefix = format!("{}  ", now.format("%H:%M:%S"));
    aligned(&prefix, &entry.text.render(colored))
}

/// `2026-11-23 02:18:25.123456 [info ] [MainThread]: Running with medallion=0.1.0`. The date is there because a log
/// file outlives the day; the time is UTC, as in dbt's.
pub fn dated(entry: &Entry, now: DateTime<FixedOffset>) -> String {
    let at = now.with_timezone(&Utc).format("%Y-%m-%d %H:%M:%S%.6f");
    format!("{at} [{:<5}] [{}]: {}", entry.level.name(), entry.thread_name(), entry.text.render(false))
}

/// dbt's structured log line: `{"info": {…}, "data": {…}}`.
pub fn json(entry: &Entry, now: DateTime<FixedOffset>, invocation_id: &str) -> String {
    json!({
        "info": {
            "category": "",
            "code": entry.code,
            "extra": {},
            "invocation_id": invocation_id,
            "level": entry.level.name(),
            "msg": entry.text.render(false),
            "name": entry.name,
            "pid": std::process::id(),
            "thread": entry.thread_name(),
            "ts": now.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Micros, true),
        },
        "data": entry.data,
    })
    .to_string()
}

fn aligned(prefix: &str, text: &str) -> String {
    let pad = " ".repeat(prefix.len());
    let mut lines = text.lines();
    let mut shown = format!("{prefix}{}", lines.next().unwrap_or_default());
    for line in lines {
        shown.push('\n');
        shown.push_str(format!("{pad}{line}").trim_end());
    }
    shown
}
