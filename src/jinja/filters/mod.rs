//! Jinja's builtin filters, and dbt's `as_text`, `as_bool`, `as_native`, `as_number`.

mod group;
mod number;
mod select;
mod sequence;
mod text;
mod wrap;

pub(crate) use sequence::sorted;

use super::args::Args;
use super::fault::Outcome;
use super::interp::Interp;
use super::value::Value;
use crate::diagnostic::Diagnostic;

type Filter = fn(&mut Interp<'_>, &Value, Args) -> Outcome<Value>;

pub(crate) fn apply(interp: &mut Interp<'_>, name: &str, subject: &Value, args: Args) -> Outcome<Value> {
    match find(name) {
        Some(filter) => filter(interp, subject, args),
        None => Err(Diagnostic::new(format!("no filter named '{name}'")).known_names(name, "filters", names()).into()),
    }
}

pub(crate) fn exists(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<Filter> {
    let mut tables = TABLES.iter().flat_map(|table| table.iter());
    tables.find(|(known, _)| *known == name).map(|(_, filter)| *filter)
}

fn names() -> impl Iterator<Item = &'static str> {
    TABLES.iter().flat_map(|table| table.iter()).map(|(name, _)| *name)
}

const TABLES: [&[(&str, Filter)]; 6] =
    [text::FILTERS, sequence::FILTERS, number::FILTERS, select::FILTERS, group::FILTERS, wrap::FILTERS];
