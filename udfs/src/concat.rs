//! `concat(value, …)` and `concat_ws(separator, value, …) → text`: the values as PostgreSQL writes them, nulls left out.
//!
//! ```sql
//! SELECT concat('a', null, 1.5::float8, true);   -- a1.5t
//! SELECT concat_ws('-', 'a', null, 'b');         -- a-b
//! SELECT concat_ws(null, 'a', 'b');              -- null
//! ```

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion_common::{Result, plan_err};
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use crate::pg_cast_text::{cast_text, castable_type};
use crate::text::{Text, collect_text, result, rows};

/// One of the two functions; they are immutable, since neither the time zone nor the date style can be set.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    has_separator: bool,
    signature: Signature,
}

impl Concat {
    /// `concat`
    pub fn without_separator() -> Self {
        Self { has_separator: false, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `concat_ws`
    pub fn with_separator() -> Self {
        Self { has_separator: true, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Concat {
    fn name(&self) -> &str {
        if self.has_separator { "concat_ws" } else { "concat" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        if arg_types.len() < 1 + usize::from(self.has_separator) {
            return plan_err!("{} takes more than {} arguments", self.name(), arg_types.len());
        }
        arg_types.iter().map(|arg_type| castable_type(self.name(), arg_type)).collect()
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let rows = rows(&args);
        let texts = args.args.iter().map(|value| text_column(value, rows)).collect::<Result<Vec<_>>>()?;
        let texts = texts.iter().map(Text::of).collect::<Result<Vec<_>>>()?;
        let (separator, parts) = texts.split_at(usize::from(self.has_separator));
        let mut joined = String::new();
        let column = collect_text(rows, |row| {
            let Some(separator) = separator.first().map_or(Some(""), |separator| separator.get(row)) else {
                return Ok(None);
            };
            joined.clear();
            for (index, part) in parts.iter().filter_map(|part| part.get(row)).enumerate() {
                if index > 0 {
                    joined.push_str(separator);
                }
                joined.push_str(part);
            }
            Ok(Some(joined.clone()))
        })?;
        result(&args, column)
    }
}

/// A value as text; a boolean is `t` or `f` here, unlike in a cast.
fn text_column(value: &ColumnarValue, rows: usize) -> Result<ColumnarValue> {
    if Text::of(value).is_ok() {
        return Ok(value.clone());
    }
    let values = value.to_array(rows)?;
    let texts = match values.data_type() {
        DataType::Boolean => booleans(&values)?,
        _ => cast_text(&values)?,
    };
    Ok(ColumnarValue::Array(texts))
}

fn booleans(values: &ArrayRef) -> Result<ArrayRef> {
    let values = values.as_boolean();
    collect_text(values.len(), |row| Ok(values.is_valid(row).then(|| if values.value(row) { "t" } else { "f" })))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;
    use datafusion_common::ScalarValue;
    use datafusion_expr::ScalarUDFImpl;

    use super::Concat;
    use crate::testing::{assert_calls, date, decimal, double, integer, text};

    #[test]
    fn nulls_are_left_out() {
        let null = || ScalarValue::Utf8(None);
        assert_calls(
            &Concat::without_separator(),
            &[
                (&[text("a"), null(), double(2.0), ScalarValue::from(true)], Some("a2t")),
                (&[null()], Some("")),
                (&[date("2024-01-02"), integer(5), decimal("1.50")], Some("2024-01-0251.50")),
            ],
        );
        assert_calls(
            &Concat::with_separator(),
            &[
                (&[text("-"), text("a"), null(), text("b")], Some("a-b")),
                (&[text("-"), null(), null()], Some("")),
                (&[null(), text("a"), text("b")], None),
                (&[text(", "), integer(1), ScalarValue::from(false)], Some("1, f")),
            ],
        );
    }

    #[test]
    fn something_to_join_is_asked_for() {
        assert!(Concat::without_separator().coerce_types(&[]).is_err());
        assert!(Concat::with_separator().coerce_types(&[DataType::Utf8]).is_err());
    }
}
