//! Expressions: what they say, what they refuse, and that nothing makes them slow.

use harkara_domain::flow::{
    condition::Operator,
    expression::{Expression, ExpressionError, Input, VARIABLES, Value},
};
use proptest::prelude::*;
use serde::Deserialize;
use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

/// Variables from a JSON object, with a list of those that were asked for.
struct Known {
    variables: serde_json::Value,
    asked: RefCell<Vec<String>>,
}

impl Input for Known {
    fn variable(&self, name: &str) -> Option<Value<'_>> {
        self.asked.borrow_mut().push(name.to_owned());
        Some(Value::deserialize(self.variables.get(name)?).unwrap())
    }
}

fn known() -> Known {
    let variables = serde_json::json!({
        "order": {
            "total": 1499.99, "item_count": 3, "city": "Karachi", "tags": ["vip", "gift"], "paid": false,
            "items": [
                { "sku": "LAWN-1", "quantity": 2, "price": 500 },
                { "sku": "CHADAR", "quantity": 1, "price": 499.99 },
            ],
            "coupon": null,
        },
        "customer": { "orders": 4 },
        "now": { "hour": 22 },
        "fact": { "name": "quiz", "answers": { "size": "XL" }, "scores": [1, 2.5, -3] },
    });
    Known { variables, asked: RefCell::default() }
}

fn evaluate(text: &str) -> Result<bool, ExpressionError> {
    let expression = Expression::new(text);
    assert_eq!(expression.sound(), Ok(()), "{text}");
    expression.evaluate(&known())
}

#[test]
fn expressions_say_what_no_condition_lists() {
    for (text, expected) in [
        ("order.total > 1499", true),
        ("order.total / order.item_count > 500", false),
        ("order.total / order.item_count > 499.9", true),
        ("order.total == 1499.99", true),
        ("order.total * 2 == 2999.98", true),
        ("order.total - 1499.89 == 0.1", true),
        ("0.1 + 0.2 == 0.3", true),
        ("order.item_count % 2 == 1", true),
        ("order.item_count + 1 == 4 && -order.item_count == -3", true),
        ("1u == 1 && 0x10 == 16 && 1e3 == 1000.0", true),
        ("9223372036854775807 + 1 > 9223372036854775807", true),
        ("\"vip\" in order.tags && !(\"cod\" in order.tags)", true),
        ("order.city in [\"Karachi\", 'Lahore']", true),
        ("order.city == \"karachi\"", false),
        ("order.city.lowerAscii() == \"karachi\"", true),
        ("order.city.startsWith(\"Kar\") && order.city.endsWith(\"chi\")", true),
        ("order.city.contains(\"rach\") ? order.item_count == 3 : false", true),
        ("size(order.tags) == 2 && order.tags.size() + 1 == 3 && size(\"کراچی\") == 5", true),
        ("size(fact.answers) == 1", true),
        ("order.items[1].sku == \"CHADAR\"", true),
        ("fact.answers[\"size\"] == \"XL\"", true),
        ("fact.scores == [1, 2.5, -3]", true),
        ("order.items.exists(item, item.sku == \"LAWN-1\" && item.quantity > 1)", true),
        ("order.items.all(item, item.price >= 500)", false),
        ("order.items.exists_one(item, item.quantity == 2)", true),
        ("order.tags.exists(tag, tag.startsWith(\"v\")) && order.tags.all(tag, size(tag) > 2)", true),
        ("has(order.city) && !has(order.province)", true),
        ("has(order.province) && order.province == \"Sindh\"", false),
        ("order.coupon == null && order.city != null", true),
        ("order.paid || customer.orders >= 4 && now.hour > 21", true),
        ("order.paid == false", true),
        ("order.city == 3", false),
        ("order.city < \"Lahore\"", true),
        // What decides does not need what fails.
        ("true || order.nothing > 3", true),
        ("order.nothing > 3 || true", true),
    ] {
        assert_eq!(evaluate(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_an_error_with_words() {
    for (text, words) in [
        ("order.province == \"Sindh\"", "province is not known"),
        ("cart.total > 3", "cart is not known"),
        ("order.total", "gives a number, and neither true nor false"),
        ("order.tags", "gives a list, and neither true nor false"),
        ("fact.answers", "gives an object, and neither true nor false"),
        ("order.city", "gives text, and neither true nor false"),
        ("order.total > \"3\"", "`>` does not go with a number and text"),
        ("order.city + 3 == 3", "an operator does not go with a number"),
        ("\"a\" + true == 3", "`+` does not go with its values"),
        ("3 + order.city == 3", "`+` does not go with a number and text"),
        ("order.city && true", "`&&` does not go with text and true or false"),
        ("!order.total", "`!` does not go with a number"),
        ("order.city.contains(3)", "`contains` does not go with text and a number"),
        ("order.city.contains() == true", "`contains` does not go with text"),
        ("size() == 0", "`size` does not go with these values"),
        ("size(order.total) == 1", "`size` does not go with a number"),
        ("order.total.amount > 3", "`.` does not go with a number and text"),
        ("order.items[7].sku == \"x\"", "the list has no such entry"),
        ("order.items[-1].sku == \"x\"", "the list has no such entry"),
        ("order.items[order.item_count].sku == \"x\"", "`[ ]` does not go with a list and a number"),
        ("order.total / 0 > 1", "divides by zero"),
        ("order.item_count % (3 - 3) > 1", "divides by zero"),
        ("order.total.all(x, x)", "expected a list, found a number"),
        ("9e27 * 9e27 > 1", "a number grows too large"),
    ] {
        match evaluate(text) {
            Err(error) => assert_eq!(error.to_string(), words, "{text}"),
            Ok(result) => panic!("{text} is {result}"),
        }
    }
}

#[test]
fn what_is_not_an_expression_says_where() {
    for (text, words) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("order.total >", "cannot be read at character 14:"),
        ("order total", "cannot be read at character 7: mismatched input 'total' expecting the end"),
        ("order.city == \"x", "cannot be read at character 15: unterminated string literal"),
        ("1 +\n+ 2", "cannot be read at line 2, character 1:"),
        ("کراچی == 1", "cannot be read at character 1: unexpected character"),
        ("ordr.total > 1", "there is no `ordr`; there are `order`, `customer`, `cart`, `now`, `fact`"),
        (".order.total > 1", "there is no `.order`"),
        ("x", "there is no `x`"),
        ("order.items.exists(i, j == 1)", "there is no `j`"),
        ("i == 1 || order.items.exists(i, i == 1)", "there is no `i`"),
        ("order.tags.map(tag, tag) == []", "`map` and `filter` are not part of the language"),
        ("size(order.tags.filter(tag, true)) > 1", "`map` and `filter` are not part of the language"),
        (
            "order.items.exists(i, order.tags.exists(t, t == i.sku))",
            "a loop over a list cannot lie in another",
        ),
        ("exists(order.tags)", "`exists` needs a list before it"),
        ("matches(order.city, \"K\")", "there is no function `matches`; there are `size`, `contains`"),
        ("contains(order.city, \"K\")", "`contains` is written behind a text, as in order.city.contains("),
        ("order.city.matches(\"K\")", "there is no function `matches`"),
        ("type(order) == int", "there is no function `type`"),
        ("order.?city == 1", "cannot be read"),
        ("{\"a\": 1}.a == 1", "objects cannot be written"),
        ("order{a: 1}.a == 1", "objects cannot be written"),
        ("b\"x\" == b\"x\"", "bytes cannot be written"),
        ("1e300 > 1", "1000000000"),
        ("`order` == 1", "cannot be read"),
        ("#0 == 1", "cannot be read"),
        ("@result", "cannot be read"),
    ] {
        let expression = Expression::new(text);
        let error = expression.sound().expect_err(text).to_string();
        assert!(error.starts_with(words), "{text}: {error}");
        let flaws = Operator::<&Known>::flaws(&expression);
        assert_eq!((flaws.len(), flaws[0].at.as_ref(), flaws[0].why.as_ref()), (1, "", error.as_str()));
        assert!(matches!(expression.evaluate(&known()), Err(ExpressionError::Bad(_))), "{text}");
    }
}

#[test]
fn length_and_depth_are_limited() {
    let sound = |text: &str| Expression::new(text).sound().map_err(ToString::to_string);
    let most = format!("\"{}\" == order.city", "ی".repeat(Expression::MAX_TEXT - 16));
    assert_eq!(most.chars().count(), Expression::MAX_TEXT);
    assert_eq!(sound(&most), Ok(()));
    assert_eq!(sound(&format!("{most} ")), Err("has 501 characters; 500 is the most".into()));
    let deep = Err("is nested too deeply; 16 levels are the most".to_owned());
    let around = |open: &str, inner: &str, close: &str| open.repeat(60) + inner + &close.repeat(60);
    for text in [
        "[".repeat(500),
        "{".repeat(500),
        "!(1<".repeat(125),
        around("size(", "order", ")"),
        around("[", "1", "]") + " == 1",
        "true?true:(".repeat(20) + "true" + &")".repeat(20),
        around("1+(", "1", ")") + " == 1",
        "order".to_owned() + &".a".repeat(100),
        "order".to_owned() + &"[0]".repeat(100),
        "1".to_owned() + &"+1".repeat(200),
        "order.city".to_owned() + &".lowerAscii()".repeat(30),
    ] {
        assert_eq!(sound(&text), deep, "{text}");
    }
    assert!(sound(&"(".repeat(500)).is_err());
    // As deep as it may be.
    let nested = |n: usize| "size([".repeat(n) + "1" + &"])".repeat(n) + " == 1";
    assert_eq!(evaluate(&nested(7)), Ok(true));
    assert_eq!(sound(&nested(8)), deep);
    // Brackets around brackets, signs and connectives in a row are no depth.
    let brackets = "(".repeat(240) + "true" + &")".repeat(240);
    for text in [brackets, "!".repeat(100) + "true", "true".to_owned() + &" && true".repeat(60)] {
        assert_eq!(evaluate(&text), Ok(true), "{text}");
    }
}

#[test]
fn an_expression_is_its_text() {
    let text = "order.total > 3";
    let expression: Expression = serde_json::from_value(text.into()).unwrap();
    assert_eq!(expression, Expression::new(text));
    assert_ne!(expression, Expression::new("order.total > 4"));
    assert_eq!(serde_json::to_value(&expression).unwrap(), text);
    assert_eq!(format!("{expression} {expression:?}"), format!("{text} Expression({text:?})"));
    assert!(serde_json::from_str::<Expression>("3").is_err());
    // What was stored can be read, whatever is wrong with it.
    let bad: Expression = serde_json::from_value("order.total >".into()).unwrap();
    assert_eq!(bad.text(), "order.total >");
    assert_eq!(serde_json::to_value(bad).unwrap(), "order.total >");
}

#[test]
fn only_what_it_uses_is_asked_for() {
    let expression = Expression::new(
        "order.total > 3 && order.city == \"x\" || order.items.exists(order, order.customer == now)",
    );
    let input = known();
    let _ = expression.evaluate(&input);
    assert_eq!(input.asked.into_inner(), ["now", "order"]);
    assert_eq!(expression.reads().collect::<Vec<_>>(), ["order.city", "order.items", "order.total"]);
    let none = known();
    assert_eq!(Expression::new("1 < 2").evaluate(&none), Ok(true));
    assert!(none.asked.borrow().is_empty());
}

#[test]
fn as_an_operator_it_says_why_it_does_not_hold() {
    let known = known();
    let judge = |text: &str| {
        let verdict = Expression::new(text).judge(&known);
        (verdict.held, verdict.actual)
    };
    assert_eq!(judge("order.total > 3"), (true, "so".into()));
    assert_eq!(judge("order.total < 3"), (false, "not so".into()));
    assert_eq!(judge("order.province == \"x\""), (false, "province is not known".into()));
    assert_eq!(judge("order.total"), (false, "gives a number, and neither true nor false".into()));
    let words = Operator::<&Known>::words(&Expression::new("1 < 2"), "the expression");
    assert_eq!(words, "the expression “1 < 2” is true");
}

/// One list, as long as you like, as every variable.
struct Lists(usize);

impl Input for Lists {
    fn variable(&self, _: &str) -> Option<Value<'_>> {
        let entries = || (0..self.0).map(|n| Value::text(format!("tag number {n}")));
        Some(Value::object([("a", Some(Value::list(entries()))), ("b", Some(Value::list(entries())))]))
    }
}

#[test]
fn lists_are_limited() {
    let long =
        |text: &str| Expression::new(text).evaluate(&Lists(Value::MAX_LIST + 1)).map_err(|e| e.to_string());
    for text in ["\"x\" in cart.a", "size(cart.a) > 1", "cart.a[0] == \"x\""] {
        assert_eq!(long(text), Err("a list has more than 250 entries".into()), "{text}");
    }
    assert_eq!(long("cart.a.all(x, true)"), Err("expected a list, found a list that is too long".into()));
    assert_eq!(Expression::new("size(cart.a) == 250").evaluate(&Lists(Value::MAX_LIST)), Ok(true));
}

/// The dearest that 500 characters can ask for: one loop, and in it as many looks through a list, or
/// lists made of lists, as fit.
#[test]
fn the_worst_is_bounded() {
    let body = |part: &str| {
        let mut text = format!("cart.a.all(x, !({part}");
        while text.len() + part.len() + 6 <= Expression::MAX_TEXT {
            text = text + " || " + part;
        }
        text + "))"
    };
    let sums = |n: usize| format!("size(cart.a{}) > 0", "+cart.b".repeat(n));
    for text in
        [body("0 in cart.a"), body("cart.a == cart.b && false"), sums(12), body("size(cart.a+cart.a) == 0")]
    {
        let expression = Expression::new(&text);
        assert_eq!(expression.sound(), Ok(()), "{text}");
        let before = Instant::now();
        assert_eq!(expression.evaluate(&Lists(Value::MAX_LIST)), Ok(true), "{text}");
        assert!(before.elapsed() < Duration::from_secs(3), "{:?} {text}", before.elapsed());
    }
}

/// The stack that the deepest expression needs fits into a small thread's, even without optimisation,
/// where a level takes ten times as much.
#[test]
fn the_deepest_needs_little_stack() {
    fn deep(open: &str, inner: &str, close: &str) -> Vec<String> {
        let texts = (1..100).map(|n| open.repeat(n) + inner + &close.repeat(n));
        texts.take_while(|text| Expression::new(text).sound().is_ok()).collect()
    }
    let texts: Vec<String> = deep("(", "true", ")")
        .into_iter()
        .chain(deep("[", "1", "] == [1]"))
        .chain(deep("(true ? ", "true", " : false)"))
        .chain(deep("size(", "order.tags", ")"))
        .chain(deep("(1 + ", "1", ")"))
        .chain(deep("!(false || ", "true", ")"))
        .collect();
    assert!(texts.len() > 50, "{}", texts.len());
    let small = std::thread::Builder::new().stack_size(1024 * 1024);
    let work = move || texts.iter().for_each(|text| drop(Expression::new(text).evaluate(&known())));
    small.spawn(work).unwrap().join().unwrap();
}

/// What expressions are made of.
const PIECES: &str = "order customer cart now fact . total city tags items scores ( ) [ ] { } ? : ! - + * / % == != < \
    <= > >= && || in , \" ' \\ ` 0 1 3.5 1e9 0x u true null size( .exists(x, .all(x, .map(x, .contains( x has( b' r\" \
    \"\"\" // @ # \u{0}";

/// Pieces of expressions, to make sense and nonsense of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES.split(' ').collect::<Vec<_>>()).prop_map(str::to_owned),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        "\\PC",
        "[0-9]{1,20}",
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Expressions that are well-formed, mostly.
fn sensible() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "order.total",
        "order.city",
        "order.tags",
        "order.items",
        "fact.scores",
        "fact",
        "\"vip\"",
        "3",
        "0.5",
        "true",
        "null",
        "order.items[0].price",
        "order.nothing",
        "9e27",
        "[1, \"a\"]",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        let operators = vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"];
        prop_oneof![
            (two.clone(), prop::sample::select(operators)).prop_map(|((a, b), o)| format!("({a} {o} {b})")),
            (two.clone(), inner.clone()).prop_map(|((a, b), c)| format!("({a} ? {b} : {c})")),
            (two, prop::sample::select(vec!["exists", "all", "exists_one"]))
                .prop_map(|((a, b), o)| format!("{a}.{o}(x, x == {b})")),
            inner.clone().prop_map(|a| format!("size({a})")),
            inner.clone().prop_map(|a| format!("!{a}")),
            inner.prop_map(|a| format!("-{a}.lowerAscii()")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is written, reading and evaluating it comes back, and soon.
    #[test]
    fn nothing_panics_or_takes_long(text in prop_oneof![pieces(), sensible(), "\\PC{0,500}"]) {
        let before = Instant::now();
        let expression = Expression::new(&text);
        let result = expression.evaluate(&known());
        prop_assert_eq!(expression.sound().is_err(), matches!(result, Err(ExpressionError::Bad(_))));
        prop_assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
        for path in expression.reads() {
            let (variable, _) = path.split_once('.').unwrap();
            prop_assert!(VARIABLES.contains(&variable), "{}", path);
        }
    }
}
