//! The shapes of Shopify's bodies, cut to what is used. Any field may be null or absent; those
//! without which there is no fact are required here or by the reader.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Count, Id, Text, When};

#[derive(Deserialize)]
pub(super) struct Order<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    pub(super) name: Option<Text<'a>>,
    pub(super) order_number: Option<Text<'a>>,
    pub(super) created_at: Option<When>,
    pub(super) updated_at: Option<When>,
    pub(super) cancelled_at: Option<When>,
    pub(super) currency: Option<Text<'a>>,
    pub(super) total_price: Option<&'a RawValue>,
    pub(super) financial_status: Option<Text<'a>>,
    pub(super) fulfillment_status: Option<Text<'a>>,
    pub(super) payment_gateway_names: Option<Vec<Text<'a>>>,
    /// Before 2022-10, instead of the names.
    pub(super) gateway: Option<Text<'a>>,
    pub(super) phone: Option<Text<'a>>,
    pub(super) email: Option<Text<'a>>,
    pub(super) contact_email: Option<Text<'a>>,
    pub(super) customer_locale: Option<Text<'a>>,
    pub(super) tags: Option<Text<'a>>,
    pub(super) order_status_url: Option<Text<'a>>,
    pub(super) customer: Option<Customer<'a>>,
    pub(super) shipping_address: Option<Address<'a>>,
    pub(super) billing_address: Option<Address<'a>>,
    pub(super) line_items: Option<Vec<LineItem<'a>>>,
    pub(super) fulfillments: Option<Vec<Fulfillment<'a>>>,
    pub(super) refunds: Option<Vec<Refund<'a>>>,
    pub(super) cart_token: Option<Text<'a>>,
    pub(super) checkout_token: Option<Text<'a>>,
    pub(super) discount_codes: Option<Vec<DiscountCode<'a>>>,
    pub(super) shipping_lines: Option<Vec<ShippingLine<'a>>>,
    pub(super) source_name: Option<Text<'a>>,
    pub(super) note: Option<Text<'a>>,
    pub(super) buyer_accepts_marketing: Option<bool>,
}

/// A cart, or the checkout that it became.
#[derive(Deserialize)]
pub(super) struct Cart<'a> {
    #[serde(borrow)]
    pub(super) token: Text<'a>,
    /// Of the cart that a checkout came from.
    pub(super) cart_token: Option<Text<'a>>,
    pub(super) created_at: Option<When>,
    pub(super) updated_at: Option<When>,
    pub(super) completed_at: Option<When>,
    pub(super) currency: Option<Text<'a>>,
    pub(super) total_price: Option<&'a RawValue>,
    pub(super) phone: Option<Text<'a>>,
    pub(super) email: Option<Text<'a>>,
    pub(super) customer_locale: Option<Text<'a>>,
    pub(super) customer: Option<Customer<'a>>,
    pub(super) shipping_address: Option<Address<'a>>,
    pub(super) billing_address: Option<Address<'a>>,
    pub(super) line_items: Option<Vec<LineItem<'a>>>,
    pub(super) abandoned_checkout_url: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct DiscountCode<'a> {
    #[serde(borrow)]
    pub(super) code: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct ShippingLine<'a> {
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Consent<'a> {
    #[serde(borrow)]
    pub(super) state: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Customer<'a> {
    /// Not an [`Id`]: it goes into a digest, so it may be anything.
    #[serde(borrow)]
    pub(super) id: Option<Text<'a>>,
    pub(super) first_name: Option<Text<'a>>,
    pub(super) last_name: Option<Text<'a>>,
    pub(super) phone: Option<Text<'a>>,
    pub(super) email: Option<Text<'a>>,
    pub(super) default_address: Option<Address<'a>>,
    pub(super) email_marketing_consent: Option<Consent<'a>>,
    pub(super) sms_marketing_consent: Option<Consent<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Address<'a> {
    #[serde(borrow)]
    pub(super) first_name: Option<Text<'a>>,
    pub(super) last_name: Option<Text<'a>>,
    pub(super) phone: Option<Text<'a>>,
    pub(super) address1: Option<Text<'a>>,
    pub(super) address2: Option<Text<'a>>,
    pub(super) city: Option<Text<'a>>,
    pub(super) province: Option<Text<'a>>,
    pub(super) zip: Option<Text<'a>>,
    pub(super) country_code: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct LineItem<'a> {
    /// The title with its variant.
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    pub(super) title: Option<Text<'a>>,
    pub(super) quantity: Option<Count>,
    pub(super) price: Option<&'a RawValue>,
    pub(super) sku: Option<Text<'a>>,
    pub(super) product_id: Option<Text<'a>>,
    pub(super) vendor: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Fulfillment<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    pub(super) order_id: Option<Id<'a>>,
    pub(super) status: Option<Text<'a>>,
    pub(super) shipment_status: Option<Text<'a>>,
    pub(super) created_at: Option<When>,
    pub(super) updated_at: Option<When>,
    pub(super) tracking_company: Option<Text<'a>>,
    pub(super) tracking_number: Option<Text<'a>>,
    pub(super) tracking_numbers: Option<Vec<Text<'a>>>,
    pub(super) tracking_url: Option<Text<'a>>,
    pub(super) tracking_urls: Option<Vec<Text<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct FulfillmentEvent<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    pub(super) fulfillment_id: Id<'a>,
    pub(super) order_id: Id<'a>,
    pub(super) status: Option<Text<'a>>,
    pub(super) happened_at: Option<When>,
    pub(super) created_at: Option<When>,
}

#[derive(Deserialize)]
pub(super) struct Refund<'a> {
    #[serde(borrow)]
    pub(super) id: Id<'a>,
    pub(super) order_id: Option<Id<'a>>,
    pub(super) created_at: Option<When>,
    pub(super) processed_at: Option<When>,
    pub(super) refund_line_items: Option<Vec<RefundLine<'a>>>,
}

#[derive(Deserialize)]
pub(super) struct RefundLine<'a> {
    pub(super) quantity: Option<Count>,
    #[serde(borrow)]
    pub(super) restock_type: Option<Text<'a>>,
}

/// The text of a field, unless it is null, absent or blank.
pub(super) fn given<'t>(text: &'t Option<Text<'_>>) -> Option<&'t str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// The entries of a list, none where it is null or absent.
pub(super) fn entries<T>(list: &Option<Vec<T>>) -> &[T] {
    list.as_deref().unwrap_or_default()
}
