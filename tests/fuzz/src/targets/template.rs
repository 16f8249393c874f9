//! Templates: refused with few problems, or filled in, soon and small.

use harkara_channels::template::{Template, Variables, Words, missing_for, parse};
use harkara_domain::Trigger;
use std::sync::LazyLock;

use crate::sample::SCENE;

/// The most bytes that a text may come to.
const LONGEST: usize = 4 * 64 * 1024 * 12;

static VARIABLES: LazyLock<[Variables; 3]> = LazyLock::new(|| {
    [Variables::sample(), Variables::of(SCENE.order(), None, "Gulab & Sons"), Variables::of(None, None, "")]
});

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match parse(text) {
        Ok(template) => sound(&template),
        Err(problems) => {
            assert!((1..=200).contains(&problems.len()), "{} problems", problems.len());
            assert!(problems.iter().all(|problem| problem.message.len() <= 4_000), "{problems:?}");
        }
    }
    if let Ok(words) = Words::parse(text) {
        for variables in VARIABLES.iter() {
            let filled = words.fill(variables);
            assert!(filled.is_ok_and(|filled| filled.len() <= LONGEST) || words.fill(variables).is_err());
        }
    }
}

fn sound(template: &Template) {
    let languages: Vec<&str> = template.languages().collect();
    assert!(!languages.is_empty() && !template.name().is_empty());
    for language in &languages {
        assert!(template.meta_language(language).is_some() && template.meta_body(language).is_some());
    }
    for variables in VARIABLES.iter() {
        for language in &languages {
            let Ok(rendered) = template.render(variables, &[language]) else { continue };
            assert!(rendered.text.len() <= LONGEST, "{} bytes", rendered.text.len());
            assert!(Ok(&rendered) == template.render(variables, &[language]).as_ref(), "filled in otherwise");
            assert!(!format!("{rendered:?}").contains(&rendered.text) || rendered.text.len() < 40);
        }
    }
    for trigger in ["\"order_created\"", "\"cart_emptied\"", "\"signed_up\""] {
        if let Ok(trigger) = serde_json::from_str::<Trigger>(trigger) {
            let missing = missing_for(template, &trigger);
            assert!(missing.len() <= 1_000);
        }
    }
}
