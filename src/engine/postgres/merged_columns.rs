//! `SELECT * FROM a JOIN b USING (k)` begins with `k`, which is one column, and has the others of `a` and `b` after it.

use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    JoinConstraint, JoinOperator, ObjectName, Select, SelectItem, SelectItemQualifiedWildcardKind, TableFactor,
    WildcardAdditionalOptions,
};

/// Writes the columns of `*` out. Of several joins all have to use the same columns.
pub fn put_first(select: &mut Select) {
    let Some(written) = written(select) else { return };
    let is_star = |item: &SelectItem| matches!(item, SelectItem::Wildcard(options) if is_plain(options));
    select.projection = std::mem::take(&mut select.projection)
        .into_iter()
        .flat_map(|item| if is_star(&item) { written.clone() } else { vec![item] })
        .collect();
}

fn written(select: &Select) -> Option<Vec<SelectItem>> {
    let [from] = select.from.as_slice() else { return None };
    let used = from.joins.iter().map(|join| using(&join.join_operator)).collect::<Option<Vec<_>>>()?;
    let columns = used.first()?.1;
    if used.iter().any(|(_, others)| *others != columns) {
        return None;
    }
    let base = name_of(&from.relation)?;
    let joined = from.joins.iter().map(|join| name_of(&join.relation)).collect::<Option<Vec<_>>>()?;
    let mut items = vec![];
    for column in columns {
        let column = column.0.last().and_then(|part| part.as_ident())?;
        let of = |relation: &Ident| Expr::CompoundIdentifier(vec![relation.clone(), column.clone()]);
        let mut merged = of(&base);
        for (relation, (kind, _)) in joined.iter().zip(&used) {
            merged = match kind {
                Kept::Left => merged,
                Kept::Right => of(relation),
                Kept::Both => coalesce(merged, of(relation)),
            };
        }
        items.push(SelectItem::ExprWithAlias { expr: merged, alias: column.clone() });
    }
    for relation in std::iter::once(base).chain(joined) {
        let options = WildcardAdditionalOptions {
            opt_exclude: Some(ExcludeSelectItem::Multiple(columns.clone())),
            ..WildcardAdditionalOptions::default()
        };
        let kind = SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![relation]));
        items.push(SelectItem::QualifiedWildcard(kind, options));
    }
    Some(items)
}

fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_ilike.is_none()
}

/// Whose value a merged column has.
#[derive(Clone, Copy)]
enum Kept {
    Left,
    Right,
    Both,
}

fn using(join: &JoinOperator) -> Option<(Kept, &Vec<ObjectName>)> {
    let (kept, constraint) = match join {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint) => (Kept::Left, constraint),
        JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => (Kept::Right, constraint),
        JoinOperator::FullOuter(constraint) => (Kept::Both, constraint),
        _ => return None,
    };
    match constraint {
        JoinConstraint::Using(columns) => Some((kept, columns)),
        _ => None,
    }
}

/// What the columns of a relation are qualified by.
fn name_of(relation: &TableFactor) -> Option<Ident> {
    match relation {
        TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } => {
            Some(alias.name.clone())
        }
        TableFactor::Table { name, alias: None, .. } => name.0.last().and_then(|part| part.as_ident()).cloned(),
        _ => None,
    }
}

fn coalesce(left: Expr, right: Expr) -> Expr {
    let argument = |expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("coalesce")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![argument(left), argument(right)],
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}
