//! Which values of a column a filter lets through, where it names them.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::concat;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Operator;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{
    BinaryExpr, CaseExpr, Column, DynamicFilterPhysicalExpr, DynamicFilterTracking, InListExpr, Literal,
};

/// Rows with other values in the column do not pass.
#[derive(Debug)]
pub struct Asked {
    /// Of the table.
    pub column: usize,
    /// Some may be null, which none equals.
    pub keys: ArrayRef,
}

/// Whether the filter names values, or may name some while the plan runs.
pub fn may_ask(filter: &Arc<dyn PhysicalExpr>) -> bool {
    is_dynamic(filter) || matches!(asked(filter), Ok(asked) if !asked.is_empty())
}

/// Whether the filter may say more while the plan runs. Whoever made it looks at each row once more.
pub fn is_dynamic(filter: &Arc<dyn PhysicalExpr>) -> bool {
    DynamicFilterTracking::classify(filter).contains_dynamic_filter()
}

/// All that hold at once.
pub fn asked(filter: &Arc<dyn PhysicalExpr>) -> Result<Vec<Asked>> {
    if let Some(dynamic) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return asked(&dynamic.current()?);
    }
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        return match binary.op() {
            Operator::And => {
                let mut both = asked(binary.left())?;
                both.extend(asked(binary.right())?);
                Ok(both)
            }
            Operator::Eq => Ok(equal(binary.left(), binary.right())?
                .or(equal(binary.right(), binary.left())?)
                .into_iter()
                .collect()),
            _ => Ok(Vec::new()),
        };
    }
    if let Some(list) = filter.downcast_ref::<InListExpr>().filter(|list| !list.negated()) {
        return among(list);
    }
    if let Some(routed) = filter.downcast_ref::<CaseExpr>() {
        return any_of(routed);
    }
    Ok(Vec::new())
}

fn equal(column: &Arc<dyn PhysicalExpr>, value: &Arc<dyn PhysicalExpr>) -> Result<Option<Asked>> {
    let (Some(column), Some(value)) = (column.downcast_ref::<Column>(), value.downcast_ref::<Literal>()) else {
        return Ok(None);
    };
    Ok(Some(Asked { column: column.index(), keys: value.value().to_array()? }))
}

/// `a in (…)`; of a key of several columns each column for itself.
fn among(list: &InListExpr) -> Result<Vec<Asked>> {
    let values: Option<Vec<ScalarValue>> =
        list.list().iter().map(|value| Some(value.downcast_ref::<Literal>()?.value().clone())).collect();
    let Some(values) = values.filter(|values| !values.is_empty()) else { return Ok(Vec::new()) };
    let keys = ScalarValue::iter_to_array(values)?;
    if let Some(column) = list.expr().downcast_ref::<Column>() {
        return Ok(vec![Asked { column: column.index(), keys }]);
    }
    let Some(fields) = keys.as_struct_opt() else { return Ok(Vec::new()) };
    let columns = list.expr().children();
    let of_columns = columns.into_iter().zip(fields.columns()).filter_map(|(column, keys)| {
        let column = column.downcast_ref::<Column>()?;
        Some(Asked { column: column.index(), keys: Arc::clone(keys) })
    });
    Ok(of_columns.collect())
}

/// Each partition of a join has keys of its own, and a row is looked for in one of them.
fn any_of(routed: &CaseExpr) -> Result<Vec<Asked>> {
    let branches = routed.when_then_expr().iter().map(|(_, then)| then).chain(routed.else_expr());
    let mut together: Option<Vec<Asked>> = None;
    for branch in branches.filter(|branch| !is_false(branch)) {
        let mut branch = asked(branch)?;
        if let Some(known) = together {
            branch = both(known, &branch)?;
        }
        together = Some(branch);
    }
    Ok(together.unwrap_or_default())
}

/// What either lets through.
fn both(known: Vec<Asked>, more: &[Asked]) -> Result<Vec<Asked>> {
    let mut both = Vec::new();
    for Asked { column, keys } in known {
        if let Some(more) = more.iter().find(|more| more.column == column) {
            both.push(Asked { column, keys: concat(&[&keys, &more.keys])? });
        }
    }
    Ok(both)
}

/// Whether no row passes.
pub fn is_false(filter: &Arc<dyn PhysicalExpr>) -> bool {
    if let Some(dynamic) = filter.downcast_ref::<DynamicFilterPhysicalExpr>() {
        return dynamic.current().is_ok_and(|filter| is_false(&filter));
    }
    if let Some(binary) = filter.downcast_ref::<BinaryExpr>() {
        return *binary.op() == Operator::And && (is_false(binary.left()) || is_false(binary.right()));
    }
    filter.downcast_ref::<Literal>().is_some_and(|literal| literal.value() == &ScalarValue::Boolean(Some(false)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, RecordBatch, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_expr::expressions::{binary, case, col, in_list, is_null, lit, not};

    fn schema() -> Schema {
        Schema::new(vec![Field::new("a", DataType::Int32, true), Field::new("b", DataType::Utf8, true)])
    }

    fn column(name: &str) -> Arc<dyn PhysicalExpr> {
        col(name, &schema()).unwrap()
    }

    fn list(name: &str, values: &[i32], negated: bool) -> Arc<dyn PhysicalExpr> {
        in_list(column(name), values.iter().map(|value| lit(*value)).collect(), &negated, &schema()).unwrap()
    }

    fn both(left: Arc<dyn PhysicalExpr>, op: Operator, right: Arc<dyn PhysicalExpr>) -> Arc<dyn PhysicalExpr> {
        binary(left, op, right, &schema()).unwrap()
    }

    fn numbers(filter: &Arc<dyn PhysicalExpr>) -> Vec<(usize, Vec<i32>)> {
        let asked = asked(filter).unwrap().into_iter();
        asked
            .map(|asked| {
                let keys = asked.keys.as_primitive::<arrow::datatypes::Int32Type>();
                (asked.column, keys.values().to_vec())
            })
            .collect()
    }

    #[test]
    fn values_that_a_filter_names_are_found() {
        let (a, more) = (list("a", &[1, 2], false), list("a", &[2, 3], false));
        let greater = both(column("a"), Operator::Gt, lit(7));
        assert_eq!(numbers(&a), [(0, vec![1, 2])]);
        assert_eq!(numbers(&both(Arc::clone(&greater), Operator::And, Arc::clone(&a))), [(0, vec![1, 2])]);
        assert_eq!(
            numbers(&both(Arc::clone(&a), Operator::And, Arc::clone(&more))),
            [(0, vec![1, 2]), (0, vec![2, 3])]
        );
        assert_eq!(numbers(&both(column("a"), Operator::Eq, lit(5))), [(0, vec![5])]);
        assert_eq!(numbers(&both(lit(5), Operator::Eq, column("a"))), [(0, vec![5])]);
        for says_nothing in [
            both(Arc::clone(&a), Operator::Or, Arc::clone(&greater)),
            both(Arc::clone(&a), Operator::Or, Arc::clone(&more)),
            both(Arc::clone(&a), Operator::Or, is_null(column("a")).unwrap()),
            not(Arc::clone(&a)).unwrap(),
            list("a", &[1, 2], true),
            both(column("a"), Operator::NotEq, lit(5)),
            both(column("a"), Operator::Eq, column("a")),
            both(both(column("a"), Operator::Plus, lit(1)), Operator::Eq, lit(5)),
        ] {
            assert!(numbers(&says_nothing).is_empty(), "{says_nothing}");
            assert!(!may_ask(&says_nothing), "{says_nothing}");
        }
    }

    #[test]
    fn each_branch_of_a_join_has_keys_of_its_own() {
        let routed = |first: Arc<dyn PhysicalExpr>, second: Arc<dyn PhysicalExpr>| {
            let branch = |number: i32| both(column("a"), Operator::Eq, lit(number));
            case(None, vec![(branch(0), first), (branch(1), second)], Some(lit(false))).unwrap()
        };
        let (a, more) = (list("a", &[1, 2], false), list("a", &[3], false));
        let other = both(column("b"), Operator::Eq, lit("x"));
        let greater = both(column("a"), Operator::Gt, lit(7));
        assert_eq!(numbers(&routed(Arc::clone(&a), more)), [(0, vec![1, 2, 3])]);
        assert_eq!(numbers(&routed(Arc::clone(&a), lit(false))), [(0, vec![1, 2])]);
        assert_eq!(numbers(&routed(lit(false), Arc::clone(&a))), [(0, vec![1, 2])]);
        for (first, second) in [(&a, &other), (&other, &a), (&a, &greater), (&greater, &a)] {
            assert!(asked(&routed(Arc::clone(first), Arc::clone(second))).unwrap().is_empty());
        }
    }

    #[test]
    fn a_filter_that_nothing_passes_is_known() {
        let greater = || both(column("a"), Operator::Gt, lit(7));
        assert!(is_false(&lit(false)) && is_false(&both(greater(), Operator::And, lit(false))));
        assert!(
            !is_false(&lit(true)) && !is_false(&both(greater(), Operator::Or, lit(false))) && !is_false(&greater())
        );
    }

    #[test]
    fn what_becomes_known_while_a_plan_runs_counts() {
        let dynamic = Arc::new(DynamicFilterPhysicalExpr::new(vec![column("a")], lit(true)));
        let filter: Arc<dyn PhysicalExpr> = Arc::clone(&dynamic) as _;
        let filter = both(filter, Operator::And, both(column("a"), Operator::Gt, lit(0)));
        assert!(may_ask(&filter) && numbers(&filter).is_empty() && !is_false(&filter));
        dynamic.update(list("a", &[4], false)).unwrap();
        assert_eq!(numbers(&filter), [(0, vec![4])]);
        dynamic.update(lit(false)).unwrap();
        assert!(is_false(&filter));
    }

    #[test]
    fn of_a_key_of_two_columns_each_is_asked_for() {
        let rows = RecordBatch::try_from_iter([
            ("c0", Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef),
            ("c1", Arc::new(StringArray::from(vec!["x", "y"]))),
        ])
        .unwrap();
        let keys: ArrayRef = Arc::new(arrow::array::StructArray::from(rows));
        let fields = DataType::clone(keys.data_type());
        let together = datafusion::physical_expr::ScalarFunctionExpr::new(
            "struct",
            datafusion::functions::core::r#struct(),
            vec![column("a"), column("b")],
            Arc::new(Field::new("struct", fields, true)),
            Arc::default(),
        );
        let list = InListExpr::try_new_from_array(Arc::new(together), keys, false, &schema()).unwrap();
        let asked = asked(&(Arc::new(list) as Arc<dyn PhysicalExpr>)).unwrap();
        let columns: Vec<usize> = asked.iter().map(|asked| asked.column).collect();
        assert_eq!(columns, [0, 1]);
        assert_eq!(asked[1].keys.as_string::<i32>().value(1), "y");
    }
}
