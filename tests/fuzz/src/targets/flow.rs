//! Flows: what is read is within its limits, and written and read again it is the same; what is not is told
//! in few problems, with lines that there are.

use harkara_domain::{
    Flow,
    flow::{
        Condition, Written,
        parse::{self, MAX_BYTES, MAX_PROBLEMS, Problem},
    },
};

use crate::sample::SCENE;

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = Written::has_comments(text);
    if let Some(written) = Written::read(text) {
        rewritten(&written);
    }
    match parse::flow(text) {
        Ok(flow) => sound(&flow, text),
        Err(problems) => told(&problems, text),
    }
}

fn sound(flow: &Flow, text: &str) {
    assert!(text.len() <= MAX_BYTES);
    let name = flow.name.chars().count();
    assert!((1..=Flow::MAX_NAME).contains(&name) && !flow.id().as_str().is_empty(), "{:?}", flow.name);
    let places = flow.places();
    assert!((1..=Flow::MAX_STAGES).contains(&places.len()), "{} stages", places.len());
    for (number, place) in places.iter().enumerate() {
        let stage = flow.stage(u16::try_from(number).expect("few stages"));
        assert!(stage.is_some_and(|stage| std::ptr::eq(stage, place.stage)), "stage {number} is another");
    }
    // What a shop keeps is the text; what a run keeps is this.
    let json = serde_json::to_string(flow).expect("a flow can be written");
    assert!(serde_json::from_str::<Flow>(&json).ok().as_ref() == Some(flow), "{json} is another flow");
    match parse::flow(&json) {
        Ok(again) => assert!(again == *flow, "written as JSON it is another flow"),
        Err(problems) => {
            assert!(json.len() > MAX_BYTES, "what was read is refused as JSON: {problems:?}\n{json}");
        }
    }
    if let Some(written) = Written::read(text) {
        let yaml = written.text().expect("a flow can be written");
        let again = parse::flow(&yaml);
        let longer = yaml.len() > MAX_BYTES;
        assert!(
            longer || again.as_ref().ok() == Some(flow),
            "written as YAML it is another flow: {again:?}\n{yaml}"
        );
    }
    judged(flow);
}

/// Its conditions can be judged, whatever is known.
fn judged(flow: &Flow) {
    let stages = flow.places().into_iter().flat_map(|place| [&place.stage.skip_if, &place.stage.only_if]);
    let conditions = stages.chain([&flow.conditions, &flow.exit_if]);
    for condition in conditions.filter_map(Option::as_ref).take(8) {
        let (count, depth) = condition.size();
        assert!(count <= Condition::MAX_COUNT && depth <= Condition::MAX_DEPTH, "{condition}");
        super::condition::judge(condition, SCENE.known());
        super::condition::judge(condition, SCENE.unknown());
    }
}

fn told(problems: &[Problem], text: &str) {
    assert!((1..=MAX_PROBLEMS + 1).contains(&problems.len()), "{} problems", problems.len());
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() as u64 + 1;
    for problem in problems {
        assert!(problem.line.is_none_or(|line| (1..=lines).contains(&line)), "{problem} of {lines} lines");
        assert!(!problem.message.is_empty() && problem.message.len() <= 4_000, "{problem}");
        let _ = parse::line_of(text, &problem.field);
    }
}

fn rewritten(written: &Written) {
    let Ok(text) = written.text() else { return };
    let again = Written::read(&text);
    // Compared as text: `.nan` is not the same as itself.
    let same = again.as_ref().is_some_and(|again| format!("{again:?}") == format!("{written:?}"));
    assert!(same, "{written:?} is written as\n{text}\nwhich is {again:?}");
}
