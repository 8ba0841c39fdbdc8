//! `avg`: of integers it is a numeric, which can be rounded to decimal places, and of numerics it has 16 decimals at least.

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::average::Avg;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility};

/// The average of a decimal has four decimals more than it: 16, of a quotient as Postgres computes it.
const DECIMALS: i8 = 12;
const INTEGER: DataType = DataType::Decimal128(34, DECIMALS);

/// The decimals of the average of such a decimal.
pub fn decimals_of_average(data_type: &DataType) -> i8 {
    const MORE: i8 = 4;
    match data_type {
        DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) => (*scale).max(DECIMALS).saturating_add(MORE),
        _ => DECIMALS + MORE,
    }
}

/// DataFusion's `avg`, of other types.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Average {
    inner: Avg,
    signature: Signature,
}

pub fn average() -> AggregateUDF {
    AggregateUDF::from(Average { inner: Avg::new(), signature: Signature::user_defined(Volatility::Immutable) })
}

impl AggregateUDFImpl for Average {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [number] if number.is_integer() => Ok(vec![INTEGER]),
            [number] if number.is_floating() || number.is_null() => Ok(vec![DataType::Float64]),
            [DataType::Decimal128(precision, scale)] if *scale < DECIMALS => {
                let whole = precision.saturating_sub(scale.unsigned_abs());
                Ok(vec![DataType::Decimal128((whole + DECIMALS as u8).min(34), DECIMALS)])
            }
            [number] if number.is_decimal() || matches!(number, DataType::Duration(_)) => Ok(vec![number.clone()]),
            [other] => plan_err!("avg takes a number, not {other}"),
            _ => plan_err!("avg takes one argument, not {}", arg_types.len()),
        }
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(arg_types)
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        self.inner.accumulator(args)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        self.inner.state_fields(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        self.inner.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        self.inner.create_groups_accumulator(args)
    }
}
