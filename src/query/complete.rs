//! What the Tab key offers: tables, their columns, SQL words and the prompt's own commands.

use super::meta::COMMANDS;
use super::session::TableEntry;

const KEYWORDS: [&str; 58] = [
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COALESCE",
    "COUNT",
    "CROSS JOIN",
    "CURRENT_DATE",
    "CURRENT_TIMESTAMP",
    "DATE",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DISTINCT ON",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "EXTRACT",
    "FALSE",
    "FILTER",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER JOIN",
    "INTERSECT",
    "INTERVAL",
    "IS NOT NULL",
    "IS NULL",
    "JOIN",
    "LATERAL",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "NOT",
    "NULL",
    "NULLS FIRST",
    "NULLS LAST",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "SELECT",
    "THEN",
    "UNION ALL",
    "VALUES",
    "WHEN",
    "WHERE",
];

/// Where the word before the cursor starts, and what it may become. `before` is the text up to the cursor.
pub fn candidates(before: &str, tables: &[TableEntry]) -> (usize, Vec<String>) {
    if before.trim_start().starts_with('\\') {
        return of_command(before, tables);
    }
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || "_.\"$".contains(c)))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let word = &before[start..];
    if word.is_empty() {
        return (start, Vec::new());
    }
    let mut found = names(word, tables);
    if let Some((qualifier, column)) = word.rsplit_once('.') {
        // `alias.col`: any column fits, as the alias may stand further on in the statement.
        let columns = matching_columns(before, column, tables);
        found.extend(columns.into_iter().map(|name| format!("{qualifier}.{name}")));
    } else {
        found.extend(matching_columns(before, word, tables));
        found.extend(keywords(word));
    }
    dedup(&mut found);
    (start, found)
}

fn of_command(before: &str, tables: &[TableEntry]) -> (usize, Vec<String>) {
    let lead = before.len() - before.trim_start().len();
    match before.trim_start().split_once(char::is_whitespace) {
        None => {
            let typed = &before[lead..];
            let commands = COMMANDS.iter().map(|(name, _)| (*name).to_string()).filter(|name| name.starts_with(typed));
            (lead, commands.collect())
        }
        Some(("\\d" | "\\dt" | "\\d+", argument)) => (before.len() - argument.trim_start().len(), {
            let mut found = names(argument.trim_start(), tables);
            dedup(&mut found);
            found
        }),
        Some(("\\f", argument)) => {
            let formats = super::format::Format::NAMES.iter().filter(|name| name.starts_with(argument.trim_start()));
            (before.len() - argument.trim_start().len(), formats.map(|name| (*name).to_string()).collect())
        }
        Some(_) => (before.len(), Vec::new()),
    }
}

/// Tables whose name, or the end of it after a dot, begins with `word`.
fn names(word: &str, tables: &[TableEntry]) -> Vec<String> {
    let begins = |name: &str| {
        let after_dots = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
        std::iter::once(name).chain(after_dots).any(|end| begins_with(end, word))
    };
    tables.iter().map(|table| table.name.clone()).filter(|name| begins(name)).collect()
}

/// Columns that begin with `word`: those of the tables the statement names, or of all where it names none.
fn matching_columns(before: &str, word: &str, tables: &[TableEntry]) -> Vec<String> {
    let named: Vec<&TableEntry> = tables
        .iter()
        .filter(|table| table.name.rsplit('.').next().is_some_and(|short| before.contains(short)))
        .collect();
    let from: Vec<&TableEntry> = if named.is_empty() { tables.iter().collect() } else { named };
    let columns = from.into_iter().flat_map(|table| table.columns.iter().map(|(name, _)| name.clone()));
    columns.filter(|name| begins_with(name, word)).collect()
}

/// SQL words in the letters of what was typed, small or capital.
fn keywords(word: &str) -> Vec<String> {
    let capital = word.chars().any(char::is_uppercase);
    let found = KEYWORDS.iter().filter(|keyword| begins_with(keyword, word));
    found.map(|keyword| if capital { (*keyword).to_string() } else { keyword.to_lowercase() }).collect()
}

fn begins_with(name: &str, word: &str) -> bool {
    name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
}

fn dedup(found: &mut Vec<String>) {
    let mut seen = std::collections::HashSet::new();
    found.retain(|name| seen.insert(name.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<TableEntry> {
        let table = |name: &str, columns: &[&str]| TableEntry {
            name: name.to_string(),
            columns: columns.iter().map(|column| ((*column).to_string(), "text".to_string())).collect(),
        };
        vec![table("dev.gold.product_dim", &["id", "name"]), table("dev.silver.transaction", &["product_id", "price"])]
    }

    #[test]
    fn words_become_tables_columns_and_keywords() {
        let cases: [(&str, usize, &[&str]); 11] = [
            ("sel", 0, &["select"]),
            ("SEL", 0, &["SELECT"]),
            ("select * from pro", 14, &["dev.gold.product_dim", "product_id"]),
            (
                "select * from gold.",
                14,
                &["dev.gold.product_dim", "gold.id", "gold.name", "gold.product_id", "gold.price"],
            ),
            ("select * from dev.silver.transaction t where t.pr", 45, &["t.product_id", "t.price"]),
            ("select * from dev.silver.transaction where na", 43, &[]),
            ("select é, pri", 11, &["price"]),
            ("select ", 7, &[]),
            ("\\ti", 0, &["\\timing"]),
            ("\\d prod", 3, &["dev.gold.product_dim"]),
            ("\\f c", 3, &["csv"]),
        ];
        for (before, start, words) in cases {
            let expected = (start, words.iter().map(|word| (*word).to_string()).collect::<Vec<_>>());
            assert_eq!(candidates(before, &tables()), expected, "{before}");
        }
    }
}
