//! The flows that come with Harkara.

use harkara_domain::{
    Flow, Trigger,
    flow::{Action, Channel},
};
use jiff::{Timestamp, tz::TimeZone};

use crate::make::{InZone, flow};

const ALL: [&str; 4] = [
    include_str!("../../../../flows/cod-confirmation.yaml"),
    include_str!("../../../../flows/dispatch-notice.yaml"),
    include_str!("../../../../flows/post-delivery-followup.yaml"),
    include_str!("../../../../flows/exception-review.yaml"),
];

fn default_flow(name: &str) -> Flow {
    ALL.iter().map(|text| flow(text)).find(|flow| flow.id().as_str() == name).unwrap()
}

fn due(flow: &Flow, base: &str) -> Vec<String> {
    let zone = TimeZone::get("Asia/Karachi").unwrap();
    let base: Timestamp = base.parse().unwrap();
    let local = |time: Timestamp| time.to_zoned(zone.clone()).strftime("%d %H:%M").to_string();
    flow.stages.iter().map(|stage| local(stage.due(base, &zone))).collect()
}

#[test]
fn the_confirmation_asks_at_once_reminds_and_escalates() {
    let flow = default_flow("cod-confirmation");
    assert_eq!(flow.trigger, Trigger::OrderCreated);
    assert_eq!(due(&flow, "2026-11-20T10:00:00+05:00"), ["20 10:00", "20 10:30", "20 12:00"]);
    for asking in &flow.stages[..2] {
        assert_eq!(asking.message.as_ref().unwrap().buttons.len(), 2);
        assert_eq!(asking.message.as_ref().unwrap().channels, [Channel::Whatsapp]);
    }
    let alert = [Action::SetFlag("critical".into()), Action::EscalateTeam("ops".into())];
    assert_eq!(flow.stages[2].workflow, alert);
    assert_eq!(flow.stages[0].skip_if, None);
    assert!(flow.stages[1..].iter().all(|stage| stage.skip_if.is_some()));
}

#[test]
fn the_dispatch_notice_comes_at_six_today_or_tomorrow() {
    let flow = default_flow("dispatch-notice");
    assert_eq!(flow.trigger, Trigger::OrderDispatched);
    assert_eq!(due(&flow, "2026-11-20T14:00:00+05:00"), ["20 18:00"]);
    assert_eq!(due(&flow, "2026-11-20T18:00:00+05:00"), ["20 18:00"]);
    assert_eq!(due(&flow, "2026-11-20T20:00:00+05:00"), ["21 18:00"]);
    assert_eq!(due(&flow, "2026-11-20T03:00:00+05:00"), ["20 18:00"]);
}

#[test]
fn the_followups_come_at_eleven_on_their_days() {
    let flow = default_flow("post-delivery-follow-up");
    assert_eq!(flow.trigger, Trigger::OrderDelivered);
    assert_eq!(due(&flow, "2026-10-01T09:30:00+05:00"), ["02 11:00", "08 11:00", "22 11:00", "15 11:00"]);
    // The day after is the day after, whatever the hour of the delivery.
    assert_eq!(due(&flow, "2026-10-01T21:24:00+05:00")[0], "02 11:00");
}

#[test]
fn the_exception_review_alerts_without_a_message() {
    let flow = default_flow("exception-review");
    assert_eq!(due(&flow, "2026-11-20T10:00:00+05:00"), ["20 12:00"]);
    assert!(flow.stages.iter().all(|stage| stage.message.is_none()));
}

#[test]
fn the_default_flows_survive_storage() {
    for text in ALL {
        let read = flow(text);
        let json = serde_json::to_string(&read).unwrap();
        assert_eq!(flow(&json), read);
        assert_eq!(serde_json::from_str::<Flow>(&json).unwrap(), read);
        assert_eq!(flow(&serde_saphyr::to_string(&read).unwrap()), read);
    }
}
