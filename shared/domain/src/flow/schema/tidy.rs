//! What the derived schema is made simpler by.

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// Simplifies a schema and all within it. What it takes stays the same, but that there are no nulls: the
/// language has no fields without a value.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(tidy);
            without_null(object);
            // `uint32` and the like are Rust's, not the standard's.
            object.remove("format");
            gathered(object);
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = plain(text);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// An optional field may be left out; it is not null.
fn without_null(object: &mut Object) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(any)) = object.get_mut("anyOf") else { return };
    any.retain(|schema| schema.get("type") != Some(&json!("null")));
    if let [Value::Object(only)] = any.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        // What is said of the field comes before what is said of its type.
        for (name, value) in only {
            object.entry(name).or_insert(value);
        }
    }
}

/// Makes one object with one field out of many objects with one field each: `{ order_total: … }` or
/// `{ city: … }` or sixty others. An editor then offers the sixty, and says what is wrong with the one that
/// was chosen.
fn gathered(object: &mut Object) {
    let Some(Value::Array(mut variants)) = object.remove("oneOf") else { return };
    let mut fields = Object::new();
    variants.retain_mut(|variant| match tagged(variant) {
        Some((name, field)) => fields.insert(name, field).is_some(),
        None => true,
    });
    if fields.is_empty() {
        object.insert("oneOf".to_owned(), variants.into());
        return;
    }
    let mut one = json!({
        "type": "object", "properties": fields,
        "minProperties": 1, "maxProperties": 1, "additionalProperties": false,
    });
    if !variants.is_empty() {
        variants.push(one);
        object.insert("oneOf".to_owned(), variants.into());
    } else if let Some(one) = one.as_object_mut() {
        object.append(one);
    }
}

/// The field of a variant that is an object of one, with the variant's words.
fn tagged(variant: &Value) -> Option<(String, Value)> {
    let [name] = variant.get("required")?.as_array()?.as_slice() else { return None };
    let properties = variant.get("properties")?.as_object().filter(|properties| properties.len() == 1)?;
    let mut field = properties.get(name.as_str()?)?.clone();
    if let (Some(field), Some(words)) = (field.as_object_mut(), variant.get("description")) {
        field.insert("description".to_owned(), words.clone());
    }
    Some((name.as_str()?.to_owned(), field))
}

/// The first paragraph of a doc comment, without its line ends and its links into the code; what comes after
/// it is for those who read the code.
fn plain(doc: &str) -> String {
    let first = doc.split("\n\n").next().unwrap_or_default();
    let text = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else { break };
        plain.push_str(before);
        plain.extend(["`", name, "`"]);
        let target = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = target.map_or(after, |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}
