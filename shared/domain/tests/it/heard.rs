//! What customers write, and what it tells.

use harkara_domain::flow::heard::{self, Heard, Intent, OwnWords};

fn heard(text: &str) -> Vec<Intent> {
    let own = OwnWords::new();
    Intent::ALL.into_iter().filter(|intent| intent.heard_in(text, &own)).collect()
}

/// Each text tells exactly these.
fn tell(intents: &[Intent], texts: &[&str]) {
    for text in texts {
        assert_eq!(heard(text), intents, "{text}");
    }
}

#[test]
fn a_yes_is_heard_in_all_three_ways_of_writing() {
    tell(
        &[Intent::Confirm],
        &[
            "confirm",
            "CONFIRM",
            "Yes",
            "yes please",
            "Haan ji",
            "han",
            "jee",
            "Ji bhej dein",
            "ok bhai",
            "theek hai",
            "thik h",
            "OK.",
            "Confirmed!",
            "please confrm my order",
            "order confirm kar dein",
            "bhej do",
            "bhejdo bhai",
            "send it",
            "جی",
            "ہاں",
            "جی ہاں بھیج دیں",
            "کنفرم کر دیں",
            "ٹھیک ہے",
            "👍",
            "👍🏽",
            "haaaan",
            "yes, 1042",
            "Assalam o alaikum. Order confirm karo",
            "hello, please send it today",
        ],
    );
}

#[test]
fn a_yes_among_other_words_is_none() {
    tell(
        &[],
        &[
            "ok but which colour is it",
            "yes I have seen your page, nice things",
            "acha batao size kya hai",
            "is my order confirmed?",
            "kya order confirm hai",
            "did you confirm it",
            "don't confirm it",
            "confirm mat karo",
            "abhi confirm nahi karna",
            "do not confirm yet",
            "confirm nahi",
            "shukriya",
            "hello",
            "",
            "Karachi",
            "4",
            "👍 kya size hai",
        ],
    );
}

#[test]
fn a_no_is_heard_in_all_three_ways_of_writing() {
    tell(
        &[Intent::Cancel],
        &[
            "cancel",
            "Cancel kar dein",
            "cancle krdo",
            "please cancel my order",
            "order cancel karo plz",
            "Cancel it.",
            "nahi chahiye",
            "mujhe nai chahiye ab",
            "mat bhejo",
            "nahi bhejna",
            "I don't want it",
            "i dont want it cancel it",
            "do not send",
            "don't send it please",
            "no need",
            "no",
            "nahi",
            "No thanks",
            "ji nahi",
            "کینسل کر دیں",
            "آرڈر منسوخ کر دیں",
            "نہیں چاہیے",
            "مت بھیجیں",
            "نہیں",
            "nahi, cancel kar do",
            "No. Cancel.",
            "cancel kar do na",
            "cancel karna hai",
            "haan cancel kar do",
            "can you cancel my order",
            "confirm mat karo, cancel kar do",
        ],
    );
}

#[test]
fn a_no_that_is_denied_or_asked_about_is_none() {
    tell(
        &[],
        &[
            "don't cancel",
            "Dont cancel my order",
            "please do not cancel it",
            "don’t you cancel",
            "never cancel it",
            "cancel na karo",
            "cancel na karein",
            "cancel mat karna",
            "order cancel nahi karna",
            "cancel nahi karo",
            "nahi cancel karna",
            "mat cancel karo",
            "I don't want to cancel",
            "i didnt ask to cancel",
            "cancel nahi",
            "کینسل نہ کریں",
            "آرڈر کینسل مت کریں",
            "why did you cancel",
            "cancel kyun kiya",
            "order cancel ho gaya?",
            "cancel kar diya hai kya",
            "cancelled?",
            "I have no idea",
            "know",
        ],
    );
}

#[test]
fn where_it_is_and_what_is_wrong_are_heard() {
    tell(
        &[Intent::WhereIsIt],
        &[
            "where is my order",
            "Where's my parcel??",
            "mera order kahan hai",
            "order kidhar h",
            "kab tak aayega",
            "kb tk ayega",
            "parcel kab milega",
            "abhi tak nahi mila",
            "not received yet",
            "tracking",
            "track my order please",
            "status?",
            "میرا آرڈر کہاں ہے",
            "کب تک ملے گا",
            "ok kab aayega",
            "any update on this",
        ],
    );
    tell(
        &[Intent::Complaint],
        &[
            "complaint",
            "the suit is damaged",
            "kapra kharab hai",
            "cheez tuti hui thi",
            "galat size bheja",
            "wrong item",
            "refund please",
            "paise wapas do",
            "ye fraud hai",
            "is mein masla hai",
            "خراب ہے",
            "غلط چیز",
            "I have a problem with it",
            "it is not working",
        ],
    );
    tell(
        &[],
        &[
            "where is your shop",
            "aap kahan se hain",
            "no problem",
            "koi masla nahi",
            "not damaged, thanks a lot dear",
            "kharab nahi hai",
            "what is the price",
        ],
    );
}

#[test]
fn stop_is_heard_only_where_nothing_else_is_said() {
    tell(
        &[Intent::Stop],
        &[
            "STOP",
            "stop",
            "Stop!!",
            "stopppp",
            "STOP.",
            "please stop",
            "Unsubscribe",
            "unsubscribe me please",
            "stop messages",
            "stop sending me messages",
            "band karo",
            "ye messages band karein",
            "band kar do bhai",
            "rok do",
            "roko",
            "message mat bhejo",
            "mujhe msg mat bhejein",
            "don't message me",
            "no more messages",
            "بند کرو",
            "بند کریں",
            "میسج بند کر دیں",
            "روک دو",
            "میسج مت بھیجیں",
            "opt out",
            "remove me",
            "سٹاپ",
        ],
    );
    tell(
        &[],
        &[
            "please stop my order from being sent to the old address",
            "don't stop",
            "the rider did not stop here",
            "stop karne se pehle call karna",
            "bus stop ke paas deliver karna",
            "dukan band hoti hai",
            "mera order band karo",
        ],
    );
}

#[test]
fn start_is_heard_only_where_nothing_else_is_said() {
    tell(
        &[Intent::Start],
        &[
            "START",
            "start please",
            "subscribe",
            "shuru karo",
            "dobara shuru kar dein",
            "dobara bhejo",
            "messages dobara bhejo",
            "resume",
            "شروع کریں",
            "دوبارہ بھیجیں",
            "start messages again",
        ],
    );
    tell(&[], &["when do you start deliveries in Quetta", "subscribe to what", "dobara order karna hai"]);
}

#[test]
fn a_store_adds_words_of_its_own() {
    let own = OwnWords::from([
        (Intent::Confirm, vec!["lakk de".to_owned()]),
        (Intent::Stop, vec!["bas karo".to_owned()]),
    ]);
    assert!(Intent::Confirm.heard_in("haan bhai LAKK DE jaldi", &own));
    assert!(!Intent::Confirm.heard_in("lakk mat de", &own) && !Intent::Confirm.heard_in("mat lakk de", &own));
    assert!(Intent::Stop.heard_in("Bas kar do!", &own), "in any of its spellings");
    assert!(!Intent::Stop.heard_in("bas karo order ko cancel", &own), "STOP stands alone");
    assert!(!Intent::Stop.heard_in("bas karo", &OwnWords::new()));
    assert!(heard::flaws(&own, "words").is_empty());
    let bad = OwnWords::from([
        (Intent::Stop, vec!["!?".to_owned(), "x".repeat(61)]),
        (Intent::Start, vec!["a".into(); 101]),
    ]);
    let paths: Vec<String> = heard::flaws(&bad, "words").into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["words.stop[0]", "words.stop[1]", "words.start"]);
}

#[test]
fn a_trigger_asks_for_whole_words_and_an_intent() {
    let own = OwnWords::new();
    let heard = Heard { contains: vec!["refund".to_owned(), "paise wapas".to_owned()], intent: None };
    assert!(heard.fits("I want a REFUND.", &own) && heard.fits("mere paisay wapis karo", &own));
    assert!(!heard.fits("refunds", &own) && !heard.fits("paise do aur wapas jao", &own));
    let both = Heard { contains: vec!["order".to_owned()], intent: Some(Intent::Cancel) };
    assert!(both.fits("cancel my order", &own));
    assert!(!both.fits("cancel it", &own) && !both.fits("my order", &own));
    assert!(Heard::default().fits("anything", &own));
}

/// However a text is made, hearing it neither fails nor takes long.
#[test]
fn any_text_is_heard_in_bounded_time() {
    let own = OwnWords::from([
        (Intent::Stop, vec!["na ".repeat(20); 100]),
        (Intent::Cancel, vec!["cancel na".into(); 100]),
    ]);
    let hostile = [
        "cancel na ".repeat(100_000),
        "\u{fdfa}".repeat(100_000),
        "?".repeat(1_000_000),
        "a".repeat(1_000_000),
    ];
    let started = std::time::Instant::now();
    for text in &hostile {
        for intent in Intent::ALL {
            intent.heard_in(text, &own);
        }
    }
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}
