//! Cities as customers write them, and named lists of places.
//!
//! A city is compared by its normal form and by aliases: “Karachi”, “KHI” and “کراچی” are one. The
//! larger cities of Pakistan are built in; a store adds its own.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

mod ground;
mod known;

pub use ground::{Destination, Ground};

/// The most names that a store may give aliases to, or lists that it may name.
pub const MAX_NAMES: usize = 500;
/// The most aliases of one city, or places in one list.
pub const MAX_PLACES: usize = 1_000;
/// The most characters of a name, an alias or a postal code.
pub const MAX_NAME: usize = 100;

/// The form in which places are compared: letters and digits alone, in lower case, without accents and
/// vowel signs, with one letter for each that Arabic and Urdu keyboards write differently. `D.G. Khan`
/// is `dgkhan`, `Açúcar` is `acucar`, `اسلام‌آباد` is `اسلاماباد`.
pub fn normalise(text: &str) -> String {
    if text.is_ascii() {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.map(|letter| char::from(letter.to_ascii_lowercase())).collect();
    }
    text.nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .flat_map(|c| letter(c).chars().chain((letter(c).is_empty() && is_kept(c)).then_some(c)))
        .collect()
}

/// Letters and digits; not the stretch of a letter, U+0640, which Unicode counts as one. The joiners
/// and marks of direction are neither.
fn is_kept(c: char) -> bool {
    c.is_alphanumeric() && c != '\u{640}'
}

/// What stands for a letter that has no decomposition, or that keyboards differ in; empty for the rest.
fn letter(c: char) -> &'static str {
    match c {
        'ي' | 'ى' => "ی",
        'ك' => "ک",
        'ه' | 'ة' | 'ۃ' | 'ە' | 'ھ' => "ہ",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        '٠' | '۰' => "0",
        '١' | '۱' => "1",
        '٢' | '۲' => "2",
        '٣' | '۳' => "3",
        '٤' | '۴' => "4",
        '٥' | '۵' => "5",
        '٦' | '۶' => "6",
        '٧' | '۷' => "7",
        '٨' | '۸' => "8",
        '٩' | '۹' => "9",
        _ => "",
    }
}

/// From the normal form of each built-in name to that of its city.
static KNOWN: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let groups = known::CITIES.iter().filter_map(|names| names.split_first());
    let pairs = groups.flat_map(|(city, aliases)| {
        let city = normalise(city);
        aliases.iter().map(move |alias| (normalise(alias), city.clone()))
    });
    pairs.collect()
});

/// The canonical form of a normal one in a store without aliases of its own.
pub(crate) fn built_in(normal: &str) -> &str {
    KNOWN.get(normal).map_or(normal, String::as_str)
}

/// The cities of a store: those that are built in, and its own names for them or for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cities {
    /// From the normal form of a store's alias to the canonical form of its city.
    own: HashMap<String, String>,
}

impl Cities {
    /// Takes a store's own aliases: for each city, the other names of it. They come before what is
    /// built in. A name that has neither letter nor digit is passed over.
    pub fn new(aliases: &BTreeMap<String, Vec<String>>) -> Self {
        let mut own = HashMap::new();
        for (city, names) in aliases {
            let normal = normalise(city);
            let canonical = KNOWN.get(&normal).unwrap_or(&normal);
            for alias in names.iter().map(|name| normalise(name)) {
                if !alias.is_empty() && !canonical.is_empty() {
                    own.insert(alias, canonical.clone());
                }
            }
        }
        Self { own }
    }

    /// What is wrong with a store's aliases: for each flaw its path, which begins with `path`, and why.
    pub fn flaws(aliases: &BTreeMap<String, Vec<String>>, path: &str) -> Vec<(String, String)> {
        let mut found = lists_flaws(aliases, path, "alias");
        let mut taken: HashMap<String, &str> = HashMap::new();
        for (city, names) in aliases {
            for (i, name) in names.iter().enumerate() {
                let other = taken.insert(normalise(name), city).filter(|other| other != city);
                if let Some(other) = other {
                    let why = format!("“{name}” is a name of {other} already");
                    found.push((format!("{path}.{city}[{i}]"), why));
                }
            }
        }
        found
    }

    /// The form by which a city is the same however it is written: `karachi` for “KHI”. Empty when the
    /// text has neither letter nor digit.
    pub fn canonical<'a>(&'a self, city: &str) -> Cow<'a, str> {
        let normal = normalise(city);
        match self.alias(&normal) {
            Some(canonical) => Cow::Borrowed(canonical),
            None => Cow::Owned(normal),
        }
    }

    /// The canonical form of a [normal](normalise) one, without allocating.
    pub fn resolve<'a>(&'a self, normal: &'a str) -> &'a str {
        self.alias(normal).unwrap_or(normal)
    }

    fn alias(&self, normal: &str) -> Option<&str> {
        self.own_alias(normal).or_else(|| KNOWN.get(normal).map(String::as_str))
    }

    /// What the store itself says of a normal form, before what is built in.
    #[inline]
    pub(crate) fn own_alias(&self, normal: &str) -> Option<&str> {
        // Most stores have none, and every condition on a city comes here.
        if self.own.is_empty() { None } else { self.own.get(normal).map(String::as_str) }
    }

    /// Whether two texts name the same city. Without a letter or digit they name none.
    pub fn same(&self, one: &str, other: &str) -> bool {
        let one = self.canonical(one);
        !one.is_empty() && one == self.canonical(other)
    }
}

/// A store's named lists of cities and postal codes: `high_return: [Quetta, Turbat, 86300]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    /// From the canonical form of each place to the names of its lists, as they were written.
    places: HashMap<String, Vec<String>>,
}

impl Areas {
    /// Takes a store's lists; their cities are those of `cities`.
    pub fn new(lists: &BTreeMap<String, Vec<String>>, cities: &Cities) -> Self {
        let mut places: HashMap<String, Vec<String>> = HashMap::new();
        for (name, members) in lists {
            for place in members.iter().map(|member| cities.canonical(member)) {
                let names = places.entry(place.into_owned()).or_default();
                if names.last() != Some(name) {
                    names.push(name.clone());
                }
            }
        }
        places.remove("");
        Self { places }
    }

    /// What is wrong with a store's lists: for each flaw its path, which begins with `path`, and why.
    pub fn flaws(lists: &BTreeMap<String, Vec<String>>, path: &str) -> Vec<(String, String)> {
        lists_flaws(lists, path, "place")
    }

    /// The names of the lists that an address is in: by the [canonical form](Cities::canonical) of its
    /// city, or by the [normal form](normalise) of its postal code. A list that has both comes twice.
    pub fn of<'a>(&'a self, city: &str, postal_code: &str) -> impl Iterator<Item = &'a str> + Clone {
        let lists = |place: &str| self.places.get(place).map(Vec::as_slice).unwrap_or_default();
        lists(city).iter().chain(lists(postal_code)).map(String::as_str)
    }
}

/// What is wrong with named lists: their number, their length, and names that cannot be told apart.
fn lists_flaws(lists: &BTreeMap<String, Vec<String>>, path: &str, what: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if lists.len() > MAX_NAMES {
        found.push((path.to_owned(), format!("has {} names; {MAX_NAMES} is the most", lists.len())));
    }
    for (name, members) in lists.iter().take(MAX_NAMES) {
        let at = format!("{path}.{name}");
        found.extend(name_flaw(name).map(|why| (at.clone(), why)));
        match members.len() {
            0 => found.push((at.clone(), format!("names no {what}; give it at least one"))),
            1..=MAX_PLACES => {}
            count => found.push((at.clone(), format!("has {count} entries; {MAX_PLACES} is the most"))),
        }
        let members = members.iter().take(MAX_PLACES).enumerate();
        found.extend(members.filter_map(|(i, member)| Some((format!("{at}[{i}]"), name_flaw(member)?))));
    }
    found
}

fn name_flaw(name: &str) -> Option<String> {
    let count = name.chars().count();
    if count > MAX_NAME {
        return Some(format!("has {count} characters; {MAX_NAME} is the most"));
    }
    normalise(name).is_empty().then(|| "needs at least one letter or digit".to_owned())
}
