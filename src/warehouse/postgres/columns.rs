//! The columns of a relation on the server, and what is known of their values.

use std::collections::HashSet;

use datafusion::common::ScalarValue;

use super::connect::Connection;
use super::wire::{PgColumn, PgKind, PgType};
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// Columns in order. A domain is what it is over; `element` is the type of an array's elements, a domain resolved too.
const COLUMNS: &str = "
with recursive base as (
    select t.oid as domain, t.oid, t.typtype, t.typbasetype, t.typtypmod as typmod from pg_catalog.pg_type t
    where t.oid in (select atttypid from pg_catalog.pg_attribute where attrelid = $1 and attnum > 0
                    union all
                    select e.typelem from pg_catalog.pg_attribute a join pg_catalog.pg_type e on e.oid = a.atttypid
                    where a.attrelid = $1 and a.attnum > 0 and e.typcategory = 'A')
    union all
    select base.domain, t.oid, t.typtype, t.typbasetype, case when t.typtype = 'd' then t.typtypmod else base.typmod end
    from base join pg_catalog.pg_type t on t.oid = base.typbasetype where base.typtype = 'd'
)
select a.attname, base.oid, case when a.atttypmod >= 0 then a.atttypmod when base.oid <> a.atttypid then base.typmod else -1 end,
       t.typtype, t.typcategory, t.typelem, format_type(base.oid, null),
       element.oid, element.typtype, case when element.oid is not null then format_type(element.oid, null) end
from pg_catalog.pg_attribute a
join base on base.domain = a.atttypid and base.typtype <> 'd'
join pg_catalog.pg_type t on t.oid = base.oid
left join base as element on element.domain = t.typelem and element.typtype <> 'd' and t.typcategory = 'A'
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
order by a.attnum";

pub async fn of(connection: &Connection, name: &RelationName, oid: u32) -> Result<Vec<PgColumn>, WarehouseError> {
    let rows = connection.query(COLUMNS, &[&oid]).await;
    let rows = rows.map_err(failed(connection, format!("cannot read the columns of {name}")))?;
    let kind_of = |code: Option<i8>| code.map(|code| char::from(code.unsigned_abs()));
    let columns = rows.iter().map(|row| {
        let typmod: i32 = row.get(2);
        let kind = match (kind_of(row.get(3)), kind_of(row.get(4)), row.get::<_, Option<u32>>(7)) {
            (Some('e'), _, _) => PgKind::Enum,
            (_, Some('A'), Some(element)) => {
                let inner = if kind_of(row.get(8)) == Some('e') { PgKind::Enum } else { PgKind::Other };
                let element = PgType::from_oid(element, -1, row.get(9), inner);
                PgKind::Array { element, element_oid: row.get(5) }
            }
            _ => PgKind::Other,
        };
        PgColumn { name: row.get(0), pg_type: PgType::from_oid(row.get(1), typmod, row.get(6), kind) }
    });
    Ok(columns.collect())
}

/// How large a table is, and the columns that an index of it starts with.
const MEASURES: &str = "
select pg_relation_size(c.oid) / current_setting('block_size')::bigint, c.relpages, c.reltuples::float8,
       array(select distinct a.attname::text from pg_catalog.pg_index i
             join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
             join pg_catalog.pg_class x on x.oid = i.indexrelid
             join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'btree'
             where i.indrelid = c.oid and i.indisvalid and i.indpred is null)
from pg_catalog.pg_class c where c.oid = $1";

#[derive(Debug, Clone)]
pub struct Measures {
    pub pages: i64,
    /// About.
    pub rows: u64,
    pub indexed: HashSet<String>,
}

pub async fn measures(connection: &Connection, name: &RelationName, oid: u32) -> Result<Measures, WarehouseError> {
    let found = connection.query_one(MEASURES, &[&oid]).await;
    let row = found.map_err(failed(connection, format!("cannot read the size and the indexes of {name}")))?;
    let (pages, known_pages, known_rows): (i64, i32, f64) = (row.get(0), row.get(1), row.get(2));
    // What is not analyzed has about as many rows on a page as others do.
    let density = if known_pages > 0 && known_rows >= 0.0 { known_rows / f64::from(known_pages) } else { 64.0 };
    let rows = (density * pages as f64) as u64;
    Ok(Measures { pages, rows, indexed: row.get::<_, Vec<String>>(3).into_iter().collect() })
}

/// The greatest values of the times that an index keeps in order: a watermark need not read the table.
pub async fn greatest(
    connection: &Connection,
    name: &RelationName,
    indexed: &HashSet<String>,
    columns: &[PgColumn],
) -> Result<Vec<(usize, ScalarValue)>, WarehouseError> {
    let is_time = |column: &PgColumn| matches!(column.pg_type, PgType::Timestamp | PgType::Timestamptz);
    let wanted = columns.iter().enumerate().filter(|(_, column)| is_time(column) && indexed.contains(&column.name));
    let wanted: Vec<usize> = wanted.map(|(place, _)| place).collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let micros = |index: &usize| {
        let column = quote::identifier(&columns[*index].name);
        let zoned = matches!(columns[*index].pg_type, PgType::Timestamptz);
        let instant = if zoned { "" } else { " at time zone 'UTC'" };
        // Infinity has no microseconds: it is left to the reading of the rows to say so.
        format!(
            "(select case when isfinite(v) then (extract(epoch from v{instant}) * 1000000)::bigint end from (select max({column}) as v from {}) m)",
            quote::relation(name)
        )
    };
    let query = format!("select {}", wanted.iter().map(micros).collect::<Vec<_>>().join(", "));
    let cannot = failed(connection, format!("cannot read the greatest values of {name}"));
    let row = connection.query_one(&query, &[]).await.map_err(cannot)?;
    let value = |(place, index): (usize, &usize)| {
        let micros: i64 = row.get::<_, Option<i64>>(place)?;
        let zone = matches!(columns[*index].pg_type, PgType::Timestamptz).then(|| "UTC".into());
        Some((*index, ScalarValue::TimestampMicrosecond(Some(micros), zone)))
    };
    Ok(wanted.iter().enumerate().filter_map(value).collect())
}
