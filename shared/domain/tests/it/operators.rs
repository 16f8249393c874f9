//! What each operator holds of, how it reads, and what is wrong with it.

use harkara_domain::{
    calendar::Weekday,
    fact::PaymentMethod,
    flow::condition::{
        Amount, Choice, City, CitySeen, Each, Elapsed, Hour, MAX_TEXT, MAX_VALUES, Operator, Pattern, Set,
        Text, Whole,
    },
    place::Cities,
};
use jiff::{SignedDuration, civil::date};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, slice};

/// Reads an operator, and sees that it is written as it was read.
fn read<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(yaml: &str) -> T {
    let operator: T = serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{yaml}: {error}"));
    let json = serde_json::to_string(&operator).unwrap();
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), operator, "{json}");
    operator
}

fn text(yaml: &str) -> Text {
    read(yaml)
}

fn places<A: Clone>(operator: &impl Operator<A>) -> Vec<String> {
    operator.flaws().into_iter().map(|flaw| flaw.at.into_owned()).collect()
}

#[test]
fn text_compares_without_regard_to_case_and_blanks() {
    for (yaml, actual, expected) in [
        ("is: ' Karachi '", "KARACHI", true),
        ("is: karachi", " Karachi\t", true),
        ("is: karachi", "karachi city", false),
        ("is: İZMİR", "i\u{307}zmi\u{307}r", true),
        ("is: ÇOCUK", "çocuk", true),
        ("is: çocuk", "cocuk", false),
        // The sign for kelvin is a capital k.
        ("is: kelvin", "\u{212a}elvin", true),
        ("is: کراچی", " کراچی ", true),
        ("is_not: Karachi", "karachi", false),
        ("is_not: Karachi", "", true),
        ("in: [Lahore, ' KARACHI']", "karachi", true),
        ("in: [Lahore, Multan]", "karachi", false),
        ("not_in: [Lahore, KARACHI]", "karachi", false),
        ("not_in: [Lahore]", "karachi", true),
        ("contains: ' VIP '", "our vip guest", true),
        ("contains: vip", "vi p", false),
        ("contains: vip", "vi", false),
        ("contains: ÇO", "bir çocuk", true),
        ("contains: vip", "çok vip", true),
        ("contains: ço", "coç", false),
        ("contains: aab", "aaab ç", true),
        ("exists: true", "x", true),
        ("exists: true", " ", false),
        ("exists: false", "\t", true),
        ("exists: false", "x", false),
    ] {
        let operator = text(yaml);
        assert_eq!(operator.holds(actual), expected, "{yaml} of {actual:?}");
        let verdict = operator.judge(actual);
        assert_eq!(verdict.held, expected);
        let said = if actual.trim().is_empty() { "empty" } else { actual.trim() };
        assert_eq!(verdict.actual, said);
    }
    assert!(Operator::<&str>::holds_of_nothing(&text("exists: false")));
    for yaml in ["exists: true", "is_not: x", "not_in: [x]", "contains: x"] {
        assert!(!Operator::<&str>::holds_of_nothing(&text(yaml)), "{yaml}");
    }
}

#[test]
fn patterns_are_of_a_whole_text() {
    for (pattern, actual, expected) in [
        ("SALE*", "sale-10", true),
        ("SALE*", "sale", true),
        ("SALE*", "presale", false),
        ("*-10", "sale-10", true),
        ("*-10", "sale-100", false),
        ("*-10", "x-10-10", true),
        ("?-10", "x-10", true),
        ("?-10", "-10", false),
        ("?-10", "xx-10", false),
        ("a*b*c", "a1b2b3c", true),
        ("a*b*c", "a1c2b3", false),
        ("*ab*", "aab", true),
        ("* لاہور *", "شہر لاہور ہے", true),
        ("çO?", "ÇOK", true),
        ("", "", true),
        ("", "x", false),
        ("*?*", "", false),
    ] {
        assert_eq!(Pattern::from(pattern.to_owned()).is_of(actual), expected, "{pattern} of {actual}");
    }
    assert!(text("matches: 'lhr-*'").holds(" LHR-7 "));
    // The worst that a pattern can do is the product of both lengths.
    let pattern = Pattern::from("*a".repeat(MAX_TEXT / 2) + "b");
    let before = std::time::Instant::now();
    assert!(!pattern.is_of(&"a".repeat(10_000)));
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
}

/// What a pattern means, the slow way.
fn means(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => {
            means(rest, text) || text.split_first().is_some_and(|(_, text)| means(pattern, text))
        }
        (['?', rest @ ..], [_, text @ ..]) => means(rest, text),
        ([wanted, rest @ ..], [found, text @ ..]) => wanted == found && means(rest, text),
        _ => false,
    }
}

proptest! {
    #[test]
    fn patterns_mean_what_they_say(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        prop_assert_eq!(
            Pattern::from(pattern.clone()).is_of(&text),
            means(&chars(&pattern), &chars(&text))
        );
    }

    /// Comparing without allocating comes to the same as lowering both.
    #[test]
    fn folding_is_lowering(wanted in "[aAkKßİçÇ ]{0,4}", text in "[aAkK\u{212a}ßİçÇ ]{0,6}") {
        let lower = |text: &str| text.trim().chars().flat_map(char::to_lowercase).collect::<String>();
        prop_assert_eq!(Text::Is(wanted.clone().into()).holds(text.as_str()), lower(&wanted) == lower(&text));
        let has = lower(&text).contains(&lower(&wanted));
        prop_assert_eq!(Text::Contains(wanted.into()).holds(text.as_str()), has);
    }
}

#[test]
fn of_several_texts_one_is_enough_and_none_may_be() {
    for (yaml, actual, expected) in [
        ("is: a", vec!["b", "A"], true),
        ("is: a", vec!["b"], false),
        ("in: [c, b]", vec!["a", "b"], true),
        ("contains: x", vec!["a", "axa"], true),
        ("matches: 'a*'", vec!["b", "abc"], true),
        ("is_not: a", vec!["b", "c"], true),
        ("is_not: a", vec!["b", "a"], false),
        ("not_in: [a, b]", vec!["c", "b"], false),
        ("not_in: [a, b]", vec!["c"], true),
        ("exists: true", vec!["", "a"], true),
        ("exists: true", vec!["", " "], false),
        ("exists: false", vec!["", "a"], false),
        ("exists: false", vec![" "], true),
        // Of none at all nothing holds but that there is none.
        ("is_not: a", vec![], false),
        ("is: a", vec![], false),
        ("exists: false", vec![], true),
        ("exists: true", vec![], false),
    ] {
        let each = Each(actual.iter().copied());
        assert_eq!(text(yaml).holds(each), expected, "{yaml} of {actual:?}");
    }
    let many: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let said = text("is: x").spoken(Each(many.iter().map(String::as_str)));
    assert_eq!(said, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
    assert_eq!(text("is: x").spoken(Each(["", " "].into_iter())), "none");
}

#[test]
fn sets_know_that_they_are_empty() {
    for (yaml, actual, expected) in [
        ("contains: VIP", vec!["gift", " vip"], true),
        ("contains: vip", vec!["vips"], false),
        ("contains_any: [a, b]", vec!["c", "B"], true),
        ("contains_any: [a, b]", vec!["c"], false),
        ("contains_all: [a, b]", vec!["b", "c", "a"], true),
        ("contains_all: [a, b]", vec!["b", "c"], false),
        ("contains_none: [a, b]", vec!["c"], true),
        ("contains_none: [a, b]", vec!["c", "a"], false),
        ("contains_none: [a, b]", vec![], true),
        ("exists: true", vec!["a"], true),
        ("exists: true", vec![], false),
        ("exists: false", vec![], true),
        ("exists: false", vec!["a"], false),
    ] {
        let set: Set = read(yaml);
        assert_eq!(set.holds(actual.iter().copied()), expected, "{yaml} of {actual:?}");
    }
    let set: Set = read("contains: a");
    assert_eq!(set.spoken(slice::Iter::<&str>::default().copied()), "none");
    assert_eq!(set.spoken(["a ", "b"].into_iter()), "a, b");
    // Words of a fixed set.
    let set: Set<PaymentMethod> = read("contains_any: [cod]");
    assert!(set.holds([PaymentMethod::Prepaid, PaymentMethod::Cod].into_iter()));
    assert!(!set.holds([PaymentMethod::Prepaid].into_iter()));
    assert_eq!(set.spoken([PaymentMethod::Cod].into_iter()), "cod");
    assert!(serde_saphyr::from_str::<Set<PaymentMethod>>("contains: cash").is_err());
}

#[test]
fn amounts_and_counts() {
    for (yaml, actual, expected) in [
        ("is: 1500", "1500.00", true),
        ("is: 1500", "1500.01", false),
        ("at_least: 1500", "1500", true),
        ("at_least: 1500", "1499.99", false),
        ("at_most: 0.3", "0.3", true),
        ("at_most: 0.3", "0.31", false),
        ("between: [1, 2]", "2", true),
        ("between: [1, 2]", "2.1", false),
        ("between: [1, 2]", "0.9", false),
        ("exists: true", "0", true),
        ("exists: false", "0", false),
    ] {
        let amount: Amount = read(yaml);
        let actual: Decimal = actual.parse().unwrap();
        assert_eq!(amount.holds(actual), expected, "{yaml} of {actual}");
    }
    for (yaml, actual, expected) in [
        ("is: 3", 3, true),
        ("at_least: 5", 4, false),
        ("between: [0, 4]", 4, true),
        ("at_most: 4", 5, false),
    ] {
        assert_eq!(read::<Amount<Whole>>(yaml).holds(actual), expected, "{yaml} of {actual}");
    }
    assert!(read::<Amount>("exists: false").holds_of_nothing());
    assert!(!read::<Amount>("at_most: 3").holds_of_nothing());
    for bad in ["at_least: 2.5", "at_least: -1", "at_least: 5000000000", "at_least: many", "at_least: [1]"] {
        assert!(serde_saphyr::from_str::<Amount<Whole>>(bad).is_err(), "{bad}");
    }
    let error = serde_saphyr::from_str::<Amount<Whole>>("at_least: 2.5").unwrap_err().to_string();
    assert!(error.contains("2.5 is not a whole number from 0 on"), "{error}");
}

#[test]
fn elapsed_times() {
    let hours = SignedDuration::from_hours;
    for (yaml, actual, expected) in [
        ("at_least: 2d", hours(48), true),
        ("at_least: 2d", hours(47), false),
        ("at_most: 36h", hours(36), true),
        ("at_most: 36h", hours(37), false),
        ("between: [1d, 1w]", hours(7 * 24), true),
        ("between: [1d, 1w]", hours(23), false),
        ("exists: true", hours(0), true),
    ] {
        assert_eq!(read::<Elapsed>(yaml).holds(actual), expected, "{yaml} of {actual}");
    }
    let elapsed = read::<Elapsed>("between: [2d, 1d]");
    assert_eq!(places(&elapsed), ["between"]);
    assert_eq!(elapsed.spoken(SignedDuration::from_mins(2 * 1440 + 65)), "2d 1h 5m");
    assert_eq!(elapsed.spoken(SignedDuration::from_secs(59)), "under 1m");
    assert_eq!(read::<Elapsed>("at_least: 1d 2h").words("its age"), "its age is at least 1d 2h");
    assert!(read::<Elapsed>("exists: false").holds_of_nothing());
    assert!(serde_saphyr::from_str::<Elapsed>("is: 2d").is_err(), "nothing is exactly two days old");
}

#[test]
fn hours_may_span_midnight() {
    let held = |yaml: &str| {
        let hour: Hour = read(yaml);
        (0..24).filter(|actual| hour.holds(*actual)).collect::<Vec<i8>>()
    };
    assert_eq!(held("is: 9"), [9]);
    assert_eq!(held("in: [0, 23]"), [0, 23]);
    assert_eq!(held("between: [9, 11]"), [9, 10, 11]);
    assert_eq!(held("between: [22, 1]"), [0, 1, 22, 23]);
    assert_eq!(held("between: [5, 5]"), [5]);
    assert_eq!(held("not_in: [3]").len(), 23);
    assert_eq!(places(&read::<Hour>("between: [9, 24]")), ["between[1]"]);
    assert_eq!(places(&read::<Hour>("in: [24, 1, 99]")), ["in[0]", "in[2]"]);
    assert_eq!(places(&read::<Hour>("is: 25")), ["is"]);
    assert_eq!(places(&read::<Hour>("not_in: []")), ["not_in"]);
    assert_eq!(places(&read::<Hour>("in: [0, 23]")), Vec::<String>::new());
    assert!(serde_saphyr::from_str::<Hour>("is: -1").is_err());
}

#[test]
fn weekdays() {
    let friday = Weekday::of(date(2026, 11, 20));
    assert!(read::<Choice<Weekday>>("is: friday").holds(friday));
    let mut days = (15..22).map(|day| Weekday::of(date(2026, 11, day)));
    let weekend: Choice<Weekday> = read("in: [saturday, sunday]");
    assert_eq!(days.by_ref().map(|day| weekend.holds(day)).filter(|held| *held).count(), 2);
    assert_eq!(weekend.words("the day"), "the day is one of saturday, sunday");
    assert!(serde_saphyr::from_str::<Choice<Weekday>>("is: Freitag").is_err());
}

#[test]
fn cities_are_compared_by_all_their_names() {
    let own = BTreeMap::from([("Lahore".to_owned(), vec!["Data ki Nagri".to_owned()])]);
    let cities = Cities::new(&own);
    let holds = |yaml: &str, written: &str| {
        let canonical = cities.canonical(written);
        let seen = CitySeen { written, canonical: &canonical, cities: &cities };
        read::<City>(yaml).holds(seen)
    };
    for (yaml, written, expected) in [
        ("is: Karachi", "KHI", true),
        ("is: khi", "کراچی", true),
        ("is: Karachi", "Lahore", false),
        ("in: [Multan, data-ki-nagri]", "LHE", true),
        ("is_not: Karachi", "krachi", false),
        ("is_not: Karachi", "Hub", true),
        ("not_in: [Karachi, Pindi]", "Rawalpindi", false),
        ("not_in: [Karachi, Pindi]", "Murree", true),
        ("is: Murree", " MURREE.", true),
        ("exists: true", "x", true),
        ("exists: true", " - ", false),
        ("exists: false", "", true),
        ("is: '?'", "!", false),
    ] {
        assert_eq!(holds(yaml, written), expected, "{yaml} of {written}");
    }
    assert_eq!(places(&read::<City>("in: [Karachi, '--', '']")), ["in[1]", "in[2]"]);
    assert_eq!(places(&read::<City>("not_in: []")), ["not_in"]);
    assert_eq!(read::<City>("is: KHI").words("the city"), "the city is KHI");
}

#[test]
fn flaws_name_the_value() {
    let (long, longest) = ("x".repeat(MAX_TEXT + 1), "ی".repeat(MAX_TEXT));
    for (yaml, expected) in [
        ("in: []".to_owned(), vec!["in"]),
        (format!("in: [a, {long}, '  ']"), vec!["in[1]", "in[2]"]),
        (format!("in: [{longest}]"), vec![]),
        ("is: ' '".to_owned(), vec!["is"]),
        (format!("is_not: {long}"), vec!["is_not"]),
        ("contains: ''".to_owned(), vec!["contains"]),
        ("matches: '**'".to_owned(), vec!["matches"]),
        (format!("matches: {long}"), vec!["matches"]),
        ("matches: 'a*'".to_owned(), vec![]),
        (format!("not_in: [{}]", vec!["x"; MAX_VALUES + 1].join(", ")), vec!["not_in"]),
        (format!("in: [{}]", vec!["x"; MAX_VALUES].join(", ")), vec![]),
        ("exists: true".to_owned(), vec![]),
    ] {
        assert_eq!(places::<&str>(&text(&yaml)), expected, "{yaml}");
    }
    let flaws = |yaml: &str| places::<slice::Iter<'_, &str>>(&Wrapped(read(yaml)));
    assert_eq!(flaws("contains_any: []"), ["contains_any"]);
    assert_eq!(flaws("contains_all: [a, '']"), ["contains_all[1]"]);
    assert_eq!(flaws("contains: ' '"), ["contains"]);
    assert_eq!(
        flaws(&format!("contains_none: [{}]", vec!["x"; MAX_VALUES + 1].join(", "))),
        ["contains_none"]
    );
    assert_eq!(places(&read::<Amount>("between: [2, 1]")), ["between"]);
    assert_eq!(places(&read::<Amount<Whole>>("between: [2, 2]")), Vec::<String>::new());
    let list = vec!["cod"; MAX_VALUES + 1].join(", ");
    assert_eq!(places(&read::<Choice<PaymentMethod>>(&format!("in: [{list}]"))), ["in"]);
    let why = &Operator::<&str>::flaws(&text(&format!("is: {long}")))[0].why;
    assert_eq!(why, "has 201 characters; 200 is the most");
}

/// A set asked about references to texts.
struct Wrapped(Set);

impl<'a> Operator<slice::Iter<'a, &'a str>> for Wrapped {
    fn holds(&self, actual: slice::Iter<'a, &'a str>) -> bool {
        self.0.holds(actual.copied())
    }
    fn spoken(&self, actual: slice::Iter<'a, &'a str>) -> String {
        self.0.spoken(actual.copied())
    }
    fn words(&self, subject: &str) -> String {
        Operator::<std::iter::Copied<slice::Iter<'a, &'a str>>>::words(&self.0, subject)
    }
    fn flaws(&self) -> Vec<harkara_domain::flow::condition::Flaw> {
        Operator::<std::iter::Copied<slice::Iter<'a, &'a str>>>::flaws(&self.0)
    }
}

#[test]
fn words_make_a_clause() {
    let say = |yaml: &str| Operator::<&str>::words(&text(yaml), "the courier");
    assert_eq!(say("is: TCS"), "the courier is TCS");
    assert_eq!(say("is_not: TCS"), "the courier is not TCS");
    assert_eq!(say("in: [TCS, Trax]"), "the courier is one of TCS, Trax");
    assert_eq!(say("not_in: [TCS]"), "the courier is none of TCS");
    assert_eq!(say("contains: ex"), "the courier contains ex");
    assert_eq!(say("matches: 'post*'"), "the courier looks like post*");
    assert_eq!(say("exists: true"), "the courier is known");
    assert_eq!(say("exists: false"), "the courier is not known");
    let say = |yaml: &str| Operator::words(&Wrapped(read(yaml)), "the tags");
    assert_eq!(say("contains: vip"), "the tags contain vip");
    assert_eq!(say("contains_any: [a, b]"), "the tags contain any of a, b");
    assert_eq!(say("contains_all: [a, b]"), "the tags contain all of a, b");
    assert_eq!(say("contains_none: [a]"), "the tags contain none of a");
    assert_eq!(say("exists: true"), "the tags are not empty");
    assert_eq!(say("exists: false"), "the tags are empty");
    assert_eq!(read::<Amount>("is: 3").words("the total"), "the total is 3");
    assert_eq!(read::<Amount>("exists: true").words("the total"), "the total is known");
    assert_eq!(read::<Hour>("between: [22, 6]").words("the hour"), "the hour is between 22 and 6");
}

#[test]
fn what_is_not_an_operator_is_refused() {
    for bad in ["equals: x", "is: [x]", "in: x", "exists: maybe", "{ is: x, in: [y] }", "x"] {
        assert!(serde_saphyr::from_str::<Text>(bad).is_err(), "{bad}");
    }
    assert!(serde_saphyr::from_str::<Set>("is: x").is_err());
    assert!(serde_saphyr::from_str::<Amount>("between: [1]").is_err());
    assert!(serde_saphyr::from_str::<Amount>("between: [1, 2, 3]").is_err());
}

/// A hundred flows are judged for each order: no operator allocates, whatever comes.
#[test]
fn holding_allocates_nothing() {
    let texts: Vec<Text> = [
        "is: Karachi",
        "not_in: [Lahore, کراچی, Çorlu]",
        "contains: ço",
        "contains: abc",
        "matches: '*a*b?'",
        "exists: true",
    ]
    .map(text)
    .into();
    let set: Set = read("contains_all: [vip, çok]");
    let amount: Amount = read("between: [1, 2.5]");
    let elapsed: Elapsed = read("at_least: 2d 3h");
    let hour: Hour = read("in: [1, 2]");
    let city: City = read("in: [KHI, لاہور]");
    let cities = Cities::new(&BTreeMap::from([("Hub".to_owned(), vec!["Hub Chowki".to_owned()])]));
    let canonical = cities.canonical("Lahore");
    let seen = CitySeen { written: "Lahore", canonical: &canonical, cities: &cities };
    let actuals = ["KARACHI", " Çorlu ÇOK", "a abx", ""];
    let tags = ["vip", "Çok", "gift"];
    let mut held = 0;
    let used = allocation_counter::measure(|| {
        for actual in actuals {
            held += texts.iter().filter(|text| text.holds(actual)).count();
        }
        held += texts.iter().filter(|text| text.holds(Each(tags.iter().copied()))).count();
        held += usize::from(set.holds(tags.iter().copied()));
        held += usize::from(amount.holds(Decimal::TWO));
        held += usize::from(elapsed.holds(SignedDuration::from_hours(60)));
        held += usize::from(hour.holds(2));
        held += usize::from(city.holds(seen));
    });
    assert_eq!(used.count_total, 0);
    assert!(held > 10, "{held}");
}
