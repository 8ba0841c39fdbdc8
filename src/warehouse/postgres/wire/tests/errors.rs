//! What does not fit is an error that names the column and the row.

use arrow::array::*;
use arrow::datatypes::*;

use super::*;

fn refused(array: impl Array + 'static, pg_type: &PgType) -> String {
    let array: ArrayRef = Arc::new(array);
    there_and_back(&array, pg_type).unwrap_err().to_string()
}

/// What is said of a value that the server sends.
fn unreadable(pg_type: PgType, value: &[u8]) -> String {
    let mut copy = SIGNATURE.to_vec();
    copy.extend([0; 8]);
    copy.extend([0, 1]);
    copy.extend((value.len() as i32).to_be_bytes());
    copy.extend(value);
    copy.extend([255, 255]);
    decode(&columns(&[pg_type]), [&copy[..]], 8192).unwrap_err().to_string()
}

#[test]
fn a_zero_byte_in_text_is_found_with_its_row() {
    let mut texts: Vec<Option<&str>> = vec![None; 299];
    texts.push(Some("before\0behind"));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(texts.clone())),
        Arc::new(LargeStringArray::from(texts.clone())),
        Arc::new(StringViewArray::from(texts.clone())),
        Arc::new(texts.iter().copied().collect::<DictionaryArray<Int32Type>>()),
    ];
    for array in arrays {
        for pg_type in [PgType::Text, PgType::Json, PgType::Jsonb, PgType::Enum { name: "e".to_string() }] {
            let error = refused(Arc::clone(&array), &pg_type);
            assert!(error.starts_with("column 'c0', row 300: the text has a zero byte after 'before'"), "{error}");
        }
    }
    for short in
        ["\0", "a\0", "1234567\0", "12345678901\0", "0123456789012345\0", "\0 and then a text of forty letters or so"]
    {
        let error = refused(StringViewArray::from(vec![short]), &PgType::Text);
        assert!(error.contains("zero byte"), "{short:?}: {error}");
    }
    let elements = ListArray::new(
        Arc::new(Field::new("element", DataType::Utf8, true)),
        arrow::buffer::OffsetBuffer::from_lengths([2, 0, 2]),
        Arc::new(StringArray::from(vec!["a", "b", "c", "\0"])),
        None,
    );
    let error = refused(elements, &PgType::array_of(PgType::Text));
    assert!(error.starts_with("column 'c0', row 3: "), "{error}");
}

#[test]
fn a_row_is_counted_over_batches_and_an_error_appends_nothing() {
    let good = batch(vec![Arc::new(Int64Array::from(vec![1; 500]))]);
    let bad =
        batch(vec![Arc::new(Int64Array::from_iter_values((0..500).map(|row| if row == 400 { 1 << 40 } else { row })))]);
    let mut encoder = Encoder::new(good.schema_ref(), &[PgType::Int4]).unwrap();
    let mut out = BytesMut::new();
    encoder.batch(&good, &mut out).unwrap();
    let before = out.len();
    let error = encoder.batch(&bad, &mut out).unwrap_err().to_string();
    assert!(error.starts_with("column 'c0', row 901: ") && error.contains("1099511627776"), "{error}");
    assert_eq!((out.len(), encoder.rows()), (before, 500));
    let mut texts = vec!["x"; 400];
    texts[399] = "\0";
    let text = batch(vec![Arc::new(StringArray::from(texts))]);
    let mut encoder = Encoder::new(text.schema_ref(), &[PgType::Text]).unwrap();
    encoder.batch(&text, &mut out).unwrap_err();
    assert_eq!(out.len(), before);
}

#[test]
fn what_is_outside_the_range_of_postgres_is_an_error() {
    let date = refused(Date32Array::from(vec![Some(0), None, Some(i32::MAX)]), &PgType::Date);
    assert!(date.starts_with("column 'c0', row 3: 2147483647 days"), "{date}");
    let instant = refused(TimestampMicrosecondArray::from(vec![i64::MIN]), &PgType::Timestamp);
    assert!(instant.contains("are no timestamp of Postgres'"), "{instant}");
    let seconds = refused(TimestampSecondArray::from(vec![0, i64::MAX]), &PgType::Timestamp);
    assert!(seconds.starts_with("column 'c0', row 2: "), "{seconds}");
    let time = refused(Time64MicrosecondArray::from(vec![-1]), &PgType::Time);
    assert!(time.contains("-1 microseconds are no time of day"), "{time}");
    let uuid = refused(StringArray::from(vec!["00112233-4455-6677-8899-aabbccddeefg"]), &PgType::Uuid);
    assert!(uuid.ends_with("row 1: '00112233-4455-6677-8899-aabbccddeefg' is not a uuid"), "{uuid}");
    let oid = refused(Int64Array::from(vec![-1]), &PgType::Oid);
    assert!(oid.ends_with("-1 is no oid"), "{oid}");
}

#[test]
fn what_is_under_a_null_does_not_matter() {
    let nulls = arrow::buffer::NullBuffer::from(vec![false]);
    let hidden = Date32Array::new(vec![i32::MAX].into(), Some(nulls));
    assert!(there_and_back(&(Arc::new(hidden) as ArrayRef), &PgType::Date).unwrap().is_null(0));
    let nulls = || Some(arrow::buffer::NullBuffer::from(vec![true, false, true]));
    let offsets = || arrow::buffer::OffsetBuffer::from_lengths([1, 2, 1]);
    let texts: ArrayRef = Arc::new(StringArray::new(offsets(), b"a\0\0b".to_vec().into(), nulls()));
    assert_eq!(there_and_back(&texts, &PgType::Text).unwrap().null_count(), 1);
    let field = Arc::new(Field::new("element", DataType::Utf8View, true));
    let elements = Arc::new(StringViewArray::from(vec!["a", "\0", "\0", "b"]));
    let lists: ArrayRef = Arc::new(ListArray::new(field, offsets(), elements, nulls()));
    assert_eq!(&there_and_back(&lists, &PgType::array_of(PgType::Text)).unwrap(), &lists);
}

#[test]
fn what_a_column_does_not_take_exactly_is_an_error_before_any_row() {
    let refused = |data_type: DataType, target: PgType| {
        let schema = Schema::new(vec![Field::new("amount", data_type, true)]);
        Encoder::new(&schema, &[target]).unwrap_err().to_string()
    };
    assert_eq!(
        refused(DataType::Decimal128(38, 3), PgType::Numeric(Some((38, 2)))),
        "column 'amount' has type Decimal128(38, 3), but is numeric(38,2) in the table; cast it to that type"
    );
    refused(DataType::Float64, PgType::Float4);
    refused(DataType::Float64, PgType::Int4);
    refused(DataType::Utf8, PgType::Int4);
    refused(DataType::Int64, PgType::Text);
    refused(DataType::Timestamp(TimeUnit::Microsecond, None), PgType::Timestamptz);
    refused(DataType::Utf8, PgType::Unsupported { name: "inet".to_string() });
    let unknown = PgType::array_of(PgType::Enum { name: "color".to_string() });
    refused(DataType::new_list(DataType::Utf8, true), unknown);
    assert!(Encoder::new(&Schema::empty(), &[PgType::Int4]).unwrap_err().to_string().contains("has 1 columns, and 0"));
}

#[test]
fn a_numeric_that_no_decimal_holds_is_shown() {
    let not_a_number = unreadable(PgType::Numeric(None), &[0, 0, 0, 0, 0xc0, 0, 0, 0]);
    assert!(not_a_number.starts_with("column 'c0', row 1: the numeric is NaN"), "{not_a_number}");
    let infinite = unreadable(PgType::Numeric(None), &[0, 0, 0, 0, 0xd0, 0, 0, 0]);
    assert!(infinite.contains("is Infinity"), "{infinite}");
    // 10^40, and -0.00012 with two digits behind the point.
    let large = unreadable(PgType::Numeric(None), &[0, 1, 0, 10, 0, 0, 0, 0, 0, 1]);
    assert!(large.contains(&format!(": 1{} does not fit into 76 digits with 38", "0".repeat(40))), "{large}");
    let fine = unreadable(PgType::Numeric(Some((10, 4))), &[0, 2, 255, 255, 0x40, 0, 0, 5, 0, 1, 7, 208]);
    assert!(fine.contains(": -0.00012 does not fit into 10 digits with 4"), "{fine}");
    let long = [&[1, 0, 0, 255, 0, 0, 0, 0][..], &[38; 512]].concat();
    assert!(unreadable(PgType::Numeric(None), &long).contains("does not fit"));
    assert!(unreadable(PgType::Numeric(Some((9, 2))), &long).contains("does not fit"));
}

#[test]
fn what_arrow_does_not_have_is_an_error() {
    for (pg_type, value) in
        [(PgType::Date, &i32::MAX.to_be_bytes()[..]), (PgType::Timestamptz, &i64::MAX.to_be_bytes())]
    {
        let error = unreadable(pg_type, value);
        assert!(error.contains(" is infinity") && error.contains("nullif(column, 'infinity')"), "{error}");
    }
    assert!(unreadable(PgType::Timestamp, &i64::MIN.to_be_bytes()).contains(" is -infinity"));
    assert!(unreadable(PgType::Timestamp, &(i64::MAX - 1).to_be_bytes()).contains("year 294246"));
    let interval = [&i64::MAX.to_be_bytes()[..], &[0; 8]].concat();
    assert!(unreadable(PgType::Interval, &interval).contains("292 years"));
    let matrix: Vec<u8> = [2, 0, 23, 1, 1, 1, 1, 4, 7].iter().flat_map(|int: &i32| int.to_be_bytes()).collect();
    assert!(unreadable(PgType::array_of(PgType::Int4), &matrix).contains("2 dimensions"));
    let text = unreadable(PgType::Text, b"gr\xfc\xdfe");
    assert!(text.starts_with("column 'c0', row 1: the text is not UTF-8: 'gr"), "{text}");
}

#[test]
fn bytes_that_are_no_copy_are_an_error() {
    let rows = batch(vec![Arc::new(Int32Array::from(vec![1]))]);
    let copy = encode(&[rows], &[PgType::Int4]).unwrap().to_vec();
    let read = |copy: &[u8], types: &[PgType]| decode(&columns(types), [copy], 10).unwrap_err().to_string();
    assert!(read(b"id,name\n1,an ordinary text\n", &[PgType::Int4]).contains("do not begin like a binary COPY"));
    assert!(read(&copy, &[PgType::Int4, PgType::Int4]).contains("row 1 has 1 fields where 2 were expected"));
    assert!(read(&copy, &[PgType::Int8]).contains("4 bytes for a value that has 8"));
    assert!(read(&copy[..copy.len() - 2], &[PgType::Int4]).contains("end after row 1, before the end of the COPY"));
    assert!(read(&[&copy[..], &[0]].concat(), &[PgType::Int4]).contains("more behind the end"));
    let mut flags = copy.clone();
    flags[12] = 1;
    assert!(read(&flags, &[PgType::Int4]).contains("flags"));
    // An extension of the header is skipped.
    let mut extended = copy;
    extended[18] = 3;
    extended.splice(19..19, [9, 9, 9]);
    assert_eq!(decode(&columns(&[PgType::Int4]), extended.chunks(1), 10).unwrap().num_rows(), 1);
}
