//! Whatever somebody writes into a template: it is refused or it is filled in, soon, and stays small.

use std::time::{Duration, Instant};

use harkara_channels::template::{FILTERS, RenderError, VARIABLES, Variables, parse};
use proptest::prelude::*;

use crate::world::{full_order, minimal_order};

fn file(text: &str) -> String {
    serde_json::json!({ "name": "t", "category": "utility", "subject": text, "texts": { "en": text } })
        .to_string()
}

/// Reads and fills a text in; what it came to, or why not.
fn filled(text: &str) -> Result<Vec<Result<String, RenderError>>, Vec<String>> {
    let template = parse(&file(text))
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    let orders = [Some(full_order()), Some(minimal_order()), None];
    let filled = orders.iter().map(|order| Variables::of(order.as_ref(), None, "Gulab"));
    Ok(filled.map(|variables| template.render(&variables, &["en"]).map(|rendered| rendered.text)).collect())
}

/// An argument of a filter.
fn argument() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(VARIABLES.map(|(name, _)| name.to_owned()).to_vec()),
        "'[a-c]{0,40}'",
        "\"[^\"]{0,12}\"",
        "-?[0-9]{1,6}",
    ]
}

/// An output that could be meant.
fn output() -> impl Strategy<Value = String> {
    let name = prop::sample::select(VARIABLES.map(|(name, _)| name).to_vec());
    let filter = (prop::sample::select(FILTERS.to_vec()), prop::collection::vec(argument(), 0..3));
    let filter = filter.prop_map(|(name, arguments)| match arguments.as_slice() {
        [] => name.to_owned(),
        arguments => format!("{name}: {}", arguments.join(", ")),
    });
    (name, prop::collection::vec(filter, 0..12)).prop_map(|(name, filters)| {
        let all: Vec<String> = std::iter::once(name.to_owned()).chain(filters).collect();
        format!("{{{{ {} }}}}", all.join(" | "))
    })
}

/// Words and outputs, and pieces of what templates are made of.
fn text() -> impl Strategy<Value = String> {
    let pieces =
        vec!["{{", "}}", "{%", "%}", " | ", ": ", "'", "\"", "replace", "order.name", "\n", "-", "é", "😀"];
    let piece = prop_oneof![
        3 => output(),
        3 => "[a-z ]{1,12}",
        2 => prop::sample::select(pieces).prop_map(str::to_owned),
    ];
    prop_oneof![
        4 => prop::collection::vec(piece, 1..12).prop_map(|pieces| format!("Hi {} bye", pieces.join(" "))),
        1 => "\\PC{0,300}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_template_is_refused_or_filled_in_soon_and_stays_small(text in text()) {
        let before = Instant::now();
        let outcome = filled(&text);
        // Far above what it takes, far below what anybody would wait for.
        prop_assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
        match outcome {
            Err(problems) => prop_assert!(!problems.is_empty()),
            Ok(orders) => for rendered in orders.into_iter().flatten() {
                prop_assert!(rendered.len() <= 4 * 64 * 1024 * 12, "{} bytes", rendered.len());
            },
        }
    }

    #[test]
    fn no_file_breaks_the_reader(yaml in "\\PC{0,400}") {
        let _ = parse(&yaml);
    }

    #[test]
    fn no_edit_of_a_file_breaks_the_reader(at in 0usize..600, with in "\\PC{0,6}", drop in 0usize..6) {
        let mut yaml = include_str!("../../../../flows/templates/cod_confirmation.yaml").to_owned();
        let floor = |text: &str, at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let (from, to) = (floor(&yaml, at), floor(&yaml, at + drop));
        yaml.replace_range(from..to, &with);
        let _ = parse(&yaml);
    }
}

/// Each would make gigabytes out of a name.
#[test]
fn an_output_that_could_grow_without_end_is_refused() {
    let many = "a".repeat(100);
    let replaces = |old: &str| format!(" | replace: '{old}', '{many}'").repeat(6);
    let nested = |word: &str| {
        (0..9).fold(format!("order.name | default: '{word}'"), |text, _| {
            format!("{text} | append: order.status_url")
        })
    };
    for (output, why) in [
        (format!("order.name{}", replaces("a")), "could make"),
        (format!("order.name{}", replaces("")), "could make"),
        (format!("order.name{}", " | replace: order.city, order.status_url".repeat(3)), "could make"),
        (format!("order.name{}", " | upcase".repeat(11)), "has 11 filters"),
    ] {
        let problems = filled(&format!("Hi {{{{ {output} }}}} bye")).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(why)), "{output:.80}: {problems:.3?}");
    }
    assert!(filled(&format!("Hi {{{{ {} }}}} bye", nested("x"))).is_ok(), "this grows, but not much");
    let crowd = format!("Hi {} bye", "{{ order.name }} x ".repeat(150));
    assert!(filled(&crowd).unwrap_err().iter().any(|problem| problem.contains("more than 100 outputs")));
}
