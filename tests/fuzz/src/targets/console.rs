//! Requests to the console and its API: nothing fails, nothing secret is answered, and who is not signed in is
//! let in nowhere. `Authorization: operator` and `Cookie: owner` stand for a key and a session that are good.

use axum::{Router, body::Body};
use harkara_console::{Console, router};
use harkara_engine::{
    catalog::Catalog,
    ownership::Plan,
    people::{People, Role, password, token},
    prices::Prices,
    read::Reader,
    replay::Replayer,
    settings::Settings,
    setup::Setup,
};
use http::{HeaderValue, Method, Request as HttpRequest, StatusCode, header};
use http_body_util::BodyExt;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

use super::ingest::connection;
use crate::{
    request::Request,
    sample::{STORE, tells},
    seeds,
    world::{Items, MemoryQueue, MemorySecrets, MemoryTable, NoHttp, StillClock},
};

/// The most bytes of an answer: our largest pages and schemas stay far below.
const LONGEST: usize = 2 << 20;

struct Site {
    runtime: Runtime,
    table: Arc<MemoryTable>,
    queue: Arc<MemoryQueue>,
    router: Router,
    /// As it was set up.
    items: Items,
    key: String,
    session: String,
}

static SITE: LazyLock<Mutex<Site>> = LazyLock::new(|| Mutex::new(Site::new()));

pub(super) fn run(data: &[u8]) {
    let Some(request) = Request::read(data) else { return };
    // Passwords are hashed slowly, on purpose.
    let path = request.uri.path();
    if request.method == Method::POST && (path == "/login" || path.starts_with("/setup/")) {
        return;
    }
    let mut site = SITE.lock().unwrap_or_else(PoisonError::into_inner);
    // What somebody said may be repeated to them, secret or not.
    let decoded =
        form_urlencoded::parse(data).fold(String::new(), |said, (name, value)| said + &name + &value);
    site.ask(&request, &(String::from_utf8_lossy(data).into_owned() + &decoded));
}

impl Site {
    fn new() -> Self {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        let (table, queue) = (Arc::new(MemoryTable::default()), Arc::new(MemoryQueue::default()));
        let console = console(&table, &queue);
        let (key, session) = runtime.block_on(set_up(&console));
        let (items, router) = (table.items(), router(Arc::new(console)));
        table.restore(&items);
        Self { runtime, table, queue, router, items, key, session }
    }

    fn ask(&mut self, request: &Request<'_>, said: &str) {
        let mut asked = HttpRequest::new(Body::from(request.body.to_vec()));
        *asked.method_mut() = request.method.clone();
        *asked.uri_mut() = request.uri.clone();
        *asked.headers_mut() = request.headers.clone();
        let signed_in = self.sign_in(&mut asked);
        let router = self.router.clone();
        let (status, body) = self.runtime.block_on(async {
            let Ok(answer) = router.oneshot(asked).await;
            let status = answer.status();
            (status, answer.into_body().collect().await.expect("a body").to_bytes())
        });
        assert!(!status.is_server_error(), "{status}: {}", String::from_utf8_lossy(&body));
        assert!(body.len() <= LONGEST, "{} bytes", body.len());
        let text = String::from_utf8_lossy(&body);
        assert!(!self.tells(&text) || self.tells(said), "an answer with a secret: {text}");
        self.put_back(signed_in, status, request.uri.path());
    }

    /// Whether a text holds a secret of the store or of its team.
    fn tells(&self, text: &str) -> bool {
        tells(text) || text.contains("$argon2") || text.contains(&self.key) || text.contains(&self.session)
    }

    /// Puts true credentials where the text names their owner.
    fn sign_in(&self, asked: &mut HttpRequest<Body>) -> bool {
        let headers = asked.headers_mut();
        let says =
            |headers: &http::HeaderMap, name, who: &str| headers.get(name).is_some_and(|given| given == who);
        let (operator, owner) =
            (says(headers, header::AUTHORIZATION, "operator"), says(headers, header::COOKIE, "owner"));
        let mut put = |name: &'static str, text: String| {
            headers.insert(name, HeaderValue::from_str(&text).expect("a header"));
        };
        if operator {
            put("authorization", format!("Bearer {}", self.key));
        }
        if owner {
            put("cookie", format!("harkara={}", self.session));
            put("x-csrf-token", token::form_token(&self.session));
        }
        operator || owner
    }

    /// The next input finds what this one found.
    fn put_back(&mut self, signed_in: bool, status: StatusCode, path: &str) {
        let sent = self.queue.take();
        let written = self.table.restore(&self.items);
        // Who is turned away may be counted, and no more.
        let open = path == "/logout" || path == "/login" || path.starts_with("/setup");
        assert!(signed_in || sent.is_empty(), "{path} sent something for nobody");
        assert!(signed_in || open || !written, "{path} wrote something for nobody, and answered {status}");
        if written {
            // The catalog would go on showing what was written.
            self.router = router(Arc::new(console(&self.table, &self.queue)));
        }
    }
}

fn console(table: &Arc<MemoryTable>, queue: &Arc<MemoryQueue>) -> Console {
    let (clock, counters) = (Arc::new(StillClock), Arc::default());
    let catalog = Arc::new(Catalog::new(table.clone(), clock.clone()));
    let connection = connection();
    Console {
        reader: Arc::new(Reader { table: table.clone(), catalog: catalog.clone() }),
        setup: Arc::new(Setup { table: table.clone(), clock: clock.clone(), catalog: catalog.clone() }),
        replayer: Arc::new(Replayer {
            table: table.clone(),
            queue: queue.clone(),
            scheduler: queue.clone(),
            clock: clock.clone(),
            catalog,
        }),
        table: table.clone(),
        queue: queue.clone(),
        http: Arc::new(NoHttp),
        secrets: Arc::new(MemorySecrets::of(&[("shopify", connection.clone()), ("whatsapp", connection)])),
        clock,
        counters,
        rates: Arc::default(),
        under_way: Arc::default(),
        store: STORE.clone(),
        base_url: "http://shop.test".to_owned(),
        secure_cookies: false,
        queue_depths: None,
    }
}

/// A store with a flow and an owner; the secret of a key, and a session.
async fn set_up(console: &Console) -> (String, String) {
    let settings = Settings {
        name: "Gulab & Sons".to_owned(),
        timezone: "Asia/Karachi".to_owned(),
        languages: vec!["roman-ur".to_owned(), "en".to_owned()],
        teams: BTreeMap::from([(Settings::OPS.to_owned(), vec!["ops@shop.test".to_owned()])]),
        priority: false,
        plan: Plan::default(),
        console_url: None,
        journal_days: Settings::JOURNAL_DAYS,
        watch: harkara_engine::settings::Watching::default(),
        prices: Prices::default(),
        rules: harkara_domain::Rules::default(),
    };
    console.setup.settings(&STORE, &settings).await.expect("settings");
    for text in seeds::TEMPLATES {
        console.setup.template(&STORE, text, "setup").await.expect("a template");
    }
    let head = console.setup.flow(&STORE, seeds::FLOW, "setup").await.expect("a flow");
    console.setup.activate(&STORE, &head.id, None, "setup").await.expect("an active flow");
    let people = People { table: console.table.clone(), clock: console.clock.clone() };
    let key = people.make_key(&STORE, "till", Role::Operator, "setup").await.expect("a key");
    let link = people.invite(&STORE, Role::Owner, "setup").await.expect("an invitation");
    let hashed = password::hash("salt and cardamom").expect("a hash");
    people.accept(&STORE, &link.token, "owner@shop.test", hashed).await.expect("an owner");
    let owner = people.person(&STORE, "owner@shop.test").await.expect("a team").expect("an owner");
    let session = people.open_session(&STORE, &owner).await.expect("a session");
    (key.secret, session)
}
