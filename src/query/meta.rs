//! The prompt's own commands, called as in psql.

use std::path::PathBuf;

use super::format::Format;
use super::session::TableEntry;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::nearest;

/// The commands with what they do, for `\?` and for completion.
pub const COMMANDS: [(&str, &str); 8] = [
    ("\\d", "list tables and views; \\d TABLE its columns"),
    ("\\dt", "list tables and views"),
    ("\\f", "FORMAT of results: table, csv, json, ndjson or parquet; the current one without a name"),
    ("\\limit", "show at most N rows of a result; 0 for all"),
    ("\\o", "FILE to which each next result is written; back to the screen without a name"),
    ("\\timing", "turn the time of each statement on or off"),
    ("\\q", "quit, as Ctrl-D does"),
    ("\\?", "this help"),
];

/// What a line that begins with `\` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meta {
    Quit,
    Help,
    Tables,
    Describe(String),
    Timing,
    Output(Option<PathBuf>),
    ShowFormat,
    Format(Format),
    Limit(Option<usize>),
}

/// Reads a line: none where it is not a command but SQL. `quit`, `exit` and `help` are commands too.
///
/// # Errors
/// For a command that does not exist or whose argument cannot be used.
pub fn parse(line: &str) -> Option<Result<Meta, Diagnostic>> {
    let line = line.trim().trim_end_matches(';').trim_end();
    if line.eq_ignore_ascii_case("quit") || line.eq_ignore_ascii_case("exit") {
        return Some(Ok(Meta::Quit));
    }
    if line.eq_ignore_ascii_case("help") {
        return Some(Ok(Meta::Help));
    }
    if !line.starts_with('\\') {
        return None;
    }
    let (command, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    Some(command_of(command, argument.trim()))
}

fn command_of(command: &str, argument: &str) -> Result<Meta, Diagnostic> {
    Ok(match (command, argument) {
        ("\\q", _) => Meta::Quit,
        ("\\?" | "\\h", _) => Meta::Help,
        ("\\d" | "\\dt" | "\\d+", "") => Meta::Tables,
        ("\\d" | "\\dt" | "\\d+", table) => Meta::Describe(table.to_string()),
        ("\\timing", _) => Meta::Timing,
        ("\\o", "") => Meta::Output(None),
        ("\\o", file) => Meta::Output(Some(PathBuf::from(file))),
        ("\\f", "") => Meta::ShowFormat,
        ("\\f", name) => Meta::Format(Format::named(name).ok_or_else(|| {
            Diagnostic::new(format!("no format '{name}'")).known_names(name, "formats", Format::NAMES)
        })?),
        ("\\limit", rows) => match rows.parse::<usize>() {
            Ok(rows) => Meta::Limit((rows > 0).then_some(rows)),
            Err(_) => return Err(Diagnostic::new(format!("'{rows}' is no number of rows")).hint("e.g. \\limit 100")),
        },
        (unknown, _) => {
            let names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
            let hint = match nearest(unknown, &names).filter(|_| unknown.len() > 3) {
                Some(near) => format!("did you mean {near}? \\? lists the commands"),
                None => "\\? lists the commands".to_string(),
            };
            return Err(Diagnostic::new(format!("no command {unknown}")).hint(hint));
        }
    })
}

/// `\?`
pub fn help() -> String {
    let commands = COMMANDS.iter().map(|(name, does)| format!("  {name:<10}{does}\n"));
    let rest = "A statement ends with ;  Ctrl-C cancels it.  Tab completes names.\n";
    commands.chain([rest.to_string()]).collect()
}

/// `\d`: the tables, one a line.
pub fn tables(tables: &[TableEntry]) -> String {
    let mut names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    names.sort_unstable();
    let count = if names.len() == 1 { "1 table".to_string() } else { format!("{} tables", names.len()) };
    names.iter().map(|name| format!("{name}\n")).chain([format!("({count})\n")]).collect()
}

/// `\d table`: every table of that name with its columns.
///
/// # Errors
/// Where no table is called so.
pub fn describe(tables: &[TableEntry], wanted: &str) -> Result<String, Diagnostic> {
    let found: Vec<&TableEntry> = tables.iter().filter(|table| table.is_called(wanted)).collect();
    if found.is_empty() {
        // The short name is what people type.
        let known = tables.iter().map(|table| table.name.rsplit('.').next().unwrap_or(&table.name));
        let wanted_name = wanted.rsplit('.').next().unwrap_or(wanted);
        return Err(Diagnostic::new(format!("no table '{wanted}'")).known_names(wanted_name, "tables", known));
    }
    Ok(found.into_iter().map(described).collect::<Vec<_>>().join("\n"))
}

fn described(table: &TableEntry) -> String {
    let width = table.columns.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let columns = table.columns.iter().map(|(name, data_type)| format!("  {name:<width$}  {data_type}\n"));
    std::iter::once(format!("{}\n", table.name)).chain(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_commands_or_sql() {
        assert_eq!(parse("select 1;"), None);
        assert_eq!(parse("  \\q ").unwrap().unwrap(), Meta::Quit);
        assert_eq!(parse("EXIT;").unwrap().unwrap(), Meta::Quit);
        assert_eq!(parse("help").unwrap().unwrap(), Meta::Help);
        assert_eq!(parse("\\d a.b;").unwrap().unwrap(), Meta::Describe("a.b".to_string()));
        assert_eq!(parse("\\dt").unwrap().unwrap(), Meta::Tables);
        assert_eq!(parse("\\f csv").unwrap().unwrap(), Meta::Format(Format::Csv));
        assert_eq!(parse("\\o /tmp/a b.csv").unwrap().unwrap(), Meta::Output(Some("/tmp/a b.csv".into())));
        assert_eq!(parse("\\limit 0").unwrap().unwrap(), Meta::Limit(None));
        assert_eq!(parse("\\limit 10").unwrap().unwrap(), Meta::Limit(Some(10)));
    }

    #[test]
    fn what_is_wrong_comes_with_what_is_right() {
        let said = |line: &str| parse(line).unwrap().unwrap_err().to_string();
        assert_eq!(said("\\f cvs"), "no format 'cvs'\n  = help: did you mean 'csv'?");
        assert_eq!(said("\\timin"), "no command \\timin\n  = help: did you mean \\timing? \\? lists the commands");
        assert_eq!(said("\\x"), "no command \\x\n  = help: \\? lists the commands");
        assert_eq!(said("\\limit many"), "'many' is no number of rows\n  = help: e.g. \\limit 100");
    }

    #[test]
    fn a_table_is_described_by_any_end_of_its_name() {
        let columns = vec![("id".to_string(), "text".to_string()), ("price".to_string(), "float8".to_string())];
        let tables = [TableEntry { name: "lake.gold.dim".to_string(), columns }];
        let described = "lake.gold.dim\n  id     text\n  price  float8\n";
        for name in ["dim", "gold.dim", "lake.gold.dim"] {
            assert_eq!(describe(&tables, name).unwrap(), described);
        }
        assert_eq!(
            describe(&tables, "gold.dmi").unwrap_err().to_string(),
            "no table 'gold.dmi'\n  = help: did you mean 'dim'?"
        );
        assert_eq!(super::tables(&tables), "lake.gold.dim\n(1 table)\n");
    }
}
