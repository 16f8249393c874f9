//! Labels: each a short list of values, known when this is built. What comes from outside is never one, so
//! nobody can make metrics without end, and nothing personal gets into them.

/// What tells the series of a metric apart: a label, several, or none.
pub trait Labels: Copy + 'static {
    /// Their names.
    const NAMES: &'static [&'static str];
    /// How many series there are.
    const SERIES: usize;

    /// The place of these values among the series, below [`Labels::SERIES`].
    fn place(self) -> usize;

    /// The values at a place, in the order of [`Labels::NAMES`].
    fn values(place: usize) -> Vec<&'static str>;
}

impl Labels for () {
    const NAMES: &'static [&'static str] = &[];
    const SERIES: usize = 1;

    fn place(self) -> usize {
        0
    }

    fn values(_: usize) -> Vec<&'static str> {
        Vec::new()
    }
}

/// Makes labels: an enum each, with its name and the names of its values.
macro_rules! labels {
    ($($(#[$meta:meta])* $label:ident $name:literal { $($(#[$doc:meta])* $value:ident $text:literal)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $label { $($(#[$doc])* $value),+ }

        impl $label {
            /// Its name.
            pub const NAME: &'static str = $name;
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// As in metrics.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }
        }

        impl Labels for $label {
            const NAMES: &'static [&'static str] = &[Self::NAME];
            const SERIES: usize = Self::ALL.len();

            fn place(self) -> usize {
                self as usize
            }

            fn values(place: usize) -> Vec<&'static str> {
                Self::ALL.get(place).map(|value| value.as_str()).into_iter().collect()
            }
        }
    )+};
}

labels! {
    /// Who says facts.
    Source "source" {
        /// The shop.
        Shopify "shopify"
        /// WhatsApp.
        Whatsapp "whatsapp"
        /// Programs, by the API.
        Track "track"
        /// People, in the console.
        Console "console"
        /// Workflows.
        Flow "flow"
        /// Time alone.
        Time "time"
        /// Anybody else, and addresses that name no source.
        Other "other"
    }
    /// What became of facts.
    Fate "fate" {
        /// They were put into the queue.
        TakenIn "taken_in"
        /// The matcher was given them.
        Given "given"
        /// They changed something.
        Applied "applied"
        /// They said nothing new.
        Duplicate "duplicate"
        /// They are about nothing that Harkara knows.
        Ignored "ignored"
        /// They come again, since something failed.
        Again "again"
        /// They could not be folded, and are dead letters.
        Quarantined "quarantined"
    }
    /// Why a webhook was refused.
    Refused "reason" {
        /// No such store or source.
        Unknown "unknown"
        /// The signature is missing or wrong.
        BadSignature "bad_signature"
        /// The body is not what it says.
        Malformed "malformed"
        /// It is too large.
        TooLarge "too_large"
        /// There were too many at once.
        TooMany "too_many"
        /// Something of ours failed.
        Unavailable "unavailable"
    }
    /// What happened to a run.
    RunEvent "event" {
        /// It began.
        Started "started"
        /// It was looked at, since something it may have waited for has happened.
        Woken "woken"
        /// Every stage was sent or skipped.
        Finished "finished"
        /// A stage failed for good.
        Failed "failed"
        /// What was pending was cancelled.
        Cancelled "cancelled"
    }
    /// What a stage's delivery came to.
    StageEvent "event" {
        /// Its message was accepted, its workflow done.
        Sent "sent"
        /// It failed for good.
        Failed "failed"
        /// It was left out.
        Skipped "skipped"
        /// It was cancelled.
        Cancelled "cancelled"
        /// The run went on in one of its arms.
        Forked "forked"
        /// A try failed, and another follows.
        Retried "retried"
        /// It was put off: a provider asked to slow down, or a channel is held.
        Throttled "throttled"
        /// Its holder was lost, and may have sent.
        Ambiguous "ambiguous"
        /// There was nothing to do.
        Void "void"
        /// Its run is gone.
        Gone "gone"
        /// It could not be worked on now.
        Fault "fault"
    }
    /// By which way a message goes.
    Way "channel" {
        /// WhatsApp.
        Whatsapp "whatsapp"
        /// E-mail.
        Email "email"
    }
    /// What a try at a message came to.
    Sending "outcome" {
        /// The provider took it.
        Accepted "accepted"
        /// The provider refused it.
        Refused "refused"
        /// The answer was lost.
        Ambiguous "ambiguous"
        /// It never left.
        NotSent "not_sent"
    }
    /// What a workflow did.
    Work "work" {
        /// All of its actions.
        Done "done"
        /// A mail whose answer was lost.
        MailUnsure "mail_unsure"
        /// A call of a shop's webhook.
        WebhookCalled "webhook_called"
        /// A coupon.
        CouponMade "coupon_made"
    }
    /// What a receipt came to.
    Receipts "fate" {
        /// It said something new.
        Applied "applied"
        /// It is about no message of ours.
        NotOurs "not_ours"
    }
    /// Which function gave a message up.
    By "function" {
        /// The matcher.
        Matcher "matcher"
        /// The stage function.
        Stage "stage"
    }
    /// Why.
    Hopeless "reason" {
        /// It is over a limit, whenever it comes.
        TooLarge "too_large"
        /// It is no job of this function.
        BadJob "bad_job"
    }
    /// What became of a failure.
    Filed "fate" {
        /// It is a dead letter.
        Filed "filed"
        /// What failed is gone.
        Gone "gone"
    }
    /// What the sweep found.
    Found "what" {
        /// Something overdue.
        Overdue "overdue"
        /// A date that has come.
        Date "date"
        /// Something overdue that cannot be read.
        Unreadable "unreadable"
    }
    /// What became of an alert.
    Alerted "outcome" {
        /// The team was written to.
        Mailed "mailed"
        /// No team has an address.
        Nobody "nobody"
        /// The mail did not go.
        Failed "failed"
    }
}

impl Source {
    /// The source of this name.
    pub fn named(name: &str) -> Self {
        Self::ALL.iter().copied().find(|source| source.as_str() == name).unwrap_or(Self::Other)
    }
}

macro_rules! pairs {
    ($($first:ident, $second:ident;)+) => {$(
        impl Labels for ($first, $second) {
            const NAMES: &'static [&'static str] = &[$first::NAME, $second::NAME];
            const SERIES: usize = $first::SERIES * $second::SERIES;

            fn place(self) -> usize {
                self.0.place() * $second::SERIES + self.1.place()
            }

            fn values(place: usize) -> Vec<&'static str> {
                let (first, second) = (place / $second::SERIES, place % $second::SERIES);
                [$first::values(first), $second::values(second)].concat()
            }
        }
    )+};
}

pairs! {
    Source, Fate;
    Source, Refused;
    Way, Sending;
    By, Hopeless;
}
