//! Phone numbers as people write them, into E.164.

use harkara_domain::Phone;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// The longest text that is looked at, in bytes. An E.164 number has 15 digits (ITU-T E.164); the
/// rest is room for how people space them, and for three-byte Arabic-Indic digits.
const LONGEST: usize = 64;

/// The number in E.164, read as from `region` (ISO 3166-1 alpha-2) where it is written without a
/// country: `0300-1234567` in `PK` is `+923001234567`. `None` for whatever is not a number that
/// its country's numbering plan knows (libphonenumber's metadata, loaded once, on first use): a wrong
/// number on an order is no reason to lose the order. Letters are refused: the library would read
/// them as keys (`555-SHIP`), and a message would go to a stranger.
pub fn normalise(text: &str, region: Option<&str>) -> Option<Phone> {
    if text.len() > LONGEST || text.contains(char::is_alphabetic) {
        return None;
    }
    let region = region.and_then(|code| Region::from_code(code.trim()).ok());
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok().filter(|number| number.is_valid())?;
    Phone::e164(&number.format_as(PhoneNumberFormat::E164)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_its_country_writes_it() {
        let read = |text, region| normalise(text, region).map(|phone| phone.as_str().to_owned());
        let ours = Some("+923001234567".to_owned());
        for text in [
            "0300-1234567",
            "03001234567",
            "300 1234567",
            "+92 300 1234567",
            "+92 (0)300 1234567",
            "0092 300 1234567",
            "923001234567",
            " 0300 123 4567 ",
            "٠٣٠٠١٢٣٤٥٦٧",
        ] {
            assert_eq!(read(text, Some("PK")), ours, "{text}");
        }
        assert_eq!(
            read("021-35301234", Some("pk")).as_deref(),
            Some("+922135301234"),
            "a landline in Karachi"
        );
        assert_eq!(read("+92 300 1234567", None), ours, "needs no region");
        assert_eq!(read("+92 300 1234567", Some("not a region")), ours);
        assert_eq!(read("99999 00003", Some("IN")).as_deref(), Some("+919999900003"));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "0", "n/a", "0300", "555-555-SHIP", "0300-12345678901", "+", "++92", "\u{0}", "☎"]
        {
            assert_eq!(normalise(text, Some("PK")), None, "{text}");
        }
        assert_eq!(normalise("0300-1234567", None), None, "whose 0300?");
        assert_eq!(normalise("0300-1234567", Some("ZZ")), None);
        assert_eq!(normalise(&"3".repeat(100_000), Some("PK")), None);
    }
}
