//! The crate from outside: default templates, requests against Meta's own schema, verdicts, mails.

#[cfg(test)]
mod arbitrary;
#[cfg(test)]
mod coupon;
#[cfg(test)]
mod email;
#[cfg(test)]
mod template;
#[cfg(test)]
mod verdict;
#[cfg(test)]
mod webhook;
#[cfg(test)]
mod whatsapp;
#[cfg(test)]
mod world;
