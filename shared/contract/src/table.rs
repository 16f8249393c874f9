//! Persistence.

#![allow(missing_docs)] // the names of the cases say what they hold

use std::collections::BTreeSet;

use harkara_engine::port::{Expect, Index, IndexKey, Item, Key, Query, TableError, Write, WriteError};

use super::World;

fn key(sk: &str) -> Key {
    Key::new("orders", sk)
}

fn put(sk: &str, body: &str, expect: Expect) -> Write {
    Write::Put(Item::new(key(sk), body.as_bytes().to_vec()), expect)
}

async fn body(world: &dyn World, sk: &str) -> Option<(u64, String)> {
    let item = world.table().get(&key(sk)).await.unwrap()?;
    Some((item.version, String::from_utf8(item.body).unwrap()))
}

pub async fn versions_count_up(world: &dyn World) {
    let table = world.table();
    assert_eq!(body(world, "a").await, None);
    table.write(vec![put("a", "1", Expect::Absent)]).await.unwrap();
    assert_eq!(body(world, "a").await, Some((1, "1".into())));
    table.write(vec![put("a", "2", Expect::Version(1))]).await.unwrap();
    table.write(vec![put("a", "3", Expect::Any)]).await.unwrap();
    assert_eq!(body(world, "a").await, Some((3, "3".into())));
    // What is deleted begins anew.
    table.write(vec![Write::Delete(key("a"), Expect::Version(3))]).await.unwrap();
    table.write(vec![put("a", "4", Expect::Absent)]).await.unwrap();
    assert_eq!(body(world, "a").await, Some((1, "4".into())));
    // The whole item comes back as it was put.
    let mut item = Item::new(key("b"), vec![0, 255, 7]);
    item.list = Some(IndexKey { pk: "l".into(), sk: "1".into() });
    item.due = Some(IndexKey { pk: "d".into(), sk: "2".into() });
    item.expires_at = Some("2027-01-01T00:00:00Z".parse().unwrap());
    table.write(vec![Write::Put(item.clone(), Expect::Absent)]).await.unwrap();
    item.version = 1;
    assert_eq!(table.get(&item.key).await.unwrap(), Some(item));
}

pub async fn an_expectation_that_does_not_hold_changes_nothing(world: &dyn World) {
    let table = world.table();
    let refused = Err(WriteError::Expectation(vec![0]));
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(1))]).await, refused);
    table.write(vec![put("a", "1", Expect::Absent)]).await.unwrap();
    assert_eq!(table.write(vec![put("a", "x", Expect::Absent)]).await, refused);
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(2))]).await, refused);
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(0))]).await, refused);
    assert_eq!(body(world, "a").await, Some((1, "1".into())));
}

pub async fn of_many_racing_writers_one_wins(world: &dyn World) {
    for (round, expect) in [Expect::Absent, Expect::Version(1), Expect::Version(2)].into_iter().enumerate() {
        let mut racers = tokio::task::JoinSet::new();
        for racer in 0..50 {
            let table = world.table();
            racers.spawn(async move { table.write(vec![put("a", &racer.to_string(), expect)]).await });
        }
        let (mut won, mut lost) = (0, 0);
        while let Some(outcome) = racers.join_next().await {
            match outcome.unwrap() {
                Ok(()) => won += 1,
                Err(WriteError::Expectation(_) | WriteError::Conflict) => lost += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!((won, lost), (1, 49));
        assert_eq!(body(world, "a").await.unwrap().0, round as u64 + 1);
    }
}

pub async fn a_transaction_is_all_or_nothing_and_names_its_faults(world: &dyn World) {
    let table = world.table();
    table.write(vec![put("a", "1", Expect::Absent), put("b", "1", Expect::Absent)]).await.unwrap();
    let refused = table
        .write(vec![
            put("c", "new", Expect::Absent),
            put("a", "2", Expect::Absent),
            put("b", "2", Expect::Version(1)),
            Write::Delete(key("gone"), Expect::Version(1)),
            Write::Add { key: key("n"), field: "n", by: 1 },
        ])
        .await;
    assert_eq!(refused, Err(WriteError::Expectation(vec![1, 3])));
    assert_eq!(body(world, "b").await, Some((1, "1".into())));
    assert_eq!((body(world, "c").await, body(world, "n").await), (None, None));
    table
        .write(vec![
            put("a", "2", Expect::Version(1)),
            Write::Delete(key("b"), Expect::Version(1)),
            put("c", "new", Expect::Absent),
        ])
        .await
        .unwrap();
    assert_eq!(body(world, "a").await, Some((2, "2".into())));
    assert_eq!((body(world, "b").await, body(world, "c").await), (None, Some((1, "new".into()))));
}

pub async fn limits_are_refused(world: &dyn World) {
    let table = world.table();
    let parts =
        |count: usize| (0..count).map(|n| put(&format!("p{n}"), "x", Expect::Any)).collect::<Vec<_>>();
    table.write(parts(100)).await.unwrap();
    assert!(matches!(table.write(parts(101)).await, Err(WriteError::TooLarge(_))));
    let twice = vec![put("t", "1", Expect::Any), Write::Delete(key("t"), Expect::Any)];
    assert!(matches!(table.write(twice).await, Err(WriteError::TooLarge(_))));
    let sized = |bytes: usize| vec![put("big", &"x".repeat(bytes), Expect::Any)];
    table.write(sized(399 * 1024)).await.unwrap();
    assert!(matches!(table.write(sized(400 * 1024)).await, Err(WriteError::TooLarge(_))));
    assert_eq!(body(world, "big").await.unwrap().0, 1);
}

pub async fn a_cursor_of_no_page_is_told_apart_from_a_fault(world: &dyn World) {
    let query = Query::index(Index::List, "orders").after(Some("nonsense".to_owned()));
    assert!(matches!(world.table().query(query).await, Err(TableError::Cursor)));
}

pub async fn pages_go_through_everything_once(world: &dyn World) {
    let table = world.table();
    for chunk in (0..250).collect::<Vec<_>>().chunks(100) {
        let puts = chunk.iter().map(|n| put(&format!("{n:04}"), "x", Expect::Absent)).collect();
        table.write(puts).await.unwrap();
    }
    for descending in [false, true] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let mut query = Query::partition("orders").limit(40).after(cursor);
            query.descending = descending;
            let page = table.query(query).await.unwrap();
            assert!(page.items.len() <= 40);
            seen.extend(page.items.into_iter().map(|item| item.key.sk));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut wanted: Vec<String> = (0..250).map(|n| format!("{n:04}")).collect();
        if descending {
            wanted.reverse();
        }
        assert_eq!(seen, wanted);
    }
    assert_eq!(table.query(Query::partition("nobody")).await.unwrap().items, vec![]);
}

pub async fn a_page_stops_at_a_megabyte(world: &dyn World) {
    let table = world.table();
    for n in 0..6 {
        table.write(vec![put(&n.to_string(), &"x".repeat(300 * 1024), Expect::Absent)]).await.unwrap();
    }
    let first = table.query(Query::partition("orders")).await.unwrap();
    assert!((1..6).contains(&first.items.len()), "{}", first.items.len());
    let rest = table.query(Query::partition("orders").after(first.next)).await.unwrap();
    assert_eq!(rest.items.first().unwrap().key.sk, first.items.len().to_string());
}

pub async fn ranges_have_both_ends(world: &dyn World) {
    let table = world.table();
    table.write(["a", "b", "c", "d"].map(|sk| put(sk, "x", Expect::Any)).to_vec()).await.unwrap();
    let range = |from: Option<&str>, to: Option<&str>, after: Option<&str>, descending| {
        let mut query = Query::partition("orders").after(after.map(Into::into));
        (query.from, query.to) = (from.map(Into::into), to.map(Into::into));
        query.descending = descending;
        let table = world.table();
        async move {
            let page = table.query(query).await.unwrap();
            page.items.into_iter().map(|item| item.key.sk).collect::<String>()
        }
    };
    assert_eq!(range(Some("b"), Some("c"), None, false).await, "bc");
    assert_eq!(range(Some("b"), None, None, true).await, "dcb");
    assert_eq!(range(None, Some("bb"), None, false).await, "ab");
    assert_eq!(range(Some("a"), Some("c"), Some("a"), false).await, "bc");
    assert_eq!(range(Some("a"), Some("c"), Some("c"), true).await, "ba");
    assert_eq!(range(Some("a"), Some("b"), Some("b"), false).await, "");
}

pub async fn prefixes_go_both_ways(world: &dyn World) {
    let table = world.table();
    let names = ["h#", "h#1", "h#é", "h#\u{10FFFF}", "h$", "h", "g#1"];
    table.write(names.map(|sk| put(sk, "x", Expect::Any)).to_vec()).await.unwrap();
    let page = table.query(Query::partition("orders").prefix("h#")).await.unwrap();
    let seen: Vec<&str> = page.items.iter().map(|item| item.key.sk.as_str()).collect();
    assert_eq!(seen, ["h#", "h#1", "h#é", "h#\u{10FFFF}"]);
    let page = table.query(Query::partition("orders").prefix("h#").newest_first().limit(1)).await.unwrap();
    assert_eq!(page.items.first().unwrap().key.sk, "h#\u{10FFFF}");
}

pub async fn indexes_are_sparse(world: &dyn World) {
    let table = world.table();
    let place = |sk: &str| Some(IndexKey { pk: "open".into(), sk: sk.into() });
    let write = |list: Option<IndexKey>, due: Option<IndexKey>, body: &str| {
        let mut item = Item::new(key("run"), body.as_bytes().to_vec());
        (item.list, item.due) = (list, due);
        vec![Write::Put(item, Expect::Any)]
    };
    let seen = |index| {
        let table = world.table();
        async move {
            let page = table.query(Query::index(index, "open")).await.unwrap();
            let body = |item: &Item| String::from_utf8(item.body.clone()).unwrap();
            page.items.iter().map(|item| (item.version, body(item))).collect::<Vec<_>>()
        }
    };
    table.write(vec![put("plain", "x", Expect::Any)]).await.unwrap();
    table.write(write(place("1"), None, "in the list")).await.unwrap();
    assert_eq!(seen(Index::List).await, [(1, "in the list".into())]);
    assert_eq!(seen(Index::Due).await, []);
    table.write(write(place("1"), place("9"), "in both")).await.unwrap();
    assert_eq!(seen(Index::Due).await, [(2, "in both".into())]);
    table.write(write(place("1"), place("8"), "moved")).await.unwrap();
    let first = table.query(Query::index(Index::Due, "open").prefix("8")).await.unwrap();
    assert_eq!(first.items.len(), 1);
    table.write(write(None, place("8"), "only due")).await.unwrap();
    assert_eq!((seen(Index::List).await, seen(Index::Due).await), (vec![], vec![(4, "only due".into())]));
    table.write(write(None, None, "in none")).await.unwrap();
    assert_eq!((seen(Index::List).await, seen(Index::Due).await), (vec![], vec![]));
    table.write(write(place("1"), place("2"), "back")).await.unwrap();
    table.write(vec![Write::Delete(key("run"), Expect::Any)]).await.unwrap();
    assert_eq!((seen(Index::List).await, seen(Index::Due).await), (vec![], vec![]));
}

pub async fn equal_index_places_are_paged(world: &dyn World) {
    let table = world.table();
    let puts = (0..25).map(|n| {
        let mut item = Item::new(key(&n.to_string()), vec![]);
        item.due = Some(IndexKey { pk: "due".into(), sk: if n < 20 { "noon" } else { "one" }.into() });
        Write::Put(item, Expect::Any)
    });
    table.write(puts.collect()).await.unwrap();
    for descending in [false, true] {
        let (mut seen, mut count, mut cursor) = (BTreeSet::new(), 0, None);
        loop {
            let mut query = Query::index(Index::Due, "due").limit(4).after(cursor);
            query.descending = descending;
            let page = table.query(query).await.unwrap();
            count += page.items.len();
            seen.extend(page.items.into_iter().map(|item| item.key.sk));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen.len(), count), (25, 25));
    }
}

pub async fn counters_add(world: &dyn World) {
    let table = world.table();
    let mut adders = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let table = world.table();
        let add = |field, by| Write::Add { key: key("sums"), field, by };
        adders.spawn(async move {
            table.write(vec![add("sent", 2)]).await.unwrap();
            table.write(vec![add("failed", -1)]).await.unwrap();
        });
    }
    while let Some(done) = adders.join_next().await {
        done.unwrap();
    }
    let item = table.get(&key("sums")).await.unwrap().unwrap();
    let sums: serde_json::Value = serde_json::from_slice(&item.body).unwrap();
    assert_eq!(sums, serde_json::json!({ "sent": 40, "failed": -20 }));
}

pub async fn deletes_take_expectations(world: &dyn World) {
    let table = world.table();
    table.write(vec![Write::Delete(key("a"), Expect::Any)]).await.unwrap();
    let refused = Err(WriteError::Expectation(vec![0]));
    assert_eq!(table.write(vec![Write::Delete(key("a"), Expect::Version(1))]).await, refused);
    table.write(vec![put("a", "1", Expect::Any), put("b", "1", Expect::Any)]).await.unwrap();
    assert_eq!(table.write(vec![Write::Delete(key("a"), Expect::Version(2))]).await, refused);
    table.write(vec![Write::Delete(key("a"), Expect::Version(1))]).await.unwrap();
    assert_eq!((body(world, "a").await, body(world, "b").await), (None, Some((1, "1".into()))));
}
