//! The list of all conditions. A new condition is one entry here: its doc line, its variant with the
//! operators it takes, its name in the flow language, what a sentence calls it, and where its value lies.

use serde::{Deserialize, Serialize};

use super::{
    Amount, Choice, City, Country, Elapsed, Family, FlowName, Formula, Hour, Set, Text, Whole, customer,
    formula, look::Look, order, run,
};
use crate::{
    calendar::Weekday,
    fact::{FinancialStatus, PaymentMethod},
    flow::Channel,
    money::Currency,
    order::Confirmation,
    status::OrderStatus,
};
use customer::Satisfaction;
use order::Platform;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The order.
    Order,
    /// The customer.
    Customer,
    /// What was said to the customer, and what they answered.
    Talk,
    /// The runs on the same subject.
    Runs,
    /// The cart.
    Cart,
    /// Anything.
    Anything,
}

/// An entry of the list of conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the flow language: `order_total`.
    pub field: &'static str,
    /// What a sentence calls it: `the total`.
    pub words: &'static str,
    /// What it is about.
    pub about: About,
    /// The operators that it takes.
    pub operators: &'static [&'static str],
    /// What it asks, in a sentence or two.
    pub doc: &'static str,
}

impl Listed {
    const fn of<O: Family>(
        field: &'static str,
        words: &'static str,
        about: About,
        doc: &'static str,
    ) -> Self {
        Self { field, words, about, operators: O::OPERATORS, doc }
    }
}

macro_rules! conditions {
    ($( $about:ident { $(
        $(#[doc = $doc:literal])+
        $name:ident($operator:ty) = $field:literal, $words:literal, $actual:path;
    )+ } )+) => {
        /// A condition, or a group of them. Of what is not known, no condition holds but `exists: false`: an
        /// order without an address is neither in Karachi nor in "anything but Karachi".
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum Condition {
            /// Every one holds.
            All(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_COUNT)))] Vec<Condition>),
            /// At least one holds.
            Any(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_COUNT)))] Vec<Condition>),
            /// Not one holds.
            None(#[cfg_attr(feature = "schema", schemars(length(min = 1, max = Self::MAX_COUNT)))] Vec<Condition>),
            $($( $(#[doc = $doc])+ #[serde(rename = $field)] $name($operator), )+)+
        }

        impl Condition {
            /// All single conditions.
            pub const LIST: &'static [Listed] = &[$($(
                Listed::of::<$operator>($field, $words, About::$about, concat!($($doc),+)),
            )+)+];

            /// Shows a single condition to `look`, with its entry in the list, its operator, and where its
            /// value lies. `None` for a group.
            #[inline]
            pub(super) fn look<'a, L: Look<'a>>(&self, look: L) -> Option<L::Seen> {
                Some(match self {
                    Self::All(_) | Self::Any(_) | Self::None(_) => return None,
                    $($( Self::$name(operator) => {
                        const LISTED: &Listed =
                            &Listed::of::<$operator>($field, $words, About::$about, concat!($($doc),+));
                        look.see(LISTED, operator, $actual)
                    } )+)+
                })
            }
        }
    };
}

conditions! {
    Order {
        /// How the order is paid: `cod` or `prepaid`.
        PaymentMethod(Choice<PaymentMethod>) = "payment_method", "payment", order::payment_method;
        /// The gateway that it is paid through, as the shop calls it.
        Gateway(Text) = "gateway", "the gateway", order::gateway;
        /// Where the money stands, as the shop says: `pending`, `authorized`, `partially_paid`, `paid`,
        /// `partially_refunded`, `refunded`, `voided`.
        FinancialStatus(Choice<FinancialStatus>) = "financial_status", "the money", order::financial_status;
        /// Whether the shop has the money.
        Paid(bool) = "paid", "paid", order::paid;
        /// What the order costs, in its own currency.
        OrderTotal(Amount) = "order_total", "the total", order::total;
        /// The currency of the order, or of the cart: `PKR`.
        Currency(Choice<Currency>) = "currency", "the currency", order::currency;
        /// How many pieces were ordered, over all lines.
        ItemCount(Amount<Whole>) = "item_count", "the number of pieces", order::item_count;
        /// A product of the order, or of the cart: its title or the shop's id of it. Of an order, its first
        /// 20 lines are known; here and in the four below.
        Product(Text) = "product", "the product", order::products;
        /// A product's stock-keeping unit.
        Sku(Text) = "sku", "the SKU", order::skus;
        /// A product's vendor.
        Vendor(Text) = "vendor", "the vendor", order::vendors;
        /// A product's category or collection, where the shop tells them.
        Category(Text) = "category", "the category", order::categories;
        /// The same as `category`, for shops that say collection.
        Collection(Text) = "collection", "the collection", order::categories;
        /// A discount code that was used.
        DiscountCode(Text) = "discount_code", "the discount code", order::discount_codes;
        /// How it is sent, as the shop calls it.
        ShippingMethod(Text) = "shipping_method", "the shipping method", order::shipping_method;
        /// The city that the order goes to. Spellings, scripts and the store's `city_aliases` of one city
        /// are the same: Karachi, KHI, کراچی.
        City(City) = "city", "the city", order::city;
        /// The province or state that it goes to.
        Province(Text) = "province", "the province", order::province;
        /// The country that it goes to, in two letters: `PK`.
        Country(Choice<Country>) = "country", "the country", order::country;
        /// The postal code that it goes to.
        PostalCode(Text) = "postal_code", "the postal code", order::postal_code;
        /// A list of the store's `areas` that the address is in, by its city or postal code.
        Area(Text) = "area", "the area", order::areas;
        /// Where the order, or the cart, comes from: `shopify`, `woocommerce` or `custom`.
        Platform(Choice<Platform>) = "platform", "the platform", order::platform;
        /// Where it was placed: `web`, `pos`, a market place.
        SalesChannel(Text) = "sales_channel", "the sales channel", order::sales_channel;
        /// Who carries the parcel, as the shop calls them; of several, the one that was told last.
        Courier(Text) = "courier", "the courier", order::courier;
        /// How often a delivery was tried and failed, over all parcels.
        DeliveryAttempts(Amount<Whole>)
            = "delivery_attempts", "the number of failed deliveries", order::delivery_attempts;
        /// Where the order stands: `pending`, `confirmed`, `booked`, `preparing`, `ready`, `dispatched`,
        /// `out_for_delivery`, `delivered`, `picked_up`, `cancelled`, `returned`.
        OrderStatus(Choice<OrderStatus>) = "order_status", "the order", order::status;
        /// Whether the customer wants it: `pending`, `confirmed`, `cancelled`, `not_needed`.
        Confirmation(Choice<Confirmation>) = "confirmation", "confirmation", order::confirmation;
        /// The flags that are set on it.
        Flags(Set) = "flags", "the flags", order::flags;
        /// The shop's tags on it.
        OrderTags(Set) = "order_tags", "the order's tags", order::tags;
        /// Who of the team has it.
        AssignedUser(Text) = "assigned_user", "the person in charge", order::assigned_user;
        /// A note on it: the shop's own, or one of the last ten that people and flows added.
        Note(Text) = "note", "the note", order::notes;
        /// The hour of the day at which it was placed, 0 to 23, in the store's time zone.
        CreatedHour(Hour) = "created_hour", "the hour of the order", order::created_hour;
        /// The day on which it was placed, in the store's time zone: `monday` …
        CreatedWeekday(Choice<Weekday>) = "created_weekday", "the day of the order", order::created_weekday;
        /// How long ago it was placed.
        OrderAge(Elapsed) = "order_age", "the age of the order", order::age;
    }
    Customer {
        /// Whether this is the customer's first order; `true` too where no customer is known.
        FirstTimeCustomer(bool) = "first_time_customer", "the customer's first order", customer::is_first_time;
        /// Whether the customer has ordered before; `false` too where no customer is known.
        RepeatCustomer(bool) = "repeat_customer", "a repeat customer", customer::is_repeat;
        /// How many orders they have placed, this one and those that were cancelled or returned included.
        OrderCount(Amount<Whole>) = "order_count", "the number of orders", customer::order_count;
        /// What their orders came to that were neither cancelled nor returned, in the currency of the order
        /// or cart; without one, in the only currency that they have spent.
        TotalSpent(Amount) = "total_spent", "the total spent", customer::total_spent;
        /// How many of their orders came back.
        Returns(Amount<Whole>) = "returns", "the number of returns", customer::returns;
        /// How many of 100 of their orders came back: `20`, or `12.5`.
        ReturnRate(Amount) = "return_rate", "the return rate", customer::return_rate;
        /// How long ago they placed their last order. The order that it is about does not count, one that
        /// they placed after it does; a flow that an order starts asks how long they had stayed away.
        LastOrder(Elapsed) = "last_order", "the last order", customer::last_order;
        /// Whether they have ordered again: since the run began; before that, since the order was placed.
        OrderedAgain(bool) = "ordered_again", "true that the customer has ordered again", customer::has_ordered_again;
        /// The tags on them.
        CustomerTags(Set) = "customer_tags", "the customer's tags", customer::tags;
        /// Their tier.
        Tier(Text) = "tier", "the tier", customer::tier;
        /// Their points: those that the shop counts, and those that were given here.
        Points(Amount) = "points", "the number of points", customer::points;
        /// Their language, as a tag: `ur`, `ur-PK`, `en`.
        Language(Text) = "language", "the language", customer::language;
        /// The channels by which they agreed to marketing, without those since a STOP.
        OptedIn(Set<Channel>) = "opted_in", "the channels agreed to", customer::opted_in;
        /// The channels for which there is an address: `whatsapp` with a phone number, `email` with an
        /// address.
        Reachable(Set<Channel>) = "reachable", "the channels with an address", customer::reachable;
        /// Whether they agreed to marketing by any channel.
        AcceptsMarketing(bool) = "accepts_marketing", "true that the customer accepts marketing", customer::accepts_marketing;
    }
    Talk {
        /// What the customer last answered, their words or the button: `confirm`, `cancel`, `satisfied`,
        /// `dissatisfied`. About the order; of a customer or cart, about anything.
        LastReply(Text) = "last_reply", "the last reply", customer::last_reply;
        /// What they last said when they were asked how it went, about whichever order: `satisfied` or
        /// `dissatisfied`.
        Satisfaction(Choice<Satisfaction>) = "satisfaction", "the customer", customer::satisfaction;
    }
    Runs {
        /// Whether the message that went out last was read, as far as its provider reports: of the run; in
        /// `conditions`, of all runs on the same subject. Not known before one went out.
        MessageRead(bool) = "message_read", "true that the last message was read", run::message_read;
        /// The flows that have run on the same order, customer or cart, or still do, by name or id; of the
        /// flow itself, earlier runs.
        FlowHasRun(Set<FlowName>) = "flow_has_run", "the flows that have run", run::flows;
        /// The flows that are running on it, but for this run.
        FlowIsRunning(Set<FlowName>) = "flow_is_running", "the running flows", run::running_flows;
    }
    Cart {
        /// What is in the cart costs this.
        CartTotal(Amount) = "cart_total", "the cart's total", order::cart_total;
        /// How many pieces are in the cart, over all lines.
        CartItems(Amount<Whole>) = "cart_items", "the number of pieces in the cart", order::cart_items;
        /// Whether the cart is still one: neither ordered nor emptied.
        CartOpen(bool) = "cart_open", "an open cart", order::cart_open;
    }
    Anything {
        /// An expression that is true, for what no other condition asks; see below.
        Expression(Formula) = "expression", "the expression", formula::all;
    }
}
