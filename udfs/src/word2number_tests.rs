use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, DictionaryArray, Float64Array, LargeStringArray, StringArray, StringViewArray,
};
use arrow::datatypes::{DataType, Field, Int32Type};
use datafusion_common::ScalarValue;
use datafusion_common::config::ConfigOptions;
use datafusion_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl};

use super::Word2Number;

const TEXTS: [Option<&str>; 5] = [Some("five"), None, Some("oops"), Some("1,000.5"), Some("a hundred and one")];

fn call(argument: ColumnarValue) -> ColumnarValue {
    let function = Word2Number::default();
    function
        .invoke_with_args(ScalarFunctionArgs {
            arg_fields: vec![Arc::new(Field::new("text", argument.data_type(), true))],
            args: vec![argument],
            number_rows: TEXTS.len(),
            return_field: Arc::new(Field::new("number", DataType::Float64, true)),
            config_options: Arc::new(ConfigOptions::default()),
        })
        .expect("a number or null")
}

#[test]
fn every_encoding_gives_the_same_numbers() {
    let dictionary: DictionaryArray<Int32Type> = TEXTS.into_iter().collect();
    let columns: [ArrayRef; 4] = [
        Arc::new(StringArray::from_iter(TEXTS)),
        Arc::new(LargeStringArray::from_iter(TEXTS)),
        Arc::new(StringViewArray::from_iter(TEXTS)),
        Arc::new(dictionary),
    ];
    let expected = Float64Array::from(vec![Some(5.0), None, None, Some(1000.5), Some(101.0)]);
    for column in columns {
        let ColumnarValue::Array(numbers) = call(ColumnarValue::Array(Arc::clone(&column))) else {
            panic!("a column for a column");
        };
        assert_eq!(numbers.as_primitive(), &expected, "{}", column.data_type());
        let ColumnarValue::Array(tail) = call(ColumnarValue::Array(column.slice(3, 2))) else { panic!("a column") };
        assert_eq!(tail.as_primitive(), &expected.slice(3, 2), "{} sliced", column.data_type());
    }
}

#[test]
fn a_column_without_rows_or_without_nulls() {
    let empty: ArrayRef = Arc::new(StringArray::new_null(0));
    assert_eq!(call(ColumnarValue::Array(empty)).into_array(0).expect("an array").len(), 0);
    let full: ArrayRef = Arc::new(StringArray::from(vec!["1"; 100]));
    let numbers = call(ColumnarValue::Array(full)).into_array(100).expect("an array");
    assert_eq!((numbers.len(), numbers.null_count()), (100, 0));
}

#[test]
fn a_scalar_gives_a_scalar() {
    for (text, number) in [(Some("minus two"), Some(-2.0)), (Some("minus"), None), (None, None)] {
        let ColumnarValue::Scalar(scalar) = call(ColumnarValue::Scalar(ScalarValue::Utf8View(text.map(str::to_owned))))
        else {
            panic!("a scalar for a scalar");
        };
        assert_eq!(scalar, ScalarValue::Float64(number));
    }
}

#[test]
fn only_text_is_taken() {
    let function = Word2Number::default();
    assert!(function.coerce_types(&[DataType::Int64]).is_err());
    assert!(function.coerce_types(&[DataType::Utf8, DataType::Utf8]).is_err());
    assert_eq!(function.coerce_types(&[DataType::Null]).expect("null is text"), [DataType::Utf8]);
}
