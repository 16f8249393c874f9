//! Persistence.

#![allow(missing_docs)] // the names of the cases say what they hold

use std::collections::BTreeSet;

use harkara_engine::port::{
    Expect, Index, IndexKey, Item, Key, Query, TableError, Write, WriteError, limits,
};

use super::Tables;

fn key(sk: &str) -> Key {
    Key::new("orders", sk)
}

fn put(sk: &str, body: &str, expect: Expect) -> Write {
    Write::Put(Item::new(key(sk), body.as_bytes().to_vec()), expect)
}

async fn body(world: &dyn Tables, sk: &str) -> Option<(u64, String)> {
    let item = world.table().get(&key(sk)).await.unwrap()?;
    Some((item.version, String::from_utf8(item.body).unwrap()))
}

pub async fn versions_count_up(world: &dyn Tables) {
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

pub async fn an_expectation_that_does_not_hold_changes_nothing(world: &dyn Tables) {
    let table = world.table();
    let refused = Err(WriteError::Expectation(vec![0]));
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(1))]).await, refused);
    table.write(vec![put("a", "1", Expect::Absent)]).await.unwrap();
    assert_eq!(table.write(vec![put("a", "x", Expect::Absent)]).await, refused);
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(2))]).await, refused);
    assert_eq!(table.write(vec![put("a", "x", Expect::Version(0))]).await, refused);
    assert_eq!(body(world, "a").await, Some((1, "1".into())));
}

pub async fn of_many_racing_writers_one_wins(world: &dyn Tables) {
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

pub async fn a_transaction_is_all_or_nothing_and_names_its_faults(world: &dyn Tables) {
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

pub async fn limits_are_refused(world: &dyn Tables) {
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

pub async fn a_cursor_of_no_page_is_told_apart_from_a_fault(world: &dyn Tables) {
    let query = Query::index(Index::List, "orders").after(Some("nonsense".to_owned()));
    assert!(matches!(world.table().query(query).await, Err(TableError::Cursor)));
}

pub async fn pages_go_through_everything_once(world: &dyn Tables) {
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

pub async fn a_page_stops_at_a_megabyte(world: &dyn Tables) {
    let table = world.table();
    for n in 0..6 {
        table.write(vec![put(&n.to_string(), &"x".repeat(300 * 1024), Expect::Absent)]).await.unwrap();
    }
    let first = table.query(Query::partition("orders")).await.unwrap();
    assert!((1..6).contains(&first.items.len()), "{}", first.items.len());
    let rest = table.query(Query::partition("orders").after(first.next)).await.unwrap();
    assert_eq!(rest.items.first().unwrap().key.sk, first.items.len().to_string());
}

pub async fn ranges_have_both_ends(world: &dyn Tables) {
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

pub async fn prefixes_go_both_ways(world: &dyn Tables) {
    let table = world.table();
    let names = ["h#", "h#1", "h#é", "h#\u{10FFFF}", "h$", "h", "g#1"];
    table.write(names.map(|sk| put(sk, "x", Expect::Any)).to_vec()).await.unwrap();
    let page = table.query(Query::partition("orders").prefix("h#")).await.unwrap();
    let seen: Vec<&str> = page.items.iter().map(|item| item.key.sk.as_str()).collect();
    assert_eq!(seen, ["h#", "h#1", "h#é", "h#\u{10FFFF}"]);
    let page = table.query(Query::partition("orders").prefix("h#").newest_first().limit(1)).await.unwrap();
    assert_eq!(page.items.first().unwrap().key.sk, "h#\u{10FFFF}");
}

pub async fn indexes_are_sparse(world: &dyn Tables) {
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

pub async fn equal_index_places_are_paged(world: &dyn Tables) {
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

pub async fn counters_add(world: &dyn Tables) {
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

pub async fn deletes_take_expectations(world: &dyn Tables) {
    let table = world.table();
    table.write(vec![Write::Delete(key("a"), Expect::Any)]).await.unwrap();
    let refused = Err(WriteError::Expectation(vec![0]));
    assert_eq!(table.write(vec![Write::Delete(key("a"), Expect::Version(1))]).await, refused);
    table.write(vec![put("a", "1", Expect::Any), put("b", "1", Expect::Any)]).await.unwrap();
    assert_eq!(table.write(vec![Write::Delete(key("a"), Expect::Version(2))]).await, refused);
    table.write(vec![Write::Delete(key("a"), Expect::Version(1))]).await.unwrap();
    assert_eq!((body(world, "a").await, body(world, "b").await), (None, Some((1, "1".into()))));
}

pub async fn counters_add_in_a_transaction(world: &dyn Tables) {
    let table = world.table();
    let add = |sk: &str, field, by| Write::Add { key: key(sk), field, by };
    table.write(vec![put("a", "1", Expect::Absent), add("day", "sent", 1)]).await.unwrap();
    table.write(vec![add("day", "sent", 2), add("month", "sent", 2)]).await.unwrap();
    let refused = table.write(vec![put("a", "2", Expect::Absent), add("day", "sent", 4)]).await;
    assert_eq!(refused, Err(WriteError::Expectation(vec![0])));
    assert_eq!(body(world, "day").await, Some((2, r#"{"sent":3}"#.into())));
    assert_eq!(body(world, "month").await, Some((1, r#"{"sent":2}"#.into())));
}

/// Printable text that hardly compresses.
fn noise(bytes: usize) -> String {
    let mut state = 7u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b' ' + u8::try_from((state >> 40) % 94).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

pub async fn bodies_come_back_as_they_were(world: &dyn Tables) {
    let table = world.table();
    let mut bodies = vec![vec![], vec![0], vec![0xC3, 0x28], b"{}".to_vec(), "\u{0}é€\u{10FFFF}\"\\".into()];
    for bytes in [900, 1000, 1100, 2000, 5000, 100_000] {
        bodies.push("é".repeat(bytes / 2).into());
        bodies.push(vec![0xFF; bytes]);
        bodies.push(noise(bytes).into());
    }
    for (round, expect) in [Expect::Absent, Expect::Any, Expect::Version(2)].into_iter().enumerate() {
        for alone in [true, false] {
            for (n, body) in bodies.iter().enumerate() {
                // Each time another body is there before.
                let body = bodies.get((n + round) % bodies.len()).unwrap_or(body);
                let at = key(&format!("{alone}{n}"));
                let mut writes = vec![Write::Put(Item::new(at.clone(), body.clone()), expect)];
                if !alone {
                    writes.push(put("other", "x", Expect::Any));
                }
                table.write(writes).await.unwrap();
                let item = table.get(&at).await.unwrap().unwrap();
                assert_eq!((item.version, &item.body), (round as u64 + 1, body));
            }
        }
    }
}

pub async fn expiries_come_back_to_the_millisecond(world: &dyn Tables) {
    let table = world.table();
    for expiry in ["2099-01-01T00:00:00Z", "2099-01-01T00:00:00.001Z", "2098-12-31T23:59:59.999Z"] {
        let mut item = Item::new(key("a"), vec![]);
        item.expires_at = Some(expiry.parse().unwrap());
        table.write(vec![Write::Put(item.clone(), Expect::Any)]).await.unwrap();
        assert_eq!(table.get(&item.key).await.unwrap().unwrap().expires_at, item.expires_at);
    }
    table.write(vec![put("a", "x", Expect::Any)]).await.unwrap();
    assert_eq!(table.get(&key("a")).await.unwrap().unwrap().expires_at, None);
}

pub async fn a_put_over_anything_replaces_all_of_it(world: &dyn Tables) {
    let table = world.table();
    let place = IndexKey { pk: "open".into(), sk: "1".into() };
    let bare = Item::new(key("a"), b"bare".to_vec());
    let mut full = Item::new(key("a"), "é".repeat(3000).into_bytes());
    (full.list, full.due) = (Some(place.clone()), Some(place));
    full.expires_at = Some("2099-01-01T00:00:00.5Z".parse().unwrap());
    for (round, item) in [&full, &bare, &full, &bare].into_iter().enumerate() {
        table.write(vec![Write::Put(item.clone(), Expect::Any)]).await.unwrap();
        let there = Item { version: round as u64 + 1, ..item.clone() };
        assert_eq!(table.get(&item.key).await.unwrap(), Some(there.clone()));
        let wanted = if item.due.is_some() { vec![there] } else { vec![] };
        assert_eq!(table.query(Query::index(Index::Due, "open")).await.unwrap().items, wanted);
        assert_eq!(table.query(Query::index(Index::List, "open")).await.unwrap().items, wanted);
    }
}

pub async fn a_transaction_has_a_hundred_parts(world: &dyn Tables) {
    let table = world.table();
    let puts = |expect| (0..100).map(|n| put(&format!("{n:02}"), "x", expect)).collect::<Vec<_>>();
    table.write(puts(Expect::Absent)).await.unwrap();
    let mut writes = puts(Expect::Version(1));
    writes[7] = put("07", "y", Expect::Version(2));
    writes[99] = put("99", "y", Expect::Absent);
    assert_eq!(table.write(writes).await, Err(WriteError::Expectation(vec![7, 99])));
    let mut writes = puts(Expect::Version(1));
    writes[98] = Write::Delete(key("98"), Expect::Version(1));
    writes[99] = Write::Add { key: key("sums"), field: "n", by: 1 };
    table.write(writes).await.unwrap();
    let page = table.query(Query::partition("orders")).await.unwrap();
    let versions: Vec<(&str, u64)> = page.items.iter().map(|item| (&*item.key.sk, item.version)).collect();
    assert_eq!(versions.len(), 100);
    assert_eq!(versions[..2], [("00", 2), ("01", 2)]);
    assert_eq!(versions[97..], [("97", 2), ("99", 1), ("sums", 1)]);
}

pub async fn racing_transactions_leave_one_of_them(world: &dyn Tables) {
    let table = world.table();
    table.write(vec![put("a", "0", Expect::Absent), put("b", "0", Expect::Absent)]).await.unwrap();
    for round in 1..=5 {
        let mut racers = tokio::task::JoinSet::new();
        for racer in 0..8 {
            let table = world.table();
            let (one, other) = if racer % 2 == 0 { ("a", "b") } else { ("b", "a") };
            let body = format!("{round}.{racer}");
            let expect = Expect::Version(round);
            racers.spawn(async move {
                table.write(vec![put(one, &body, expect), put(other, &body, expect)]).await
            });
        }
        let mut won = 0;
        while let Some(outcome) = racers.join_next().await {
            match outcome.unwrap() {
                Ok(()) => won += 1,
                Err(WriteError::Expectation(places)) => assert_eq!(places, [0, 1]),
                Err(WriteError::Conflict) => {}
                Err(error) => panic!("{error}"),
            }
        }
        // Of transactions that meet DynamoDB may refuse all.
        assert!(won <= 1, "{won}");
        if won == 0 {
            let expect = Expect::Version(round);
            table.write(vec![put("a", "alone", expect), put("b", "alone", expect)]).await.unwrap();
        }
        let (a, b) = (body(world, "a").await.unwrap(), body(world, "b").await.unwrap());
        assert_eq!((a.0, &a), (round + 1, &b));
        // With nobody else about it is the expectation that is lost.
        let late = vec![put("a", "late", Expect::Version(round)), put("c", "late", Expect::Absent)];
        assert_eq!(table.write(late).await, Err(WriteError::Expectation(vec![0])));
    }
}

pub async fn an_item_is_as_large_as_its_limit(world: &dyn Tables) {
    let table = world.table();
    let at = Key::new("é".repeat(limits::MAX_PK / 2), "€".repeat(limits::MAX_SK / 3));
    let place = IndexKey { pk: "é".repeat(limits::MAX_PK / 2), sk: "€".repeat(limits::MAX_SK / 3) };
    let keys = 2 * (at.pk.len() + at.sk.len());
    let room = limits::MAX_ITEM - limits::NAMES - keys;
    let sized = |bytes: usize| {
        let mut body = "é".repeat(1000) + &noise(bytes - 2000);
        assert_eq!(body.len(), bytes);
        body.shrink_to_fit();
        let mut item = Item::new(at.clone(), body.into_bytes());
        item.due = Some(place.clone());
        item.expires_at = Some("2099-01-01T00:00:00.001Z".parse().unwrap());
        item
    };
    assert!(matches!(
        table.write(vec![Write::Put(sized(room + 1), Expect::Any)]).await,
        Err(WriteError::TooLarge(_))
    ));
    for (round, expect) in [Expect::Absent, Expect::Any].into_iter().enumerate() {
        let item = sized(room - round);
        table.write(vec![Write::Put(item.clone(), expect)]).await.unwrap();
        let there = Item { version: round as u64 + 1, ..item };
        assert_eq!(table.get(&at).await.unwrap(), Some(there.clone()));
        let page = table.query(Query::index(Index::Due, place.pk.clone())).await.unwrap();
        assert_eq!(page.items, [there]);
    }
    for (pk, sk) in [("", "s"), ("p", ""), (&*"é".repeat(1025), "s"), ("p", &*"é".repeat(513))] {
        let write = Write::Put(Item::new(Key::new(pk, sk), vec![]), Expect::Any);
        assert!(matches!(table.write(vec![write]).await, Err(WriteError::TooLarge(_))));
        let mut item = Item::new(key("a"), vec![]);
        item.list = Some(IndexKey { pk: pk.into(), sk: sk.into() });
        let write = Write::Put(item, Expect::Any);
        assert!(matches!(table.write(vec![write]).await, Err(WriteError::TooLarge(_))));
    }
}

pub async fn large_items_fit_into_a_transaction(world: &dyn Tables) {
    let table = world.table();
    let large = noise(limits::MAX_ITEM - limits::NAMES - "orders0".len());
    let puts =
        |count: u8| (0..count).map(|n| put(&n.to_string(), &large, Expect::Absent)).collect::<Vec<_>>();
    let mut over = puts(10);
    over.push(put("more", &noise(100_000), Expect::Absent));
    assert!(matches!(table.write(over).await, Err(WriteError::TooLarge(_))));
    // An emulator may count the request, which is larger by a tenth than what is in it.
    table.write(puts(9)).await.unwrap();
    assert_eq!(body(world, "8").await, Some((1, large)));
}

pub async fn sort_keys_are_in_the_order_of_their_bytes(world: &dyn Tables) {
    let table = world.table();
    // In the order of UTF-16 the last two would come before U+FFFF.
    let sorted = [
        "!",
        "10",
        "9",
        "A",
        "Z",
        "a",
        "a\u{0}",
        "a!",
        "aa",
        "z",
        "~",
        "\u{7F}",
        "é",
        "߿",
        "ࠀ",
        "€",
        "\u{FFFF}",
        "\u{10000}",
        "\u{10FFFF}",
    ];
    let writes = sorted.iter().rev().map(|sk| {
        let mut item = Item::new(key(sk), vec![]);
        item.list = Some(IndexKey { pk: "all".into(), sk: (*sk).into() });
        Write::Put(item, Expect::Absent)
    });
    table.write(writes.collect()).await.unwrap();
    for query in [Query::partition("orders"), Query::index(Index::List, "all")] {
        let seen = |query| {
            let table = world.table();
            async move {
                let page = table.query(query).await.unwrap();
                page.items.into_iter().map(|item| item.key.sk).collect::<Vec<_>>()
            }
        };
        let mut wanted = sorted.to_vec();
        assert_eq!(seen(query.clone()).await, wanted);
        wanted.reverse();
        assert_eq!(seen(query.newest_first()).await, wanted);
    }
}

pub async fn a_page_of_an_index_has_hundreds(world: &dyn Tables) {
    let table = world.table();
    for chunk in (0..260).collect::<Vec<_>>().chunks(100) {
        let puts = chunk.iter().map(|n| {
            let mut item = Item::new(Key::new(format!("p{}", n % 7), format!("s{n}")), n.to_string().into());
            item.list = Some(IndexKey { pk: "all".into(), sk: format!("{n:04}") });
            Write::Put(item, Expect::Absent)
        });
        table.write(puts.collect()).await.unwrap();
    }
    for descending in [false, true] {
        let mut query = Query::index(Index::List, "all").limit(250);
        query.descending = descending;
        let first = table.query(query.clone()).await.unwrap();
        assert_eq!(first.items.len(), 250);
        let rest = table.query(query.after(first.next)).await.unwrap();
        assert_eq!((rest.items.len(), &rest.next), (10, &None));
        let seen: Vec<String> = first
            .items
            .into_iter()
            .chain(rest.items)
            .map(|item| String::from_utf8(item.body).unwrap())
            .collect();
        let mut wanted: Vec<String> = (0..260).map(|n: u32| n.to_string()).collect();
        if descending {
            wanted.reverse();
        }
        assert_eq!(seen, wanted);
    }
}

pub async fn a_full_page_at_the_end_is_the_last(world: &dyn Tables) {
    let table = world.table();
    let puts = (0..6).map(|n| {
        let mut item = Item::new(key(&n.to_string()), vec![]);
        item.list = Some(IndexKey { pk: "all".into(), sk: n.to_string() });
        Write::Put(item, Expect::Absent)
    });
    table.write(puts.collect()).await.unwrap();
    for query in [Query::partition("orders").limit(3), Query::index(Index::List, "all").limit(3)] {
        let first = table.query(query.clone()).await.unwrap();
        assert!(first.next.is_some());
        let last = table.query(query.after(first.next)).await.unwrap();
        assert_eq!((last.items.len(), last.next), (3, None));
    }
}

pub async fn what_cannot_be_there_is_not_found(world: &dyn Tables) {
    let table = world.table();
    let long = "x".repeat(limits::MAX_SK);
    let mut item = Item::new(key(&long), vec![]);
    item.due = Some(IndexKey { pk: "orders".into(), sk: long.clone() });
    table.write(vec![Write::Put(item, Expect::Absent)]).await.unwrap();
    for (pk, sk) in [("", "a"), ("orders", ""), (&*"x".repeat(3000), "a"), ("orders", &*"x".repeat(2000))] {
        assert_eq!(table.get(&Key::new(pk, sk)).await.unwrap(), None);
    }
    for index in [None, Some(Index::Due)] {
        let found = |pk: &str, from: Option<&str>, to: Option<&str>| {
            let mut query = Query { index, ..Query::partition(pk) };
            (query.from, query.to) = (from.map(Into::into), to.map(Into::into));
            let table = world.table();
            async move { table.query(query).await.unwrap().items.len() }
        };
        assert_eq!(found("", None, None).await, 0);
        assert_eq!(found(&"x".repeat(3000), None, None).await, 0);
        assert_eq!(found("orders", Some("y"), Some("a")).await, 0);
        assert_eq!(found("orders", None, Some("")).await, 0);
        assert_eq!(found("orders", Some(""), None).await, 1);
        assert_eq!(found("orders", Some(&long), Some(&Query::end_of(&long))).await, 1);
        assert_eq!(found("orders", Some(&format!("{long}a")), None).await, 0);
        assert_eq!(found("orders", Some(&long[1..]), Some(&format!("{long}a"))).await, 1);
    }
    let none = table.query(Query::partition("orders").limit(0)).await;
    assert!(matches!(none, Err(TableError::Failed(_))));
}
