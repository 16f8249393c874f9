//! Languages: the store's tags, the customer's, and Meta's.

/// The tag that stores use for Urdu in Latin letters; BCP 47 would say `ur-Latn`.
const ROMAN_URDU: &str = "roman-ur";

/// The tag that Meta knows a language by. Meta's list has `ur` but nothing for Urdu in Latin letters
/// (its page "Message templates", "Supported Languages"), so Roman Urdu is registered as `ur`;
/// regions are joined by an underscore there: `en_US`.
pub(super) fn meta_tag(tag: &str) -> String {
    if tag.eq_ignore_ascii_case(ROMAN_URDU) { "ur".to_owned() } else { tag.replace('-', "_") }
}

/// Letters, then groups of letters and digits joined by dashes, each of at most 8.
pub(super) fn is_tag(tag: &str) -> bool {
    let group = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut groups = tag.split('-');
    groups
        .next()
        .is_some_and(|first| (2..=8).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_alphabetic()))
        && groups.all(group)
}

fn primary(tag: &str) -> &str {
    if tag.eq_ignore_ascii_case(ROMAN_URDU) {
        return "ur";
    }
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// The first of `wanted` that is there, else the first that is there. A wanted language is there by
/// its whole tag, by its primary subtag alone, or by any tag with that primary subtag, in this order:
/// who wants `en-PK` gets `en`, and who wants `ur` gets `roman-ur` where there is nothing closer.
pub(super) fn pick<'t, T>(there: &'t [T], tag: impl Fn(&T) -> &str, wanted: &[&str]) -> Option<&'t T> {
    let find = |test: &dyn Fn(&str) -> bool| there.iter().find(|item| test(tag(item)));
    wanted
        .iter()
        .find_map(|wanted| {
            let stem = primary(wanted);
            find(&|have| have.eq_ignore_ascii_case(wanted))
                .or_else(|| find(&|have| have.eq_ignore_ascii_case(stem)))
                .or_else(|| find(&|have| primary(have).eq_ignore_ascii_case(stem)))
        })
        .or_else(|| there.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_language_is_picked() {
        let choose = |there: &[&'static str], wanted: &[&str]| pick(there, |tag| tag, wanted).copied();
        assert_eq!(choose(&["roman-ur", "en"], &["en-PK"]), Some("en"));
        assert_eq!(choose(&["roman-ur", "en"], &["EN"]), Some("en"));
        assert_eq!(choose(&["roman-ur", "en"], &["ur-PK", "en"]), Some("roman-ur"));
        assert_eq!(choose(&["roman-ur", "ur", "en"], &["ur-PK"]), Some("ur"));
        assert_eq!(choose(&["en-GB", "en-US"], &["en_US"]), Some("en-GB"));
        assert_eq!(choose(&["roman-ur", "en"], &["fr", "en"]), Some("en"));
        assert_eq!(choose(&["roman-ur", "en"], &["fr"]), Some("roman-ur"));
        assert_eq!(choose(&["roman-ur", "en"], &[]), Some("roman-ur"));
        assert_eq!(choose(&[], &["en"]), None);
    }

    #[test]
    fn meta_gets_its_own_tags() {
        assert_eq!(meta_tag("roman-ur"), "ur");
        assert_eq!(meta_tag("en-US"), "en_US");
        assert_eq!(meta_tag("en"), "en");
    }

    #[test]
    fn tags_have_the_shape_of_tags() {
        assert!(["en", "roman-ur", "ur-Latn-PK"].into_iter().all(is_tag));
        assert!(["", "e", "en_US", "en-", "1n", "englishenglish"].into_iter().all(|tag| !is_tag(tag)));
    }
}
