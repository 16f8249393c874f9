//! A part of a write, in DynamoDB's words.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::BuildError,
    types::{AttributeValue, Delete, Put, TransactWriteItem, Update},
};
use harkara_engine::port::{Expect, Item, Key, Write};

use super::{
    attribute::{Attributes, BODY, COUNTER, DUE, EARLIER, EXPIRY, LIST, NONCE, PACKED, VERSION, number},
    item::{content, key_attributes},
    nonce::Nonce,
};

/// Nothing is there.
const ABSENT: &str = "attribute_not_exists(pk)";
/// The version that was expected is there.
const SAME_VERSION: &str = "v = :v";
/// The item is not the work of this very write.
const NOT_OURS: &str = "(attribute_not_exists(w) OR w <> :w)";
/// The item was not put, so it can be counted.
const COUNTED: &str = "attribute_not_exists(b) AND attribute_not_exists(z)";

/// What a part does.
#[derive(Debug, PartialEq)]
pub(super) enum Verb {
    /// Puts this item.
    Put(Attributes),
    /// Changes the item at a key.
    Update(Attributes, String),
    /// Deletes the item at a key.
    Delete(Attributes),
}

/// A part of a write.
#[derive(Debug, PartialEq)]
pub(super) struct Part {
    /// What it does.
    pub(super) verb: Verb,
    /// What must hold, as an expression.
    pub(super) condition: Option<String>,
    /// The names in its expressions.
    pub(super) names: Option<HashMap<String, String>>,
    /// The values in its expressions.
    pub(super) values: Option<Attributes>,
}

/// Whether a write by itself can be sent without a transaction: whether it shows, when its first answer
/// was lost and it is sent again, that it has happened already. A deleted item shows nothing.
pub(super) fn can_go_alone(write: &Write) -> bool {
    !matches!(write, Write::Delete(_, Expect::Version(_)))
}

impl Part {
    /// The part, of a transaction or by itself.
    pub(super) fn of(write: Write, nonce: Nonce, alone: bool) -> Self {
        match write {
            Write::Put(item, Expect::Any) => Self::overwrite(item, nonce, alone),
            Write::Put(item, expect) => Self::put(item, expect, nonce),
            Write::Delete(key, expect) => {
                let (condition, values) = expectation(expect);
                Self { verb: Verb::Delete(key_attributes(key)), condition, names: None, values }
            }
            Write::Add { key, field, by } => Self::add(key, field, by, nonce, alone),
        }
    }

    fn put(item: Item, expect: Expect, nonce: Nonce) -> Self {
        let version = match expect {
            Expect::Version(version) => version.saturating_add(1),
            Expect::Absent | Expect::Any => 1,
        };
        let mut attributes = content(&item, nonce);
        attributes.insert(VERSION.to_owned(), number(version));
        attributes.extend(key_attributes(item.key));
        let (condition, values) = expectation(expect);
        Self { verb: Verb::Put(attributes), condition, names: None, values }
    }

    /// Only an update can count the version up whatever it is.
    fn overwrite(item: Item, nonce: Nonce, alone: bool) -> Self {
        let content = content(&item, nonce);
        let mut sets = vec![format!("{VERSION} = if_not_exists({VERSION}, :zero) + :one")];
        let mut removes = Vec::new();
        let all = [LIST.0, LIST.1, DUE.0, DUE.1, EXPIRY, EARLIER, BODY, PACKED, NONCE];
        for name in all {
            if content.contains_key(name) {
                sets.push(format!("{name} = :{name}"));
            } else {
                removes.push(name);
            }
        }
        let change = format!("SET {} REMOVE {}", sets.join(", "), removes.join(", "));
        let mut values: Attributes =
            content.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        values.extend([(":zero".to_owned(), number(0)), (":one".to_owned(), number(1))]);
        let condition = alone.then(|| NOT_OURS.to_owned());
        Self {
            verb: Verb::Update(key_attributes(item.key), change),
            condition,
            names: None,
            values: Some(values),
        }
    }

    fn add(key: Key, field: &str, by: i64, nonce: Nonce, alone: bool) -> Self {
        let change = "SET v = if_not_exists(v, :zero) + :one, w = :w ADD #n :by".to_owned();
        let condition = if alone { format!("{COUNTED} AND {NOT_OURS}") } else { COUNTED.to_owned() };
        let names = HashMap::from([("#n".to_owned(), format!("{COUNTER}{field}"))]);
        let values = [(":zero", number(0)), (":one", number(1)), (":by", number(by)), (":w", nonce.value())];
        Self {
            verb: Verb::Update(key_attributes(key), change),
            condition: Some(condition),
            names: Some(names),
            values: Some(values.map(|(name, value)| (name.to_owned(), value)).into()),
        }
    }

    /// As a part of a transaction on a table.
    pub(super) fn in_transaction(self, table: &str) -> Result<TransactWriteItem, BuildError> {
        let Self { verb, condition, names, values } = self;
        let part = TransactWriteItem::builder();
        Ok(match verb {
            Verb::Put(item) => {
                let put = Put::builder().table_name(table).set_item(Some(item));
                part.put(
                    put.set_condition_expression(condition)
                        .set_expression_attribute_values(values)
                        .build()?,
                )
            }
            Verb::Update(key, change) => {
                let update = Update::builder().table_name(table).set_key(Some(key)).update_expression(change);
                let update = update.set_condition_expression(condition);
                let update = update.set_expression_attribute_names(names);
                part.update(update.set_expression_attribute_values(values).build()?)
            }
            Verb::Delete(key) => {
                let delete = Delete::builder().table_name(table).set_key(Some(key));
                let delete = delete.set_condition_expression(condition);
                part.delete(delete.set_expression_attribute_values(values).build()?)
            }
        }
        .build())
    }
}

/// The condition of an expectation, and its values.
fn expectation(expect: Expect) -> (Option<String>, Option<HashMap<String, AttributeValue>>) {
    match expect {
        Expect::Any => (None, None),
        Expect::Absent => (Some(ABSENT.to_owned()), None),
        Expect::Version(version) => {
            let values = Attributes::from([(":v".to_owned(), number(version))]);
            (Some(SAME_VERSION.to_owned()), Some(values))
        }
    }
}

#[cfg(test)]
mod tests {
    use harkara_engine::port::IndexKey;

    use super::{super::nonce::Nonces, *};

    fn part(write: Write, alone: bool) -> Part {
        Part::of(write, Nonces::new().next(), alone)
    }

    fn item() -> Item {
        Item::new(Key::new("p", "s"), b"{}".to_vec())
    }

    /// DynamoDB refuses a request that gives values or names which no expression uses, or the reverse.
    fn is_in_balance(part: &Part) {
        let mut used: Vec<String> = Vec::new();
        let change = if let Verb::Update(_, change) = &part.verb { change.as_str() } else { "" };
        for text in [change, part.condition.as_deref().unwrap_or("")] {
            let words = text.split(|c: char| !(c.is_alphanumeric() || "_:#".contains(c)));
            used.extend(words.filter(|word| word.starts_with([':', '#'])).map(str::to_owned));
        }
        used.sort();
        used.dedup();
        let mut given: Vec<String> = part.values.iter().flatten().map(|(name, _)| name.clone()).collect();
        given.extend(part.names.iter().flatten().map(|(name, _)| name.clone()));
        given.sort();
        assert_eq!(used, given, "{part:?}");
    }

    #[test]
    fn expressions_use_what_is_given_and_nothing_else() {
        let mut full = item();
        full.list = Some(IndexKey { pk: "l".into(), sk: "1".into() });
        full.due = full.list.clone();
        full.expires_at = Some("2027-01-01T00:00:00.5Z".parse().unwrap());
        for alone in [false, true] {
            for expect in [Expect::Any, Expect::Absent, Expect::Version(3)] {
                is_in_balance(&part(Write::Put(item(), expect), alone));
                is_in_balance(&part(Write::Put(full.clone(), expect), alone));
                is_in_balance(&part(Write::Delete(item().key, expect), alone));
            }
            is_in_balance(&part(Write::Add { key: item().key, field: "sent", by: -2 }, alone));
        }
    }

    #[test]
    fn a_put_over_anything_takes_away_what_it_does_not_set() {
        let Verb::Update(_, change) = part(Write::Put(item(), Expect::Any), false).verb else { panic!() };
        let (sets, removes) = change.split_once(" REMOVE ").unwrap();
        assert_eq!(sets, "SET v = if_not_exists(v, :zero) + :one, b = :b, w = :w");
        assert_eq!(removes, "lp, ls, dp, ds, x, xm, z");
    }

    #[test]
    fn versions_count_up_from_what_was_expected() {
        for (expect, version) in [(Expect::Absent, "1"), (Expect::Version(7), "8")] {
            let Verb::Put(item) = part(Write::Put(item(), expect), true).verb else { panic!() };
            assert_eq!(item["v"], AttributeValue::N(version.into()));
        }
    }

    #[test]
    fn a_delete_that_expects_a_version_needs_a_transactions_token() {
        assert!(!can_go_alone(&Write::Delete(item().key, Expect::Version(1))));
        assert!(can_go_alone(&Write::Delete(item().key, Expect::Any)));
        assert!(can_go_alone(&Write::Put(item(), Expect::Version(1))));
    }
}
