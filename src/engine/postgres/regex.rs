//! `~`, `~*`, `!~` and `!~*` take Postgres' regular expressions, and `SIMILAR TO` its patterns.

use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue, not_impl_err};
use datafusion::error::Result;
use datafusion::logical_expr::{BinaryExpr, Expr, Like, Operator, ScalarUDF, lit, not};
use medallion_udfs::PgRegex;

pub fn rewrite(expr: Expr, _: &DFSchema) -> Result<Transformed<Expr>> {
    if let Expr::SimilarTo(like) = expr {
        return similar(like).map(Transformed::yes);
    }
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return Ok(Transformed::no(expr)) };
    let (regex, is_negated) = match op {
        Operator::RegexMatch => (PgRegex::regex(), false),
        Operator::RegexIMatch => (PgRegex::iregex(), false),
        Operator::RegexNotMatch => (PgRegex::regex(), true),
        Operator::RegexNotIMatch => (PgRegex::iregex(), true),
        _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
    };
    let matches = ScalarUDF::from(regex).call(vec![*left, *right]);
    Ok(Transformed::yes(if is_negated { not(matches) } else { matches }))
}

fn similar(like: Like) -> Result<Expr> {
    let pattern = match like.pattern.as_ref() {
        Expr::Literal(pattern, _) => pattern.try_as_str(),
        _ => None,
    };
    let Some(pattern) = pattern else { return not_impl_err!("SIMILAR TO takes a pattern that is written out: use ~") };
    let pattern = pattern.map(|pattern| regex_of(pattern, like.escape_char.unwrap_or('\\')));
    let matches = ScalarUDF::from(PgRegex::regex()).call(vec![*like.expr, lit(ScalarValue::Utf8(pattern))]);
    Ok(if like.negated { not(matches) } else { matches })
}

/// The whole text has to match; `%` and `_` stand for any characters and any one.
fn regex_of(pattern: &str, escape: char) -> String {
    let mut regex = "^(?:".to_string();
    let mut chars = pattern.chars();
    while let Some(character) = chars.next() {
        match character {
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '.' | '^' | '$' => regex.extend(['\\', character]),
            character if character == escape => {
                if let Some(literal) = chars.next() {
                    if !literal.is_alphanumeric() {
                        regex.push('\\');
                    }
                    regex.push(literal);
                }
            }
            other => regex.push(other),
        }
    }
    regex.push_str(")$");
    regex
}
