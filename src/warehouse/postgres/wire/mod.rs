//! Arrow record batches to and from PostgreSQL's binary COPY format, and the types of one in terms of the other.
//!
//! Pure: bytes in, bytes out, no connection. A value reads and writes exactly or is an error that names its column and
//! row; nothing is rounded, cut or replaced in silence. The two exceptions are those of a cast in Postgres: what is finer
//! than a microsecond is cut off, and the blanks that pad a `char(n)` are not read.
//!
//! Errors name the column; [`WireError::of`] adds the table.
//!
//! ```text
//! staging   pg_type(&field) → PgType::sql() → CREATE TABLE;  Encoder::new → header, batch…, trailer → COPY … FROM STDIN
//! reading   PgType::from_oid → PgColumn → arrow_field → schema;  COPY … TO STDOUT → Decoder::new → push…, finish
//! ```

mod arrow_type;
mod decode;
mod encode;
mod error;
mod pg_type;
#[cfg(test)]
mod tests;

pub use arrow_type::{PG_TYPE, PgColumn, arrow_field, pg_type, placeholder_field};
pub use decode::Decoder;
pub use encode::Encoder;
pub use error::WireError;
pub use pg_type::{PgKind, PgType};

/// Microseconds between 1970-01-01, from which Arrow counts, and 2000-01-01, from which Postgres counts.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// The same in days.
const EPOCH_DAYS: i32 = 10_957;
/// What a binary COPY starts with.
const SIGNATURE: &[u8; 11] = b"PGCOPY\n\xff\r\n\0";
