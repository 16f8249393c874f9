//! The sources over whole requests.

// Clippy exempts test functions from these by itself, not the helpers beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod arbitrary;
mod fixtures;
mod shopify;
mod signatures;
mod track;
mod whatsapp;
mod world;
