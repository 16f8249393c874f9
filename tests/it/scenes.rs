//! The scenarios over the embedded ports.

use harkara_domain::OrderId;
use harkara_engine::{bury::Content, replay::Filter};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    bodies::Order,
    provider,
    scenarios::{self, Answer, Mail, Scene, Sent, Webhook},
    world::{self, TestWorld},
};

scenarios::suite!(Some(TestWorld::at("2026-11-22T06:00").await));

impl Scene for TestWorld {
    fn now(&self) -> Timestamp {
        TestWorld::now(self)
    }

    async fn settle(&self) {
        self.run().await;
    }

    async fn pass_to(&self, end: Timestamp) {
        self.advance_to(end).await;
    }

    fn number(&self) -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LAST.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn shop_says(&self, topic: &str, body: &[u8]) -> Webhook {
        webhook(TestWorld::shop_says(self, topic, body))
    }

    fn whatsapp_says(&self, body: &[u8]) -> Webhook {
        webhook(TestWorld::whatsapp_says(self, body))
    }

    async fn deliver(&self, webhook: &Webhook) -> u16 {
        let Webhook { path, headers, body } = webhook.clone();
        TestWorld::deliver(self, &world::Webhook { path, headers, body }).await.as_u16()
    }

    fn answer(&self, order: &Order, answer: Answer) {
        let answer = match answer {
            Answer::Accept => provider::Answer::Accept,
            Answer::Error(status, code) => provider::Answer::Error(status, code),
        };
        self.whatsapp.to_number(order.phone.as_deref().unwrap(), answer);
    }

    fn sent(&self, order: &Order) -> Vec<Sent> {
        self.calls_of(order).into_iter().map(|call| Sent { at: call.at, body: call.body }).collect()
    }

    async fn mails(&self) -> Vec<Mail> {
        let mails = TestWorld::mails(self).into_iter().map(|posted| posted.mail);
        mails.map(|mail| Mail { to: mail.to, subject: mail.subject, text: mail.text }).collect()
    }

    async fn find(&self, order: &Order) -> Option<Value> {
        let story = self.world.reader.order(&TestWorld::store(), &OrderId::new(order.key())).await.unwrap();
        story.map(|story| serde_json::to_value(story).unwrap())
    }

    async fn letter(&self, order: &Order) -> Option<Value> {
        let about = |content: &Content| matches!(content, Content::Stage { job, .. } if job.subject.to_string() == order.key());
        let letter = self.dead_letters().await.into_iter().find(|letter| about(&letter.content));
        letter.map(|letter| serde_json::to_value(letter).unwrap())
    }

    async fn replay(&self, letter: &str) {
        let filter = Filter { id: Some(letter.to_owned()), ..Filter::default() };
        let started =
            self.world.replayer.start(&TestWorld::store(), filter, "ops@chadar.example").await.unwrap();
        self.run().await;
        let replay = self.world.replayer.progress(&TestWorld::store(), &started.id).await.unwrap().unwrap();
        assert_eq!((replay.total, replay.done), (1, 1));
        assert!(replay.ended_at.is_some());
    }
}

fn webhook(webhook: world::Webhook) -> Webhook {
    let world::Webhook { path, headers, body } = webhook;
    Webhook { path, headers, body }
}
