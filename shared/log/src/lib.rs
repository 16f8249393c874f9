//! Logs as lines of JSON: each flat, with its time, its level, what its spans are about, and its own fields.
//! The same on one machine and on Lambda, so that one search finds an order in either.

use std::{fmt, panic};
use tracing::{Event, Subscriber};
use tracing_subscriber::{
    Layer,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter,
        format::{JsonFields, Writer},
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Writes lines to `writer`, such as
/// `{"timestamp":"…","level":"INFO","target":"harkara_engine","function":"stage","order":"shopify-1","message":"…"}`.
pub fn lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'w> MakeWriter<'w> + 'static,
{
    tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields::new())
        .event_format(Lines)
        .with_writer(writer)
        // They would be told of on the standard error, and a panic is what comes of a full disk there.
        .log_internal_errors(false)
}

/// Lets a panic say where it was and nothing else: its words can hold what it stumbled over, which may be a
/// customer's.
pub fn hush_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(target: "harkara", place, "a panic");
    }));
}

struct Lines;

impl<S> FormatEvent<S, JsonFields> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let about = event.metadata();
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        // The names that Lambda reads. A target is a path of a crate: nothing in it needs to be escaped.
        write!(line, "\",\"level\":\"{}\",\"target\":\"{}\"", about.level(), about.target())?;
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                splice(&mut line, fields)?;
            }
        }
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        splice(&mut line, &fields)?;
        line.write_str("}\n")
    }
}

/// Adds the members of an object to the one that is being written.
fn splice(line: &mut Writer<'_>, object: &str) -> fmt::Result {
    let members = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    if members.is_empty() { Ok(()) } else { write!(line, ",{members}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let writer = kept.clone();
        let subscriber = tracing_subscriber::registry().with(lines(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_line_is_flat_and_bears_its_spans() {
        let lines = logged(|| {
            let outer = tracing::error_span!("invocation", requestId = "r-1");
            let _outer = outer.enter();
            let none: Option<u16> = None;
            let inner =
                tracing::error_span!("delivery", order = "shopify-1", stage = none, odd = "a \"b\" {c}\n");
            let _inner = inner.enter();
            tracing::info!(tries = 2, "said");
            inner.record("order", "shopify-2");
            tracing::warn!("bare");
        });
        let [first, second] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((&first["requestId"], &first["order"]), (&"r-1".into(), &"shopify-1".into()));
        assert_eq!((&first["tries"], &first["message"]), (&2.into(), &"said".into()));
        assert_eq!(first["odd"], "a \"b\" {c}\n");
        assert!(first.get("stage").is_none());
        assert_eq!((&first["level"], &second["level"]), (&"INFO".into(), &"WARN".into()));
        assert_eq!((&second["message"], &second["order"]), (&"bare".into(), &"shopify-2".into()));
        let time = first["timestamp"].as_str().unwrap();
        assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    }

    #[test]
    fn a_panic_says_where_it_was_and_not_what_it_stumbled_over() {
        let usual = panic::take_hook();
        hush_panics();
        let lines = logged(|| {
            let stumbled = panic::catch_unwind(|| panic!("no such customer: Ayesha Siddiqui"));
            assert!(stumbled.is_err());
        });
        panic::set_hook(usual);
        let [line] = &lines[..] else { panic!("{lines:?}") };
        assert!(line["place"].as_str().unwrap().contains("lib.rs:"), "{line}");
        assert!(!line.to_string().contains("Ayesha"), "{line}");
    }

    #[test]
    fn a_line_outside_of_everything_is_whole() {
        let lines = logged(|| tracing::error!("alone"));
        assert_eq!(lines[0]["message"], "alone");
        assert_eq!(lines[0].as_object().unwrap().len(), 4);
    }
}
