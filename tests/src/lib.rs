//! Tests of the whole, and the load generator.
