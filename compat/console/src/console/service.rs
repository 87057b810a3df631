//! The five calls of tokio-console.
#![forbid(unsafe_code)]

use std::pin::Pin;
use std::sync::Arc;

use console_api::Id;
use console_api::instrument::instrument_server::Instrument;
use console_api::instrument::{
    InstrumentRequest, PauseRequest, PauseResponse, ResumeRequest, ResumeResponse, State,
    StateRequest, TaskDetailsRequest, Temporality, Update,
};
use console_api::tasks::{TaskDetails, task_details::PollTimesHistogram};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};
use tonic::{Request, Response, Status};

use super::histogram::convert;
use super::message::Clock;
use super::update::Translator;
use crate::model::{Sample, Seen};
use crate::protocol::Hello;
use crate::sampler::Command;
use crate::serve::{Commands, Feed};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Debug)]
pub struct Service {
    hello: Hello,
    samples: watch::Receiver<Option<Arc<Sample>>>,
    commands: Commands,
    paused: watch::Sender<bool>,
}

impl Service {
    pub fn new(hello: Hello, feed: &Feed) -> Self {
        Self {
            hello,
            samples: feed.samples(),
            commands: feed.commands(),
            paused: watch::Sender::new(false),
        }
    }

    /// Samples from the last one on.
    fn samples(&self) -> impl Stream<Item = Arc<Sample>> + use<> {
        WatchStream::new(self.samples.clone()).filter_map(|sample| sample)
    }

    fn pause(&self, paused: bool) -> Result<(), Status> {
        self.commands
            .ask(Command::Pause(paused))
            .map_err(|error| Status::unavailable(error.to_string()))?;
        self.paused.send_replace(paused);
        Ok(())
    }
}

#[tonic::async_trait]
impl Instrument for Service {
    type WatchUpdatesStream = Answers<Update>;
    type WatchTaskDetailsStream = Answers<TaskDetails>;
    type WatchStateStream = Answers<State>;

    async fn watch_updates(
        &self,
        _: Request<InstrumentRequest>,
    ) -> Result<Response<Self::WatchUpdatesStream>, Status> {
        let mut translator = Translator::new(&self.hello);
        let updates = self
            .samples()
            .map(move |sample| Ok(translator.update(&sample)));
        Ok(Response::new(Box::pin(updates)))
    }

    async fn watch_task_details(
        &self,
        request: Request<TaskDetailsRequest>,
    ) -> Result<Response<Self::WatchTaskDetailsStream>, Status> {
        let id = request.into_inner().id;
        let id = id
            .ok_or_else(|| Status::invalid_argument("the request names no task"))?
            .id;
        let samples = self.samples.borrow().clone();
        if !samples.is_some_and(|sample| has_task(&sample, id)) {
            return Err(Status::not_found(format!("there is no task {id}")));
        }
        let hello = self.hello.clone();
        let details = self
            .samples()
            .take_while(move |sample| has_task(sample, id))
            .map(move |sample| details(&hello, &sample, id));
        Ok(Response::new(Box::pin(details)))
    }

    async fn watch_state(
        &self,
        _: Request<StateRequest>,
    ) -> Result<Response<Self::WatchStateStream>, Status> {
        let states = WatchStream::new(self.paused.subscribe()).map(|paused| {
            let temporality = if paused {
                Temporality::Paused
            } else {
                Temporality::Live
            };
            Ok(State {
                temporality: temporality.into(),
            })
        });
        Ok(Response::new(Box::pin(states)))
    }

    async fn pause(&self, _: Request<PauseRequest>) -> Result<Response<PauseResponse>, Status> {
        Self::pause(self, true)?;
        Ok(Response::new(PauseResponse {}))
    }

    async fn resume(&self, _: Request<ResumeRequest>) -> Result<Response<ResumeResponse>, Status> {
        Self::pause(self, false)?;
        Ok(Response::new(ResumeResponse {}))
    }
}

fn has_task(sample: &Sample, id: u64) -> bool {
    let tasks = sample.tasks.as_deref().unwrap_or_default();
    tasks.iter().any(|task| task.id == id)
}

/// The histograms of a task, which are those of all tasks that were spawned at its place.
fn details(hello: &Hello, sample: &Sample, id: u64) -> Result<TaskDetails, Status> {
    let mut seen = Seen::new(hello.clone());
    seen.update(sample.clone());
    let place = seen.task(id).and_then(|task| seen.place(task));
    let histogram = |histogram: Option<&_>| {
        histogram
            .map(convert)
            .transpose()
            .map_err(|error| Status::internal(error.to_string()))
    };
    let polls = histogram(place.and_then(|place| place.poll_time.as_ref()))?;
    let delays = histogram(place.and_then(|place| place.schedule_delay.as_ref()))?;
    Ok(TaskDetails {
        task_id: Some(Id { id }),
        now: Some(Clock::new(hello).timestamp(sample.snapshot.now)),
        poll_times_histogram: polls.map(PollTimesHistogram::Histogram),
        scheduled_times_histogram: delays,
    })
}
