//! `docs/flow-reference.md`, made from the types of the flow language by way of its schema.
//! `UPDATE_DOCS=1 cargo test -p harkara-domain reference` writes it anew.

use harkara_domain::flow::{
    Action, Condition,
    action::Repeat,
    condition::{About, Known},
    schema,
};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fmt::Write, fs};

use crate::schema::Maker;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flow-reference.md");

const HEAD: &str = "# Reference of the flow language\n
Made from the types that flows are read with, as [`flow.schema.json`](flow.schema.json) is, and held by a test. What it
all means together, with examples, is in [the flow language](flows.md).\n";

/// The parts of the page with the definitions that they tell of; those about conditions come between.
const BEFORE: &[(&str, &[&str])] = &[
    ("Triggers", &["Trigger", "Often", "Heard"]),
    ("How often, and lost answers", &["ReEntry", "OnAmbiguous"]),
    ("Stages", &["Stage", "Message"]),
    ("Forks", &["WaitArm", "Awaited", "SplitArm", "BranchArm"]),
];
const PARTS: &[&str] = &["Letter", "TaskToDo", "CouponOffer", "Webhook"];
const FAMILIES: &[&str] = &["Choice", "Text", "City", "Set", "Amount", "Elapsed", "Hour"];

/// Writes the page, and notes which definitions it has told of.
struct Page {
    schema: Value,
    text: String,
    told: BTreeSet<String>,
}

impl Page {
    fn def(&mut self, name: &str) -> Value {
        self.told.insert(name.to_owned());
        self.schema["$defs"].get(name).unwrap_or_else(|| panic!("there is no {name}")).clone()
    }

    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn section(&mut self, heading: &str, names: &[&str]) {
        self.say(&format!("\n## {heading}"));
        for name in names {
            let def = self.def(name);
            self.say(&format!("\n<a id=\"{}\"></a>\n{}\n", name.to_lowercase(), words(&def)));
            self.fields(&def);
        }
    }

    /// The words and fields of a definition.
    fn fields(&mut self, def: &Value) {
        self.say("| | | value | what |\n|---|---|---|---|");
        let variants = def["oneOf"].as_array().filter(|_| def.get("properties").is_none());
        for variant in variants.into_iter().flatten() {
            match variant["const"].as_str() {
                Some(word) => self.say(&format!("| `{word}` | | | {} |", words(variant))),
                None => self.properties(variant),
            }
        }
        self.properties(def);
    }

    fn properties(&mut self, def: &Value) {
        let needed = |name: &str| def["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
        for (name, field) in sorted(def) {
            let needed = if needed(&name) { "needed" } else { "" };
            self.say(&format!("| `{name}` | {needed} | {} | {} |", self.value(&field), words(&field)));
        }
    }

    /// What a value looks like.
    fn value(&self, field: &Value) -> String {
        let range = |least: &str, most: &str, of: &str| match (field[least].as_i64(), field[most].as_i64()) {
            (Some(1), None) => format!(", at least 1{of}"),
            (Some(least), Some(most)) => format!(", {least} to {most}{of}"),
            (None, Some(most)) => format!(", at most {most}{of}"),
            _ => String::new(),
        };
        if let Some(name) = field["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
            let links: Vec<String> =
                name.split('_').map(|part| format!("[{}](#{})", spaced(part), part.to_lowercase())).collect();
            return links.join(" of ");
        }
        match field["type"].as_str() {
            Some("string") => format!("text{}", range("minLength", "maxLength", " characters")),
            Some("boolean") => "`true` or `false`".to_owned(),
            Some("integer") => format!("number{}", range("minimum", "maximum", "")),
            Some("object") => format!("names with texts{}", range("minProperties", "maxProperties", "")),
            Some("array") => match field["prefixItems"].as_array() {
                Some(items) => format!("[{}, {0}]", self.value(&items[0])),
                None => {
                    format!("list of {}{}", self.value(&field["items"]), range("minItems", "maxItems", ""))
                }
            },
            _ => panic!("no words for {field}"),
        }
    }

    fn conditions(&mut self) {
        let def = self.def("Condition");
        self.say(&format!("\n## Conditions\n\n<a id=\"condition\"></a>\n{}\n", words(&def)));
        self.say("| group | value | holds when |\n|---|---|---|");
        for group in ["all", "any", "none"] {
            let field = &def["properties"][group];
            self.say(&format!("| `{group}` | {} | {} |", self.value(field), words(field)));
        }
        self.say("\n| condition | operators | what it asks |\n|---|---|---|");
        let mut about = None;
        for listed in Condition::LIST {
            if about.replace(listed.about) != Some(listed.about) {
                self.say(&format!("| **{}** | | |", heading(listed.about)));
            }
            let field = &def["properties"][listed.field];
            let operators = match (listed.field, listed.operators) {
                ("expression", _) => "the expression".to_owned(),
                (_, []) => "`true`, `false`".to_owned(),
                (_, names) => {
                    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                    format!("{}: {}", self.value(field), names.join(", "))
                }
            };
            assert_eq!(words(field), listed.doc.trim());
            self.say(&format!("| `{}` | {operators} | {} |", listed.field, listed.doc.trim()));
        }
        self.operators();
        self.say("\n### Fields of expressions\n\n| field | holds |\n|---|---|");
        for (variable, fields) in Known::fields() {
            fields.iter().for_each(|(name, doc)| self.say(&format!("| `{variable}.{name}` | {doc} |")));
        }
    }

    /// A family of operators is told of once, whatever it is about.
    fn operators(&mut self) {
        self.say("\n### Operators");
        for family in FAMILIES {
            let of_it = |name: &&String| name.split('_').next() == Some(*family);
            let names: Vec<String> =
                self.schema["$defs"].as_object().unwrap().keys().filter(of_it).cloned().collect();
            let defs: Vec<Value> = names.iter().map(|name| self.def(name)).collect();
            self.say(&format!("\n<a id=\"{}\"></a>\n{}\n", family.to_lowercase(), words(&defs[0])));
            self.say("| | value | holds when |\n|---|---|---|");
            for (name, field) in sorted(&defs[0]) {
                let mut values: Vec<String> =
                    defs.iter().map(|def| self.value(&def["properties"][&name])).collect();
                values.dedup();
                let value =
                    if values.len() > 2 { "one of its words".to_owned() } else { values.join(" or ") };
                let value = if value == "one of its words" && field["type"] == "array" {
                    "list of its words".to_owned()
                } else {
                    value
                };
                self.say(&format!("| `{name}` | {value} | {} |", words(&field)));
            }
        }
    }

    fn actions(&mut self) {
        let def = self.def("Action");
        self.say(&format!("\n## Actions\n\n<a id=\"action\"></a>\n{}\n", words(&def)));
        self.say("| action | value | what | performed a second time |\n|---|---|---|---|");
        for variant in def["oneOf"].as_array().unwrap() {
            if let Some(word) = variant["const"].as_str() {
                let again = again(&json!(word));
                self.say(&format!("| `{word}` | | {} | {again} |", words(variant)));
            }
            for (name, field) in sorted(variant) {
                let again = again(&json!({ name.as_str(): Maker::new(1).make(&field, 0) }));
                self.say(&format!("| `{name}` | {} | {} | {again} |", self.value(&field), words(&field)));
            }
        }
        for name in PARTS {
            let def = self.def(name);
            self.say(&format!("\n<a id=\"{}\"></a>\n{}\n", name.to_lowercase(), words(&def)));
            self.fields(&def);
        }
    }

    /// Whatever has not been told of: words, and values with a written form.
    fn rest(&mut self) {
        let told = self.told.clone();
        let all: Vec<(String, Value)> =
            self.schema["$defs"].as_object().unwrap().clone().into_iter().collect();
        let rest = |worded: bool| {
            let rest = all.iter().filter(|(name, _)| !told.contains(name));
            rest.filter(move |(_, def)| def["oneOf"].is_array() == worded)
        };
        self.say("\n## Values");
        for (name, def) in rest(false) {
            let form = def["$ref"].as_str().map_or_else(|| words(def), |_| self.value(def));
            let examples: Vec<String> =
                def["examples"].as_array().into_iter().flatten().map(|value| format!("`{value}`")).collect();
            let examples =
                if examples.is_empty() { String::new() } else { format!(" {}", examples.join(", ")) };
            self.say(&format!(
                "\n<a id=\"{}\"></a>\n**{}**: {form}{examples}",
                name.to_lowercase(),
                spaced(name)
            ));
        }
        self.say("\n## Words");
        for (name, def) in rest(true) {
            let doc = words(def);
            self.say(&format!("\n<a id=\"{}\"></a>\n**{}**: {doc}\n", name.to_lowercase(), spaced(name)));
            self.say("| word | means |\n|---|---|");
            for word in def["oneOf"].as_array().unwrap() {
                self.say(&format!("| `{}` | {} |", word["const"].as_str().unwrap(), words(word)));
            }
        }
    }
}

/// The doc line.
fn words(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace("\n\n", " ").replace('|', "\\|")
}

/// `OrderStatus` as people say it: `order status`.
fn spaced(name: &str) -> String {
    let mut spaced = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.extend(letter.to_lowercase());
    }
    spaced
}

/// The fields of a definition, in the order of their type.
fn sorted(def: &Value) -> Vec<(String, Value)> {
    let fields = def["properties"].as_object().cloned().unwrap_or_default();
    let order = schema::order(&fields);
    order.into_iter().map(|name| (name.to_owned(), fields[name].clone())).collect()
}

fn again(action: &Value) -> &'static str {
    let action: Action = serde_json::from_value(action.clone()).unwrap();
    match action.repeat() {
        Repeat::Same => "changes nothing",
        Repeat::Keyed => "whoever takes it can tell by its id or code",
        Repeat::Doubles => "there are two",
    }
}

fn heading(about: About) -> &'static str {
    match about {
        About::Order => "The order",
        About::Customer => "The customer",
        About::Talk => "The conversation",
        About::Runs => "Messages and flows",
        About::Cart => "The cart",
        About::Anything => "Anything else",
    }
}

fn page() -> String {
    let mut page = Page { schema: schema::value(), text: HEAD.to_owned(), told: BTreeSet::new() };
    let whole = page.schema.clone();
    page.say(&format!("\n## The flow\n\n{}\n", words(&whole)));
    page.fields(&whole);
    for (heading, names) in BEFORE {
        page.section(heading, names);
    }
    page.actions();
    page.conditions();
    page.rest();
    let mut text = String::new();
    for line in page.text.lines() {
        writeln!(text, "{}", line.trim_end()).unwrap();
    }
    text
}

#[test]
fn the_reference_is_that_of_the_types() {
    let now = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(FILE, &now).unwrap();
    }
    let text = fs::read_to_string(FILE).unwrap();
    assert!(text == now, "docs/flow-reference.md is out of date; UPDATE_DOCS=1 writes it anew");
}

#[test]
fn every_link_of_the_reference_leads_somewhere() {
    let page = page();
    let links = page.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap());
    let links: BTreeSet<&str> = links.collect();
    assert!(links.len() > 30);
    for link in links {
        assert_eq!(page.matches(&format!("<a id=\"{link}\">")).count(), 1, "{link}");
    }
}
