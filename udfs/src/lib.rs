//! The SQL functions of medallion: its own (`word2number`, `try_to_date`), and those that PostgreSQL and DataFusion both
//! have but mean differently, with PostgreSQL's meaning. One function a file, or a few that are one computation; the file
//! says what it does, in SQL.
//!
//! The functions are registered over DataFusion's of the same name; [`all`] lists them. `pg_…` are not for users: they
//! are what casts and operators of a plan are rewritten to.

mod any_numeric;
mod checked;
mod concat;
mod date_part;
mod date_trunc;
mod date_unit;
mod decimal;
mod decimal_room;
mod divide;
mod interval;
mod interval_arithmetic;
mod interval_text;
mod isfinite;
mod magnitude;
mod make_date;
mod md5;
mod md5_column;
mod md5_joined;
mod md5_lanes;
mod modulo;
mod moment_text;
mod nullable;
pub mod number_text;
mod numeric_aggregate;
mod numeric_arithmetic;
mod numeric_rounding;
mod pattern_cache;
mod pg_cast_bytea;
mod pg_cast_float8;
mod pg_cast_int;
mod pg_cast_moment;
mod pg_cast_numeric;
mod pg_cast_text;
mod pg_regex;
mod planner;
mod regex_pattern;
mod regexp_replace;
mod regexp_split;
mod round;
mod sign;
mod substring_pattern;
mod template;
#[cfg(test)]
mod testing;
mod text;
mod timestamp;
mod to_char;
mod to_date;
mod to_timestamp;
mod trim_scale;
mod trunc;
mod try_to_date;
mod word2number;

use std::sync::Arc;

use datafusion_expr::{AggregateUDF, ScalarUDF};

pub use any_numeric::ANY_NUMERIC;
pub use checked::Checked;
pub use concat::Concat;
pub use date_part::DatePart;
pub use date_trunc::DateTrunc;
pub use decimal_room::{Computed, average_needs_any_numeric, meeting_type, needs_any_numeric, sum_needs_any_numeric};
pub use divide::Divide;
pub use interval::IntervalFunction;
pub use interval_arithmetic::IntervalArithmetic;
pub use interval_text::parse_interval;
pub use isfinite::IsFinite;
pub use make_date::MakeDate;
pub use md5::Md5;
pub use md5_joined::Md5Joined;
pub use modulo::Modulo;
pub use nullable::Nullable;
pub use number_text::parse_number;
pub use numeric_aggregate::{NumericAverage, NumericSum};
pub use numeric_arithmetic::NumericArithmetic;
pub use pg_cast_bytea::PgCastBytea;
pub use pg_cast_float8::PgCastFloat8;
pub use pg_cast_int::PgCastInt;
pub use pg_cast_moment::PgCastMoment;
pub use pg_cast_numeric::PgCastNumeric;
pub use pg_cast_text::PgCastText;
pub use pg_regex::PgRegex;
pub use planner::PostgresPlanner;
pub use regexp_replace::RegexpReplace;
pub use regexp_split::RegexpSplit;
pub use round::Round;
pub use sign::Sign;
pub use substring_pattern::SubstringPattern;
pub use to_char::ToChar;
pub use to_date::ToDate;
pub use to_timestamp::ToTimestamp;
pub use trim_scale::TrimScale;
pub use trunc::Trunc;
pub use try_to_date::TryToDate;
pub use word2number::Word2Number;

/// Every scalar function.
pub fn all() -> Vec<Arc<ScalarUDF>> {
    let functions = [
        ScalarUDF::from(Checked::add()),
        ScalarUDF::from(Checked::subtract()),
        ScalarUDF::from(Checked::multiply()),
        ScalarUDF::from(Checked::negate()),
        ScalarUDF::from(Concat::without_separator()),
        ScalarUDF::from(Concat::with_separator()),
        ScalarUDF::from(DatePart::float8()),
        ScalarUDF::from(DatePart::extract()),
        ScalarUDF::from(DateTrunc::default()),
        ScalarUDF::from(Divide::truncated()),
        ScalarUDF::from(Divide::quotient()),
        ScalarUDF::from(IntervalFunction::age()),
        ScalarUDF::from(IntervalFunction::justify_days()),
        ScalarUDF::from(IntervalFunction::justify_hours()),
        ScalarUDF::from(IntervalFunction::justify_interval()),
        ScalarUDF::from(IntervalArithmetic::scale()),
        ScalarUDF::from(IntervalArithmetic::micros()),
        ScalarUDF::from(IsFinite::default()),
        ScalarUDF::from(MakeDate::default()),
        ScalarUDF::from(Md5::default()),
        ScalarUDF::from(Md5Joined::default()),
        ScalarUDF::from(Modulo::default()),
        ScalarUDF::from(Nullable::default()),
        ScalarUDF::from(NumericArithmetic::add()),
        ScalarUDF::from(NumericArithmetic::subtract()),
        ScalarUDF::from(NumericArithmetic::multiply()),
        ScalarUDF::from(NumericArithmetic::remainder()),
        ScalarUDF::from(PgCastBytea::default()),
        ScalarUDF::from(PgCastFloat8::default()),
        ScalarUDF::from(PgCastInt::int2()),
        ScalarUDF::from(PgCastInt::int4()),
        ScalarUDF::from(PgCastInt::int8()),
        ScalarUDF::from(PgCastMoment::date()),
        ScalarUDF::from(PgCastMoment::timestamp()),
        ScalarUDF::from(PgCastMoment::timestamptz()),
        ScalarUDF::from(PgCastNumeric::default()),
        ScalarUDF::from(PgCastText::default()),
        ScalarUDF::from(PgRegex::regex()),
        ScalarUDF::from(PgRegex::iregex()),
        ScalarUDF::from(RegexpReplace::default()),
        ScalarUDF::from(RegexpSplit::default()),
        ScalarUDF::from(Round::default()),
        ScalarUDF::from(Sign::default()),
        ScalarUDF::from(SubstringPattern::default()),
        ScalarUDF::from(ToChar::default()),
        ScalarUDF::from(ToDate::default()),
        ScalarUDF::from(ToTimestamp::default()),
        ScalarUDF::from(TrimScale::default()),
        ScalarUDF::from(Trunc::to_zero()),
        ScalarUDF::from(Trunc::ceil()).with_aliases(["ceiling"]),
        ScalarUDF::from(Trunc::floor()),
        ScalarUDF::from(TryToDate::default()),
        ScalarUDF::from(Word2Number::default()),
    ];
    functions.into_iter().map(Arc::new).collect()
}

/// Every aggregate function: none, DataFusion's have PostgreSQL's meaning.
pub fn all_aggregates() -> Vec<Arc<AggregateUDF>> {
    vec![]
}
