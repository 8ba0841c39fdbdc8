//! `(a, b) = (1, 2)`: rows are compared field by field, so that a null makes the whole unknown unless another field decides.

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, UnaryOperator};

/// Spells out `=` and `<>` of two rows of one width, and `IN` of a row and a list of rows.
pub fn spell_out(expr: &mut Expr) {
    match expr {
        Expr::BinaryOp { left, op: op @ (BinaryOperator::Eq | BinaryOperator::NotEq), right } => {
            if let (Expr::Tuple(left), Expr::Tuple(right)) = (left.as_ref(), right.as_ref())
                && let Some(spelled_out) = compared(left, op, right)
            {
                *expr = spelled_out;
            }
        }
        Expr::InList { expr: row, list, negated } => {
            let Expr::Tuple(row) = row.as_ref() else { return };
            let equal = list.iter().map(|other| match other {
                Expr::Tuple(other) => compared(row, &BinaryOperator::Eq, other),
                _ => None,
            });
            let Some(equal) = equal.collect::<Option<Vec<_>>>() else { return };
            let Some(one_of) = joined(equal, &BinaryOperator::Or) else { return };
            *expr = if *negated { Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(one_of) } } else { one_of };
        }
        _ => {}
    }
}

fn compared(left: &[Expr], op: &BinaryOperator, right: &[Expr]) -> Option<Expr> {
    if left.len() != right.len() {
        return None;
    }
    let pairs = left.iter().zip(right).map(|(left, right)| Expr::BinaryOp {
        left: Box::new(left.clone()),
        op: op.clone(),
        right: Box::new(right.clone()),
    });
    joined(pairs, if *op == BinaryOperator::Eq { &BinaryOperator::And } else { &BinaryOperator::Or })
}

fn joined(parts: impl IntoIterator<Item = Expr>, op: &BinaryOperator) -> Option<Expr> {
    let nested = |expr| Expr::Nested(Box::new(expr));
    let join = |left, right| Expr::BinaryOp { left: Box::new(left), op: op.clone(), right: Box::new(right) };
    parts.into_iter().reduce(join).map(nested)
}
