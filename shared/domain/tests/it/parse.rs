//! Reading flows, and what is said about those that cannot be read.

use harkara_domain::flow::{Action, parse};
use proptest::prelude::*;

use crate::{make::flow, schema::faults};

/// A flow with one sound stage, `X`; what follows is written below that stage, from line 7 on.
fn with(more: &str) -> String {
    format!(
        "name: A\ntrigger: order_created\nstages:\n  - name: X\n    after: 5m\n    message: {{ channels: [whatsapp], template: t }}\n{more}"
    )
}

fn problems(text: &str) -> Vec<String> {
    match parse::flow(text) {
        Ok(flow) => panic!("no problem found in {flow:?}"),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

/// What is written below the sound stage, and the one problem that is found.
const UNREADABLE: &[(&str, &str)] = &[
    (
        "    afterr: 1d",
        "line 7: stages[0].afterr: unknown field `afterr`; did you mean `after`? It can be one of `name`, `after`, `after_previous`, `at`, `not_before`, `not_after`, `on`, `spread`, `skip_if`, `only_if`, `message`, `workflow`, `wait_for`, `timeout`, `split`, `branches`, `otherwise`",
    ),
    ("    after: 1d", "line 7: stages[0].after: `after` is written twice"),
    ("    after_previous: 5", "line 7: stages[0].after_previous: “5” is not a wait such as 30m, 2h or 1d"),
    ("    at: 1800", "line 7: stages[0].at: “1800” is not a time of day such as \"18:00\""),
    ("    at: 18.00", "line 7: stages[0].at: “18.00” is not a time of day such as \"18:00\""),
    (
        "    skip_if: { confirmation: { is_not: pendign } }",
        "line 7: stages[0].skip_if.confirmation.is_not: unknown word `pendign`; did you mean `pending`? It can be one of `pending`, `confirmed`, `cancelled`, `not_needed`",
    ),
    (
        "    skip_if:\n      confirmation: pending",
        "line 8: stages[0].skip_if.confirmation: unknown word `pending`, expected one of `is`, `is_not`, `in`, `not_in`",
    ),
    (
        "    skip_if:\n      city: { is: A }\n      payment_method: { is: cod }",
        "line 9: stages[0].skip_if.payment_method: only one of these can stand here; several conditions go into a list under `all:` or `any:`, several actions into a list",
    ),
    (
        "    skip_if:\n      - city: { is: A }",
        "line 7: stages[0].skip_if: is a list; expected a word, or a word with its value after a colon; a list of conditions goes under `all:` or `any:`",
    ),
    ("    skip_if:", "line 7: stages[0].skip_if: has no value; give it one, or leave the line out"),
    ("    at: ~", "line 7: stages[0].at: has no value; give it one, or leave the line out"),
    (
        "    skip_if: { city: }",
        "line 7: stages[0].skip_if.city: has no value; give it one, or leave the line out",
    ),
    (
        "    skip_if: { order_total: { between: [1, 2, 3] } }",
        "line 7: stages[0].skip_if.order_total.between: expected two values, such as [1000, 5000] or [2d, 5d], found 3",
    ),
    (
        "    skip_if: { order_total: { between: [1] } }",
        "line 7: stages[0].skip_if.order_total.between: expected two values, such as [1000, 5000] or [2d, 5d], found 1",
    ),
    (
        "    skip_if: { order_total: { at_least: lots } }",
        "line 7: stages[0].skip_if.order_total.at_least: “lots” is not a number such as 1500 or 1499.50",
    ),
    (
        "    skip_if: { first_time_customer: maybe }",
        "line 7: stages[0].skip_if.first_time_customer: is the text “maybe”; expected true or false",
    ),
    (
        "    workflow: confirm",
        "line 7: stages[0].workflow: is the text “confirm”; expected a list: its items in […], or each on a line that begins with “- ”",
    ),
    (
        "    workflow: [set_flag]",
        "line 7: stages[0].workflow[0]: needs a value: write the word, a colon and the value",
    ),
    (
        "    workflow: [{ confirm: now }]",
        "line 7: stages[0].workflow[0].confirm: takes no value; write the word alone",
    ),
    (
        "  - name: Y\n    message: { channels: [sms], template: t }",
        "line 8: stages[1].message.channels[0]: unknown word `sms`, expected one of `whatsapp`, `email`",
    ),
    ("  - after: 1d\n    message: { channels: [email], template: t }", "line 7: stages[1].name: is missing"),
    ("  - name: Y\n    message: { channels: [email] }", "line 8: stages[1].message.template: is missing"),
    ("  - name: Y\n    message: { template: t }", "line 8: stages[1].message.channels: is missing"),
    (
        "  - name: Y\n    message: hello",
        "line 8: stages[1].message: is the text “hello”; expected fields such as `channels`, `template`, `templates`, `buttons`",
    ),
    (
        "    <<: { at: \"18:00\" }",
        "line 7: stages[0].<<: anchors (&), aliases (*) and merges (<<) are not part of the flow language",
    ),
    (
        "    at: &time \"18:00\"",
        "line 7: stages[0].at: anchors (&), aliases (*) and merges (<<) are not part of the flow language",
    ),
    (
        "    at: *time",
        "line 7: stages[0].at: anchors (&), aliases (*) and merges (<<) are not part of the flow language",
    ),
    ("    at: \"18:00", "line 7: stages[0].at: cannot be read as YAML: unclosed quote"),
];

#[test]
fn what_cannot_be_read_is_named_with_line_and_field() {
    for (more, expected) in UNREADABLE {
        assert_eq!(problems(&with(more)), [*expected], "{more}");
    }
    let twice = with(&format!("---\n{}", with("")));
    assert_eq!(problems(&twice), ["line 8: a second flow begins here; write one flow at a time"]);
}

#[test]
fn what_is_wrong_with_the_whole_flow_is_said_too() {
    assert_eq!(problems(""), ["line 1: the text ends before the flow does"]);
    assert_eq!(
        problems("hello"),
        [
            "line 1: is the text “hello”; expected fields such as `name`, `trigger`, `conditions`, `re_entry`, `exit_if`, `on_ambiguous`, `stages`"
        ]
    );
    assert_eq!(problems("name: A\nstages: [{ name: X, workflow: [confirm] }]"), ["trigger: is missing"]);
    assert_eq!(problems("name: A\ntrigger: order_created\n"), ["stages: is missing"]);
    assert_eq!(
        problems("name: A\ntrigger: order_created\nstages: []"),
        ["line 3: stages: a flow needs at least one stage"]
    );
    assert_eq!(
        problems("name: '!?'\ntrigger: order_created\nstages: []"),
        [
            "line 1: name: needs at least one letter or digit",
            "line 3: stages: a flow needs at least one stage"
        ]
    );
    assert_eq!(
        problems(&format!("{}#{}", with(""), "x".repeat(parse::MAX_BYTES))),
        [format!("has {} bytes; 65536 is the most", with("").len() + 1 + parse::MAX_BYTES)]
    );
}

#[test]
fn what_cannot_be_meant_is_all_collected_in_the_order_of_the_lines() {
    let text = r#"name: "  "
trigger: order_created
conditions:
  all:
    - city: { in: [] }
    - order_total: { between: [5, 1] }
    - any: []
stages:
  - name: One
    after_previous: 5m
    not_before: "09:00"
    not_after: "09:00"
    message:
      channels: []
      template: ""
  - name: Two
    after: 2h
    at: "22:00"
    not_before: "09:00"
    not_after: "21:00"
    message:
      channels: [email, whatsapp, email]
      template: t
      buttons: [confirm, cancel, confirm, cancel]
  - name: two
    after: 1h
    after_previous: 1h
  - name: Four
    after: 90m
    workflow:
      - add_note: " "
      - set_flag: a-flag-whose-name-goes-on-and-on-and-on-and-on
      - assign_user: somebody
"#;
    let expected = [
        "line 1: name: is empty",
        "line 5: conditions.all[0].city.in: names nothing; give it at least one value",
        "line 6: conditions.all[1].order_total.between: has the higher number first, so nothing is between the two",
        "line 7: conditions.all[2].any: is empty; put at least one condition in it",
        "line 10: stages[0].after_previous: the first stage has none before it; use `after`",
        "line 12: stages[0].not_after: is the same as `not_before`, which leaves no time to send in",
        "line 14: stages[0].message.channels: names no channel; give it at least one, such as whatsapp",
        "line 15: stages[0].message.template: is empty",
        "line 18: stages[1].at: 22:00 is outside the stage's own window, from 09:00 to 21:00",
        "line 22: stages[1].message.channels[2]: names email a second time",
        "line 24: stages[1].message.buttons: has 4 buttons; 3 is the most",
        "line 24: stages[1].message.buttons[2]: names confirm a second time",
        "line 24: stages[1].message.buttons[3]: names cancel a second time",
        "line 25: stages[2]: a stage needs a `message`, a `workflow` or a fork",
        "line 25: stages[2].name: another stage is called “two” already",
        "line 27: stages[2].after_previous: a stage has either `after` or `after_previous`, not both",
        "line 29: stages[3].after: 90m after the trigger is earlier than the stage before it",
        "line 31: stages[3].workflow[0].add_note: is empty",
        "line 32: stages[3].workflow[1].set_flag: has 46 characters; 40 is the most",
        "line 33: stages[3].workflow[2].assign_user: “somebody” is not an e-mail address",
    ];
    assert_eq!(problems(text), expected);
}

#[test]
fn limits_are_inclusive() {
    let stages = |count: usize| {
        let lines: String =
            (0..count).map(|i| format!("  - {{ name: s{i}, workflow: [confirm] }}\n")).collect();
        format!("name: A\ntrigger: order_created\nstages:\n{lines}")
    };
    flow(&stages(60));
    assert_eq!(problems(&stages(61)), ["line 3: stages: has 61 stages; 60 is the most"]);

    let named = |length: usize| {
        format!(
            "name: {}\ntrigger: order_created\nstages: [{{ name: s, workflow: [confirm] }}]",
            "ن".repeat(length)
        )
    };
    flow(&named(80));
    assert_eq!(problems(&named(81)), ["line 1: name: has 81 characters; 80 is the most"]);

    let leaf = "{ first_time_customer: true }";
    let wide = |count: usize| with(&format!("    skip_if: {{ any: [{}] }}\n", vec![leaf; count].join(", ")));
    flow(&wide(49));
    assert_eq!(
        problems(&wide(50)),
        ["line 7: stages[0].skip_if: has 51 conditions and groups; 50 is the most"]
    );

    let deep = |groups: usize| {
        with(&format!("    skip_if: {}{leaf}{}\n", "{ all: [".repeat(groups), "] }".repeat(groups)))
    };
    flow(&deep(4));
    assert_eq!(
        problems(&deep(5)),
        ["line 7: stages[0].skip_if: has groups within groups 6 deep; 5 is the most"]
    );
    for groups in [16, 20, 100, 2000] {
        assert!(
            problems(&deep(groups)).iter().any(|problem| problem.ends_with("is nested too deeply")),
            "{:?}",
            problems(&deep(groups))
        );
    }
}

#[test]
fn a_stage_after_a_wait_for_the_one_before_may_not_overtake_it_either() {
    let text = with(
        "  - { name: Y, after_previous: 2h, workflow: [confirm] }\n  - { name: Z, after: 1h, workflow: [confirm] }\n",
    );
    assert_eq!(
        problems(&text),
        ["line 8: stages[2].after: 1h after the trigger is earlier than the stage before it"]
    );
}

#[test]
fn people_may_write_it_in_more_than_one_way() {
    let read = flow(&with(
        "    at: 18:00\n    workflow: [confirm, cancel, cancel_pending, { set_flag: vip }, { set_status: dispatched }]\n",
    ));
    assert_eq!(read.stages[0].at.unwrap().to_string(), "18:00");
    assert_eq!(read.stages[0].workflow[..3], [Action::Confirm, Action::Cancel, Action::CancelPending]);

    let json = r#"{"name": "A", "trigger": "order_created", "stages": [
        {"name": "X", "after": "1d 2h", "at": "9:30", "workflow": ["confirm", {"add_note": "hi"}]}]}"#;
    assert_eq!(flow(json).stages[0].after.unwrap().to_string(), "1d 2h");
    // A window may span midnight.
    flow(&with("    not_before: 21:00\n    not_after: 02:00\n    at: 01:00\n"));
    // Urdu, and a byte order mark, as an editor on Windows leaves one.
    let urdu = flow(
        "\u{feff}name: آرڈر کی تصدیق\ntrigger: order_created\nstages: [{ name: ا, workflow: [confirm] }]",
    );
    assert_eq!(urdu.id().as_str(), "آرڈر-کی-تصدیق");
    // Windows line endings do not move the lines.
    assert_eq!(problems(&with("    at: 1\n").replace('\n', "\r\n"))[0].split(':').next(), Some("line 7"));
}

const SEED: &str = include_str!("../../../../flows/cod-confirmation.yaml");

/// Pieces that flows are made of, and that break them.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(
            "[ ] { } : , - # & * ! | > ' \" % @ ` ? << --- ... \n \t \r \0 ~ null all any none is in between after: at: 18:00 1d .inf 1e999 !!binary !!int &a *a \u{feff} \u{2028} ے"
                .split(' ')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        ),
        "\\PC{0,4}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_breaks_the_reader(text in prop_oneof![".*", "(?s).{0,200}", prop::collection::vec(piece(), 0..60).prop_map(|p| p.concat())]) {
        if let Err(problems) = parse::flow(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| !problem.message.is_empty()));
        }
    }

    #[test]
    fn no_edit_breaks_the_reader(edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, piece()), 1..6)) {
        let mut text: Vec<char> = SEED.chars().collect();
        for (place, length, piece) in edits {
            let start = place.index(text.len() + 1);
            let end = (start + length).min(text.len());
            text.splice(start..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        match parse::flow(&text) {
            // What is accepted can be stored and read again.
            Ok(read) => {
                prop_assert_eq!(faults(&serde_json::to_value(&read).unwrap()), [""; 0]);
                prop_assert_eq!(flow(&serde_json::to_string(&read).unwrap()), read);
            }
            Err(problems) => {
                let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() as u64;
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|p| p.line.is_none_or(|line| (1..=lines + 1).contains(&line))), "{problems:?}");
            }
        }
    }
}
