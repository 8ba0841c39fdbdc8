//! Functions that SQL names.

use chrono::{DateTime, Utc};
use datafusion::error::Result;
use datafusion::execution::context::SessionContext;
use datafusion::functions::string;
use datafusion::functions_aggregate::{bool_and_or, variance};
use datafusion::functions_nested::remove::array_remove_all_udf;

use super::arrays::array_length;
use super::average::average;
use super::{clock, ranks, series};

/// Registers the functions that make up the difference; all of them see the clock stand at `instant`.
pub fn register(context: &SessionContext, instant: DateTime<Utc>) -> Result<()> {
    for function in medallion_udfs::all() {
        context.register_udf(function.as_ref().clone());
    }
    for function in clock::functions(instant) {
        context.register_udf(function);
    }
    context.register_udf(string::uuid().as_ref().clone().with_aliases(["gen_random_uuid"]));
    // DataFusion's `array_remove` takes away the first only.
    context.register_udf(array_remove_all_udf().as_ref().clone().with_aliases(["array_remove"]));
    context.register_udf(array_length());
    series::register(context);
    for function in ranks::functions() {
        context.register_udwf(function);
    }
    context.register_udaf(average());
    context.register_udaf(bool_and_or::bool_and_udaf().as_ref().clone().with_aliases(["every"]));
    context.register_udaf(variance::var_samp_udaf().as_ref().clone().with_aliases(["variance"]));
    Ok(())
}
