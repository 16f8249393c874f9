//! Every mistake of a flow at once.

use harkara_domain::{Flow, flow::parse};
use proptest::prelude::*;
use std::time::{Duration, Instant};

use crate::make::flow;

const SOUND: &str = r#"# A comment
name: Everything # here
# and there
trigger: { high_value_order: 10000 }
conditions:
  all:
    - city: { in: [Karachi, Lahore] }
    - order_total: { between: [1000, 5000] }
    - any:
        - payment_method: { is: cod }
        - order_age: { at_most: 2d }
        - none:
            - created_hour: { between: [22, 6] }
            - opted_in: { contains: email }
re_entry: { once_per: 30d }
exit_if: { confirmation: { is: confirmed } }
on_ambiguous: resend
stages:
  # too
  - name: Ask
    after: 5m
    not_before: "09:00"
    not_after: "21:00"
    on: [monday, friday]
    skip_if: { paid: true }
    message:
      channels: [whatsapp, email]
      template: ask
      templates: { email: ask_by_mail }
      buttons: [confirm, cancel]
  - name: Answer
    wait_for:
      - until: { reply: confirm }
        stages:
          - name: Confirmed
            workflow: [confirm, { add_note: "yes" }]
      - until: { condition: { flags: { contains: vip } } }
        stages:
          - name: Vip
            at: "18:00"
            workflow:
              - create_coupon: { percent: 10, expires: 7d }
              - add_points: 20
    timeout: 2h
    otherwise:
      - name: Late
        workflow:
          - send_email: { to: ops, subject: Late, text: No answer }
          - call_webhook: { url: "https://example.com/hook", data: { why: late } }
  - name: Chance
    split:
      - { name: a, weight: 50, stages: [{ name: Left, workflow: [cancel] }] }
      - { name: b, weight: 50, stages: [{ name: Right, workflow: [{ create_task: { title: Call } }] }] }
  - name: Where
    branches:
      - when: { area: { is: far } }
        stages: [{ name: Far, after: 1h, workflow: [{ assign_user: a@example.com }] }]
"#;

/// Something right, something wrong in its stead, and the field that is then to be named. No two of them
/// touch one another.
const MISTAKES: &[(&str, &str, &str)] = &[
    ("name: Everything", "name: '  '", "name"),
    ("{ high_value_order: 10000 }", "{ high_value_order: much }", "trigger.high_value_order"),
    ("city: { in: [Karachi, Lahore] }", "ctiy: { in: [Karachi, Lahore] }", "conditions.all[0].ctiy"),
    ("between: [1000, 5000]", "between: [1000, lots]", "conditions.all[1].order_total.between[1]"),
    (
        "payment_method: { is: cod }",
        "payment_method: { is: cash }",
        "conditions.all[2].any[0].payment_method.is",
    ),
    (
        "order_age: { at_most: 2d }",
        "order_age: { at_mots: 2d }",
        "conditions.all[2].any[1].order_age.at_mots",
    ),
    ("between: [22, 6]", "between: [22, 26]", "conditions.all[2].any[2].none[0].created_hour.between[1]"),
    ("contains: email }", "contains: fax }", "conditions.all[2].any[2].none[1].opted_in.contains"),
    ("once_per: 30d", "once_per: month", "re_entry.once_per"),
    ("is: confirmed }", "is: [confirmed] }", "exit_if.confirmation.is"),
    ("on_ambiguous: resend", "on_ambiguous: hope", "on_ambiguous"),
    ("after: 5m", "after: soon", "stages[0].after"),
    ("not_before: \"09:00\"", "not_before: morning", "stages[0].not_before"),
    ("[monday, friday]", "[monday, freitag]", "stages[0].on[1]"),
    ("paid: true", "paid: perhaps", "stages[0].skip_if.paid"),
    ("[whatsapp, email]", "[sms, email]", "stages[0].message.channels[0]"),
    ("template: ask\n", "templat: ask\n      template: ask\n", "stages[0].message.templat"),
    ("{ email: ask_by_mail }", "{ e_mail: ask_by_mail }", "stages[0].message.templates.e_mail"),
    ("buttons: [confirm, cancel]", "buttons: confirm", "stages[0].message.buttons"),
    ("reply: confirm", "reply: perhaps", "stages[1].wait_for[0].until.reply"),
    ("add_note: \"yes\"", "add_note: [yes]", "stages[1].wait_for[0].stages[0].workflow[1].add_note"),
    ("contains: vip", "contains: ''", "stages[1].wait_for[1].until.condition.flags.contains"),
    ("at: \"18:00\"", "at: 1800", "stages[1].wait_for[1].stages[0].at"),
    ("expires: 7d", "expire: 7d", "stages[1].wait_for[1].stages[0].workflow[0].create_coupon.expire"),
    ("add_points: 20", "add_points: 2.5", "stages[1].wait_for[1].stages[0].workflow[1].add_points"),
    ("timeout: 2h", "timeout: forever", "stages[1].timeout"),
    ("subject: Late, ", "", "stages[1].otherwise[0].workflow[0].send_email.subject"),
    ("https://example.com/hook", "http://localhost", "stages[1].otherwise[0].workflow[1].call_webhook.url"),
    ("weight: 50, stages: [{ name: Left", "weight: half, stages: [{ name: Left", "stages[2].split[0].weight"),
    ("workflow: [cancel]", "workflow: [cancle]", "stages[2].split[0].stages[0].workflow[0]"),
    ("title: Call", "title: { a: b }", "stages[2].split[1].stages[0].workflow[0].create_task.title"),
    ("area: { is: far }", "area: far", "stages[3].branches[0].when.area"),
    ("after: 1h, ", "aftr: 1h, ", "stages[3].branches[0].stages[0].aftr"),
    ("a@example.com", "nobody", "stages[3].branches[0].stages[0].workflow[0].assign_user"),
];

fn fields(text: &str) -> Vec<String> {
    match parse::flow(text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.into_iter().map(|problem| problem.field).collect(),
    }
}

fn with(mistakes: &[usize]) -> (String, Vec<&'static str>) {
    let mut text = SOUND.to_owned();
    let mut expected = Vec::new();
    for index in mistakes {
        let (right, wrong, field) = MISTAKES[*index];
        let changed = text.replacen(right, wrong, 1);
        assert_ne!(changed, text, "{right}");
        text = changed;
        expected.push(field);
    }
    expected.sort_unstable();
    (text, expected)
}

#[test]
fn every_mistake_alone_is_found_where_it_is_and_nothing_else() {
    flow(SOUND);
    for index in 0..MISTAKES.len() {
        let (text, expected) = with(&[index]);
        assert_eq!(fields(&text), expected, "{:?}", parse::flow(&text).err());
    }
}

#[test]
fn all_of_them_at_once_are_found_too_in_the_order_of_the_lines() {
    let (text, expected) = with(&(0..MISTAKES.len()).collect::<Vec<_>>());
    let problems = parse::flow(&text).unwrap_err();
    assert!(problems.is_sorted_by_key(|problem| problem.line), "{problems:?}");
    let mut found: Vec<String> = problems.into_iter().map(|problem| problem.field).collect();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn what_is_wrong_is_told_with_what_was_found_and_what_would_be_right() {
    let (text, _) = with(&(0..MISTAKES.len()).collect::<Vec<_>>());
    let said: Vec<String> = parse::flow(&text).unwrap_err().iter().map(ToString::to_string).collect();
    for expected in [
        "line 7: conditions.all[0].ctiy: unknown word `ctiy`; did you mean `city`?",
        "line 21: stages[0].after: “soon” is not a wait such as 30m, 2h or 1d",
        "line 25: stages[0].skip_if.paid: is the text “perhaps”; expected true or false",
        "line 37: stages[1].wait_for[0].stages[0].workflow[1].add_note: is a list; expected text",
    ] {
        assert!(said.iter().any(|said| said == expected), "{expected} is not in {said:#?}");
    }
}

#[test]
fn a_field_that_is_misspelt_is_not_missing_as_well() {
    let text = SOUND.replace("trigger:", "triger:");
    assert_eq!(fields(&text), ["triger"]);
    // Where both are written, what is wrong with the right one is told all the same.
    let both = "name: A\ntrigger: order_created\nstages:\n  - { name: X, after: 2h, workflow: [confirm] }\n  - { name: Y, after: 1h, afterr: 3h, workflow: [confirm] }\n";
    assert_eq!(fields(both), ["stages[1].after", "stages[1].afterr"]);
}

#[test]
fn problems_beyond_the_limit_are_counted_out() {
    let stages: String =
        (0..60).map(|i| format!("  - {{ name: s{i}, after: soon, workflow: [confirm] }}\n")).collect();
    let problems = parse::flow(&format!("name: A\ntrigger: order_created\nstages:\n{stages}")).unwrap_err();
    assert_eq!(problems.len(), parse::MAX_PROBLEMS + 1);
    assert_eq!(problems.last().unwrap().to_string(), "there are more problems than these 50");
    assert_eq!(problems[0].line, Some(4));
}

/// Whole texts that ask for much time, room or depth.
fn nasty() -> Vec<String> {
    let most = parse::MAX_BYTES;
    let fill = |unit: &str| unit.repeat(most / unit.len());
    let long = "n".repeat(most / 2);
    let items = "1,".repeat(most / 4 - 10);
    let expression = format!("{} > 0", "order.total + ".repeat(30)) + " && true";
    let many = (0..100).map(|i| {
        let name = format!("  - {{ name: s{i}, after: soon, workflow: [confirm], skip_if: {{ expression: '{expression}' }} }}\n");
        name
    });
    vec![
        fill("["),
        fill("{"),
        fill("- "),
        fill("? "),
        fill("a: {"),
        fill("!!str "),
        fill("&a "),
        fill("\""),
        fill("9"),
        format!("stages: {}", "9".repeat(most - 10)),
        format!("{long}: [{items}]"),
        format!("name: {long}\ntrigger: {}", "x".repeat(most / 2 - 100)),
        format!("name: A\ntrigger: order_created\nstages: [{}]", "~,".repeat(most / 2 - 100)),
        format!("name: A\ntrigger: order_created\nstages: [{}]", "{},".repeat(most / 3 - 100)),
        format!("name: A\ntrigger: order_created\nstages: {}", "[".repeat(3000) + &"]".repeat(3000)),
        format!("a: &a [x]\nb: [{}]", "*a,".repeat(most / 3 - 100)),
        format!("name: A\ntrigger: order_created\nconditions: {}x", "{ all: [".repeat(5000)),
        format!(
            "name: A\ntrigger: order_created\nconditions: {{ order_total: {{ is: 1e{} }} }}",
            "9".repeat(5000)
        ),
        (0..8000).map(|i| format!("a{i}:\n")).collect::<String>().chars().take(most).collect(),
        format!("name: A\ntrigger: order_created\nstages:\n{}", many.collect::<String>())
            .chars()
            .take(most)
            .collect(),
    ]
}

#[test]
fn nothing_takes_long_or_fills_the_answer() {
    for text in nasty() {
        let begin: String = text.chars().take(60).collect();
        assert!(text.len() <= parse::MAX_BYTES, "{begin}");
        let started = Instant::now();
        let problems = parse::flow(&text).unwrap_err();
        let took = started.elapsed();
        let length: usize = problems.iter().map(|problem| problem.to_string().len()).sum();
        assert!(took < Duration::from_secs(5), "{took:?} for {begin}");
        assert!((1..=parse::MAX_PROBLEMS + 1).contains(&problems.len()), "{begin}");
        assert!(length < 100_000, "{length} bytes are said about {begin}");
    }
}

/// The crate's own reader, which stops at the first mistake, is of the same mind about what is sound.
fn by_the_crate(text: &str) -> Option<Flow> {
    serde_saphyr::from_str(text).ok()
}

#[test]
fn every_flow_that_is_shipped_reads_as_the_crate_reads_it() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows"))];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap().flatten() {
            if file.path().is_dir() {
                folders.push(file.path());
            } else if file.path().extension().is_some_and(|end| end == "yaml") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                if let Ok(read) = parse::flow(&text) {
                    assert_eq!(Some(read), by_the_crate(&text), "{:?}", file.path());
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 10, "{count} flows");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_of_some_mistakes_is_found(which in prop::sample::subsequence((0..MISTAKES.len()).collect::<Vec<_>>(), 1..12)) {
        let (text, expected) = with(&which);
        let mut found = fields(&text);
        found.sort_unstable();
        prop_assert_eq!(found, expected);
    }

    /// Scalars of all kinds, where a text, a number, a word, true or false, a wait or a list is wanted.
    #[test]
    fn what_is_accepted_is_what_the_crate_accepts(
        place in 0..MISTAKES.len(),
        scalar in prop_oneof![
            prop::sample::select(vec!["5", "0x1F", "1_000", "+7", "-0", "05", "5.0", "1e3", ".5", ".inf", "'5'", "\"5\"", "yes", "No", "TRUE", "'true'", "true", "y", "1d", "18:00", "cod", "'cod'", "' cod'", "[]", "{}", "[cod]", "[1, 2]", "{ is: cod }", "{ is: 5 }", "a b", "-", "!!str 5", "0o17", "99999999999", "99999999999999999999", "0.1", "1__0"]).prop_map(str::to_owned),
            "[0-9.eE_x+-]{1,6}",
        ],
    ) {
        let (right, _, _) = MISTAKES[place];
        let Some((name, _)) = right.split_once(": ") else { return Ok(()) };
        let closing = if right.ends_with('}') && right.matches('{').count() < right.matches('}').count() { " }" } else { "" };
        let text = SOUND.replacen(right, &format!("{name}: {scalar}{closing}"), 1);
        let theirs = by_the_crate(&text);
        match parse::flow(&text) {
            Ok(read) => prop_assert_eq!(Some(read), theirs, "{}: {}", name, scalar),
            // It is refused by its form alone, if at all: what the types say is the same.
            Err(problems) => prop_assert!(
                theirs.is_none() || problems.iter().all(|p| !p.message.contains("expected") && !p.message.contains("is missing")),
                "{name}: {scalar}: {problems:?}"
            ),
        }
    }
}

/// What is written below a stage, and what is said of it.
fn about_a_stage(more: &str) -> Vec<String> {
    about(&format!("name: A\ntrigger: order_created\nstages:\n  - name: X\n{more}"))
}

fn about(text: &str) -> Vec<String> {
    match parse::flow(text) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_day_that_is_named_twice_and_a_spread_beyond_the_window_are_refused() {
    let stage = |more: &str| about_a_stage(&format!("    workflow: [confirm]\n{more}"));
    assert_eq!(
        stage("    on: [monday, friday, monday]\n"),
        ["line 6: stages[0].on[2]: names monday a second time"]
    );
    let window = "    not_before: \"09:00\"\n    not_after: \"12:00\"\n";
    assert!(stage(&format!("{window}    spread: 3h\n")).is_empty());
    assert_eq!(
        stage(&format!("{window}    spread: 181m\n")),
        ["line 8: stages[0].spread: 181m is longer than the stage's own window, from 09:00 to 12:00"]
    );
    let night = "    not_before: \"22:00\"\n    not_after: \"02:00\"\n";
    assert!(stage(&format!("{night}    spread: 4h\n")).is_empty());
    assert_eq!(stage(&format!("{night}    spread: 5h\n")).len(), 1);
    assert_eq!(
        stage("    not_after: \"01:00\"\n    spread: 2h\n"),
        ["line 7: stages[0].spread: 2h is longer than the stage's own window, until 01:00"]
    );
    assert!(stage("    spread: 30h\n").is_empty(), "without a window it may be as long as it likes");
}

#[test]
fn actions_have_limits_of_count_and_size() {
    let workflow = |actions: &str| about_a_stage(&format!("    workflow: [{actions}]\n"));
    let last = |actions: &str| workflow(actions).pop().unwrap_or_default();
    assert!(workflow(&vec!["confirm"; 20].join(", ")).is_empty());
    assert_eq!(
        workflow(&vec!["confirm"; 21].join(", ")),
        ["line 5: stages[0].workflow: has 21 actions; 20 is the most"]
    );
    let mail = "{ send_email: { to: ops, subject: s, text: t } }";
    assert!(workflow(&[mail; 2].join(", ")).is_empty());
    assert!(last(&[mail; 3].join(", ")).contains("has 3 e-mails; 2 is the most of one stage"));
    let coupon = "{ create_coupon: { percent: 10, expires: 7d } }";
    assert!(last(&format!("{coupon}, {coupon}")).contains("makes more than one coupon"));
    let text = |length: usize| "x".repeat(length);
    for (action, length) in [
        ("add_note", 500),
        ("log_event", 500),
        ("set_flag", 40),
        ("add_tag", 40),
        ("set_tier", 40),
        ("start_flow", 80),
    ] {
        assert!(workflow(&format!("{{ {action}: {} }}", text(length))).is_empty(), "{action}");
        let beyond = last(&format!("{{ {action}: {} }}", text(length + 1)));
        assert!(
            beyond.ends_with(&format!("{action}: has {} characters; {length} is the most", length + 1)),
            "{beyond}"
        );
    }
    for (points, sound) in
        [(1_000_000, true), (-1_000_000, true), (0, false), (1_000_001, false), (-1_000_001, false)]
    {
        assert_eq!(workflow(&format!("{{ add_points: {points} }}")).is_empty(), sound, "{points}");
    }
    for (offer, said) in [
        ("percent: 100, expires: 1d", ""),
        ("percent: 100.5, expires: 1d", "100.5 is not more than 0 and at most 100"),
        ("percent: 0, expires: 1d", "0 is not more than 0 and at most 100"),
        ("amount: -1, expires: 1d", "-1 is not more than 0"),
        ("expires: 1d", "needs either `percent` or `amount`, and not both"),
        ("percent: 5, amount: 5, expires: 1d", "needs either `percent` or `amount`, and not both"),
        ("percent: 5, expires: 0m", "leaves no time to use it"),
        ("percent: 5, expires: 1d, prefix: 'a b'", "“a b” is not letters and digits from A to 9"),
    ] {
        let found = last(&format!("{{ create_coupon: {{ {offer} }} }}"));
        assert!(found.ends_with(said) && found.is_empty() == said.is_empty(), "{offer}: {found}");
    }
    let data: Vec<String> = (0..21).map(|i| format!("k{i}: v")).collect();
    let hook = |data: &[String]| {
        format!("{{ call_webhook: {{ url: 'https://example.com/', data: {{ {} }} }} }}", data.join(", "))
    };
    assert!(workflow(&hook(&data[..20])).is_empty());
    assert!(last(&hook(&data)).ends_with("data: has 21 fields; 20 is the most"));
}

#[test]
fn what_is_for_orders_asks_for_a_trigger_of_orders() {
    let with = |trigger: &str, action: &str| {
        about(&format!("name: A\ntrigger: {trigger}\nstages: [{{ name: X, workflow: [{action}] }}]"))
    };
    for action in [
        "confirm",
        "cancel",
        "{ set_status: delivered }",
        "{ add_note: a }",
        "{ set_flag: a }",
        "{ clear_flag: a }",
        "{ assign_user: a@example.com }",
        "{ log_event: a }",
        "cancel_pending",
    ] {
        for trigger in ["order_created", "{ shipment_updated: delivered }", "started_by_flow"] {
            assert!(with(trigger, action).is_empty(), "{trigger} {action}");
        }
        for trigger in ["birthday", "{ cart_abandoned: 30m }"] {
            let said = with(trigger, action);
            assert!(
                said.len() == 1
                    && said[0].contains("stages[0].workflow[0]: is for orders, and this flow starts when"),
                "{trigger} {action}: {said:?}"
            );
        }
    }
    for action in [
        "{ add_tag: a }",
        "{ set_tier: a }",
        "{ add_points: 5 }",
        "{ create_task: { title: a } }",
        "{ start_flow: b }",
        "{ escalate_team: ops }",
    ] {
        assert!(with("birthday", action).is_empty(), "{action}");
    }
}
