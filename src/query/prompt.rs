//! Line editing: what the Tab and Enter keys do.

use rustyline::completion::Completer;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper, Highlighter, Hinter};

use super::complete::candidates;
use super::meta;
use super::session::TableEntry;
use super::statement::split;

/// The editor of the prompt.
pub type Lines = Editor<Keys, DefaultHistory>;

/// An editor that knows `tables` by name.
///
/// # Errors
/// Where the terminal cannot be used.
pub fn editor(tables: Vec<TableEntry>) -> rustyline::Result<Lines> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        // As in a shell: what begins with a space, such as a statement with a secret, is not kept.
        .history_ignore_space(true)
        .max_history_size(10_000)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Keys { tables }));
    Ok(editor)
}

/// What the keys know.
#[derive(Helper, Highlighter, Hinter)]
pub struct Keys {
    pub tables: Vec<TableEntry>,
}

impl Completer for Keys {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(candidates(&line[..at], &self.tables))
    }
}

impl Validator for Keys {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let ready = is_ready(context.input());
        Ok(if ready { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

/// Whether Enter runs `input`, or only starts a new line of it.
fn is_ready(input: &str) -> bool {
    meta::parse(input).is_some() || split(input).rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_runs_what_is_complete() {
        for input in ["", "  ", "select 1;", "\\d", "quit", "-- a note", "select 1; select 2; "] {
            assert!(is_ready(input), "{input}");
        }
        for input in ["select 1", "select ';", "select 1; select", "select $$;"] {
            assert!(!is_ready(input), "{input}");
        }
    }
}
