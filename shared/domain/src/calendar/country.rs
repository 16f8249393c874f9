//! The time zones of countries.

/// `PK Asia/Karachi`, a line a country; where it comes from stands there.
const ZONES: &str = include_str!("zones.tab");

/// The IANA time zone of a country that has one, or one that nearly all of its people live in: of `PK`
/// Asia/Karachi. `country` is an ISO 3166-1 alpha-2 code in either case. Absent for one with several (`US`,
/// `ID`), where the store's zone is the better guess, and for what is no country.
pub fn zone_of_country(country: &str) -> Option<&'static str> {
    let (first, second) = match country.as_bytes() {
        [first, second] => (first.to_ascii_uppercase(), second.to_ascii_uppercase()),
        _ => return None,
    };
    ZONES.lines().find_map(|line| match line.split_once(' ') {
        Some((code, zone)) if code.as_bytes() == [first, second] => Some(zone),
        _ => None,
    })
}
