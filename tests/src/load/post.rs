//! Posts orders over kept connections, flat out or at a steady rate, and books what became of each.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{sync::Semaphore, task::JoinSet};

use super::body::Orders;
use super::client::{Connection, Loopback};
use super::measure::unix_micros;

/// What became of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Not posted.
    #[default]
    Waiting,
    /// Acknowledged.
    Taken,
    /// Answered with another status than 200.
    Refused(u16),
    /// The connection broke before the answer.
    Unanswered,
}

/// An order's entry. Times are Unix, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// When it was first to be posted: what a steady rate says, or when it was posted.
    pub(crate) intended: i64,
    /// When it was last posted.
    pub(crate) posted: i64,
    /// When it was answered.
    pub(crate) answered: i64,
    /// What became of it.
    pub(crate) fate: Fate,
}

/// The book of a measurement's orders; order numbers count from `first`.
#[derive(Debug)]
pub(crate) struct Ledger {
    first: u64,
    entries: Mutex<Vec<Entry>>,
    taken: AtomicUsize,
}

impl Ledger {
    /// A book of so many orders, of which none is posted.
    pub(crate) fn new(first: u64, orders: usize) -> Self {
        Self { first, entries: Mutex::new(vec![Entry::default(); orders]), taken: AtomicUsize::new(0) }
    }

    /// The entries, in the order of their numbers.
    pub(crate) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are acknowledged.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// The places of the orders that are not acknowledged.
    pub(crate) fn open(&self) -> Vec<usize> {
        let entries = self.entries();
        let open = entries.iter().enumerate().filter(|(_, entry)| entry.fate != Fate::Taken);
        open.map(|(place, _)| place).collect()
    }

    /// The places of the orders that were posted and are not acknowledged: what a shop posts again.
    pub(crate) fn unanswered(&self) -> Vec<usize> {
        let entries = self.entries();
        let open = entries.iter().enumerate();
        let open = open.filter(|(_, entry)| !matches!(entry.fate, Fate::Waiting | Fate::Taken));
        open.map(|(place, _)| place).collect()
    }

    /// The place of an order's number, where it is one of the book's.
    pub(crate) fn place(&self, number: u64) -> Option<usize> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (place < self.entries().len()).then_some(place)
    }

    fn number(&self, place: usize) -> u64 {
        self.first + place as u64
    }

    /// Enters a post and gives the second that its body names: a second post has the first one's
    /// bytes, as the shops' retries have.
    fn begin(&self, place: usize, intended: i64) -> i64 {
        let now = unix_micros();
        let mut entries = self.entries();
        let Some(entry) = entries.get_mut(place) else { return now / 1_000_000 };
        if entry.posted == 0 {
            entry.intended = intended.min(now);
        }
        entry.posted = now;
        entry.intended / 1_000_000
    }

    fn end(&self, place: usize, fate: Fate) {
        let now = unix_micros();
        if let Some(entry) = self.entries().get_mut(place) {
            entry.answered = now;
            entry.fate = fate;
        }
        if fate == Fate::Taken {
            self.taken.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// How fast.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// As fast as answers come, for so long at most.
    FlatOut(Duration),
    /// So many a second, whether answers come or not (as far as the connections allow; times count
    /// from when an order was to be posted).
    Steady(u32),
}

/// A way to end a post early.
pub(crate) type Stop = Arc<AtomicBool>;

struct Round {
    to: Loopback,
    ledger: Arc<Ledger>,
    places: Vec<usize>,
    next: AtomicUsize,
    stop: Stop,
    until: Instant,
    begun: i64,
    rate: Option<u32>,
    ready: Semaphore,
}

impl Round {
    fn over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// When the order of this rank is to be posted.
    fn intended(&self, rank: usize) -> i64 {
        self.rate.map_or(i64::MAX, |rate| self.begun + offset(rank, rate))
    }
}

/// Microseconds from the beginning to the order of this rank.
fn offset(rank: usize, rate: u32) -> i64 {
    i64::try_from(rank as u128 * 1_000_000 / u128::from(rate.max(1))).unwrap_or(i64::MAX)
}

/// Posts the orders at these places over so many connections; returns when all are answered, the
/// time is over, or `stop` is set and what was posted is answered or broken off. Unposted orders stay
/// [`Fate::Waiting`].
pub(crate) async fn post(
    to: Loopback,
    connections: usize,
    pace: Pace,
    ledger: &Arc<Ledger>,
    places: Vec<usize>,
    stop: &Stop,
) {
    let (rate, limit) = match pace {
        Pace::FlatOut(limit) => (None, limit),
        Pace::Steady(rate) => {
            let micros = u64::try_from(offset(places.len(), rate)).unwrap_or_default();
            (Some(rate), Duration::from_micros(micros) + Duration::from_secs(60))
        }
    };
    let round = Arc::new(Round {
        to,
        ledger: ledger.clone(),
        next: AtomicUsize::new(0),
        stop: stop.clone(),
        until: Instant::now() + limit,
        begun: unix_micros(),
        rate,
        ready: Semaphore::new(0),
        places,
    });
    if let Some(rate) = rate {
        let round = round.clone();
        std::thread::spawn(move || tick(&round, rate));
    }
    let mut workers: JoinSet<()> = (0..connections).map(|_| work(round.clone())).collect();
    while workers.join_next().await.is_some() {}
    // What the ticker still holds is of no use to anybody.
    round.ready.close();
}

/// Lets orders go at their times. A thread, because the runtime's own timer counts whole milliseconds.
fn tick(round: &Round, rate: u32) {
    let begun = Instant::now();
    for rank in 0..round.places.len() {
        let due = Duration::from_micros(u64::try_from(offset(rank, rate)).unwrap_or_default());
        std::thread::sleep(due.saturating_sub(begun.elapsed()));
        if round.over() || round.ready.is_closed() {
            break;
        }
        round.ready.add_permits(1);
    }
    // Workers that find nothing left to do end.
    round.ready.add_permits(1 << 16);
}

async fn work(round: Arc<Round>) {
    let mut orders = Orders::new(round.to);
    let mut request = Vec::with_capacity(8192);
    let mut connection = None;
    loop {
        if round.rate.is_some() {
            let Ok(permit) = round.ready.acquire().await else { return };
            permit.forget();
        }
        if round.over() {
            return;
        }
        let mut open = match connection.take() {
            Some(open) => open,
            None => match Connection::open(round.to).await {
                Ok(open) => open,
                // Nobody is there: the orders wait.
                Err(_) => return,
            },
        };
        let rank = round.next.fetch_add(1, Ordering::Relaxed);
        let Some(&place) = round.places.get(rank) else { return };
        let second = round.ledger.begin(place, round.intended(rank));
        orders.write(round.ledger.number(place), second, &mut request);
        match open.send(&request).await {
            Ok(answer) => {
                let taken = answer.status == 200;
                round.ledger.end(place, if taken { Fate::Taken } else { Fate::Refused(answer.status) });
                connection = Some(open);
            }
            Err(_) => round.ledger.end(place, Fate::Unanswered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Answers so many requests of a connection, then breaks it off.
    async fn shop(listener: TcpListener, answers: usize, status: &'static str) {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = vec![0; 65_536];
                for _ in 0..answers {
                    let mut request = Vec::new();
                    // Every body ends like this, and only there.
                    while !request.ends_with(b"\"refunds\": []\n}\n") {
                        match stream.read(&mut buffer).await {
                            Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                            _ => return,
                        }
                    }
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    }

    async fn listen() -> (Loopback, TcpListener) {
        let listener = TcpListener::bind(Loopback(0).address()).await.unwrap();
        (Loopback(listener.local_addr().unwrap().port()), listener)
    }

    fn fates(ledger: &Ledger, fate: Fate) -> usize {
        ledger.entries().iter().filter(|entry| entry.fate == fate).count()
    }

    #[tokio::test]
    async fn every_order_is_posted_once_and_its_answer_is_booked() {
        for (status, fate) in [("200 OK", Fate::Taken), ("503 Busy", Fate::Refused(503))] {
            let (to, listener) = listen().await;
            let server = tokio::spawn(shop(listener, usize::MAX, status));
            let ledger = Arc::new(Ledger::new(100, 50));
            let pace = Pace::FlatOut(Duration::from_secs(10));
            post(to, 4, pace, &ledger, (0..50).collect(), &Stop::default()).await;
            assert_eq!(fates(&ledger, fate), 50);
            assert_eq!(ledger.taken(), if fate == Fate::Taken { 50 } else { 0 });
            assert!(ledger.entries().iter().all(|e| e.intended == e.posted && e.posted <= e.answered));
            assert_eq!((ledger.place(99), ledger.place(100), ledger.place(150)), (None, Some(0), None));
            server.abort();
        }
    }

    #[tokio::test]
    async fn an_order_without_an_answer_stays_open_and_can_be_posted_again() {
        let (to, listener) = listen().await;
        let server = tokio::spawn(shop(listener, 3, "200 OK"));
        let ledger = Arc::new(Ledger::new(0, 8));
        let pace = Pace::FlatOut(Duration::from_secs(10));
        post(to, 1, pace, &ledger, (0..8).collect(), &Stop::default()).await;
        assert_eq!((ledger.taken(), fates(&ledger, Fate::Unanswered)), (6, 2));
        assert_eq!(ledger.open(), [3, 7]);
        post(to, 1, pace, &ledger, ledger.open(), &Stop::default()).await;
        assert_eq!((ledger.taken(), ledger.open().len()), (8, 0));
        server.abort();
    }

    #[tokio::test]
    async fn a_steady_rate_is_kept_and_times_count_from_when_an_order_was_meant_to_go() {
        let (to, listener) = listen().await;
        let server = tokio::spawn(shop(listener, usize::MAX, "200 OK"));
        let ledger = Arc::new(Ledger::new(0, 40));
        let begun = Instant::now();
        post(to, 2, Pace::Steady(200), &ledger, (0..40).collect(), &Stop::default()).await;
        let taken = begun.elapsed();
        assert!((190..1_500).contains(&taken.as_millis()), "40 at 200 a second took {taken:?}");
        let entries = ledger.entries();
        let steps = entries.windows(2).map(|pair| pair[1].intended - pair[0].intended);
        assert!(steps.into_iter().all(|step| step == 5_000), "not 5 ms apart");
        assert!(entries.iter().all(|entry| entry.intended <= entry.posted));
        server.abort();
    }

    #[tokio::test]
    async fn nobody_there_ends_it() {
        let ledger = Arc::new(Ledger::new(0, 5));
        let pace = Pace::FlatOut(Duration::from_secs(10));
        post(Loopback::free().unwrap(), 2, pace, &ledger, (0..5).collect(), &Stop::default()).await;
        assert_eq!(fates(&ledger, Fate::Waiting), 5);
    }
}
