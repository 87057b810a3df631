//! What the browser asks for: the page, and a stream of samples for it.
//!
//! A page of another site must not read what this server answers. A browser keeps it from that unless
//! that site's name resolves to this address, which the `Host` header tells.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;

use super::Feed;
use crate::model::{Sample, Seen};
use crate::protocol::{Hello, Task};

/// As many tasks as a page can show. Those that polled the most since the last sample come first.
const TASKS: usize = 2_000;

const PAGE: &str = include_str!("page.html");

/// The page loads nothing, and connects only to where it came from.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

#[derive(Clone)]
struct Shared {
    hello: Arc<Hello>,
    samples: watch::Receiver<Option<Arc<Sample>>>,
}

/// Returns the answers of the server.
pub fn router(hello: Hello, feed: &Feed) -> Router {
    let shared = Shared {
        hello: Arc::new(hello),
        samples: feed.samples(),
    };
    Router::new()
        .route("/", get(page))
        .route("/samples", get(samples))
        .layer(middleware::from_fn(only_by_address))
        .with_state(shared)
}

async fn page() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, PAGE)
}

async fn samples(State(shared): State<Shared>) -> impl IntoResponse {
    let mut seen = Seen::new(Hello::clone(&shared.hello));
    let events = WatchStream::new(shared.samples)
        .filter_map(|sample| sample)
        .map(move |sample| {
            seen.update(Sample::clone(&sample));
            Ok::<_, Infallible>(Event::default().data(message(&seen)))
        });
    Sse::new(events).keep_alive(KeepAlive::default())
}

/// A sample with the rates of its tasks. The page computes all others.
fn message(seen: &Seen) -> String {
    let rates = seen.task_rates();
    let busy = |task: &Task| rates.get(&task.id).map_or(0.0, |rates| rates.busy);
    let mut tasks: Vec<&Task> = seen.tasks().iter().collect();
    let all = tasks.len();
    tasks.sort_by(|left, right| busy(right).total_cmp(&busy(left)));
    tasks.truncate(TASKS);
    let rates: HashMap<u64, [f64; 2]> = tasks
        .iter()
        .filter_map(|task| Some((task.id, rates.get(&task.id)?)))
        .map(|(id, rates)| (id, [rates.polls, rates.busy]))
        .collect();
    json!({
        "process": seen.hello,
        "snapshot": seen.current.snapshot,
        "tasks": tasks,
        "all_tasks": all,
        "rates": rates,
        "places": seen.current.places,
    })
    .to_string()
}

async fn only_by_address(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    if host.is_some_and(is_address) {
        return next.run(request).await;
    }
    let reason = "use the address of this server, not a name";
    (StatusCode::FORBIDDEN, reason).into_response()
}

/// Returns whether a host, with or without a port, is an address or `localhost`.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Hello, PAGE, Sample, Seen, Task, is_address, message};

    #[test]
    fn a_name_that_someone_else_owns_is_refused() {
        for host in [
            "127.0.0.1:6680",
            "[::1]:6680",
            "localhost:6680",
            "localhost",
            "LOCALHOST:6680",
            "LocalHost",
            "10.0.0.1",
        ] {
            assert!(is_address(host), "{host}");
        }
        for host in [
            "example.org:6680",
            "localhost.example.org",
            "127.0.0.1.example.org",
            "",
        ] {
            assert!(!is_address(host), "{host}");
        }
    }

    #[test]
    fn a_message_has_the_tasks_with_their_rates() {
        let mut seen = Seen::new(Hello::default());
        let sample = |now, polls| Sample {
            snapshot: crate::protocol::Snapshot {
                now,
                runtimes: Vec::new(),
            },
            tasks: Some(vec![Task {
                id: 4,
                polls,
                ..Task::default()
            }]),
            places: None,
        };
        seen.update(sample(1_000_000_000, 10));
        seen.update(sample(2_000_000_000, 40));
        let message: serde_json::Value = serde_json::from_str(&message(&seen)).unwrap();
        assert_eq!(message["rates"]["4"][0], 30.0);
        assert_eq!(message["all_tasks"], 1);
    }

    #[test]
    fn the_page_names_no_other_place() {
        assert!(!PAGE.contains("http://") && !PAGE.contains("https://"));
        assert!(!PAGE.contains("innerHTML"), "names of tasks are not markup");
    }
}
