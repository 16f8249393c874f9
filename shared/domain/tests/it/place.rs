//! Cities are the same however they are written.

use harkara_domain::place::{Areas, Cities, MAX_NAME, MAX_NAMES, MAX_PLACES, normalise};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn lists(written: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    let list = |members: &[&str]| members.iter().map(|member| (*member).to_owned()).collect();
    written.iter().map(|(name, members)| ((*name).to_owned(), list(members))).collect()
}

#[test]
fn normal_forms() {
    for (written, normal) in [
        (" D.G. Khan ", "dgkhan"),
        ("Rahim-Yar  Khan", "rahimyarkhan"),
        ("São Paulo", "saopaulo"),
        ("Sa\u{303}o Paulo", "saopaulo"),
        ("Łódź, Strauß", "lodzstrauss"),
        ("ＫＡＲＡＣＨＩ", "karachi"),
        ("İstanbul", "istanbul"),
        ("SW1A 1AA", "sw1a1aa"),
        ("٧٤۲۰۰", "74200"),
        // Arabic's yeh, kaf and heh for Urdu's.
        ("كراچي", "کراچی"),
        ("لاهور", "لاہور"),
        // Vowel signs, a joiner, a stretch, presentation forms, marks of direction.
        ("کَراچِی", "کراچی"),
        ("اسلام\u{200c}آباد", "اسلاماباد"),
        ("اسلام آباد", "اسلاماباد"),
        ("كـــراچي", "کراچی"),
        ("ﻻﮨﻮﺭ", "لاہور"),
        ("\u{200f}ملتان\u{200e}\u{feff}", "ملتان"),
        ("—", ""),
        ("", ""),
    ] {
        assert_eq!(normalise(written), normal, "{written}");
    }
}

proptest! {
    /// What was normalised stays, and says nothing but letters and digits.
    #[test]
    fn normal_forms_are_final(text in "\\PC{0,30}") {
        let normal = normalise(&text);
        prop_assert_eq!(&normalise(&normal), &normal);
        prop_assert!(normal.chars().all(char::is_alphanumeric), "{}", normal);
    }

    /// Of ASCII, the short way comes to the same as the long one.
    #[test]
    fn ascii_is_no_other_language(text in "[ -~]{0,20}") {
        prop_assert_eq!(normalise(&text), normalise(&format!("{text}\u{200d}")));
    }
}

#[test]
fn the_built_in_cities() {
    let cities = Cities::default();
    for group in [
        ["Karachi", "KHI", "کراچی", "كراچي"],
        ["Lahore", "LHE", "لاہور", "لاهور"],
        ["Islamabad", "ISB", "اسلام آباد", "اسلام اباد"],
        ["Rawalpindi", "Pindi", "R.W.P.", "راولپنڈی"],
        ["Faisalabad", "LYP", "Lyallpur", "فیصل آباد"],
        ["Dera Ghazi Khan", "DG Khan", "D.G.Khan", "ڈیرہ غازی خان"],
        ["Peshawar", "pew", "Pishawar", "پشاور"],
        ["Quetta", "uet", "QUETA", "کوئٹہ"],
    ] {
        for name in group {
            assert!(cities.same(name, group[0]), "{name}");
            assert_eq!(cities.canonical(name), normalise(group[0]));
        }
    }
    for (one, other) in
        [("Karachi", "Lahore"), ("Mirpur", "Mirpur Khas"), ("Gujrat", "Gujranwala"), ("", "-")]
    {
        assert!(!cities.same(one, other), "{one}, {other}");
    }
    // A city that nobody listed is the same as itself.
    assert!(cities.same("Hub Chowki", "HUB-CHOWKI"));
}

/// The list of names itself: no name of two cities, none that says nothing, at least forty cities.
#[test]
fn built_in_names_are_each_of_one_city() {
    let source = include_str!("../../src/place/known.rs");
    let groups: Vec<Vec<&str>> = source
        .lines()
        .filter(|line| line.trim_start().starts_with("&["))
        .map(|line| line.split('"').skip(1).step_by(2).collect())
        .collect();
    assert!(groups.len() >= 40, "{}", groups.len());
    let mut taken = BTreeMap::new();
    for group in &groups {
        for name in group {
            assert_eq!(taken.insert(normalise(name), group[0]), None, "{name} is written twice");
            assert!(Cities::default().same(name, group[0]), "{name}");
        }
        assert!(group.iter().any(|name| !name.is_ascii()), "{} has no Urdu", group[0]);
    }
}

#[test]
fn a_store_has_aliases_of_its_own() {
    let own =
        lists(&[("Pindi", &["Chaklala", "Saddar"]), ("Hub", &["Hub Chowki", "حب"]), ("Multan", &["LHE"])]);
    let cities = Cities::new(&own);
    assert!(cities.same("chaklala", "Rawalpindi"), "a store may call a built-in city by any of its names");
    assert!(cities.same("HUB CHOWKI", "hub"));
    assert!(cities.same("حب", "Hub"));
    assert!(cities.same("lhe", "Multan"), "a store's own come first");
    assert!(cities.same("Lahore", "لاہور"));
    assert!(!Cities::default().same("Chaklala", "Rawalpindi"));
    assert_eq!(cities.resolve(&normalise("Chaklala")), "rawalpindi");
    assert_eq!(cities.resolve("nowhere"), "nowhere");
    let strange = Cities::new(&lists(&[("--", &["x"]), ("Hub", &["!"])]));
    assert!(!strange.same("x", ""));
    assert!(!strange.same("!", "Hub"));
}

#[test]
fn areas_hold_cities_and_postal_codes() {
    let cities = Cities::new(&lists(&[("Hub", &["Hub Chowki"])]));
    let written =
        lists(&[("high_return", &["Quetta", "hub", "HUB CHOWKI", "74-200", "--"]), ("far", &["UET"])]);
    let areas = Areas::new(&written, &cities);
    let of =
        |city: &str, postal: &str| areas.of(&cities.canonical(city), &normalise(postal)).collect::<Vec<_>>();
    assert_eq!(of("کوئٹہ", ""), ["far", "high_return"]);
    assert_eq!(of("Hub Chowki", ""), ["high_return"]);
    assert_eq!(of("Karachi", "74200"), ["high_return"]);
    assert_eq!(of("Karachi", "75500"), Vec::<&str>::new());
    assert_eq!(of("", ""), Vec::<&str>::new());
}

#[test]
fn flaws_of_aliases_and_areas() {
    let paths = |written: &[(&str, &[&str])]| {
        let found = Cities::flaws(&lists(written), "city_aliases").into_iter();
        found.map(|(path, _)| path).collect::<Vec<_>>()
    };
    assert_eq!(paths(&[("Hub", &["Hub Chowki"])]), Vec::<String>::new());
    assert_eq!(paths(&[("Hub", &[]), ("--", &["x"])]), ["city_aliases.--", "city_aliases.Hub"]);
    assert_eq!(paths(&[("Hub", &["x", "?"])]), ["city_aliases.Hub[1]"]);
    assert_eq!(paths(&[("A", &["x"]), ("B", &["y", "X."])]), ["city_aliases.B[1]"], "of two cities at once");
    assert_eq!(paths(&[("A", &["x", "X"])]), Vec::<String>::new());
    let long = "x".repeat(MAX_NAME + 1);
    assert_eq!(paths(&[("A", &[&long])]), ["city_aliases.A[0]"]);
    let many = vec!["x".to_owned(); MAX_PLACES + 1];
    let area = BTreeMap::from([("far".to_owned(), many)]);
    let message = format!("has {} entries; {MAX_PLACES} is the most", MAX_PLACES + 1);
    assert_eq!(Areas::flaws(&area, "areas"), [("areas.far".to_owned(), message)]);
    let names = (0..=MAX_NAMES).map(|n| (format!("a{n}"), vec!["x".to_owned()])).collect();
    assert_eq!(Areas::flaws(&names, "areas").len(), 1);
}
