//! Arrays of one dimension → lists.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, NullBufferBuilder};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::FieldRef;

use super::field::FieldReader;
use crate::warehouse::postgres::wire::error::BadValue;

pub struct Lists {
    element: FieldRef,
    elements: Box<dyn FieldReader>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Lists {
    pub fn new(element: FieldRef, elements: Box<dyn FieldReader>) -> Self {
        Lists { element, elements, ends: vec![0], nulls: NullBufferBuilder::new(0) }
    }

    fn last(&self) -> i32 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The number of elements.
    fn elements(&mut self, bytes: &[u8]) -> Option<Result<i32, String>> {
        // Dimensions, whether there are nulls, the type of the elements.
        let (dimensions, rest) = int(bytes)?;
        let (_, rest) = int(rest)?;
        let (_, rest) = int(rest)?;
        match dimensions {
            0 => return rest.is_empty().then_some(Ok(0)),
            1 => {}
            more => return Some(Err(format!("the array has {more} dimensions, and medallion reads those of one"))),
        }
        let (count, rest) = int(rest)?;
        // From which index on the elements are counted.
        let (_, mut rest) = int(rest)?;
        for _ in 0..count {
            let (size, behind) = int(rest)?;
            rest = behind;
            if size == -1 {
                self.elements.null();
                continue;
            }
            let (value, behind) = rest.split_at_checked(usize::try_from(size).ok()?)?;
            rest = behind;
            if let Err(message) = self.elements.value(value) {
                return Some(Err(message));
            }
        }
        rest.is_empty().then_some(Ok(count))
    }
}

impl FieldReader for Lists {
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        let cut = || Err("the server sent an array that is cut off".to_string());
        let count = self.elements(bytes).unwrap_or_else(cut)?;
        let end = self.last().checked_add(count).ok_or("the arrays of one batch are over 2^31 elements")?;
        self.ends.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.ends.push(self.last());
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        let ends = std::mem::replace(&mut self.ends, vec![0]);
        let values = self.elements.finish().map_err(|bad| {
            let row = ends.partition_point(|end| *end as usize <= bad.row).saturating_sub(1);
            BadValue::new(row, bad.message)
        })?;
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        ListArray::try_new(Arc::clone(&self.element), offsets, values, self.nulls.finish())
            .map(|array| Arc::new(array) as ArrayRef)
            .map_err(|error| BadValue::new(0, error.to_string()))
    }
}

fn int(bytes: &[u8]) -> Option<(i32, &[u8])> {
    let (int, rest) = bytes.split_first_chunk::<4>()?;
    Some((i32::from_be_bytes(*int), rest))
}
