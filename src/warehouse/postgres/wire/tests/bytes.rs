//! Bytes by hand, against what is written.

use arrow::array::*;
use arrow::datatypes::*;

use super::*;

/// The field of a column's only row, its size left out.
fn field(array: ArrayRef, pg_type: PgType) -> Vec<u8> {
    let copy = encode(&[batch(vec![array])], &[pg_type]).unwrap();
    let field = &copy[19 + 2..copy.len() - 2];
    let (size, value) = field.split_first_chunk::<4>().unwrap();
    assert_eq!(i32::from_be_bytes(*size) as usize, value.len());
    value.to_vec()
}

/// Digits, weight, sign, decimals shown, and the digits.
fn numeric(weight: i16, sign: u16, shown: u16, digits: &[u16]) -> Vec<u8> {
    let head = [digits.len() as u16, weight as u16, sign, shown];
    head.iter().chain(digits).flat_map(|part| part.to_be_bytes()).collect()
}

fn narrow(value: i128, scale: i8) -> Vec<u8> {
    let array = Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).unwrap();
    field(Arc::new(array), PgType::Numeric(None))
}

fn wide(value: &str, scale: i8, pg_type: PgType) -> Vec<u8> {
    let value: i256 = value.parse().unwrap();
    let array = Decimal256Array::from(vec![value]).with_precision_and_scale(76, scale).unwrap();
    field(Arc::new(array), pg_type)
}

#[test]
fn a_numeric_has_digits_of_four_decimals() {
    assert_eq!(narrow(0, 0), numeric(0, 0, 0, &[]));
    assert_eq!(narrow(0, 2), numeric(0, 0, 2, &[]));
    assert_eq!(narrow(1, 0), numeric(0, 0, 0, &[1]));
    assert_eq!(narrow(-1, 0), numeric(0, 0x4000, 0, &[1]));
    assert_eq!(narrow(10_000, 0), numeric(1, 0, 0, &[1]));
    assert_eq!(narrow(1, 4), numeric(-1, 0, 4, &[1]));
    assert_eq!(narrow(1, 5), numeric(-2, 0, 5, &[1000]));
    assert_eq!(narrow(123_456_789, 4), numeric(1, 0, 4, &[1, 2345, 6789]));
    assert_eq!(narrow(1_234_567, 2), numeric(1, 0, 2, &[1, 2345, 6700]));
    assert_eq!(narrow(-5, 1), numeric(-1, 0x4000, 1, &[5000]));
    assert_eq!(narrow(100_000_000_000, 3), numeric(2, 0, 3, &[1]));
}

#[test]
fn a_numeric_of_38_and_of_76_digits_is_whole() {
    let all = 12_345_678_901_234_567_890_123_456_789_012_345_678_i128;
    let digits = [12, 3456, 7890, 1234, 5678, 9012, 3456, 7890, 1234, 5678];
    assert_eq!(narrow(all, 0), numeric(9, 0, 0, &digits));
    // One decimal, so that 37 digits are before the point and eleven of base 10000 in all.
    let digits = [1, 2345, 6789, 123, 4567, 8901, 2345, 6789, 123, 4567, 8000];
    assert_eq!(narrow(-all, 1), numeric(9, 0x4000, 1, &digits));
    let nines = "9".repeat(76);
    let any = || PgType::Numeric(Some((76, 76)));
    assert_eq!(wide(&nines, 0, any()), numeric(18, 0, 0, &[9999; 19]));
    assert_eq!(wide(&nines, 76, any()), numeric(-1, 0, 76, &[9999; 19]));
    let mut digits = vec![9; 1];
    digits.extend([9999; 18]);
    digits.push(9990);
    assert_eq!(wide(&nines, 3, any()), numeric(18, 0, 3, &digits));
}

#[test]
fn a_numeric_of_any_scale_shows_the_decimals_it_has() {
    let shown = |text: &str| wide(&format!("{text}{}", "0".repeat(37)), 38, PgType::Numeric(None));
    assert_eq!(shown("15"), numeric(0, 0, 1, &[1, 5000]));
    assert_eq!(shown("10"), numeric(0, 0, 0, &[1]));
    assert_eq!(shown("1000000"), numeric(1, 0, 0, &[10]));
    assert_eq!(wide("1", 38, PgType::Numeric(None)), numeric(-10, 0, 38, &[100]));
    assert_eq!(wide("0", 38, PgType::Numeric(None)), numeric(0, 0, 0, &[]));
}

#[test]
fn time_is_counted_from_2000() {
    assert_eq!(field(Arc::new(Date32Array::from(vec![10_957])), PgType::Date), 0_i32.to_be_bytes());
    assert_eq!(field(Arc::new(Date32Array::from(vec![0])), PgType::Date), (-10_957_i32).to_be_bytes());
    let second = TimestampSecondArray::from(vec![946_684_801]);
    assert_eq!(field(Arc::new(second), PgType::Timestamp), 1_000_000_i64.to_be_bytes());
    let nano = TimestampNanosecondArray::from(vec![946_684_800_000_001_999]).with_timezone("Asia/Tokyo");
    assert_eq!(field(Arc::new(nano), PgType::Timestamptz), 1_i64.to_be_bytes());
    assert_eq!(field(Arc::new(Time32SecondArray::from(vec![1])), PgType::Time), 1_000_000_i64.to_be_bytes());
}

#[test]
fn an_interval_is_microseconds_days_and_months() {
    let expected = |micros: i64, days: i32, months: i32| {
        [&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat()
    };
    let all = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(14, -3, 4_000_000)]);
    assert_eq!(field(Arc::new(all), PgType::Interval), expected(4000, -3, 14));
    let years = IntervalYearMonthArray::from(vec![25]);
    assert_eq!(field(Arc::new(years), PgType::Interval), expected(0, 0, 25));
    let days = IntervalDayTimeArray::from(vec![IntervalDayTime::new(2, 1500)]);
    assert_eq!(field(Arc::new(days), PgType::Interval), expected(1_500_000, 2, 0));
    let duration = DurationMillisecondArray::from(vec![-1]);
    assert_eq!(field(Arc::new(duration), PgType::Interval), expected(-1000, 0, 0));
}

#[test]
fn a_row_is_a_count_and_sized_fields() {
    let rows = batch(vec![
        Arc::new(Int32Array::from(vec![Some(258), None])),
        Arc::new(StringArray::from(vec![None, Some("hé")])),
        Arc::new(BooleanArray::from(vec![true, false])),
    ]);
    let copy = encode(&[rows], &[PgType::Int4, PgType::Text, PgType::Bool]).unwrap();
    let expected: &[&[u8]] = &[
        b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0",
        &[0, 3, 0, 0, 0, 4, 0, 0, 1, 2, 255, 255, 255, 255, 0, 0, 0, 1, 1],
        &[0, 3, 255, 255, 255, 255, 0, 0, 0, 3, b'h', 0xc3, 0xa9, 0, 0, 0, 1, 0],
        &[255, 255],
    ];
    assert_eq!(&copy[..], expected.concat());
}

#[test]
fn uuid_and_jsonb_have_their_own_form() {
    let bytes: Vec<u8> = (0..16).map(|place| place * 17).collect();
    for text in ["00112233-4455-6677-8899-aabbccddeeff", "00112233445566778899AABBCCDDEEFF"] {
        assert_eq!(field(Arc::new(StringArray::from(vec![text])), PgType::Uuid), bytes);
    }
    let fixed = FixedSizeBinaryArray::try_from_iter([bytes.clone()].into_iter()).unwrap();
    assert_eq!(field(Arc::new(fixed), PgType::Uuid), bytes);
    assert_eq!(field(Arc::new(StringArray::from(vec!["{}"])), PgType::Jsonb), b"\x01{}");
    assert_eq!(field(Arc::new(StringArray::from(vec!["{}"])), PgType::Json), b"{}");
}

#[test]
fn an_array_names_the_type_of_its_elements() {
    let list = |values: Option<Vec<Option<i64>>>| {
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([values]);
        field(Arc::new(list), PgType::array_of(PgType::Int2))
    };
    let ints = |ints: &[i32]| -> Vec<u8> { ints.iter().flat_map(|int| int.to_be_bytes()).collect() };
    assert_eq!(list(Some(vec![])), ints(&[0, 0, 21]));
    let two = [ints(&[1, 0, 21, 1, 1, 2]), vec![0, 7]].concat();
    assert_eq!(list(Some(vec![Some(7)])), two);
    let with_null = [ints(&[1, 1, 21, 2, 1, -1, 2]), vec![0, 7]].concat();
    assert_eq!(list(Some(vec![None, Some(7)])), with_null);
}
