//! Properties: encode, then decode, is the identity.

use arrow::compute::cast;
use proptest::prelude::*;

use super::arrays::{any_array, any_column, any_scalar};
use super::*;
use arrow::array::*;
use arrow::datatypes::*;

/// Some columns of equal length, and the rows of them that are taken.
fn any_rows() -> impl Strategy<Value = (Vec<PgType>, RecordBatch)> {
    (0_usize..200).prop_flat_map(|rows| (prop::collection::vec(any_column(rows), 1..6), 0..=rows, 0..=rows)).prop_map(
        |(columns, one, other)| {
            let (types, arrays): (Vec<PgType>, Vec<ArrayRef>) = columns.into_iter().unzip();
            let rows = batch(arrays).slice(one.min(other), one.abs_diff(other));
            (types, rows)
        },
    )
}

/// Equal values; the metadata of the schema is what the decoder adds.
fn assert_same(read: &RecordBatch, written: &RecordBatch) {
    assert_eq!(read.num_rows(), written.num_rows());
    for (read, written) in read.columns().iter().zip(written.columns()) {
        assert_same_array(read, written);
    }
}

/// A list's element has metadata too, so lists are compared by their parts.
fn assert_same_array(read: &ArrayRef, written: &ArrayRef) {
    let (Some(read_list), Some(written_list)) = (read.as_list_opt::<i32>(), written.as_list_opt::<i32>()) else {
        assert_eq!(read, written);
        return;
    };
    assert_eq!(read_list.data_type(), written_list.data_type());
    assert_eq!(read_list, written_list);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_read_back_equal((types, rows) in any_rows(), batch_rows in 1_usize..200, piece in 1_usize..5000) {
        let copy = encode(std::slice::from_ref(&rows), &types).unwrap();
        let read = decode(&columns(&types), copy.chunks(piece), batch_rows).unwrap();
        assert_same(&read, &rows);
    }

    #[test]
    fn batches_one_after_the_other_are_one_copy((types, rows) in any_rows(), cut in 0.0..1.0) {
        let cut = (rows.num_rows() as f64 * cut) as usize;
        let parts = [rows.slice(0, cut), rows.slice(cut, rows.num_rows() - cut)];
        prop_assert_eq!(encode(&parts, &types).unwrap(), encode(&[rows], &types).unwrap());
    }

    #[test]
    fn text_is_written_alike_in_whatever_array_it_is(array in any_array(&PgType::Text, 200), from in 0_usize..200) {
        let array = array.slice(from, 200 - from);
        let dictionary = DataType::Dictionary(Box::new(DataType::UInt16), Box::new(DataType::Utf8));
        for data_type in [DataType::Utf8, DataType::LargeUtf8, DataType::Utf8View, dictionary] {
            let same = cast(&array, &data_type).unwrap();
            assert_eq!(&there_and_back(&same, &PgType::Text).unwrap(), &array);
            assert_eq!(&there_and_back(&same, &PgType::Jsonb).unwrap(), &array);
        }
    }

    #[test]
    fn bytes_are_written_alike_in_whatever_array_they_are(array in any_array(&PgType::Bytea, 200), from in 0_usize..200) {
        let array = array.slice(from, 200 - from);
        for data_type in [DataType::Binary, DataType::LargeBinary, DataType::BinaryView] {
            assert_eq!(&there_and_back(&cast(&array, &data_type).unwrap(), &PgType::Bytea).unwrap(), &array);
        }
    }

    #[test]
    fn any_bytes_are_rows_or_an_error(
        types in prop::collection::vec(any_scalar(), 1..4),
        mut data in prop::collection::vec(any::<u8>(), 0..200),
        piece in 1_usize..50,
    ) {
        let mut copy = SIGNATURE.to_vec();
        copy.extend([0; 8]);
        copy.extend((types.len() as i16).to_be_bytes());
        // Small sizes, so that fields are reached at all.
        data.chunks_mut(12).for_each(|chunk| chunk.iter_mut().take(3).for_each(|byte| *byte = 0));
        copy.extend(data);
        let _ = decode(&columns(&types), copy.chunks(piece), 10);
    }

    #[test]
    fn a_changed_byte_is_rows_or_an_error((types, rows) in any_rows(), place in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut copy = encode(&[rows], &types).unwrap();
        let place = place.index(copy.len());
        copy[place] = to;
        let _ = decode(&columns(&types), [&copy[..]], 8192);
    }
}

#[test]
fn a_copy_may_be_cut_at_every_byte() {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None, Some(vec![])]);
    let rows = batch(vec![
        Arc::new(Int16Array::from(vec![Some(1), None, Some(3)])),
        Arc::new(StringViewArray::from(vec![Some("ä"), None, Some("")])),
        Arc::new(BooleanArray::from(vec![Some(true), Some(false), None])),
        Arc::new(cast(&list, &DataType::new_list(DataType::Int32, true)).unwrap()),
    ]);
    let types = [PgType::Int2, PgType::Text, PgType::Bool, PgType::array_of(PgType::Int4)];
    let copy = encode(&[rows], &types).unwrap();
    let whole = decode(&columns(&types), [&copy[..]], 8192).unwrap();
    assert_eq!(whole.num_rows(), 3);
    for cut in 0..=copy.len() {
        let (one, other) = copy.split_at(cut);
        assert_eq!(decode(&columns(&types), [one, other], 8192).unwrap(), whole, "cut at {cut}");
        assert!(cut == copy.len() || decode(&columns(&types), [one], 8192).is_err(), "ended at {cut}");
    }
    assert_eq!(decode(&columns(&types), copy.chunks(1), 1).unwrap(), whole);
}

#[test]
fn rows_without_columns_are_counted() {
    let options = RecordBatchOptions::new().with_row_count(Some(20_000));
    let rows = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let copy = encode(&[rows], &[]).unwrap();
    let mut decoder = Decoder::new(&[]).unwrap();
    let read: usize = decoder.push(&copy).unwrap().iter().map(RecordBatch::num_rows).sum();
    assert_eq!(read + decoder.finish().unwrap().unwrap().num_rows(), 20_000);
}

#[test]
fn a_batch_ends_before_it_is_too_large() {
    let long = "x".repeat(1 << 20);
    let rows = batch(vec![Arc::new(StringArray::from(vec![long.as_str(); 100]))]);
    let copy = encode(&[rows], &[PgType::Text]).unwrap();
    for piece in [1000, 100_000, copy.len()] {
        let mut decoder = Decoder::new(&columns(&[PgType::Text])).unwrap();
        let mut sizes: Vec<usize> = Vec::new();
        for piece in copy.chunks(piece) {
            sizes.extend(decoder.push(piece).unwrap().iter().map(RecordBatch::num_rows));
        }
        sizes.extend(decoder.finish().unwrap().map(|batch| batch.num_rows()));
        assert_eq!(sizes.iter().sum::<usize>(), 100);
        let full = sizes.len() <= 4 && sizes.iter().all(|rows| *rows <= 34);
        assert!(full, "{sizes:?} in pieces of {piece}");
    }
}
