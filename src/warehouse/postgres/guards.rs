//! What somebody put on a relation to watch over it: row-level security, constraints, triggers, rules. It goes over to
//! what takes the relation's place, or the run stops: nobody is to see rows that a policy kept from them before.

use tokio_postgres::error::SqlState;

use super::connect::{Connection, ErrorKind};
use super::failed;
use super::patience::attempt;
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

/// In the order in which they are made again.
pub struct Guards(Vec<Guard>);

struct Guard {
    /// As in "the policy by_region".
    what: String,
    /// Makes it.
    sql: String,
    /// Whether the rows must not be seen without it.
    secures: bool,
    /// Whether it is about the rows alone, so that it can be made before the table is in its place.
    early: bool,
}

/// Of the relation $1, for the relation that $2 names.
const GUARDS: &str = "
with r as (select oid, relkind, relrowsecurity, relforcerowsecurity from pg_catalog.pg_class where oid = $1)
select 0 as step, false as secures, 'not null of the column ' || a.attname as what,
       format('alter table %s alter column %I set not null', $2::text, a.attname) as sql
from r join pg_catalog.pg_attribute a on a.attrelid = r.oid
where r.relkind in ('r', 'p') and a.attnum > 0 and a.attnotnull and not a.attisdropped
union all
select case c.contype when 'c' then 0 when 'f' then 3 else 2 end, false, 'the constraint ' || c.conname,
       format('alter table %s add constraint %I ', $2::text, c.conname) || case when c.contype in ('c', 'f')
           then pg_get_constraintdef(c.oid)
           else case c.contype when 'p' then 'primary key' else 'unique' end || format(' using index %I', i.relname)
                || case when c.condeferrable then ' deferrable' else '' end
                || case when c.condeferred then ' initially deferred' else '' end end
from r join pg_catalog.pg_constraint c on c.conrelid = r.oid
left join pg_catalog.pg_class i on i.oid = c.conindid
where c.contype in ('c', 'f', 'p', 'u')
union all
select 1, true, 'the policy ' || p.polname,
       format('create policy %I on %s as %s for %s to %s%s%s', p.polname, $2::text,
           case when p.polpermissive then 'permissive' else 'restrictive' end,
           case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
               else 'all' end,
           (select string_agg(case when role = 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ')
            from unnest(p.polroles) as role),
           ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
from r join pg_catalog.pg_policy p on p.polrelid = r.oid
union all
select 1, true, 'row-level security', format('alter table %s enable row level security', $2::text) from r where relrowsecurity
union all
select 1, true, 'row-level security of the owner', format('alter table %s force row level security', $2::text)
from r where relforcerowsecurity
union all
select 4, false, 'the trigger ' || t.tgname, pg_get_triggerdef(t.oid)
       || case t.tgenabled when 'O' then '' else format('; alter table %s %s trigger %I', $2::text,
              case t.tgenabled when 'D' then 'disable' when 'R' then 'enable replica' else 'enable always' end, t.tgname)
          end
from r join pg_catalog.pg_trigger t on t.tgrelid = r.oid where not t.tgisinternal
union all
select 5, false, 'the rule ' || w.rulename, rtrim(pg_get_ruledef(w.oid), ';')
from r join pg_catalog.pg_rewrite w on w.ev_class = r.oid where w.rulename <> '_RETURN'
order by step, what";

impl Guards {
    /// Those of a relation, to be made on `table` (quoted).
    pub async fn of(connection: &Connection, oid: u32, table: &str) -> Result<Self, WarehouseError> {
        let cannot = failed(connection, "cannot read the policies, constraints and triggers of a relation");
        let rows = connection.query(GUARDS, &[&oid, &table]).await.map_err(cannot)?;
        let guard = |row: &tokio_postgres::Row| Guard {
            what: row.get("what"),
            sql: row.get("sql"),
            secures: row.get("secures"),
            early: row.get::<_, i32>("step") == 0,
        };
        Ok(Guards(rows.iter().map(guard).collect()))
    }

    /// Makes what looks at all rows of a new table, before that takes its name: others wait for what comes after.
    pub async fn prepare(&self, connection: &Connection, name: &RelationName) -> Result<(), WarehouseError> {
        for guard in self.0.iter().filter(|guard| guard.early) {
            guard.make(connection, name).await?;
        }
        Ok(())
    }

    /// Makes all of them on what has the name now.
    pub async fn restore(&self, connection: &Connection, name: &RelationName) -> Result<(), WarehouseError> {
        for guard in &self.0 {
            guard.make(connection, name).await?;
        }
        Ok(())
    }
}

impl Guard {
    async fn make(&self, connection: &Connection, name: &RelationName) -> Result<(), WarehouseError> {
        let action = format!("cannot give the new {name} {} of the former", self.what);
        let made = attempt(connection, &self.sql, &action).await;
        let Err(WarehouseError::Server(mut told)) = made else { return made };
        if matches!(told.kind, ErrorKind::LockTimeout | ErrorKind::Lost) {
            return Err(WarehouseError::Server(told));
        }
        let is = |state: &SqlState| told.code.as_deref() == Some(state.code());
        // It was prepared.
        if is(&SqlState::DUPLICATE_OBJECT) {
            return Ok(());
        }
        // A column, or the index of a key, is not there any more, or what has the name now is a view.
        let gone = [SqlState::UNDEFINED_COLUMN, SqlState::UNDEFINED_OBJECT, SqlState::WRONG_OBJECT_TYPE];
        if !self.secures && gone.iter().any(is) {
            connection.tell(&told.message);
            return Ok(());
        }
        told.hint = Some(format!(
            "nothing was published: change or drop {} so that the new columns and rows of {name} can have it, or keep \
             what it needs; then run again",
            self.what
        ));
        Err(WarehouseError::Server(told))
    }
}
