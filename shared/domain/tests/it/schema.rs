//! The JSON Schema of the flow language says what the parser says.
//! `UPDATE_DOCS=1 cargo test -p harkara-domain schema` writes the committed file anew.

use harkara_domain::flow::{Condition, Delay, Flow, TimeOfDay, parse, schema};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path, sync::LazyLock};

use crate::make::flow;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flow.schema.json");
const FLOWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows");
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flows.md");

static SCHEMA: LazyLock<Value> = LazyLock::new(schema::value);
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).unwrap());

/// What the schema has against a flow.
pub(crate) fn faults(flow: &Value) -> Vec<String> {
    VALIDATOR.iter_errors(flow).map(|fault| format!("{}: {fault}", fault.instance_path())).collect()
}

/// A text as an editor sees it.
fn seen(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let now = schema::schema().unwrap();
    assert!(jsonschema::meta::is_valid(&SCHEMA));
    assert_eq!(serde_json::from_str::<Value>(&now).unwrap(), *SCHEMA);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(FILE, &now).unwrap();
    }
    let text = fs::read_to_string(FILE).unwrap();
    assert!(text == now, "docs/flow.schema.json is out of date; UPDATE_DOCS=1 writes it anew");
}

#[test]
fn fields_come_in_the_order_of_the_types() {
    let text = schema::schema().unwrap();
    let at = |field: &str| text.find(&format!("\n  \"{field}\": {{\n")).unwrap();
    let fields = ["name", "trigger", "conditions", "re_entry", "exit_if", "on_ambiguous", "stages"];
    assert!(fields.map(at).is_sorted());
    let conditions = &text[text.find("\"Condition\": {").unwrap()..];
    let places = Condition::LIST.iter().map(|listed| conditions.find(&format!("\"{}\": {{", listed.field)));
    assert!(places.map(Option::unwrap).collect::<Vec<_>>().is_sorted());
}

#[test]
fn every_flow_that_comes_with_it_is_valid() {
    let mut count = 0;
    for file in fs::read_dir(FLOWS).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|end| end == "yaml") {
            let text = fs::read_to_string(&file).unwrap();
            assert_eq!(faults(&seen(&text)), [""; 0], "{}", file.display());
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
}

#[test]
fn every_flow_of_the_docs_is_valid() {
    let docs = fs::read_to_string(Path::new(DOCS)).unwrap();
    let blocks = docs.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    let flows: Vec<&str> = blocks.filter(|block| block.contains("\ntrigger:")).collect();
    assert!(flows.len() >= 5, "{}", flows.len());
    for text in flows {
        assert_eq!(faults(&seen(text)), [""; 0], "{text}");
        assert_eq!(faults(&serde_json::to_value(flow(text)).unwrap()), [""; 0], "as stored: {text}");
    }
}

/// A sound flow with one field set to something else.
fn with(pointer: &str, value: Value) -> Value {
    let mut flow = json!({
        "name": "A", "trigger": "order_created", "conditions": { "payment_method": { "is": "cod" } },
        "stages": [
            { "name": "X", "after": "5m", "message": { "channels": ["whatsapp"], "template": "t" } },
            { "name": "Y", "workflow": [{ "add_note": "n" }] },
            { "name": "Z", "wait_for": [{ "until": { "reply": "any" } }], "timeout": "1h" },
        ],
    });
    let (around, field) = pointer.rsplit_once('/').unwrap();
    match flow.pointer_mut(around).unwrap() {
        Value::Object(object) => drop(object.insert(field.to_owned(), value)),
        list => list[field.parse::<usize>().unwrap()] = value,
    }
    flow
}

/// One mistake of each kind outside of stages: where, and what stands there.
fn wrong_flows() -> Vec<(&'static str, Value)> {
    vec![
        ("/name", json!("")),
        ("/name", json!("n".repeat(81))),
        ("/color", json!("red")),
        ("/trigger", json!("order_teleported")),
        ("/trigger", json!("cart_abandoned")),
        ("/trigger", json!({ "order_created": 5 })),
        ("/trigger", json!({ "cart_abandoned": "soon" })),
        ("/trigger", json!({ "cart_abandoned": "30m", "customer_inactive": "30d" })),
        ("/trigger", json!({ "shipment_updated": "teleported" })),
        ("/trigger", json!({ "milestone_order": [] })),
        ("/trigger", json!({ "product_viewed": { "times": 0, "within": "7d" } })),
        ("/trigger", json!({ "product_viewed": { "times": 3 } })),
        ("/trigger", json!({ "custom": "" })),
        ("/trigger", json!({ "message_received": { "contains": ["x".repeat(61)] } })),
        ("/re_entry", json!("twice")),
        ("/conditions", json!([])),
        ("/conditions", json!({ "all": [] })),
        ("/conditions", json!({ "colour": { "is": "red" } })),
        ("/conditions", json!({ "payment_method": { "at_least": 5 } })),
        ("/conditions", json!({ "payment_method": { "is": "cheque" } })),
        ("/conditions", json!({ "order_total": { "contains": 5 } })),
        ("/conditions", json!({ "order_total": { "at_least": "much" } })),
        ("/conditions", json!({ "order_total": { "between": [5] } })),
        ("/conditions", json!({ "item_count": { "is": -1 } })),
        ("/conditions", json!({ "city": { "in": [] } })),
        ("/conditions", json!({ "country": { "is": "PAK" } })),
        ("/conditions", json!({ "paid": "perhaps" })),
        ("/conditions", json!({ "discount_code": { "matches": "*" } })),
        ("/conditions", json!({ "expression": " " })),
        ("/conditions", json!({ "order_age": { "at_least": "2 fortnights" } })),
    ]
}

/// And within stages.
fn wrong_stages() -> Vec<(&'static str, Value)> {
    let many: Vec<Value> =
        (0..61).map(|n| json!({ "name": format!("S{n}"), "workflow": ["confirm"] })).collect();
    vec![
        ("/stages", json!([])),
        ("/stages", json!(many)),
        ("/stages/0/after", json!("5x")),
        ("/stages/0/after", json!("1mo")),
        ("/stages/0/at", json!("25:00")),
        ("/stages/0/on", json!(["someday"])),
        ("/stages/0/afterr", json!("5m")),
        ("/stages/0/timeout", json!("5m")),
        ("/stages/0/message/channels", json!([])),
        ("/stages/0/message/channels", json!(["whatsapp", "whatsapp"])),
        ("/stages/0/message/channels", json!(["pigeon"])),
        ("/stages/0/message/buttons", json!(["confirm", "cancel", "satisfied", "dissatisfied"])),
        ("/stages/1/name", json!(null)),
        ("/stages/1/after_previous", json!(5)),
        ("/stages/1/workflow", json!([])),
        ("/stages/1/workflow/0", json!("dance")),
        ("/stages/1/workflow/0", json!("add_note")),
        ("/stages/1/workflow/0", json!({ "add_note": "n".repeat(501) })),
        ("/stages/1/workflow/0", json!({ "add_points": 2_000_000 })),
        ("/stages/1/workflow/0", json!({ "set_status": "gone" })),
        ("/stages/1/workflow/0", json!({ "create_coupon": { "expires": "7d" } })),
        ("/stages/1/workflow/0", json!({ "create_coupon": { "expires": "7d", "percent": 5, "amount": 5 } })),
        ("/stages/1/workflow/0", json!({ "call_webhook": { "url": "http://shop.example" } })),
        ("/stages/1/workflow/0", json!({ "create_task": { "title": "t", "color": "red" } })),
        ("/stages/2/wait_for/0/until", json!({ "reply": "maybe" })),
        ("/stages/2/wait_for/0/until", json!({ "weather": "rain" })),
        ("/stages/2/wait_for/0/when", json!({ "paid": true })),
        ("/stages/2/otherwise/0", json!({ "name": "O" })),
    ]
}

#[test]
fn what_is_wrong_is_refused_by_both() {
    assert_eq!(faults(&with("/name", json!("B"))), [""; 0]);
    parse::flow(&with("/name", json!("B")).to_string()).unwrap();
    for (pointer, value) in wrong_flows().into_iter().chain(wrong_stages()) {
        let mut flow = with("/name", json!("B"));
        if pointer.ends_with("/otherwise/0") {
            flow["stages"][2]["otherwise"] = json!([value]);
        } else {
            flow = with(pointer, value);
        }
        assert!(!faults(&flow).is_empty(), "the schema takes {pointer}: {flow}");
        assert!(parse::flow(&flow.to_string()).is_err(), "the parser takes {pointer}: {flow}");
    }
}

#[test]
fn waits_and_times_that_are_read_are_valid() {
    let waits = [
        "0m",
        "30m",
        "2h",
        "1d",
        "1w",
        "1d 2h",
        "1d2h",
        " 90s ",
        "1 day",
        "2 hours 30 minutes",
        "1.5h",
        "1 week, 2 days",
        "PT30M",
        "P1DT2H",
        "P2W",
        "+5m",
        "1hr 5mins",
    ];
    for wait in waits {
        wait.parse::<Delay>().unwrap();
        assert_eq!(faults(&with("/stages/0/after", json!(wait))), [""; 0], "{wait}");
    }
    for time in ["9:00", "09:00", "23:59", "00:00", " 7:05 "] {
        time.parse::<TimeOfDay>().unwrap();
        assert_eq!(faults(&with("/stages/0/at", json!(time))), [""; 0], "{time}");
    }
}

/// Makes flows of a schema, by a chance with a seed (splitmix64).
pub(crate) struct Maker(u64);

impl Maker {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<'v>(&mut self, all: &'v [Value]) -> &'v Value {
        &all[self.below(all.len())]
    }

    pub(crate) fn make(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(target) = schema["$ref"].as_str() {
            return self.make(SCHEMA.pointer(target.trim_start_matches('#')).unwrap(), depth + 1);
        }
        if let Some(word) = schema.get("const") {
            return word.clone();
        }
        if let (Some(variants), None) = (schema["oneOf"].as_array(), schema.get("properties")) {
            let variant = self.of(variants).clone();
            return self.make(&variant, depth);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema, depth),
            Some("array") => self.list(schema, depth),
            Some("boolean") => json!(self.below(2) == 0),
            Some("integer") => json!(schema["minimum"].as_i64().unwrap_or(0).max(-9) + 1),
            _ => match schema["examples"].as_array() {
                Some(examples) => self.of(examples).clone(),
                None if schema["pattern"] == "^https://" => json!("https://shop.example/hook"),
                None => json!(format!("t{}", self.0 % 100_000)),
            },
        }
    }

    fn object(&mut self, schema: &Value, depth: usize) -> Value {
        let Some(properties) = schema["properties"].as_object() else {
            let name = schema.get("propertyNames").map_or(json!("field"), |names| self.make(names, depth));
            return json!({ name.as_str().unwrap(): "text" });
        };
        let mut names: Vec<&str> = properties.keys().map(String::as_str).collect();
        if schema["maxProperties"] == 1 {
            // Deep down, what holds others of its kind would never end.
            names.retain(|name| depth < 12 || !["all", "any", "none", "condition"].contains(name));
            names = vec![names[self.below(names.len())]];
        } else {
            let needed =
                |name: &str| schema["required"].as_array().is_some_and(|all| all.contains(&json!(name)));
            let may = if depth < 8 { 4 } else { 30 };
            names.retain(|name| needed(name) || self.below(may) == 0);
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(all) = schema[choice].as_array() {
                let all: Vec<&str> = all.iter().map(|one| one["required"][0].as_str().unwrap()).collect();
                names.retain(|name| !all.contains(name));
                names.push(all[if depth < 8 { self.below(all.len()) } else { 0 }]);
            }
        }
        if names.contains(&"wait_for") {
            names.push("timeout");
        } else {
            names.retain(|name| *name != "timeout" && *name != "otherwise");
        }
        if names.contains(&"after") {
            names.retain(|name| *name != "after_previous");
        }
        names.into_iter().map(|name| (name.to_owned(), self.make(&properties[name], depth + 1))).collect()
    }

    fn list(&mut self, schema: &Value, depth: usize) -> Value {
        if let Some(items) = schema["prefixItems"].as_array() {
            return items.iter().map(|item| self.make(item, depth + 1)).collect();
        }
        let most = if depth < 8 { 3 } else { 1 };
        let mut items: Vec<Value> =
            (0..=self.below(most)).map(|_| self.make(&schema["items"], depth + 1)).collect();
        if schema["uniqueItems"] == true {
            let mut seen = BTreeSet::new();
            items.retain(|item| seen.insert(item.to_string()));
        }
        Value::Array(items)
    }
}

#[test]
fn whatever_the_schema_describes_can_be_read_and_back() {
    let (mut sound, mut said) = (0, BTreeSet::new());
    for seed in 0..3000u64 {
        let made = Maker::new(seed).make(&SCHEMA, 0);
        assert_eq!(faults(&made), [""; 0], "{made}");
        let read: Flow =
            serde_json::from_value(made.clone()).unwrap_or_else(|error| panic!("{error}: {made}"));
        let stored = serde_json::to_value(&read).unwrap();
        assert_eq!(faults(&stored), [""; 0], "{stored}");
        sound += usize::from(parse::flow(&made.to_string()).is_ok());
        keys(&stored, &mut said);
    }
    // Most break a rule that no schema tells, such as a name that comes twice.
    assert!(sound >= 20, "{sound} flows of 3000 are sound");
    let conditions = Condition::LIST.iter().map(|listed| listed.field);
    assert_eq!(conditions.filter(|field| !said.contains(*field)).collect::<Vec<_>>(), [""; 0]);
    for word in ["birthday", "milestone_order", "send_email", "start_flow", "once_per", "split", "payment"] {
        assert!(said.contains(word), "no flow with {word} was made");
    }
}

/// Every field and word of a value.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            into.extend(object.keys().cloned());
            object.values().for_each(|value| keys(value, into));
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, into)),
        Value::String(text) => drop(into.insert(text.clone())),
        _ => {}
    }
}
#[test]
fn a_text_to_compare_with_may_look_like_a_number() {
    let text = "name: A\ntrigger: order_created\nconditions: { postal_code: { in: [54000, \"54600\"] } }\nstages: [{ name: X, workflow: [confirm] }]";
    assert_eq!(faults(&seen(text)), [""; 0]);
    assert_eq!(faults(&serde_json::to_value(flow(text)).unwrap()), [""; 0]);
}
