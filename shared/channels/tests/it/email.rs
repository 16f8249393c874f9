use harkara_channels::{
    Unsendable,
    email::{alert, mail},
};

use crate::world::message;

#[test]
fn a_message_becomes_a_mail() {
    let mut message = message();
    message.content.text = "Salam <Ayesha> & co!\nOrder #1042\n\nآپ کا شکریہ\n".into();
    insta::assert_json_snapshot!(mail(&message).unwrap());
}

#[test]
fn without_a_subject_the_first_line_is_one() {
    let mut message = message();
    message.content.subject = None;
    message.content.text = format!("{}\nmore", "Salam ".repeat(30));
    let mail = mail(&message).unwrap();
    assert!(mail.subject.starts_with("Salam Salam"));
    assert_eq!(mail.subject.chars().count(), 70);
}

#[test]
fn nothing_breaks_out_of_a_header() {
    let mut message = message();
    message.content.subject = Some("Order\r\nBcc: x@example.com".into());
    assert_eq!(mail(&message).unwrap().subject, "Order Bcc: x@example.com");
    for bad in ["", " ", "ayesha", "@host", "a@", "a@b.pk\r\nBcc: x@b.pk", "a@b.pk, x@b.pk", "<a@b.pk>"] {
        message.to.email = Some(bad.into());
        assert_eq!(mail(&message), Err(Unsendable::NoAddress), "{bad:?}");
    }
    message.to.email = None;
    assert_eq!(mail(&message), Err(Unsendable::NoAddress));
}

#[test]
fn an_empty_text_is_not_mailed() {
    let mut message = message();
    message.content.text = " \n".into();
    assert!(matches!(mail(&message), Err(Unsendable::Content(_))));
}

#[test]
fn the_team_gets_its_lines_and_a_link() {
    let lines = ["3 messages failed for good.".to_owned(), "<b>#1042</b>: no address".to_owned()];
    let link = "https://console.example/dead?a=1&b=\"2\"";
    let mail = alert(vec!["ops@example.pk".into()], "Failed\nmessages".into(), &lines, Some(link));
    insta::assert_json_snapshot!(mail);
    let bad = alert(Vec::new(), String::new(), &lines, Some("javascript:alert(1)"));
    assert!(!bad.html.unwrap().contains("href"));
}
