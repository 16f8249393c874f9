//! What is let in: how deep, how long, how old. A vendor's field has no limit that binds it; a view,
//! a key and a template have.

use jiff::Timestamp;
use rust_decimal::Decimal;

/// Brackets that a body may nest. Orders use about seven; the JSON parser itself stops at 128.
pub const DEPTH: usize = 64;
/// Characters of a name of ignored content.
pub const KIND: usize = 80;
/// Characters of a person's name, a city, a tag, a courier, an SKU.
pub const NAME: usize = 100;
/// Characters of a street or of an item's title.
pub const LINE: usize = 250;
/// Characters of a written message that are kept.
pub const MESSAGE: usize = 1000;
/// Characters of a provider's error (as [`harkara_domain::fact::ProviderError`] says).
pub const ERROR: usize = 300;
/// Bytes of a link; a longer one is dropped, since half a link leads nowhere.
pub const LINK: usize = 2000;
/// Bytes of an e-mail address (RFC 5321); a longer one is dropped.
pub const EMAIL: usize = 254;
/// Bytes of a vendor's id.
pub const ID: usize = 64;
/// Bytes of a message's id; WhatsApp's have about 60.
pub const MESSAGE_ID: usize = 256;
/// Bytes of the reference that comes back with a receipt: no more are sent (Meta, `biz_opaque_callback_data`).
pub const REFERENCE: usize = 512;
/// Tags of an order that are kept.
pub const TAGS: usize = 50;
/// Discount codes of an order that are kept.
pub const CODES: usize = 20;
/// Lines of an order or a cart that are read; a snapshot keeps fewer.
pub const LINES: usize = 250;
/// Characters of a shop's note on an order that are kept.
pub const NOTE: usize = 500;
/// Parcels, and refunds, of an order that are taken from one webhook.
pub const PARTS: usize = 100;

/// Whether brackets nest deeper than `max` anywhere outside of strings. One pass, no recursion;
/// says nothing about whether the body is JSON at all.
pub fn too_deep(body: &[u8], max: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for &byte in body {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                if depth > max {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// One line of at most `max` characters: controls and runs of white space become one space, so that
/// a name cannot break a message's layout. `None` when nothing is left.
pub(crate) fn line(text: &str, max: usize) -> Option<String> {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let (mut kept, mut gap) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = kept > 0;
            continue;
        }
        if kept + usize::from(gap) >= max {
            break;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            kept += 1;
        }
        out.push(c);
        kept += 1;
    }
    (!out.is_empty()).then_some(out)
}

/// The first `max` characters, trimmed, line breaks kept. `None` when nothing is left.
pub(crate) fn cut(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let end = text.char_indices().nth(max).map_or(text.len(), |(end, _)| end);
    text.get(..end).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A vendor's word for something, made fit for a log and a metric.
pub(crate) fn kind(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() { c } else { '?' }).take(KIND).collect()
}

/// A link that a customer may be given: `http` or `https`, a host, and nothing that could end an
/// attribute or a line.
pub(crate) fn link(text: &str) -> Option<String> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://")?;
    let web = scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http");
    let host = rest.starts_with(|c: char| c.is_alphanumeric());
    let unfit =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '\\' | '`');
    (web && host && text.len() <= LINK && !text.contains(unfit)).then(|| text.to_owned())
}

/// An e-mail address, as far as its shape shows.
pub(crate) fn email(text: &str) -> Option<String> {
    let text = text.trim();
    let (local, domain) = text.rsplit_once('@')?;
    let unfit = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"');
    let sound = !local.is_empty() && !domain.is_empty() && text.len() <= EMAIL && !text.contains(unfit);
    sound.then(|| text.to_owned())
}

/// A BCP 47 tag, as far as its shape shows (at most 35 characters, RFC 5646).
pub(crate) fn language(locale: &str) -> Option<String> {
    let tag = locale.replace('_', "-");
    let sound =
        tag.len() <= 35 && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.is_ascii());
    (sound && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')).then_some(tag)
}

/// An id that may stand in keys and references: letters, digits, dashes and underscores. A slash
/// would split a stage reference, a `#` a key.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A time in which shops are: of this century. Delays are added to times, and one at the edge of the
/// calendar would overflow.
pub(crate) fn in_reach(at: Timestamp) -> bool {
    // 2000-01-01 and 2100-01-01, in seconds.
    (946_684_800..4_102_444_800).contains(&at.as_second())
}

/// An amount of money that a shop can ask: sums of such cannot overflow a decimal.
pub(crate) fn is_price(amount: Decimal) -> bool {
    amount.abs() <= Decimal::from(1_000_000_000_000_000_i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings_only() {
        assert!(!too_deep(br#"{"a":[{"b":1}]}"#, 3));
        assert!(too_deep(br#"{"a":[{"b":1}]}"#, 2));
        assert!(!too_deep(br#"["[[[[\"[[[["]"#, 1));
        assert!(too_deep(br#"["\\",[["#, 2));
        assert!(too_deep("[".repeat(1_000_000).as_bytes(), DEPTH));
        assert!(!too_deep(b"]]]]", 0));
    }

    #[test]
    fn a_line_is_one_line() {
        assert_eq!(line("  Bilal\r\n\t Ahmed ", 100).as_deref(), Some("Bilal Ahmed"));
        assert_eq!(line("ایمان خان", 5).as_deref(), Some("ایمان"));
        assert_eq!(line("ab cd", 3).as_deref(), Some("ab"));
        assert_eq!(line("ab cd", 4).as_deref(), Some("ab c"));
        assert_eq!(line(" \u{0} \n", 100), None);
    }

    #[test]
    fn a_cut_keeps_whole_characters() {
        assert_eq!(cut(" شکریہ\nجی ", 6).as_deref(), Some("شکریہ\n"));
        assert_eq!(cut("😮😮😮", 2).as_deref(), Some("😮😮"));
        assert_eq!(cut("  ", 2), None);
    }

    #[test]
    fn only_links_to_the_web_are_given_to_customers() {
        for good in ["https://track.example.pk/?cn=KI1", "HTTP://example.com"] {
            assert_eq!(link(good).as_deref(), Some(good));
        }
        for bad in
            ["javascript://x", "https://", "ftp://example.com", "https://a\"b", "https://a b", "//a", "a"]
        {
            assert_eq!(link(bad), None, "{bad}");
        }
        assert_eq!(link(&format!("https://{}", "a".repeat(LINK))), None);
    }

    #[test]
    fn a_language_is_a_tag() {
        assert_eq!(language("en").as_deref(), Some("en"));
        assert_eq!(language("ur_PK").as_deref(), Some("ur-PK"));
        for bad in ["english language", "-", "ur--PK", "اردو", "abcdefghi"] {
            assert_eq!(language(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_has_two_sides() {
        assert_eq!(email(" ayesha@example.pk ").as_deref(), Some("ayesha@example.pk"));
        for bad in ["", "@", "a@", "@b", "a b@c", "a@b,c@d", "Ayesha <a@b>"] {
            assert_eq!(email(bad), None, "{bad}");
        }
    }
}
