use harkara_channels::template::{Category, RenderError, Template, VARIABLES, Variables, missing_for, parse};
use harkara_domain::{
    CartView, Money, Occurrence, Trigger,
    customer::Subscription,
    fact::{CartFact, Choice, Contact, LineItem, Tier},
    run::Coupon,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::world::{full_order, known_customer, minimal_order};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../flows/templates");

/// The templates of the default flows.
const DEFAULTS: [&str; 7] = [
    "cod_confirmation",
    "cod_reminder",
    "dispatch_notice",
    "followup_day_1",
    "followup_day_21",
    "followup_day_45",
    "followup_day_7",
];

fn defaults() -> Vec<(&'static str, Template)> {
    let read = |name: &'static str| {
        let template = parse(&std::fs::read_to_string(format!("{FOLDER}/{name}.yaml")).unwrap());
        (name, template.unwrap_or_else(|problems| panic!("{name}: {problems:?}")))
    };
    DEFAULTS.map(read).into()
}

#[test]
fn the_default_templates_say_what_they_should() {
    let full = Variables::of(Some(&full_order()), None, "Gulab Fabrics");
    let minimal = Variables::of(Some(&minimal_order()), None, "Gulab Fabrics");
    let mut said = String::new();
    for (name, template) in defaults() {
        assert_eq!(template.name(), name);
        assert_eq!(template.languages().collect::<Vec<_>>(), ["roman-ur", "ur", "en"]);
        for language in ["roman-ur", "ur", "en"] {
            let body = template.meta_body(language).unwrap();
            let meta = template.meta_language(language).unwrap();
            said.push_str(&format!(
                "=== {name} ({:?}), {language}, to Meta {meta}\n{body}\n",
                template.category()
            ));
            for (order, variables) in [("full", &full), ("minimal", &minimal)] {
                let rendered = template.render(variables, &[language]).unwrap();
                assert_eq!(rendered.language, language);
                assert!(!rendered.text.contains("{{") && !rendered.text.contains("}}"));
                said.push_str(&format!(
                    "--- {order}: {}\n{}\n{:?}\n",
                    rendered.subject.clone().unwrap(),
                    rendered.text,
                    rendered.labels
                ));
                // The registered body with the parameters put in is the very text.
                let filled =
                    rendered.parameters.iter().enumerate().fold(body.clone(), |text, (at, value)| {
                        text.replace(&format!("{{{{{}}}}}", at + 1), value)
                    });
                assert_eq!(filled, rendered.text);
            }
        }
    }
    insta::assert_snapshot!(said);
}

#[test]
fn the_default_templates_have_words_for_their_buttons() {
    for (name, template) in defaults() {
        let asks = name.starts_with("cod_");
        let choices = if asks { vec![Choice::Confirm, Choice::Cancel] } else { Vec::new() };
        assert_eq!(template.choices().collect::<Vec<_>>(), choices, "{name}");
    }
}

#[test]
fn a_missing_tracking_page_gives_way_step_by_step() {
    let (_, notice) = defaults().into_iter().find(|(name, _)| *name == "dispatch_notice").unwrap();
    let mut order = full_order();
    let mut shown = |change: fn(&mut harkara_domain::OrderView)| {
        change(&mut order);
        let text = notice.render(&Variables::of(Some(&order), None, "Gulab"), &["en"]).unwrap().text;
        let line = text.lines().find_map(|line| line.strip_prefix("Tracking: ")).unwrap();
        line.to_owned()
    };
    assert_eq!(shown(|_| {}), "https://courier.example/track/LE7501");
    assert_eq!(
        shown(|order| {
            for shipment in order.shipments.values_mut() {
                shipment.tracking.as_mut().unwrap().1.url = None;
            }
        }),
        "https://shop.example/orders/1042"
    );
    assert_eq!(shown(|order| order.snapshot.as_mut().unwrap().status_url = None), "LE7501");
    assert_eq!(shown(|order| order.shipments.clear()), "will follow soon");
}

/// A template of one English text.
fn with(text: &str) -> Result<Template, Vec<String>> {
    let yaml = serde_json::json!({ "name": "t", "category": "utility", "texts": { "en": text } }).to_string();
    parse(&yaml).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn filled(text: &str, variables: &Variables) -> Result<String, RenderError> {
    with(text).unwrap().render(variables, &[]).map(|rendered| rendered.text)
}

/// Everything that can be said.
fn whole() -> Variables {
    let at: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
    let mut customer = known_customer();
    let contact = customer.contact.as_mut().map(|(_, contact)| contact).unwrap();
    contact.language = Some("ur-PK".to_owned());
    let tier =
        Tier { name: "Silver".into(), points: Some(1200), close_to: Some("Gold".into()), ..Tier::default() };
    customer.tier = Some((at, tier));
    customer.points_added = 50;
    let attar = Subscription { told_at: at, renews_on: None, title: Some("Attar".to_owned()) };
    customer.subscriptions.insert("s1".to_owned(), attar);
    let renewal = Occurrence::SubscriptionRenewal {
        subscription: "s1".to_owned(),
        before: "3d".parse().unwrap(),
        on: "2027-01-05".parse().unwrap(),
    };
    let coupon = Coupon { code: "WELCOME-7".to_owned(), ends_at: at };
    Variables::of(Some(&full_order()), Some(&customer), "Gulab  Fabrics")
        .with_cart(Some(&full_cart()))
        .with_occurrence(&renewal, Some(&customer))
        .with_coupon(Some(&coupon), &TimeZone::UTC)
}

fn full_cart() -> CartView {
    let mut cart = CartView::empty(&"gulab".into(), &"c1".into());
    let item = |title: &str, quantity| LineItem { title: title.to_owned(), quantity, ..LineItem::default() };
    cart.state = Some(CartFact {
        id: "c1".into(),
        touched_at: "2026-11-22T09:00:00Z".parse().unwrap(),
        customer: Contact { first_name: Some("Sana".to_owned()), ..Contact::default() },
        items: vec![item("Khussa", 1), item("Chadar", 2)],
        total: Some(Money { amount: 1150.into(), currency: "PKR".parse().unwrap() }),
        url: Some("https://shop.example/cart/1".to_owned()),
        order: None,
        gone: false,
    });
    cart
}

#[test]
fn a_cart_speaks_for_itself() {
    let variables = Variables::of(None, None, "Gulab").with_cart(Some(&full_cart()));
    let text = "Hi {{ customer.name }}, {{ cart.items }} for {{ cart.total }} waits.";
    assert_eq!(filled(text, &variables).unwrap(), "Hi Sana, 1 x Khussa, 2 x Chadar for Rs 1,150 waits.");
    let known = Variables::of(None, Some(&known_customer()), "Gulab").with_cart(Some(&full_cart()));
    assert_eq!(filled("Hi {{ customer.name }}!", &known).unwrap(), "Hi Bilal!");
    assert!(!variables.has("order.name") && !variables.has("customer.points"));
    assert!(!variables.with_cart(None).has("cart.phone"));
}

#[test]
fn a_template_tells_what_it_uses_and_what_a_trigger_cannot_give() {
    let text = "Hi {{ customer.first_name | default: 'dost' }}, {{ order.name }} or {{ cart.url | default: order.status_url }}!";
    let template = with(text).unwrap();
    let used: Vec<&str> = template.variables_used().into_iter().collect();
    assert_eq!(used, ["cart.url", "customer.first_name", "order.name", "order.status_url"]);
    let missing = |trigger: Trigger| -> Vec<&str> {
        missing_for(&template, &trigger).into_iter().map(|missing| missing.variable).collect()
    };
    assert!(missing(Trigger::OrderCreated).is_empty(), "the order's page takes the cart's place");
    assert!(missing(Trigger::MessageRead).is_empty() && missing(Trigger::StartedByFlow).is_empty());
    assert_eq!(missing(Trigger::CartAbandoned("30m".parse().unwrap())), ["order.name"]);
    assert_eq!(missing(Trigger::Birthday), ["order.name", "cart.url"]);
    let words = missing_for(&template, &Trigger::Birthday).remove(0).to_string();
    assert!(
        words.starts_with("the template t says order.name in `en`, which this trigger knows nothing of"),
        "{words}"
    );
    let renewal =
        with("It renews on {{ subscription.renews_on }}, {{ store.name | append: order.city }}.").unwrap();
    let missing = |trigger: Trigger| -> Vec<&str> {
        missing_for(&renewal, &trigger).into_iter().map(|missing| missing.variable).collect()
    };
    assert_eq!(missing(Trigger::SubscriptionRenewal("3d".parse().unwrap())), ["order.city"]);
    assert_eq!(missing(Trigger::OrderCreated), ["subscription.renews_on"]);
}

#[test]
fn values_come_from_the_order_and_then_from_the_customer() {
    let full = whole();
    let all: String = VARIABLES.iter().map(|(name, _)| format!("{name} {{{{ {name} }}}},\n")).collect();
    insta::assert_snapshot!(filled(&format!("{all}."), &full).unwrap());
    let minimal = Variables::of(Some(&minimal_order()), Some(&known_customer()), "Gulab");
    assert_eq!(filled("Hi {{ customer.name }}!", &minimal).unwrap(), "Hi Bilal!");
    let mut stranger = full_order();
    stranger.snapshot.as_mut().unwrap().customer.first_name = Some("{{ order.total }} ".repeat(20));
    let name =
        filled("Hi {{ customer.first_name }}!", &Variables::of(Some(&stranger), None, "Gulab")).unwrap();
    assert!(name.starts_with("Hi {{ order.total }} {{"), "a value is never read as Liquid: {name}");
    assert_eq!(name.chars().count(), "Hi !".len() + 60);
    assert_eq!(format!("{full:?}"), "Variables(…)");
}

#[test]
fn a_missing_value_is_an_error_and_never_a_hole() {
    let minimal = Variables::of(Some(&minimal_order()), None, " ");
    let missing = |text: &str| match filled(text, &minimal) {
        Err(RenderError::MissingValue { variable }) => variable,
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(missing("Hi {{ customer.first_name }}!"), "customer.first_name");
    assert_eq!(missing("Hi {{ customer.first_name | upcase }}!"), "customer.first_name");
    assert_eq!(missing("Hi {{ customer.first_name | default: customer.last_name }}!"), "customer.first_name");
    assert_eq!(missing("Hi {{ customer.first_name | append: ' ji' }}!"), "customer.first_name");
    assert_eq!(missing("Hi {{ customer.first_name | default: '' }}!"), "customer.first_name");
    assert_eq!(missing("Hi {{ order.name | append: order.city }}!"), "order.city");
    assert_eq!(missing("Hi {{ order.name | remove: '#7' }}!"), "order.name");
    assert_eq!(missing("From {{ store.name }}!"), "store.name");
    assert_eq!(
        filled("Hi {{ customer.first_name | default: order.name | append: '?' }}!", &minimal).unwrap(),
        "Hi #7?!"
    );
    assert_eq!(filled("Hi {{ order.city | default: 'dost' | upcase }}!", &minimal).unwrap(), "Hi DOST!");
}

#[test]
fn filters_do_what_liquid_says() {
    let sample = Variables::sample();
    let becomes = |output: &str| filled(&format!("x{{{{ {output} }}}}x"), &sample).unwrap();
    assert_eq!(becomes("customer.first_name | upcase"), "xAYESHAx");
    assert_eq!(becomes("customer.first_name | truncate: 5, '.'"), "xAyes.x");
    assert_eq!(becomes("order.name | replace: '#', 'No. ' | append: \" |:, }}\""), "xNo. 1042 |:, }}x");
}

#[test]
fn what_is_not_understood_is_refused_at_once() {
    for (text, why) in [
        ("Hi {{ customer.frist_name }}!", "unknown variable `customer.frist_name`"),
        ("Hi {{ customer }}!", "unknown variable `customer`"),
        ("Hi {{ 1 }}!", "unknown variable `1`"),
        ("Hi {{ 'x' }}!", "must begin with a variable"),
        ("Hi {{ }}!", "must begin with a variable"),
        ("Hi {{ order.name order.city }}!", "must begin with a variable"),
        ("Hi {{ order.name | default: order.nam }}!", "unknown variable `order.nam`"),
        ("Hi {{ order.name | times: 2 }}!", "unknown filter `times`"),
        ("Hi {{ order.name | append }}!", "append"),
        ("Hi {{ order.name | append: }}!", "a filter is a name"),
        ("Hi {{ order.name | append: 'a' 'b' }}!", "a filter is a name"),
        ("Hi {{ order.name | append: 'a', }}!", "a filter is a name"),
        ("Hi {{ order.name || upcase }}!", "a filter is a name"),
        ("Hi {{ order.name | default: allow_false: true }}!", "a filter is a name"),
        ("Hi {{ order.name | upcase | default: 'x' }}!", "must come before"),
        ("Hi {{ order.name | truncate: 'x' }}!", "truncate"),
        ("Hi {{ order.name | append: 'x }}!", "without"),
        ("Hi {{ order.name + 1 }}!", "has no place"),
        ("Hi {{- order.name }}!", "are not for messages"),
        ("Hi {{ order.name", "without"),
        ("Hi order.name }}!", "closing braces"),
        ("Hi {% if order.name %}you{% endif %}!", "tags"),
        ("{{ order.name }} is here", "begin and end with words"),
        ("Here is {{ order.name }}\n", "begin and end with words"),
        ("Here is {{ order.name }} {{ order.city }}!", "between two variables"),
        (" ", "begin and end with words"),
        (&"x".repeat(1_025), "1025 characters"),
    ] {
        let problems = with(text).map(|_| ()).unwrap_err();
        assert!(problems.iter().any(|problem| problem.contains(why)), "{text}: {problems:?}");
    }
}

#[test]
fn problems_name_their_line_and_all_are_told() {
    let yaml = "\
name: Bad Name
category: utility
subject: '{{ order.nome }}'
texts:
  en: |
    Hello {{ customer.first_name }}!

    Order {{ order.nam }} and {{ order.tota }} here.
  roman_ur: 'Salam {{ order.x }}!'
  ur: Salam
  roman-ur: Salam
labels:
  confirm:
    en: 'A label of more than twenty'
    fr: Oui
";
    let problems: Vec<String> = parse(yaml).unwrap_err().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(problems.join("\n"));
}

#[test]
fn a_file_that_is_no_template_says_where() {
    for (yaml, line) in [
        ("name: t\ncategory: utility\ntexts: {en: Hi}\ncolour: red\n", Some(4)),
        ("name: t\ncategory: nonsense\ntexts: {en: Hi}\n", Some(2)),
        ("name: t\ncategory: utility\n", Some(2)),
        ("name: t\ncategory: utility\ntexts: {en: Hi}\nlabels: {maybe: {en: Hm}}\n", Some(4)),
        ("name: t\ncategory: utility\ntexts: Hi\n", Some(3)),
        ("name: t\ncategory: utility\ntexts: {}\n", Some(3)),
        (&" ".repeat(65_537), None),
    ] {
        let problems = parse(yaml).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].line, line, "{problems:?}");
    }
}

#[test]
fn languages_meta_tags_and_labels_are_the_templates_own() {
    let template = parse(
        "name: t\ncategory: marketing\nsubject: '{{ store.name }}'\n\
         texts: { roman-ur: Salam ji, en-GB: Hello there, ur: سلام }\n\
         labels: { confirm: OK }\nmeta_languages: { roman-ur: en }\n",
    )
    .unwrap();
    assert_eq!(template.category(), Category::Marketing);
    assert_eq!(template.meta_language("roman-ur"), Some("en"));
    assert_eq!(template.meta_language("en-GB"), Some("en_GB"));
    assert_eq!(template.meta_language("fr"), None);
    let rendered = template.render(&Variables::sample(), &["en-PK", "ur"]).unwrap();
    assert_eq!((rendered.language.as_str(), rendered.meta_language.as_str()), ("en-GB", "en_GB"));
    assert_eq!(rendered.subject.as_deref(), Some("Gulab Fabrics"));
    assert_eq!(rendered.labels[&Choice::Confirm], "OK");
    assert_eq!(template.render(&Variables::sample(), &[]).unwrap().language, "roman-ur");
}

#[test]
fn a_template_is_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    shared(&with("Hi there").unwrap());
}

/// `UPDATE_DOCS=1 cargo test -p harkara-channels` writes it anew.
#[test]
fn the_docs_name_every_variable() {
    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/flows.md");
    let text = std::fs::read_to_string(FILE).unwrap();
    let rows = VARIABLES.map(|(name, holds)| format!("| `{name}` | {holds} |\n"));
    let table = format!("\n| variable | holds |\n|---|---|\n{}\n", rows.concat());
    let (begin, end) = ("<!-- variables: generated -->\n", "<!-- variables: end -->");
    let (before, rest) = text.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let now = format!("{before}{begin}{table}{end}{after}");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(FILE, &now).unwrap();
    }
    assert!(text == now, "docs/flows.md is out of date; UPDATE_DOCS=1 writes it anew");
}
