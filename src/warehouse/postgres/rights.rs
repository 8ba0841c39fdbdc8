//! Owner, rights and comments of a relation: kept when it is made anew.

use super::connect::Connection;
use super::exchange::kind;
use super::{failed, quote};
use crate::relation::RelationName;
use crate::warehouse::WarehouseError;

pub struct Rights {
    owner: Option<String>,
    /// Statements without the relation's name, which stands between the two halves.
    statements: Vec<(String, String)>,
    /// Of the relation itself, quoted.
    comment: Option<String>,
}

/// Rights of the relation and of its columns.
const GRANTS: &str = "
select a.privilege_type, null::text, case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end, a.is_grantable
from pg_catalog.pg_class c, aclexplode(c.relacl) a where c.oid = $1 and a.grantee <> c.relowner
union all
select a.privilege_type, t.attname, case when a.grantee = 0 then null else pg_get_userbyid(a.grantee) end, a.is_grantable
from pg_catalog.pg_attribute t, aclexplode(t.attacl) a where t.attrelid = $1 and not t.attisdropped";

const COMMENTS: &str = "
select d.description, a.attname
from pg_catalog.pg_description d
left join pg_catalog.pg_attribute a on a.attrelid = d.objoid and a.attnum = d.objsubid and d.objsubid > 0
where d.objoid = $1 and d.classoid = 'pg_catalog.pg_class'::regclass";

impl Rights {
    pub async fn of(connection: &Connection, oid: u32) -> Result<Self, WarehouseError> {
        let cannot = || failed(connection, "cannot read the rights of a relation");
        let owner = connection
            .query_one(
                "select nullif(pg_get_userbyid(relowner), current_user) from pg_catalog.pg_class where oid = $1",
                &[&oid],
            )
            .await
            .map_err(cannot())?
            .get(0);
        let (mut statements, mut comment) = (Vec::new(), None);
        for row in connection.query(GRANTS, &[&oid]).await.map_err(cannot())? {
            let privilege: String = row.get(0);
            let column = row.get::<_, Option<&str>>(1).map(|c| format!(" ({})", quote::identifier(c)));
            let grantee = row.get::<_, Option<&str>>(2).map_or("public".to_string(), quote::identifier);
            let option = if row.get(3) { " with grant option" } else { "" };
            let head = format!("grant {privilege}{} on table ", column.unwrap_or_default());
            statements.push((head, format!(" to {grantee}{option}")));
        }
        for row in connection.query(COMMENTS, &[&oid]).await.map_err(cannot())? {
            let text = quote::literal(row.get(0));
            match row.get::<_, Option<&str>>(1) {
                Some(column) => {
                    let column = format!(".{} is {text}", quote::identifier(column));
                    statements.push(("comment on column ".to_string(), column));
                }
                None => comment = Some(text),
            }
        }
        Ok(Rights { owner, statements, comment })
    }

    /// Gives them to the relation that has the name now. What it has no column for any more is left out.
    pub async fn restore(&self, connection: &Connection, name: &RelationName) -> Result<(), WarehouseError> {
        let relation = quote::relation(name);
        // Default privileges may have given rights that the former had not.
        let grantees = grantees(connection, name).await?;
        let mut all: Vec<String> =
            grantees.iter().map(|grantee| format!("revoke all on table {relation} from {grantee}")).collect();
        all.extend(self.statements.iter().map(|(head, tail)| format!("{head}{relation}{tail}")));
        if let (Some(comment), Some(kind)) = (&self.comment, uncommented(connection, name).await?) {
            all.push(format!("comment on {kind} {relation} is {comment}"));
        }
        if let Some(owner) = &self.owner {
            all.push(format!("alter table {relation} owner to {}", quote::identifier(owner)));
        }
        let action = format!("cannot give {name} the rights that its predecessor had");
        for statement in all {
            let guarded = format!("savepoint medallion_rights; {statement}; release medallion_rights");
            let Err(error) = connection.batch_execute(&guarded).await else { continue };
            let told = failed(connection, action.as_str())(error);
            connection.tell(&told.to_string());
            connection
                .batch_execute("rollback to medallion_rights")
                .await
                .map_err(failed(connection, action.as_str()))?;
        }
        Ok(())
    }
}

/// Who has rights on the relation beside its owner: quoted.
async fn grantees(connection: &Connection, name: &RelationName) -> Result<Vec<String>, WarehouseError> {
    const GRANTEES: &str = "
    select distinct case when a.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end
    from pg_catalog.pg_class c, aclexplode(c.relacl) a where c.oid = $1::text::regclass and a.grantee <> c.relowner";
    let rows = connection.query(GRANTEES, &[&quote::relation(name)]).await;
    let rows = rows.map_err(failed(connection, format!("cannot read the grants of {name}")))?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// The kind of a relation that has no comment of its own, in SQL's words.
async fn uncommented(connection: &Connection, name: &RelationName) -> Result<Option<&'static str>, WarehouseError> {
    const KIND: &str = "
    select relkind from pg_catalog.pg_class where oid = $1::text::regclass and obj_description(oid, 'pg_class') is null";
    let found = connection.query_opt(KIND, &[&quote::relation(name)]).await;
    let found = found.map_err(failed(connection, format!("cannot read the comment of {name}")))?;
    Ok(found.map(|row| kind(char::from(row.get::<_, i8>(0).unsigned_abs()))))
}
