//! One message with all that changed for one tokio-console.
#![forbid(unsafe_code)]

use console_api::MetaId;
use console_api::RegisterMetadata;
use console_api::instrument::Update;
use console_api::register_metadata::NewMetadata;

use super::message::{self, Clock};
use super::resources::Resources;
use super::tasks::{BLOCKING, TASK, Tasks};
use crate::model::Sample;
use crate::protocol::Hello;

/// What one tokio-console knows.
#[derive(Debug)]
pub struct Translator {
    clock: Clock,
    tasks: Tasks,
    resources: Resources,
    is_first: bool,
}

impl Translator {
    pub fn new(hello: &Hello) -> Self {
        let clock = Clock::new(hello);
        Self {
            clock,
            tasks: Tasks::new(clock),
            resources: Resources::new(clock),
            is_first: true,
        }
    }

    pub fn update(&mut self, sample: &Sample) -> Update {
        let now = sample.snapshot.now;
        let tasks = sample.tasks.as_deref().unwrap_or_default();
        let mut changes = self.resources.update(now, tasks);
        if std::mem::take(&mut self.is_first) {
            changes.metadata.extend(of_tasks());
        }
        Update {
            now: Some(self.clock.timestamp(now)),
            task_update: Some(self.tasks.update(now, tasks)),
            resource_update: Some(changes.resources),
            async_op_update: Some(changes.operations),
            new_metadata: Some(RegisterMetadata {
                metadata: changes.metadata,
            }),
        }
    }
}

fn of_tasks() -> [NewMetadata; 2] {
    [(TASK, "tokio::task"), (BLOCKING, "tokio::task::blocking")].map(|(id, target)| NewMetadata {
        id: Some(MetaId { id }),
        metadata: Some(message::span("runtime.spawn", target)),
    })
}
