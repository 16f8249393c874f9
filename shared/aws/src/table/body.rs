//! How a body is stored: readable while that costs nothing, else compressed.
//!
//! A write is billed by the KB that it begins. Measured on bodies of the demo: an order's view of 1.3 to
//! 1.6 KB has half of its size when deflated (15 µs), and so costs one unit instead of two, while LZ4
//! leaves it above 1 KB. What fits into one unit as it is stays readable in AWS's console.

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use harkara_engine::port::limits::MAX_ITEM;
use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};

use super::attribute::{BODY, PACKED};

/// What a write unit pays for, in bytes.
const UNIT: usize = 1024;
/// Higher levels gain nothing on a few KB.
const LEVEL: u8 = 6;

/// The attribute of a body, in an item whose other attributes have `others` bytes.
pub(super) fn pack(body: &[u8], others: usize) -> (&'static str, AttributeValue) {
    let units = |bytes: usize| (others + BODY.len() + bytes).div_ceil(UNIT);
    if units(body.len()) > 1 {
        let packed = compress_to_vec_zlib(body, LEVEL);
        if units(packed.len()) < units(body.len()) {
            return (PACKED, AttributeValue::B(Blob::new(packed)));
        }
    }
    match std::str::from_utf8(body) {
        Ok(text) => (BODY, AttributeValue::S(text.to_owned())),
        Err(_) => (BODY, AttributeValue::B(Blob::new(body))),
    }
}

/// A body that was compressed. What would be larger than any item is not unpacked to its end.
pub(super) fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    decompress_to_vec_zlib_with_limit(packed, MAX_ITEM)
        .map_err(|error| format!("its body cannot be unpacked: {:?}", error.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(body: &[u8], others: usize) -> Option<Vec<u8>> {
        match pack(body, others) {
            (PACKED, AttributeValue::B(blob)) => Some(blob.into_inner()),
            (BODY, _) => None,
            other => panic!("{other:?}"),
        }
    }

    /// Text that hardly compresses.
    fn noise(bytes: usize) -> String {
        let mut state = 7u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b' ' + u8::try_from((state >> 40) % 94).unwrap())
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn what_fits_into_a_unit_stays_readable() {
        let text = "{\"a\":1}".repeat(140);
        let room = UNIT - BODY.len() - text.len();
        assert_eq!(pack(text.as_bytes(), room), (BODY, AttributeValue::S(text.clone())));
        assert!(packed(text.as_bytes(), room + 1).is_some());
        assert_eq!(pack(b"", 0), (BODY, AttributeValue::S(String::new())));
        assert_eq!(pack(&[0, 255], 0), (BODY, AttributeValue::B(Blob::new([0, 255]))));
    }

    #[test]
    fn it_is_packed_only_where_that_saves_a_unit() {
        // Deflated, printable noise has some five sixths of its size.
        assert!(packed(noise(1100).as_bytes(), 50).is_some());
        assert!(packed(noise(1900).as_bytes(), 50).is_none());
        let body = noise(3000).into_bytes();
        assert_eq!(unpack(&packed(&body, 100).unwrap()).unwrap(), body);
    }

    #[test]
    fn an_orders_view_takes_one_unit() {
        let view = include_bytes!("view.json");
        let (_, value) = pack(view, 200);
        let AttributeValue::B(blob) = value else { panic!("{value:?}") };
        assert!(view.len() > 1500 && blob.as_ref().len() + 201 <= UNIT, "{}", blob.as_ref().len());
    }

    #[test]
    fn a_bomb_is_left_unexploded() {
        let bomb = compress_to_vec_zlib(&vec![b'x'; 64 << 20], 9);
        assert!(bomb.len() < 100_000);
        assert!(unpack(&bomb).unwrap_err().contains("HasMoreOutput"));
        assert_eq!(unpack(&compress_to_vec_zlib(&vec![b'x'; MAX_ITEM], 9)).unwrap().len(), MAX_ITEM);
        assert!(unpack(&compress_to_vec_zlib(&vec![b'x'; MAX_ITEM + 1], 9)).is_err());
    }

    #[test]
    fn damage_is_noticed() {
        let whole = compress_to_vec_zlib(noise(2000).as_bytes(), LEVEL);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            assert!(unpack(&damaged).is_err(), "{place}");
            assert!(unpack(&whole[..place]).is_err(), "{place}");
        }
    }
}
