//! What every adapter of the ports must do. Written against the ports alone: another adapter gives
//! its own [`World`], and gets every case as a test of its own from [`suite!`].

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // tests

pub mod queue;
pub mod scheduler;
pub mod table;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use harkara_engine::port::{Delivery, Queue, QueueName, Scheduler, Table, Unprocessed};
use jiff::Timestamp;

/// A table under test, empty at first.
pub trait Tables: Send + Sync {
    /// The table.
    fn table(&self) -> Arc<dyn Table>;
}

/// An adapter under test, empty at first. Events redrive into failures after the fifth receive.
#[async_trait]
pub trait World: Send + Sync {
    /// The queues under test.
    fn queue(&self) -> Arc<dyn Queue>;
    /// The scheduler under test.
    fn scheduler(&self) -> Arc<dyn Scheduler>;
    /// The time that queues and schedules go by.
    fn now(&self) -> Timestamp;
    /// Lets time pass.
    async fn pass(&self, span: Duration);
    /// Up to ten messages that are visible now; none if there are none.
    async fn receive(&self, queue: QueueName) -> Vec<Delivery>;
    /// Ends a batch, as a runtime does.
    async fn settle(&self, queue: QueueName, batch: &[Delivery], unprocessed: &Unprocessed);
    /// The queue's visibility.
    fn visibility(&self) -> Duration;
    /// Whether messages come in the order of their due times. SQS only tries.
    fn keeps_order(&self) -> bool {
        true
    }
    /// How long after its time a schedule may fire. EventBridge Scheduler has a minute's precision.
    fn tardiness(&self) -> Duration {
        Duration::ZERO
    }
}

/// A test for each case of some ports, each over a world of its own: `suite!(table, Twin::new())`.
/// With `suite!(table, if Cloud::new().await)` a world that is `None`, since it is not there to be
/// tested, passes; whoever makes it says so.
#[macro_export]
macro_rules! suite {
    (table, $($world:tt)+) => {
        $crate::suite! { @ [$($world)+] table:
            versions_count_up
            an_expectation_that_does_not_hold_changes_nothing
            of_many_racing_writers_one_wins
            a_transaction_is_all_or_nothing_and_names_its_faults
            limits_are_refused
            a_cursor_of_no_page_is_told_apart_from_a_fault
            pages_go_through_everything_once
            a_page_stops_at_a_megabyte
            ranges_have_both_ends
            prefixes_go_both_ways
            indexes_are_sparse
            equal_index_places_are_paged
            counters_add
            counters_add_in_a_transaction
            deletes_take_expectations
            bodies_come_back_as_they_were
            expiries_come_back_to_the_millisecond
            a_put_over_anything_replaces_all_of_it
            a_transaction_has_a_hundred_parts
            racing_transactions_leave_one_of_them
            an_item_is_as_large_as_its_limit
            large_items_fit_into_a_transaction
            sort_keys_are_in_the_order_of_their_bytes
            a_page_of_an_index_has_hundreds
            a_full_page_at_the_end_is_the_last
            what_cannot_be_there_is_not_found
        }
    };
    (queue, $($world:tt)+) => {
        $crate::suite! { @ [$($world)+] queue:
            what_is_sent_is_received
            a_delay_hides
            a_delay_is_never_shortened
            longer_delays_and_bodies_are_refused
            an_empty_body_is_refused
            a_batch_of_any_size_arrives
            odd_characters_arrive
            a_delivery_is_hidden_until_its_visibility_ends
            visibility_can_be_set
            a_receipt_ends_with_its_delivery
            a_partial_failure_brings_back_only_what_failed
            the_fifth_failure_redrives
            a_last_failure_shown_at_once_redrives_at_once
            due_times_order_deliveries
            the_retry_ladder_counts_receives
        }
    };
    (scheduler, $($world:tt)+) => {
        $crate::suite! { @ [$($world)+] scheduler:
            a_schedule_fires_at_its_time
            a_schedule_is_never_early
            a_body_arrives_as_it_was
            a_name_is_taken_once
            a_cancelled_schedule_does_not_fire
            the_past_fires_at_once
            schedules_fire_in_the_order_of_their_times
            bad_names_are_refused
        }
    };
    (@ [if $world:expr] $port:ident: $($case:ident)*) => {
        mod $port {
            #[allow(unused_imports)]
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if let Some(world) = $world {
                        $crate::$port::$case(&world).await;
                    }
                }
            )*
        }
    };
    (@ [$world:expr] $port:ident: $($case:ident)*) => {
        $crate::suite! { @ [if Some($world)] $port: $($case)* }
    };
}
