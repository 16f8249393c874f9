//! Whole orders, of a platform that Harkara has no source for.

use harkara_domain::{
    FactBody, fact,
    fact::{CartFact, FinancialStatus, OrderDetails, OrderFact, OrderSnapshot, PaymentMethod},
};

use super::{
    Kind, Saying,
    shape::{Path, Reader, object},
    shipment::Parcel,
    value::{
        Amount, Consent, Country, Key, Line, Many, Moment, OneOf, OwnId, Page, Pieces, Price, Reference,
        Whole, Word,
    },
    who::Person,
};
use crate::limits::{CODES, LINE, LINES, NAME, NOTE, PARTS, TAGS};

object! {
    /// The whole state of an order at the time `at`; of two, the later wins.
    struct WholeOrder {
        /// The order: `custom-<your id>`.
        order: OwnId,
        /// What the customer calls it: `#1042`. The id, where absent.
        name: Option<Line<NAME>>,
        /// When it was placed.
        created_at: Moment,
        /// Who ordered.
        customer: Option<Person>,
        /// What it costs in all.
        total: Price,
        /// How it is paid.
        payment: OneOf<PaymentMethod>,
        /// Where the money stands. Not paid, where absent.
        financial_status: Option<OneOf<FinancialStatus>>,
        /// The gateway that it is paid through.
        gateway: Option<Line<NAME>>,
        /// Where it goes.
        address: Option<OrderAddress>,
        /// What was ordered.
        items: Many<Item, LINES>,
        /// Your tags on it.
        tags: Option<Many<Line<NAME>, TAGS>>,
        /// Discount codes that were used.
        discount_codes: Option<Many<Line<NAME>, CODES>>,
        /// How it is sent.
        shipping_method: Option<Line<NAME>>,
        /// Where it was placed: `web`, `pos`, a market place.
        sales_channel: Option<Line<NAME>>,
        /// The shop's note on it.
        note: Option<Line<NOTE>>,
        /// Whether the customer accepted marketing at the checkout, by channel.
        accepts_marketing: Option<Consent>,
        /// The cart that it was. It is closed by this.
        cart: Option<Reference>,
        /// A page where the customer sees the order.
        status_url: Option<Page>,
        /// When it was cancelled.
        cancelled_at: Option<Moment>,
        /// Its parcels, as they stand.
        shipments: Option<Many<Parcel, PARTS>>,
        /// What went back.
        refunds: Option<Many<OrderRefund, PARTS>>,
    }
}

object! {
    /// One line of an order or a cart.
    struct Item {
        /// What it is called.
        title: Line<LINE>,
        /// How many.
        quantity: Pieces,
        /// The price of one.
        price: Amount,
        /// Stock-keeping unit.
        sku: Option<Line<NAME>>,
        /// The shop's id of the product.
        product: Option<Line<NAME>>,
        /// Who makes it.
        vendor: Option<Line<NAME>>,
        /// The shop's categories and collections of it.
        categories: Option<Many<Line<NAME>, TAGS>>,
    }
}

object! {
    /// Where an order goes.
    struct OrderAddress {
        /// House, street and area.
        street: Option<Line<LINE>>,
        /// City, as the customer wrote it.
        city: Option<Line<NAME>>,
        /// Province or state.
        province: Option<Line<NAME>>,
        /// Postal code.
        postal_code: Option<Line<NAME>>,
        /// ISO 3166-1 alpha-2.
        country: Option<Country>,
    }
}

object! {
    /// Money or goods that went back.
    struct OrderRefund {
        /// Your id of it.
        refund: Key,
        /// Pieces that came back to the shop.
        returned: Whole<0, 1_000_000>,
        /// When.
        at: Moment,
    }
}

impl Word for PaymentMethod {
    const ALL: &'static [Self] = Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

impl Word for FinancialStatus {
    const ALL: &'static [Self] = Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// The first lines, as many as a snapshot keeps.
pub(super) fn items<const MAX: usize>(items: Many<Item, MAX>) -> Vec<fact::LineItem> {
    let item = |item: Item| fact::LineItem {
        title: item.title.0,
        quantity: item.quantity.count(),
        price: item.price.0,
        sku: item.sku.map(|sku| sku.0),
        product: item.product.map(|product| product.0),
        vendor: item.vendor.map(|vendor| vendor.0),
        categories: item.categories.map(Many::texts).unwrap_or_default(),
    };
    items.0.into_iter().take(OrderSnapshot::MAX_ITEMS).map(item).collect()
}

fn address(from: OrderAddress) -> fact::Address {
    fact::Address {
        street: from.street.map(|line| line.0).unwrap_or_default(),
        city: from.city.map(|line| line.0).unwrap_or_default(),
        province: from.province.map(|line| line.0).unwrap_or_default(),
        postal_code: from.postal_code.map(|line| line.0).unwrap_or_default(),
        country: from.country.map(|country| country.0).unwrap_or_default(),
    }
}

impl WholeOrder {
    fn fact(self, saying: &Saying<'_>) -> OrderFact {
        let at = saying.at;
        let customer = self.customer.map(|person| person.contact(saying.telling.store)).unwrap_or_default();
        let financial_status = self.financial_status.map(|status| status.0);
        let name = self.name.map_or_else(|| self.order.0.clone(), |name| name.0);
        let item_count =
            self.items.0.iter().fold(0, |sum: u32, item| sum.saturating_add(item.quantity.count()));
        let details = OrderDetails {
            financial_status,
            gateway: self.gateway.map(|line| line.0),
            discount_codes: self.discount_codes.map(Many::texts).unwrap_or_default(),
            shipping_method: self.shipping_method.map(|line| line.0),
            sales_channel: self.sales_channel.map(|line| line.0),
            note: self.note.map(|line| line.0),
            accepts_marketing: self.accepts_marketing.map(|consent| consent.0).unwrap_or_default(),
            cart: self.cart.map(|cart| cart.0.into()),
        };
        let snapshot = OrderSnapshot {
            id: self.order.0.into(),
            name,
            created_at: self.created_at.0,
            updated_at: at,
            customer,
            total: self.total.money(),
            payment: self.payment.0,
            paid: financial_status.is_some_and(FinancialStatus::is_paid),
            address: self.address.map(address),
            items: items(self.items),
            item_count,
            details,
            tags: self.tags.map(Many::texts).unwrap_or_default(),
            status_url: self.status_url.map(|page| page.0),
            cancelled_at: self.cancelled_at.map(|at| at.0),
        };
        let shipments = self.shipments.map(|parcels| parcels.0).unwrap_or_default();
        let refunds = self.refunds.map(|refunds| refunds.0).unwrap_or_default().into_iter();
        OrderFact {
            snapshot,
            shipments: shipments.into_iter().map(|parcel| parcel.update(at)).collect(),
            refunds: refunds
                .map(|of| fact::Refund { id: of.refund.0.into(), returned: of.returned.count(), at: of.at.0 })
                .collect(),
        }
    }
}

impl Kind for WholeOrder {
    const KIND: &'static str = "order";

    fn check(&self, saying: &Saying<'_>, at: &Path<'_>, reader: &mut Reader) {
        if self.created_at.0 > saying.at {
            reader.fault(&at.field("created_at"), "is to be no later than at");
        }
    }

    fn say(self, saying: &Saying<'_>) -> Vec<FactBody> {
        let fact = self.fact(saying);
        let closed = CartFact::closed_by(&fact.snapshot);
        let cart = closed.map(|cart| FactBody::Cart(Box::new(cart)));
        [FactBody::Order(Box::new(fact))].into_iter().chain(cart).collect()
    }
}
