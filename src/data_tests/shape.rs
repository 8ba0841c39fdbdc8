//! What a standard test asks for, read from its SQL.
//!
//! By its SQL and not by its name, since a project may have a `not_null` of its own: whatever the text does not say word
//! for word is run as the SQL it is.

use datafusion::sql::sqlparser::ast::{GroupByExpr, SetExpr, Statement};

use crate::engine::parse;

/// A column of a table, of a view, or of a filtered one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ColumnOf {
    /// What stands behind `from`.
    pub source: String,
    pub column: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    NotNull(ColumnOf),
    Unique(ColumnOf),
    Relationship { child: ColumnOf, parent: ColumnOf },
}

/// What the test of `column` asks for; `None` where it is not one of the standard tests.
pub fn asked(sql: &str, column: &str) -> Option<Asked> {
    let of = |source: &str| one_table(source).then(|| ColumnOf { source: source.into(), column: column.into() });
    let not_null = [format!("select {column} from"), format!("where {column} is null")];
    if let Some([source]) = holes(sql, &not_null).as_deref() {
        return of(source).map(Asked::NotNull);
    }
    let unique = [
        format!("select {column} as unique_field, count(*) as n_records from"),
        format!("where {column} is not null group by {column} having count(*) > 1"),
    ];
    if let Some([source]) = holes(sql, &unique).as_deref() {
        return of(source).map(Asked::Unique);
    }
    let relationship = [
        format!("with child as ( select {column} as from_field from"),
        format!("where {column} is not null ), parent as ( select"),
        "as to_field from".to_string(),
        ") select from_field from child left join parent on child.from_field = parent.to_field \
         where parent.to_field is null"
            .to_string(),
    ];
    let found = holes(sql, &relationship)?;
    let [child, field, parent] = found.as_slice() else { return None };
    let parent = one_table(parent).then(|| ColumnOf { source: (*parent).into(), column: (*field).into() })?;
    Some(Asked::Relationship { child: of(child)?, parent })
}

/// The texts between `parts` in `sql`, spaces being free: the first part begins it, the last ends it, and those between
/// stand in it once each.
fn holes<'a>(sql: &'a str, parts: &'a [String]) -> Option<Vec<&'a str>> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let parts: Vec<Vec<&str>> = parts.iter().map(|part| part.split_whitespace().collect()).collect();
    let (first, others) = parts.split_first()?;
    let (last, middle) = others.split_last()?;
    let mut rest = words.strip_prefix(first.as_slice())?.strip_suffix(last.as_slice())?;
    let mut found = Vec::new();
    for part in middle {
        let mut at = rest.windows(part.len()).enumerate().filter(|(_, window)| window == part).map(|(at, _)| at);
        let (at, None) = (at.next()?, at.next()) else { return None };
        found.push(text(sql, &rest[..at])?);
        rest = &rest[at + part.len()..];
    }
    found.push(text(sql, rest)?);
    Some(found)
}

/// The part of `sql` from the first of its words to the last.
fn text<'s>(sql: &'s str, words: &[&'s str]) -> Option<&'s str> {
    let start = words.first()?.as_ptr() as usize - sql.as_ptr() as usize;
    let last = words.last()?;
    let end = last.as_ptr() as usize + last.len() - sql.as_ptr() as usize;
    sql.get(start..end)
}

/// Whether the text behind a `from` is one table or one subquery, and nothing else.
fn one_table(source: &str) -> bool {
    let Ok(Statement::Query(query)) = parse(&format!("select 1 from {source}")) else { return false };
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let bare =
        query.with.is_none() && query.order_by.is_none() && query.limit_clause.is_none() && query.fetch.is_none();
    let ungrouped = matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    let plain = select.selection.is_none() && select.having.is_none() && ungrouped;
    bare && plain && matches!(select.from.as_slice(), [table] if table.joins.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = r#""dev"."main"."t""#;

    fn column(source: &str, column: &str) -> ColumnOf {
        ColumnOf { source: source.to_string(), column: column.to_string() }
    }

    #[test]
    fn the_standard_tests_are_known() {
        let sql = format!("select id\nfrom {T}\nwhere id is null");
        assert_eq!(asked(&sql, "id"), Some(Asked::NotNull(column(T, "id"))));
        let sql = format!(
            "select\n    \"a  b\" as unique_field,\n    count(*) as n_records\nfrom {T}\nwhere \"a  b\" is not null\n\
             group by \"a  b\"\nhaving count(*) > 1"
        );
        assert_eq!(asked(&sql, "\"a  b\""), Some(Asked::Unique(column(T, "\"a  b\""))));
    }

    #[test]
    fn a_condition_stays_with_its_table() {
        let filtered = format!("(select * from {T} where note = 'a  (b') dbt_subquery");
        let sql = format!("select id from {filtered} where id is null");
        assert_eq!(asked(&sql, "id"), Some(Asked::NotNull(column(&filtered, "id"))));
    }

    #[test]
    fn a_relationship_has_two_sides() {
        let sql = format!(
            "with child as (\n\n    select t_id as from_field\n    from u\n    where t_id is not null\n\n),\n\nparent as (\n\n\
             select id as to_field\n    from {T}\n\n)\n\nselect from_field\nfrom child\n\
             left join parent on child.from_field = parent.to_field\nwhere parent.to_field is null"
        );
        let (child, parent) = (column("u", "t_id"), column(T, "id"));
        assert_eq!(asked(&sql, "t_id"), Some(Asked::Relationship { child, parent }));
    }

    #[test]
    fn any_other_text_is_only_sql() {
        for sql in [
            "select id from t union all select id from u where id is null",
            "select id from t where x > 0 group by id having id > 0 where id is null",
            "select id from t, u where id is null",
            "select id from t join u using (id) where id is null",
            "select id from t where id is null limit 3",
            "select other from t where id is null",
            "select id from where id is null",
            "",
        ] {
            assert_eq!(asked(sql, "id"), None, "{sql}");
        }
    }
}
