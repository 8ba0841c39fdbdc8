//! `pg_numeric_sum` and `pg_numeric_avg` of numerics of any precision: exact, and an average has the decimals that PostgreSQL
//! gives a quotient.
//!
//! ```sql
//! SELECT pg_numeric_sum(price), pg_numeric_avg(price) FROM sales;
//! ```
//!
//! These are what `sum` and `avg` are rewritten to where no other decimal type has room for the result.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Decimal256Type, Field, FieldRef, Int64Type, i256};
use datafusion_common::{Result, ScalarValue, plan_err};
use datafusion_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion_expr::utils::format_state_name;
use datafusion_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use crate::any_numeric::{ANY_NUMERIC, SCALE, bounded, overflow, power_of_ten, quotient};

/// The aggregate of all or of different values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Sum,
    Average,
}

impl Kind {
    fn coerce_types(self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [number] if number.is_decimal() || number.is_integer() || number.is_null() => Ok(vec![ANY_NUMERIC]),
            _ => plan_err!("a sum or average of numerics takes one numeric"),
        }
    }

    fn accumulator(self, args: &AccumulatorArgs<'_>) -> Box<dyn Accumulator> {
        if args.is_distinct {
            Box::new(Different { kind: self, counts: HashMap::new() })
        } else {
            Box::new(All { kind: self, sum: i256::ZERO, count: 0 })
        }
    }

    fn state_fields(args: &StateFieldsArgs<'_>) -> Vec<FieldRef> {
        let name = |part: &str| format_state_name(args.name, part);
        if args.is_distinct {
            return vec![Arc::new(Field::new_list(name("values"), Field::new_list_field(ANY_NUMERIC, true), false))];
        }
        let sum = Field::new(name("sum"), ANY_NUMERIC, false);
        let count = Field::new(name("count"), DataType::Int64, false);
        vec![Arc::new(sum), Arc::new(count)]
    }

    fn value(self, sum: i256, count: i64) -> Result<ScalarValue> {
        let value = match (self, count) {
            (_, 0) => None,
            (Self::Sum, _) => Some(bounded(sum).ok_or_else(overflow)?),
            (Self::Average, _) => {
                let count = power_of_ten(SCALE as u32).and_then(|one| one.checked_mul(i256::from_i128(count.into())));
                let average = count.and_then(|count| quotient(bounded(sum)?, count));
                Some(average.ok_or_else(overflow)?)
            }
        };
        Ok(numeric(value))
    }
}

/// The aggregate's methods, which are those of its [`Kind`].
macro_rules! aggregate {
    ($type:ident, $name:literal, $kind:expr) => {
        #[doc = concat!("`", $name, "`; it is immutable.")]
        #[derive(Debug, PartialEq, Eq, Hash)]
        pub struct $type {
            signature: Signature,
        }

        impl Default for $type {
            fn default() -> Self {
                Self { signature: Signature::user_defined(Volatility::Immutable) }
            }
        }

        impl AggregateUDFImpl for $type {
            fn name(&self) -> &str {
                $name
            }

            fn signature(&self) -> &Signature {
                &self.signature
            }

            fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
                $kind.coerce_types(arg_types)
            }

            fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
                Ok(ANY_NUMERIC)
            }

            fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
                Ok($kind.accumulator(&args))
            }

            fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
                Ok(Kind::state_fields(&args))
            }
        }
    };
}

aggregate!(NumericSum, "pg_numeric_sum", Kind::Sum);
aggregate!(NumericAverage, "pg_numeric_avg", Kind::Average);

/// Of all values.
#[derive(Debug)]
struct All {
    kind: Kind,
    sum: i256,
    count: i64,
}

impl All {
    fn change(&mut self, values: &ArrayRef, compute: impl Fn(i256, i256) -> Option<i256>) -> Result<()> {
        for value in values.as_primitive::<Decimal256Type>().iter().flatten() {
            self.sum = compute(self.sum, value).ok_or_else(overflow)?;
        }
        Ok(())
    }
}

impl Accumulator for All {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.change(&values[0], i256::checked_add)?;
        self.count += valid(&values[0]);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.change(&values[0], i256::checked_sub)?;
        self.count -= valid(&values[0]);
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.change(&states[0], i256::checked_add)?;
        self.count += states[1].as_primitive::<Int64Type>().iter().flatten().sum::<i64>();
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![numeric(Some(self.sum)), ScalarValue::from(self.count)])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.kind.value(self.sum, self.count)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// Of different values, each with how often it is in a window's frame.
#[derive(Debug)]
struct Different {
    kind: Kind,
    counts: HashMap<[u8; 32], i64>,
}

impl Different {
    fn add(&mut self, values: &ArrayRef) {
        for value in values.as_primitive::<Decimal256Type>().iter().flatten() {
            *self.counts.entry(value.to_le_bytes()).or_default() += 1;
        }
    }

    fn values(&self) -> impl Iterator<Item = i256> {
        self.counts.keys().map(|bytes| i256::from_le_bytes(*bytes))
    }
}

impl Accumulator for Different {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(&values[0]);
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for value in values[0].as_primitive::<Decimal256Type>().iter().flatten() {
            let key = value.to_le_bytes();
            if let Some(count) = self.counts.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&key);
                }
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        states[0].as_list::<i32>().iter().flatten().for_each(|values| self.add(&values));
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: Vec<ScalarValue> = self.values().map(|value| numeric(Some(value))).collect();
        Ok(vec![ScalarValue::List(ScalarValue::new_list_nullable(&values, &ANY_NUMERIC))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut values = self.values();
        let sum = values.try_fold(i256::ZERO, i256::checked_add).ok_or_else(overflow)?;
        self.kind.value(sum, self.counts.len() as i64)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.counts.capacity() * size_of::<([u8; 32], i64)>()
    }
}

fn numeric(value: Option<i256>) -> ScalarValue {
    ScalarValue::Decimal256(value, arrow::datatypes::DECIMAL256_MAX_PRECISION, SCALE)
}

fn valid(values: &ArrayRef) -> i64 {
    (values.len() - values.null_count()) as i64
}
