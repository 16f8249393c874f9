//! The use cases of Harkara, over ports.

pub mod port;
