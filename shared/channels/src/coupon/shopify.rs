//! Coupons in Shopify's shops: `discountCodeBasicCreate` of the Admin GraphQL API (shopify.dev; needs the
//! access scope `write_discounts`).
//!
//! Creating is safe to repeat: a shop has a code once, and codes are nobody's but ours. So an answer that
//! was lost is to be treated as a failed attempt.

mod verdict;

use std::fmt;

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Coupon, Discount};
use crate::{HttpRequest, Reach, Unsendable, text::one_line};

pub use verdict::verdict;

/// The most characters of a title and of a code.
pub const MAX_TEXT: usize = 255;

/// The version of the API that requests are written for.
const VERSION: &str = "2026-04";

const MUTATION: &str = "mutation CreateCoupon($coupon: DiscountCodeBasicInput!) { \
    discountCodeBasicCreate(basicCodeDiscount: $coupon) { \
    codeDiscountNode { id } userErrors { field code message } } }";

/// A store's shop. Read from the store's Shopify settings, which hold more (the source's secrets among
/// it): unknown fields are passed over.
#[derive(Clone, Default, Deserialize)]
pub struct Connection {
    /// `<name>.myshopify.com`.
    #[serde(default)]
    shop: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    api_version: Option<String>,
    /// In the place of the shop's own address, for a stand-in: `http://127.0.0.1:9000`.
    #[serde(default)]
    api_url: Option<String>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shop, api_version, api_url, .. } = self;
        write!(f, "Connection({shop:?}, {api_version:?}, {api_url:?})")
    }
}

impl Connection {
    /// Whether coupons can be made here. Without a shop and a token the code is only handed out, for the
    /// team to enter.
    pub fn is_connected(&self) -> bool {
        given(self.shop.as_deref()).is_some() && given(self.access_token.as_deref()).is_some()
    }

    fn endpoint(&self) -> Result<(String, Reach), Unsendable> {
        let version = given(self.api_version.as_deref()).unwrap_or(VERSION);
        if !is_version(version) {
            return Err(content(format!("“{version}” is not a version of the API, such as `{VERSION}`")));
        }
        let path = format!("/admin/api/{version}/graphql.json");
        if let Some(stand_in) = given(self.api_url.as_deref()) {
            return Ok((format!("{}{path}", stand_in.trim_end_matches('/')), Reach::Anywhere));
        }
        let shop = given(self.shop.as_deref()).unwrap_or_default().to_ascii_lowercase();
        if !is_shop(&shop) {
            return Err(content(format!("“{shop}” is not a shop, such as `gulab.myshopify.com`")));
        }
        Ok((format!("https://{shop}{path}"), Reach::Public))
    }
}

fn given(value: Option<&str>) -> Option<&str> {
    value.map(str::trim).filter(|text| !text.is_empty())
}

fn content(problem: String) -> Unsendable {
    Unsendable::Content(problem)
}

/// `2026-04`, or `unstable`: nothing that leads to another path.
fn is_version(text: &str) -> bool {
    let month = text.split_once('-').is_some_and(|(year, month)| {
        let digits =
            |part: &str, count| part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
        digits(year, 4) && digits(month, 2)
    });
    month || text == "unstable"
}

/// The token goes nowhere but to Shopify.
fn is_shop(host: &str) -> bool {
    host.strip_suffix(".myshopify.com").is_some_and(|name| {
        !name.is_empty()
            && !name.starts_with('-')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

/// The request that creates a coupon for everybody who has its code, on all items.
///
/// # Errors
/// [`Unsendable::Content`] without a shop and a token (ask [`Connection::is_connected`] first), or when
/// the coupon is over a limit or ends before it starts.
pub fn request(coupon: &Coupon<'_>, connection: &Connection) -> Result<HttpRequest, Unsendable> {
    let token = given(connection.access_token.as_deref()).filter(|_| connection.is_connected());
    let Some(token) = token else {
        return Err(content("the store's Shopify shop is not connected for coupons".to_owned()));
    };
    let (url, reach) = connection.endpoint()?;
    let body = json!({ "query": MUTATION, "variables": { "coupon": input(coupon)? } });
    Ok(HttpRequest {
        method: "POST",
        url,
        reach,
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-shopify-access-token", token.to_owned()),
        ],
        body: body.to_string().into_bytes(),
    })
}

/// A `DiscountCodeBasicInput`. What it combines with is left to the shop's default: with no other.
fn input(coupon: &Coupon<'_>) -> Result<Value, Unsendable> {
    let title = one_line(coupon.title);
    for (what, text) in [("title", title.as_str()), ("code", coupon.code)] {
        let length = text.chars().count();
        if length == 0 || length > MAX_TEXT {
            return Err(content(format!(
                "a coupon's {what} of {length} characters; Shopify takes 1 to {MAX_TEXT}"
            )));
        }
    }
    if coupon.ends_at.is_some_and(|end| end <= coupon.starts_at) {
        return Err(content("a coupon that ends before it starts".to_owned()));
    }
    Ok(json!({
        "title": title,
        "code": coupon.code,
        "startsAt": coupon.starts_at,
        "endsAt": coupon.ends_at,
        "usageLimit": coupon.once.then_some(1),
        "appliesOncePerCustomer": coupon.once,
        "context": { "all": "ALL" },
        "customerGets": { "items": { "all": true }, "value": value(coupon.discount)? },
    }))
}

fn value(discount: Discount) -> Result<Value, Unsendable> {
    match discount {
        Discount::Percent(percent) if percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED => {
            // A part of 1, as GraphQL's `Float`.
            Ok(json!({ "percentage": (percent / Decimal::ONE_HUNDRED).to_f64() }))
        }
        Discount::Percent(percent) => {
            Err(content(format!("a coupon of {percent} per cent; more than 0 and at most 100 can be")))
        }
        Discount::Amount(amount) if amount > Decimal::ZERO => {
            Ok(json!({ "discountAmount": { "amount": amount.to_string(), "appliesOnEachItem": false } }))
        }
        Discount::Amount(amount) => Err(content(format!("a coupon of {amount}; more than 0 can be"))),
    }
}
