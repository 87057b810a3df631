//! A subscriber that writes down what zokio reports, in short lines.
#![allow(dead_code)]

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// What was reported while it was in use. A clone has the same lines.
#[derive(Clone, Default)]
pub struct Recorder(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    spans: HashMap<u64, Span>,
    entered: Vec<u64>,
    lines: Vec<String>,
}

struct Span {
    /// `Mutex`, `Mutex::lock`, `poll`, or the name of a task.
    label: String,
    fields: Fields,
    references: usize,
}

/// The fields of a span or an event in their order.
#[derive(Clone, Default)]
pub struct Fields(Vec<(&'static str, String)>);

impl Fields {
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.0.iter().find(|(field, _)| *field == name);
        field.map(|(_, value)| value.as_str())
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Recorder {
    /// Runs `f` with this subscriber on this thread, and returns the lines.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        tracing::subscriber::with_default(self.clone(), f)
    }

    /// Takes the lines that were written since the last call.
    pub fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.recorded().lines)
    }

    /// Takes those of the lines that report a poll.
    pub fn polls(&self) -> Vec<String> {
        let lines = self.lines().into_iter();
        lines.filter(|line| line.contains("op_name=")).collect()
    }

    /// Returns the fields of the span that got this label last.
    pub fn span(&self, label: &str) -> Fields {
        let recorded = self.recorded();
        let spans = recorded.spans.iter();
        let newest = spans
            .filter(|(_, span)| span.label == label)
            .max_by_key(|(id, _)| **id);
        newest.expect("a span with this label").1.fields.clone()
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().expect("no panic while it was locked")
    }
}

impl Recorded {
    fn label(&self, id: &Id) -> String {
        self.spans[&id.into_u64()].label.clone()
    }
}

impl Subscriber for Recorder {
    /// Without this, what one test takes is enabled on the threads of all.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("runtime") || metadata.target().starts_with("tokio")
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let label = match attributes.metadata().name() {
            "runtime.spawn" => fields.get("task.name").filter(|name| !name.is_empty()),
            "runtime.resource" => fields.get("concrete_type"),
            "runtime.resource.async_op" => fields.get("source"),
            _ => Some("poll"),
        };
        let label = label.or(fields.get("kind")).expect("a label").to_owned();
        let mut recorded = self.recorded();
        let id = recorded.spans.len() as u64 + 1;
        recorded.lines.push(format!("new {label}"));
        let span = Span {
            label,
            fields,
            references: 1,
        };
        recorded.spans.insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut recorded = self.recorded();
        let mut line = String::new();
        for id in &recorded.entered {
            write!(line, "{}/", recorded.spans[id].label).expect("a string");
        }
        let fields: Vec<_> = fields
            .0
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        write!(line, " {}", fields.join(" ")).expect("a string");
        recorded.lines.push(line);
    }

    fn enter(&self, id: &Id) {
        let mut recorded = self.recorded();
        recorded.entered.push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        let mut recorded = self.recorded();
        let left = recorded.entered.pop();
        assert_eq!(left, Some(id.into_u64()), "spans end in their order");
    }

    fn clone_span(&self, id: &Id) -> Id {
        let mut recorded = self.recorded();
        let span = recorded.spans.get_mut(&id.into_u64()).expect("a span");
        span.references += 1;
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut recorded = self.recorded();
        let span = recorded.spans.get_mut(&id.into_u64()).expect("a span");
        span.references -= 1;
        let closed = span.references == 0;
        if closed {
            let label = recorded.label(&id);
            recorded.lines.push(format!("end {label}"));
        }
        closed
    }
}
