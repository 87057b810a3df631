//! The five calls of tokio-console, on a real program.

mod support;

use std::collections::HashMap;

use console_api::instrument::instrument_client::InstrumentClient;
use console_api::instrument::{
    InstrumentRequest, PauseRequest, ResumeRequest, StateRequest, TaskDetailsRequest, Temporality,
};
use console_api::tasks::{Stats, Task, task_details::PollTimesHistogram};
use console_api::{Id, field};
use support::{NAMES, Program, Server};
use tokio_stream::StreamExt;

type Client = InstrumentClient<tonic::transport::Channel>;

/// Runs a test with a client of a server that shows a program, within the limit of all tests.
fn with_a_client(test: impl AsyncFnOnce(&Program, Client)) {
    let program = Program::start();
    let server = Server::start("console", &program.pid());
    let test = async {
        let client = InstrumentClient::connect(server.url.clone()).await.unwrap();
        test(&program, client).await;
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { tokio::time::timeout(support::LIMIT, test).await })
        .expect("the test ends in time");
}

fn text(task: &Task, name: &str) -> Option<String> {
    task.fields.iter().find_map(|field| {
        let is_it = field.name == Some(field::Name::StrName(name.to_string()));
        match &field.value {
            Some(field::Value::StrVal(value)) if is_it => Some(value.clone()),
            _ => None,
        }
    })
}

#[test]
fn updates_have_the_tasks_and_what_they_wait_for() {
    with_a_client(async |_, mut client| {
        let updates = client.watch_updates(InstrumentRequest {}).await.unwrap();
        let mut updates = updates.into_inner();
        let first = updates.next().await.unwrap().unwrap();
        let targets = first.new_metadata.unwrap().metadata;
        assert!(targets.iter().all(|metadata| metadata.metadata.is_some()));
        let tasks = first.task_update.unwrap();
        let names: HashMap<String, u64> = tasks
            .new_tasks
            .iter()
            .filter_map(|task| Some((text(task, "task.name")?, task.id?.id)))
            .collect();
        for name in NAMES {
            assert!(names.contains_key(name), "{name}");
        }
        let location = tasks.new_tasks[0].location.as_ref().unwrap();
        assert!(location.file.as_ref().unwrap().ends_with("main.rs"));
        let resources = first.resource_update.unwrap().new_resources;
        let kinds: Vec<String> = resources
            .iter()
            .map(|new| new.concrete_type.clone())
            .collect();
        for kind in ["notify", "semaphore", "socket"] {
            assert!(kinds.iter().any(|known| known == kind), "{kinds:?}");
        }
        let operations = first.async_op_update.unwrap();
        let waiting: Vec<u64> = operations
            .stats_update
            .values()
            .map(|stats| stats.task_id.unwrap().id)
            .collect();
        assert!(waiting.contains(&names["starved"]));
        let polls = |stats: &Stats| stats.poll_stats.unwrap().polls;
        let id = names["self waker"];
        let before = polls(&tasks.stats_update[&id]);
        loop {
            let update = updates.next().await.unwrap().unwrap().task_update.unwrap();
            assert!(
                update
                    .new_tasks
                    .iter()
                    .all(|task| task.id != Some(Id { id }))
            );
            if update
                .stats_update
                .get(&id)
                .is_some_and(|stats| polls(stats) > before)
            {
                break;
            }
        }
    });
}

#[test]
fn a_task_that_ends_is_dropped() {
    with_a_client(async |program, mut client| {
        let updates = client.watch_updates(InstrumentRequest {}).await.unwrap();
        let mut updates = updates.into_inner();
        updates.next().await.unwrap().unwrap();
        // A task that echoes, as long as the connection is.
        let connection = std::net::TcpStream::connect(("127.0.0.1", program.port)).unwrap();
        let echo = loop {
            let update = updates.next().await.unwrap().unwrap().task_update.unwrap();
            if let Some(task) = update.new_tasks.first() {
                break task.id.unwrap().id;
            }
        };
        drop(connection);
        loop {
            let update = updates.next().await.unwrap().unwrap().task_update.unwrap();
            let stats = update.stats_update.get(&echo);
            if stats.is_some_and(|stats| stats.dropped_at.is_some()) {
                break;
            }
        }
    });
}

#[test]
fn details_of_a_task_have_the_histogram_of_its_place() {
    with_a_client(async |_, mut client| {
        let updates = client.watch_updates(InstrumentRequest {}).await.unwrap();
        let first = updates.into_inner().next().await.unwrap().unwrap();
        let tasks = first.task_update.unwrap().new_tasks;
        let id = tasks
            .iter()
            .find(|task| text(task, "task.name").as_deref() == Some("self waker"))
            .and_then(|task| task.id);
        let details = client.watch_task_details(TaskDetailsRequest { id }).await;
        let mut details = details.unwrap().into_inner();
        let polls = loop {
            let details = details.next().await.unwrap().unwrap();
            assert_eq!(details.task_id, id);
            if let Some(PollTimesHistogram::Histogram(polls)) = details.poll_times_histogram {
                break polls;
            }
        };
        let mut raw = std::io::Cursor::new(&polls.raw_histogram);
        let polls: hdrhistogram::Histogram<u64> = hdrhistogram::serialization::Deserializer::new()
            .deserialize(&mut raw)
            .unwrap();
        assert!(!polls.is_empty());
        let unknown = TaskDetailsRequest {
            id: Some(Id { id: u64::MAX }),
        };
        let status = client.watch_task_details(unknown).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::NotFound);
    });
}

#[test]
fn a_pause_is_told_and_ends_with_resume() {
    with_a_client(async |_, mut client| {
        let states = client.watch_state(StateRequest {}).await.unwrap();
        let mut states = states.into_inner();
        let mut next = async || states.next().await.unwrap().unwrap().temporality();
        assert_eq!(next().await, Temporality::Live);
        client.pause(PauseRequest {}).await.unwrap();
        assert_eq!(next().await, Temporality::Paused);
        let updates = client.watch_updates(InstrumentRequest {}).await.unwrap();
        let mut updates = updates.into_inner();
        let paused_at = updates.next().await.unwrap().unwrap().now.unwrap();
        client.resume(ResumeRequest {}).await.unwrap();
        assert_eq!(next().await, Temporality::Live);
        let resumed_at = updates.next().await.unwrap().unwrap().now.unwrap();
        assert!((resumed_at.seconds, resumed_at.nanos) > (paused_at.seconds, paused_at.nanos));
    });
}

#[test]
fn the_server_ends_with_the_process() {
    let mut program = Program::start();
    let mut server = Server::start("console", &program.pid());
    program.end();
    assert_eq!(server.code(), Some(1));
}
