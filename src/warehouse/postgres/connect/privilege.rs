//! Missing rights: which statement gives them.

use super::super::quote::identifier;
use super::Site;

/// medallion's own tables, which messages name without their schema.
const NOTES: [&str; 3] = ["relation", "document", "publication"];

/// The statement to run for the role of `site`, after the server's message. `None` where the message names no object.
pub fn hint(site: &Site, message: &str) -> Option<String> {
    let role = identifier(&site.role);
    if let Some(rest) = message.strip_prefix("permission denied for ") {
        let (kind, name) = object(rest)?;
        let is_note = kind == "table" && NOTES.contains(&name);
        let name = quoted_path(name);
        let statement = match kind {
            // Whoever made medallion's own schema shares it with the roles that publish to other schemas of the database.
            _ if is_note || (kind, name.as_str()) == ("schema", "\"medallion\"") => format!(
                "grant usage, create on schema medallion to {role}; \
                 grant select, insert, update, delete on all tables in schema medallion to {role}"
            ),
            "database" => format!("grant connect, create, temporary on database {name} to {role}"),
            "schema" => format!("grant usage, create on schema {name} to {role}"),
            "table" | "view" | "relation" | "materialized view" => {
                format!("grant select, insert, update, delete on table {name} to {role}")
            }
            "foreign server" => format!("grant usage on foreign server {name} to {role}"),
            "foreign-data wrapper" => format!("grant usage on foreign data wrapper {name} to {role}"),
            "sequence" => format!("grant usage, select on sequence {name} to {role}"),
            "function" => format!("grant execute on function {name} to {role}"),
            "type" | "language" => format!("grant usage on {kind} {name} to {role}"),
            _ => return Some(format!("the role {role} needs rights on the {kind} {name}")),
        };
        return Some(format!("as its owner or a superuser run, in the database '{}': {statement}", site.database));
    }
    if let Some(rest) = message.strip_prefix("must be owner of ") {
        let (kind, name) = object(rest)?;
        let name = quoted_path(name);
        return Some(format!(
            "only the owner may replace or index a {kind}: as a superuser run `alter {kind} {name} owner to {role}`, or set \
             `role` in profiles.yml to its owner"
        ));
    }
    if let Some(table) = message.strip_prefix("query would be affected by row-level security policy for ") {
        return Some(format!(
            "all rows of the {table} must be seen to be written: as a superuser run `alter role {role} bypassrls`, or take \
             `force row level security` off the table if {role} owns it"
        ));
    }
    let statement = match message {
        _ if message.starts_with("permission denied to create database") => format!("alter role {role} createdb"),
        _ if message.starts_with("permission denied to create extension") => {
            return Some(
                "create the extension as a superuser; `medallion setup --dry-run` shows the statement".to_string(),
            );
        }
        _ if message.starts_with("permission denied to set role") => {
            format!("grant {role} to {}", identifier(&site.user))
        }
        _ => return Some(format!("the role {role} lacks a right; a superuser can give it")),
    };
    Some(format!("as a superuser run: {statement}"))
}

/// Kind and name of `foreign server data_lake`; the kind is one or two words.
fn object(text: &str) -> Option<(&str, &str)> {
    ["foreign server", "foreign-data wrapper", "materialized view", "foreign table"]
        .into_iter()
        .find_map(|kind| text.strip_prefix(kind).map(|name| (kind, name.trim())))
        .or_else(|| text.split_once(' '))
}

/// Messages name an object as it is, or with its schema.
fn quoted_path(name: &str) -> String {
    name.split('.').map(|part| identifier(part.trim_matches('"'))).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(message: &str) -> String {
        let site = Site { database: "dev".into(), user: "ann".into(), role: "etl".into(), ..Site::default() };
        hint(&site, message).unwrap()
    }

    #[test]
    fn a_missing_right_is_followed_by_the_statement_that_gives_it() {
        assert!(
            told("permission denied for schema gold").ends_with("grant usage, create on schema \"gold\" to \"etl\"")
        );
        for own in ["schema medallion", "table publication"] {
            let hint = told(&format!("permission denied for {own}"));
            assert!(hint.ends_with("on all tables in schema medallion to \"etl\""), "{hint}");
        }
        assert!(told("permission denied for table t").ends_with("on table \"t\" to \"etl\""));
        assert!(told("permission denied for foreign server lake").ends_with("foreign server \"lake\" to \"etl\""));
        assert!(told("permission denied for database dev").contains("create, temporary on database \"dev\""));
        assert_eq!(told("permission denied to create database"), "as a superuser run: alter role \"etl\" createdb");
        assert_eq!(told("permission denied to set role \"etl\""), "as a superuser run: grant \"etl\" to \"ann\"");
        let hidden = told("query would be affected by row-level security policy for table \"t\"");
        assert!(hidden.contains("`alter role \"etl\" bypassrls`"), "{hidden}");
        assert!(told("must be owner of table t").contains("`alter table \"t\" owner to \"etl\"`"));
    }
}
