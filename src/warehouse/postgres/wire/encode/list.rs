//! Lists → arrays of one dimension.

use arrow::array::{Array, ArrayRef, BooleanArray, ListArray};
use arrow::compute::nullif;

use super::column::writer;
use super::field::Packed;
use crate::warehouse::postgres::wire::PgType;
use crate::warehouse::postgres::wire::error::BadValue;

/// An element's field is written like a row's, so a list is a header and a run of the elements' fields.
pub fn pack(array: &ListArray, element: &PgType, element_oid: u32) -> Result<Packed, BadValue> {
    let offsets = array.value_offsets();
    let (begin, end) = (offsets[0] as usize, offsets[array.len()] as usize);
    let values = without_hidden(array, array.values().slice(begin, end - begin), begin)?;
    let row_of = |bad: BadValue| {
        let row = offsets.partition_point(|offset| *offset as usize - begin <= bad.row).saturating_sub(1);
        BadValue::new(row, bad.message)
    };
    let elements = writer(&values, values.data_type(), element)
        .and_then(|writer| Packed::of(&*writer, values.len()))
        .map_err(row_of)?;
    let nulls = values.logical_nulls().filter(|nulls| nulls.null_count() > 0);
    let mut packed = Packed::with_capacity(array.len(), elements.fields(0..values.len()).len() + 24 * array.len());
    for row in 0..array.len() {
        if array.is_null(row) {
            packed.push_null();
            continue;
        }
        let elements_of_row = offsets[row] as usize - begin..offsets[row + 1] as usize - begin;
        let count = elements_of_row.len();
        let has_null = nulls.as_ref().is_some_and(|nulls| elements_of_row.clone().any(|place| nulls.is_null(place)));
        let fields = elements.fields(elements_of_row);
        let dimensions = i32::from(count > 0);
        let besides = 12 + 8 * usize::from(count > 0);
        let size = i32::try_from(besides + fields.len()).map_err(|_| BadValue::new(row, "the list is over 2 GB"))?;
        let mut header = [0; 24];
        let parts = [size, dimensions, i32::from(has_null), element_oid.cast_signed(), count as i32, 1];
        for (bytes, part) in header.chunks_exact_mut(4).zip(parts) {
            bytes.copy_from_slice(&part.to_be_bytes());
        }
        packed.push_parts(&[&header[..4 + besides], fields]);
    }
    Ok(packed)
}

/// The elements, null where their list is: what is under a null does not matter, but might not be a value of Postgres.
fn without_hidden(array: &ListArray, values: ArrayRef, begin: usize) -> Result<ArrayRef, BadValue> {
    let hidden = |row: &usize| array.is_null(*row) && array.value_length(*row) > 0;
    if array.null_count() == 0 || !(0..array.len()).any(|row| hidden(&row)) {
        return Ok(values);
    }
    let mut mask = vec![false; values.len()];
    let offsets = array.value_offsets();
    for row in (0..array.len()).filter(hidden) {
        mask[offsets[row] as usize - begin..offsets[row + 1] as usize - begin].fill(true);
    }
    nullif(&values, &BooleanArray::from(mask)).map_err(|error| BadValue::new(0, error.to_string()))
}
