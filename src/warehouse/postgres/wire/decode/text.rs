//! Text and bytes of any length.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, BinaryViewArray, NullBufferBuilder, StringArray, StringViewArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::field::{FieldReader, size};
use crate::warehouse::postgres::wire::error::BadValue;

/// What is between the bytes of a field and its text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Content {
    Text,
    /// `char(n)`: blanks behind the text, which a cast to text takes off too.
    Padded,
    /// `"char"`: one byte, zero for none.
    Byte,
    /// The version of the format before the text.
    Jsonb,
    Uuid,
    Bytea,
}

/// Values one after the other. That text is UTF-8 is seen for all of a batch at once.
pub struct Variable {
    content: Content,
    values: Vec<u8>,
    ends: Vec<i32>,
    nulls: NullBufferBuilder,
}

impl Variable {
    pub fn new(content: Content) -> Self {
        Variable { content, values: Vec::new(), ends: vec![0], nulls: NullBufferBuilder::new(0) }
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), String> {
        match self.content {
            Content::Text | Content::Bytea => self.values.extend_from_slice(bytes),
            Content::Padded => {
                let end = bytes.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
                self.values.extend_from_slice(&bytes[..end]);
            }
            Content::Byte => {
                let [byte] = bytes else {
                    return Err(size(bytes, 1));
                };
                self.values.extend(Some(*byte).filter(|byte| *byte != 0));
            }
            Content::Jsonb => match bytes {
                [1, text @ ..] => self.values.extend_from_slice(text),
                _ => return Err("the server sent a version of jsonb that nobody knows".to_string()),
            },
            Content::Uuid => {
                let Ok(bytes) = <[u8; 16]>::try_from(bytes) else {
                    return Err(size(bytes, 16));
                };
                self.values.extend_from_slice(&uuid_text(bytes));
            }
        }
        Ok(())
    }

    #[cold]
    fn not_utf8(values: &[u8], ends: &[i32]) -> BadValue {
        for (row, ends) in ends.windows(2).enumerate() {
            let value = &values[ends[0] as usize..ends[1] as usize];
            if std::str::from_utf8(value).is_err() {
                let shown: String = String::from_utf8_lossy(value).chars().take(60).collect();
                return BadValue::new(row, format!("the text is not UTF-8: '{shown}'"));
            }
        }
        BadValue::new(0, "the text is not UTF-8")
    }
}

impl FieldReader for Variable {
    fn value(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.append(bytes)?;
        let end = i32::try_from(self.values.len()).map_err(|_| "the values of one batch are over 2 GB".to_string())?;
        self.ends.push(end);
        self.nulls.append_non_null();
        Ok(())
    }

    fn null(&mut self) {
        self.ends.push(self.values.len() as i32);
        self.nulls.append_null();
    }

    fn finish(&mut self) -> Result<ArrayRef, BadValue> {
        let room = Vec::with_capacity(self.values.len());
        let values = Buffer::from_vec(std::mem::replace(&mut self.values, room));
        let mut room = Vec::with_capacity(self.ends.len());
        room.push(0);
        let ends = std::mem::replace(&mut self.ends, room);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(ends));
        let nulls = self.nulls.finish();
        if self.content == Content::Bytea {
            let array = BinaryArray::try_new(offsets, values, nulls).map_err(|e| BadValue::new(0, e.to_string()))?;
            return Ok(Arc::new(BinaryViewArray::from(&array)));
        }
        let array = StringArray::try_new(offsets.clone(), values.clone(), nulls)
            .map_err(|_| Self::not_utf8(&values, &offsets))?;
        Ok(Arc::new(StringViewArray::from(&array)))
    }
}

fn uuid_text(uuid: [u8; 16]) -> [u8; 36] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b'-'; 36];
    let mut at = 0;
    for (place, byte) in uuid.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            at += 1;
        }
        text[at] = DIGITS[usize::from(byte >> 4)];
        text[at + 1] = DIGITS[usize::from(byte & 15)];
        at += 2;
    }
    text
}
