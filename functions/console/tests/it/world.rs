//! A store with its flows, over ports in memory, and the real engine working on it.

use axum::Router;
use harkara_console::{Console, router};
use harkara_domain::{
    CustomerId, Fact, FactBody, FactId, OrderId, Phone, Reason, StoreId,
    fact::{Address, Contact, LineItem, OrderFact, OrderSnapshot, PaymentMethod},
    shipment::{ShipmentStatus, ShipmentUpdate, Tracking},
};
use harkara_engine::{
    bury::Undertaker,
    catalog::Catalog,
    count::Counters,
    ingest::Ingest,
    job::{FactsJob, FailureJob, Job, StageJob},
    matching::Matcher,
    outbox::OutboxMailer,
    ownership::Plan,
    people::{People, Role, password},
    port::{Clock, Delivery, Outgoing, Queue, QueueName, Scheduler, Secrets, Table},
    read::Reader,
    replay::Replayer,
    settings::Settings,
    setup::Setup,
    stage::StageRunner,
};
use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, atomic::AtomicBool},
};

use crate::{
    browser::Browser,
    twins::{HomeHttp, MemQueue, MemSecrets, MemTable, StillClock},
};

pub(crate) const PASSWORD: &str = "salt and cardamom";

pub(crate) struct World {
    pub(crate) table: Arc<MemTable>,
    pub(crate) clock: Arc<StillClock>,
    pub(crate) queue: Arc<MemQueue>,
    pub(crate) console: Arc<Console>,
    pub(crate) people: People,
    pub(crate) store: StoreId,
    setup: Arc<Setup>,
    matcher: Matcher,
    stages: Arc<StageRunner>,
    undertaker: Undertaker,
}

/// What everything works with.
struct Ports {
    table: Arc<dyn Table>,
    queue: Arc<dyn Queue>,
    scheduler: Arc<dyn Scheduler>,
    clock: Arc<dyn Clock>,
    catalog: Arc<Catalog>,
    counters: Arc<Counters>,
    mailer: Arc<OutboxMailer>,
    secrets: Arc<dyn Secrets>,
    http: Arc<HomeHttp>,
}

impl Ports {
    fn ingest(&self) -> Ingest {
        Ingest {
            secrets: self.secrets.clone(),
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            counters: self.counters.clone(),
            rates: Arc::default(),
            refusals: Arc::default(),
        }
    }

    fn stages(&self) -> StageRunner {
        StageRunner {
            table: self.table.clone(),
            queue: self.queue.clone(),
            scheduler: self.scheduler.clone(),
            clock: self.clock.clone(),
            catalog: self.catalog.clone(),
            http: self.http.clone(),
            mailer: self.mailer.clone(),
            secrets: self.secrets.clone(),
            counters: self.counters.clone(),
        }
    }

    fn replayer(&self) -> Replayer {
        Replayer {
            table: self.table.clone(),
            queue: self.queue.clone(),
            scheduler: self.scheduler.clone(),
            clock: self.clock.clone(),
            catalog: self.catalog.clone(),
        }
    }

    fn matcher(&self) -> Matcher {
        Matcher {
            table: self.table.clone(),
            queue: self.queue.clone(),
            scheduler: self.scheduler.clone(),
            clock: self.clock.clone(),
            catalog: self.catalog.clone(),
            counters: self.counters.clone(),
        }
    }

    fn undertaker(&self, replayer: Arc<Replayer>) -> Undertaker {
        Undertaker {
            table: self.table.clone(),
            queue: self.queue.clone(),
            scheduler: self.scheduler.clone(),
            clock: self.clock.clone(),
            catalog: self.catalog.clone(),
            mailer: self.mailer.clone(),
            replayer,
            counters: self.counters.clone(),
        }
    }

    fn console(&self, store: &StoreId, setup: &Arc<Setup>, replayer: &Arc<Replayer>) -> Console {
        Console {
            reader: Arc::new(Reader { table: self.table.clone(), catalog: self.catalog.clone() }),
            setup: setup.clone(),
            replayer: replayer.clone(),
            table: self.table.clone(),
            queue: self.queue.clone(),
            http: self.http.clone(),
            secrets: self.secrets.clone(),
            clock: self.clock.clone(),
            counters: self.counters.clone(),
            rates: Arc::default(),
            under_way: Arc::default(),
            store: store.clone(),
            base_url: "http://shop.test".to_owned(),
            secure_cookies: false,
            queue_depths: Some(Box::new(|| vec![("events".to_owned(), 0), ("stages".to_owned(), 12)])),
        }
    }
}

const FLOWS: [&str; 4] = [
    include_str!("../../../../flows/cod-confirmation.yaml"),
    include_str!("../../../../flows/dispatch-notice.yaml"),
    include_str!("../../../../flows/exception-review.yaml"),
    include_str!("../../../../flows/post-delivery-followup.yaml"),
];

const TEMPLATES: [&str; 7] = [
    include_str!("../../../../flows/templates/cod_confirmation.yaml"),
    include_str!("../../../../flows/templates/cod_reminder.yaml"),
    include_str!("../../../../flows/templates/dispatch_notice.yaml"),
    include_str!("../../../../flows/templates/followup_day_1.yaml"),
    include_str!("../../../../flows/templates/followup_day_7.yaml"),
    include_str!("../../../../flows/templates/followup_day_21.yaml"),
    include_str!("../../../../flows/templates/followup_day_45.yaml"),
];

impl World {
    /// A store of Karachi at three in the afternoon, with every flow on.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(StillClock(Mutex::new("2026-11-22T10:00:00Z".parse().unwrap())));
        let table = Arc::new(MemTable::default());
        let queue = Arc::new(MemQueue {
            clock: clock.clone(),
            held: Mutex::default(),
            refuses: AtomicBool::default(),
        });
        let whatsapp =
            r#"{"secrets":["app-secret-of-the-shop"],"reference_key":"0123456789abcdef0123456789abcdef"}"#;
        let secrets = Arc::new(MemSecrets(HashMap::from([("whatsapp", whatsapp.to_owned())])));
        let world = Self::wire(clock, table, queue, secrets);
        world.set_up().await;
        world
    }

    fn wire(
        clock: Arc<StillClock>,
        memory: Arc<MemTable>,
        held: Arc<MemQueue>,
        secrets: Arc<dyn Secrets>,
    ) -> Self {
        let (table, now): (Arc<dyn Table>, Arc<dyn Clock>) = (memory.clone(), clock.clone());
        let http = Arc::<HomeHttp>::default();
        let ports = Ports {
            catalog: Arc::new(Catalog::new(table.clone(), now.clone())),
            mailer: Arc::new(OutboxMailer { table: table.clone(), clock: now.clone() }),
            counters: Arc::default(),
            queue: held.clone(),
            scheduler: held.clone(),
            table: table.clone(),
            clock: now.clone(),
            secrets,
            http: http.clone(),
        };
        http.0.set(Arc::new(ports.ingest())).ok().unwrap();
        let stages = Arc::new(ports.stages());
        let replayer = Arc::new(ports.replayer());
        let setup =
            Arc::new(Setup { table: table.clone(), clock: now.clone(), catalog: ports.catalog.clone() });
        let store = StoreId::from("demo");
        Self {
            table: memory,
            clock,
            queue: held,
            console: Arc::new(ports.console(&store, &setup, &replayer)),
            people: People { table, clock: now },
            matcher: ports.matcher(),
            undertaker: ports.undertaker(replayer),
            stages,
            setup,
            store,
        }
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            name: "Karachi Chai House".to_owned(),
            timezone: "Asia/Karachi".to_owned(),
            languages: vec!["roman-ur".to_owned(), "en".to_owned()],
            teams: BTreeMap::from([("ops".to_owned(), vec!["ops@shop.test".to_owned()])]),
            priority: false,
            plan: Plan::default(),
            console_url: Some("http://shop.test".to_owned()),
            journal_days: Settings::JOURNAL_DAYS,
            watch: harkara_engine::settings::Watching::default(),
            prices: harkara_engine::prices::Prices::default(),
            rules: harkara_domain::Rules::default(),
        }
    }

    async fn set_up(&self) {
        let settings = self.settings();
        self.setup.settings(&self.store, &settings).await.unwrap();
        for text in TEMPLATES {
            self.setup.template(&self.store, text, "setup").await.unwrap();
        }
        for text in FLOWS {
            let head = self.setup.flow(&self.store, text, "setup").await.unwrap();
            self.setup.activate(&self.store, &head.id, None, "setup").await.unwrap();
        }
    }

    pub(crate) fn router(&self) -> Router {
        router(self.console.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn advance(&self, minutes: i64) {
        *self.clock.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }

    /// Somebody of that role, signed in.
    pub(crate) async fn signed_in(&self, role: Role) -> Browser {
        let email = format!("{role}@shop.test");
        if self.people.person(&self.store, &email).await.unwrap().is_none() {
            let link = self.people.invite(&self.store, role, "test").await.unwrap();
            let hashed = password::hash(PASSWORD).unwrap();
            self.people.accept(&self.store, &link.token, &email, hashed).await.unwrap();
        }
        let person = self.people.person(&self.store, &email).await.unwrap().unwrap();
        let token = self.people.open_session(&self.store, &person).await.unwrap();
        Browser::with_session(self.router(), &token)
    }

    /// Works on everything that is due within so many minutes from now, in its order.
    pub(crate) async fn run_for(&self, minutes: i64) {
        let until = self.now() + SignedDuration::from_mins(minutes);
        while let Some((queue, at, body)) = self.queue.take(until) {
            let later = self.now().max(at);
            *self.clock.0.lock().unwrap() = later;
            let delivery = Delivery { id: "m".to_owned(), receipt: "r".to_owned(), body, receives: 1 };
            let left = match queue {
                QueueName::Events => self.matcher.batch(&[delivery]).await,
                QueueName::Stages | QueueName::PriorityStages => self.stages.batch(queue, &[delivery]).await,
                QueueName::Failures => self.undertaker.batch(&[delivery]).await,
            };
            assert!(left.0.is_empty(), "{queue} left something");
        }
        *self.clock.0.lock().unwrap() = until;
    }

    pub(crate) async fn tell(&self, body: FactBody) {
        let now = self.now();
        let fact = Fact {
            id: FactId::new(format!("test/{now}/{}", self.queue.held.lock().unwrap().len())),
            store: self.store.clone(),
            source: "shopify".into(),
            occurred_at: now,
            received_at: now,
            body,
        };
        let job = Job::Facts(FactsJob { facts: vec![fact] });
        self.queue.send(QueueName::Events, vec![Outgoing::now(job.body())]).await.unwrap();
        self.run_for(0).await;
    }

    /// An order arrives; its id is `shopify-<number>`.
    pub(crate) async fn order(&self, number: u32, first_name: &str, title: &str) -> OrderId {
        self.order_of(number, first_name, title, PaymentMethod::Cod).await
    }

    pub(crate) async fn order_of(
        &self,
        number: u32,
        first_name: &str,
        title: &str,
        payment: PaymentMethod,
    ) -> OrderId {
        let id = OrderId::from(format!("shopify-{number}"));
        let phone = Phone::e164(&format!("+92300123{number:04}")).unwrap();
        let customer = Contact {
            id: CustomerId::of(&self.store, Some(&phone), None, None),
            first_name: Some(first_name.to_owned()),
            last_name: Some("Khan".to_owned()),
            phone: Some(phone),
            email: Some(format!("c{number}@mail.test")),
            language: None,
        };
        let address = Address {
            street: "House 12, Street 4, Gulshan".to_owned(),
            city: "Karachi".to_owned(),
            province: "Sindh".to_owned(),
            postal_code: "75300".to_owned(),
            country: "PK".to_owned(),
        };
        let item = LineItem {
            title: title.to_owned(),
            quantity: 2,
            price: "1250".parse().unwrap(),
            ..LineItem::default()
        };
        let snapshot = OrderSnapshot {
            id: id.clone(),
            name: format!("#{number}"),
            created_at: self.now(),
            updated_at: self.now(),
            customer,
            total: harkara_domain::Money {
                amount: "2700".parse().unwrap(),
                currency: "PKR".parse().unwrap(),
            },
            payment,
            paid: false,
            address: Some(address),
            items: vec![item],
            item_count: 2,
            tags: Vec::new(),
            details: harkara_domain::fact::OrderDetails::default(),
            status_url: Some("javascript:alert(1)".to_owned()),
            cancelled_at: None,
        };
        let fact = OrderFact { snapshot, shipments: Vec::new(), refunds: Vec::new() };
        self.tell(FactBody::Order(Box::new(fact))).await;
        id
    }

    pub(crate) async fn parcel(&self, order: &OrderId, status: ShipmentStatus) {
        let tracking = Tracking {
            company: Some("Leopards".to_owned()),
            number: Some("KI7512345".to_owned()),
            url: Some("https://track.test/KI7512345".to_owned()),
        };
        let update = ShipmentUpdate {
            shipment: format!("{order}-p").into(),
            status: Some(status),
            tracking: Some(tracking),
            attempted: false,
            at: self.now(),
        };
        self.tell(FactBody::Shipment { order: order.clone(), update }).await;
    }

    /// A stage of the order's COD confirmation fails for good.
    pub(crate) async fn fail(&self, order: &OrderId, stage: u16) {
        let job = StageJob {
            priority: false,
            store: self.store.clone(),
            subject: order.clone().into(),
            run: "cod-confirmation~order_created".into(),
            stage,
            series: 0,
            failed: 0,
            told: None,
        };
        let reason = Reason::Template { problem: "customer.nickname is not known".to_owned() };
        let body = Job::Failure(FailureJob { stage: job, reason }).body();
        self.queue.send(QueueName::Failures, vec![Outgoing::now(body)]).await.unwrap();
        self.run_for(0).await;
    }
}
