//! Reasons, triggers and statuses in Roman Urdu, as a shop's team in Karachi would say them. Conditions
//! stay in the words of the flow language, which the team has written itself.

use harkara_domain::{
    OrderStatus, Reason, Trigger,
    fact::Choice,
    flow::{Class, Delay},
    order::Confirmation,
    reason::Off,
    run::{RunStatus, StageStatus},
};

/// Why, as a sentence without its full stop.
pub fn reason(reason: &Reason) -> String {
    match reason {
        Reason::SkipIf { condition } => format!("chhor diya gaya kyunke {condition}"),
        Reason::LeftFlow { condition } => format!("flow yahan khatam ho jata hai kyunke {condition}"),
        Reason::OtherArm { taken } => format!("flow doosre raaste se aage gaya: {taken}"),
        Reason::Capped { class, most, per } => capped(*class, *most, *per),
        Reason::NoConsent => "customer ne marketing ki ijazat nahin di".to_owned(),
        Reason::NotThis { actual } => format!("trigger kuch aur chahta hai; yahan tha: {actual}"),
        Reason::RanAlready { .. } => "yeh flow is customer ke liye pehle hi chal chuka hai".to_owned(),
        Reason::ConditionFailed { condition, actual } => {
            format!("sirf tab jab {condition}; yahan tha: {actual}")
        }
        Reason::NothingToConfirm { confirmation } => match confirmation {
            Confirmation::Confirmed => "pehle hi confirm ho chuka hai",
            Confirmation::Cancelled => "pehle hi cancel ho chuka hai",
            Confirmation::NotNeeded => "ab confirm karne ki zaroorat nahin rahi",
            Confirmation::Pending => "confirm hona abhi baaqi hai",
        }
        .to_owned(),
        Reason::Overtaken { by } => format!("purani baat ho gayi: order {} hai", status(*by)),
        Reason::Superseded { by } => format!("purani baat ho gayi: is ke baad “{by}” bheja ja chuka hai"),
        Reason::OrderEnded { status: ended } => format!("order {}", status(*ended)),
        Reason::CancelledBy { who } => format!("{who} ne rukwa diya"),
        Reason::Unreachable { channels } => format!("customer ka {channels} ka pata hamare paas nahin"),
        Reason::Refused { channel, error } => format!("{channel} ne saaf mana kar diya: {error}"),
        Reason::AttemptsSpent { attempts, last } => {
            format!("{attempts} dafa koshish ki, nahin hua; aakhri dafa: {last}")
        }
        Reason::AmbiguousHeld => {
            "provider ka jawab nahin mila; rok liya gaya taake do dafa na chala jaye".to_owned()
        }
        Reason::Restored { backup } => {
            format!("{backup} ke backup se wapas laya gaya; shayad pehle hi ho chuka ho")
        }
        Reason::Template { problem } => format!("template poora nahin ho saka: {problem}"),
        Reason::FlowMissing => "flow ka woh version ab maujood nahin".to_owned(),
        Reason::Throttled { error } => format!("provider kehta hai zara aahista: {error}"),
        Reason::ChannelPaused { channel, because } => format!("{channel} ruka hua hai: {because}"),
        Reason::OptedOut => "customer ne messages band karwa diye hain".to_owned(),
        Reason::OutsideWindow => "bhejne ke waqt ka intezar hai".to_owned(),
        Reason::OtherWeekday => "apne din ka intezar hai".to_owned(),
        Reason::QuietHours => "khamoshi ke waqt ke khatam hone ka intezar hai".to_owned(),
        Reason::SpecialDay { name } => format!("abhi messages nahin jate: {name}"),
        Reason::FlowOff { state: Off::Draft } => "flow abhi draft hai".to_owned(),
        Reason::FlowOff { state: Off::Paused } => "flow ruka hua hai".to_owned(),
        Reason::FlowOff { state: Off::Archived } => "flow archive mein hai".to_owned(),
        Reason::TooManyAtOnce { most } => format!("ek baat par {most} se zyada flows ek saath nahin chalte"),
        Reason::NotAnOrder => "yeh sirf order ke liye hai, aur yeh order nahin".to_owned(),
        Reason::NoCustomer => "pata nahin yeh kaun sa customer hai".to_owned(),
        Reason::NoSuchFlow { flow } => format!("{flow} naam ka koi flow nahin"),
        Reason::StartedTooDeep { deep } => format!("flows ne lagataar {deep} dafa ek doosre ko chalaya"),
        Reason::NotSetUp { what } => format!("store mein abhi yeh set nahin kiya gaya: {what}"),
        Reason::Fault { problem } => format!("hamari taraf se kharabi: {problem}"),
    }
}

fn capped(class: Class, most: u32, per: Delay) -> String {
    let kind = match class {
        Class::Marketing => "marketing ke",
        Class::Transactional => "order ke",
    };
    format!("customer ko {per} mein {kind} zyada se zyada {most} message jate hain")
}

/// Where an order stands, after "order".
pub fn status(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "naya",
        OrderStatus::Confirmed => "confirm ho chuka",
        OrderStatus::Booked => "courier ke saath book ho chuka",
        OrderStatus::Preparing => "tayyar ho raha",
        OrderStatus::Ready => "tayyar",
        OrderStatus::Dispatched => "rawana ho chuka",
        OrderStatus::OutForDelivery => "delivery ke liye nikal chuka",
        OrderStatus::Delivered => "deliver ho chuka",
        OrderStatus::PickedUp => "customer utha kar le ja chuka",
        OrderStatus::Cancelled => "cancel ho chuka",
        OrderStatus::Returned => "wapas aa chuka",
    }
}

/// Where a stage stands. `speaks`: it sends a message.
pub fn stage(status: StageStatus, speaks: bool) -> &'static str {
    match status {
        StageStatus::Queued => "abhi baaqi hai",
        StageStatus::Sent if speaks => "bhej diya gaya",
        StageStatus::Sent => "ho gaya",
        StageStatus::Failed => "nahin ho saka",
        StageStatus::Cancelled => "cancel kar diya gaya",
        StageStatus::Skipped => "chhor diya gaya",
    }
}

/// Where a run stands.
pub fn run(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "chal raha hai",
        RunStatus::Finished => "poora ho gaya",
        RunStatus::Failed => "poora nahin ho saka",
        RunStatus::Cancelled => "cancel ho gaya",
    }
}

fn tapped(choice: Choice) -> &'static str {
    match choice {
        Choice::Confirm => "customer Confirm ka button dabaye",
        Choice::Cancel => "customer Cancel ka button dabaye",
        Choice::Satisfied => "customer kahe ke sab theek tha",
        Choice::Dissatisfied => "customer shikayat kare",
    }
}

/// What a flow waits for, after "jab".
pub fn trigger(trigger: &Trigger) -> String {
    let words = match trigger {
        Trigger::OrderCreated => "naya order aaye",
        Trigger::OrderConfirmed => "order confirm ho",
        Trigger::OrderBooked => "order courier ke saath book ho",
        Trigger::OrderPreparing => "order tayyar hona shuru ho",
        Trigger::OrderReady => "order tayyar ho jaye",
        Trigger::OrderDispatched => "order rawana ho",
        Trigger::OrderOutForDelivery => "order delivery ke liye nikle",
        Trigger::OrderDelivered => "order deliver ho",
        Trigger::OrderPickedUp => "customer order utha le",
        Trigger::OrderReturned => "order wapas aa jaye",
        Trigger::OrderCancelled => "order cancel ho",
        Trigger::OrderRefunded => "order ke paise wapas kiye jayen",
        Trigger::CancellationRequested => "customer raaste mein order cancel karna chahe",
        Trigger::PaymentPending => "order ki payment ka intezar ho",
        Trigger::PaymentReceived => "order ki payment mil jaye",
        Trigger::ShipmentCreated => "parcel ban jaye",
        Trigger::ShipmentUpdated(status) => {
            return format!("parcel yahan pohanche: {}", status.as_str().replace('_', " "));
        }
        Trigger::ShipmentIssue(issue) => {
            return format!("parcel mein masla ho: {}", issue.as_str().replace('_', " "));
        }
        Trigger::FirstPurchase => "customer apna pehla order kare",
        Trigger::RepeatPurchase => "customer dobara order kare",
        Trigger::HighValueOrder(least) => return format!("{least} ya us se bara order aaye"),
        Trigger::MilestoneOrder(which) => {
            let which: Vec<String> = which.iter().map(ToString::to_string).collect();
            return format!("customer ka order number {} aaye", which.join(" ya "));
        }
        Trigger::CartAbandoned(after) => return format!("cart {after} tak chhora hua ho"),
        Trigger::ProductViewed(often) => {
            return format!("customer {} mein {} dafa koi product dekhe", often.within, often.times);
        }
        Trigger::SearchedWithoutPurchase(after) => {
            return format!("customer ne dhoonda ho aur {after} tak kuch na khareeda ho");
        }
        Trigger::CategoryBrowsed(often) => {
            return format!("customer {} mein {} dafa koi category dekhe", often.within, often.times);
        }
        Trigger::CustomerInactive(after) => return format!("customer ne {after} se order na kiya ho"),
        Trigger::PurchaseAnniversary => "pehle order ki saalgirah ho",
        Trigger::Birthday => "customer ki saalgirah ho",
        Trigger::SubscriptionRenewal(before) => return format!("subscription {before} mein renew honi ho"),
        Trigger::TierUpgraded => "customer oopar ke tier mein jaye",
        Trigger::CloseToUpgrade => "customer agle tier ke qareeb ho",
        Trigger::AtRiskOfDowngrade => "customer ka tier jane ka khatra ho",
        Trigger::MessageReceived(_) => "customer message kare",
        Trigger::ButtonTapped(choice) => tapped(*choice),
        Trigger::SatisfactionPositive => tapped(Choice::Satisfied),
        Trigger::SatisfactionNegative => tapped(Choice::Dissatisfied),
        Trigger::MessageDelivered => "hamara message pohanch jaye",
        Trigger::MessageRead => "hamara message parh liya jaye",
        Trigger::MessageFailed => "hamara message na pohanch sake",
        Trigger::MessageClicked => "hamare message ka link khola jaye",
        Trigger::Custom(name) => return format!("shop kahe: {name}"),
        Trigger::StartedByFlow => "koi doosra flow isay chalaye",
    };
    words.to_owned()
}
