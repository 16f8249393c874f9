//! The reference of conditions in `docs/flows.md` is what the list of conditions says, word for word.
//! `UPDATE_DOCS=1 cargo test -p harkara-domain condition_docs` writes it anew.

use harkara_domain::flow::{
    Condition,
    condition::{About, Known},
};
use std::fmt::Write;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flows.md");

fn conditions() -> String {
    let mut table = String::from("| condition | operators | what it asks |\n|---|---|---|\n");
    let mut about = None;
    for listed in Condition::LIST {
        if about.replace(listed.about) != Some(listed.about) {
            let heading = match listed.about {
                About::Order => "The order",
                About::Customer => "The customer",
                About::Talk => "The conversation",
                About::Runs => "Messages and flows",
                About::Cart => "The cart",
                About::Anything => "Anything else",
            };
            writeln!(table, "| **{heading}** | | |").unwrap();
        }
        let operators = match (listed.field, listed.operators) {
            ("expression", _) => "the expression".to_owned(),
            (_, []) => "`true`, `false`".to_owned(),
            (_, names) => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        };
        writeln!(table, "| `{}` | {operators} | {} |", listed.field, listed.doc.trim()).unwrap();
    }
    table
}

fn fields() -> String {
    let mut table = String::from("| field | holds |\n|---|---|\n");
    for (variable, fields) in Known::fields() {
        for (name, doc) in fields {
            writeln!(table, "| `{variable}.{name}` | {doc} |").unwrap();
        }
    }
    table
}

#[test]
fn the_docs_say_what_the_list_says() {
    let text = std::fs::read_to_string(FILE).unwrap();
    let mut now = text.clone();
    for (name, table) in [("conditions", conditions()), ("expression fields", fields())] {
        let (begin, end) = (format!("<!-- {name}: generated -->\n"), format!("<!-- {name}: end -->"));
        let from = now.find(&begin).unwrap_or_else(|| panic!("no {begin}")) + begin.len();
        let to = now.find(&end).unwrap_or_else(|| panic!("no {end}"));
        now.replace_range(from..to, &format!("\n{table}\n"));
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(FILE, &now).unwrap();
    }
    assert!(text == now, "docs/flows.md is out of date; UPDATE_DOCS=1 writes it anew");
}
