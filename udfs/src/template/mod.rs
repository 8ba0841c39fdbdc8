//! PostgreSQL's template patterns (`YYYY-MM-DD`, `FM999.99`) as PostgreSQL 15 reads them: what `to_date`,
//! `to_timestamp` and `to_char` share.
//!
//! - [`Template`] is a parsed date pattern; [`Template::read`] takes a text apart into [`Fields`](fields::Fields) with PostgreSQL's
//!   leniency, [`Fields::date`](fields::Fields::date) and [`Fields::timestamp`](fields::Fields::timestamp) put them together; [`Template::write`] goes the other way.
//! - [`number::NumberTemplate`] is a parsed number pattern.
//! - Names of days and months are English and the session's time zone is UTC.
//!
//! Errors have PostgreSQL's wording, its detail and hint behind the message.

pub(crate) mod calendar;
mod fields;
mod keyword;
pub(crate) mod number;
mod number_write;
mod pattern;
mod read;
pub(crate) mod strict;
mod write;

pub(crate) use pattern::Template;
pub(crate) use write::Moment;

#[cfg(test)]
mod tests;
