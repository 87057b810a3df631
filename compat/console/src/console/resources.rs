//! What tasks wait for, as the resources and operations of tokio-console. Of a thing that no task waits
//! for nothing is known, so that a resource is there as long as some task waits for it.
#![forbid(unsafe_code)]

use std::collections::HashMap;

use console_api::async_ops::{AsyncOp, AsyncOpUpdate, Stats as AsyncOpStats};
use console_api::register_metadata::NewMetadata;
use console_api::resources::{Resource, ResourceUpdate, Stats as ResourceStats, resource};
use console_api::{Attribute, Id, MetaId, PollStats};
use prost_types::Timestamp;

use super::message::{self, Clock};
use crate::protocol::{Task, Wait};

/// The first number of metadata after those of tasks.
const FIRST_METADATA: u64 = 16;

/// A thing: its kind, and its address or, without one, the task that waits for it.
type Thing = (String, Result<String, u64>);

/// A wait: the task, the thing, and what it wants of it.
type Pending = (u64, Thing, Option<String>);

/// What one tokio-console knows.
#[derive(Debug)]
pub struct Resources {
    clock: Clock,
    metadata: HashMap<String, u64>,
    things: HashMap<Thing, (u64, ResourceStats)>,
    pending: HashMap<Pending, (u64, AsyncOpStats)>,
    last_id: u64,
}

/// All that changed.
#[derive(Debug, Default)]
pub struct Changes {
    pub metadata: Vec<NewMetadata>,
    pub resources: ResourceUpdate,
    pub operations: AsyncOpUpdate,
}

impl Resources {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            metadata: HashMap::new(),
            things: HashMap::new(),
            pending: HashMap::new(),
            last_id: 0,
        }
    }

    pub fn update(&mut self, now: u64, tasks: &[Task]) -> Changes {
        let mut changes = Changes::default();
        let mut things_before = std::mem::take(&mut self.things);
        let mut pending_before = std::mem::take(&mut self.pending);
        for task in tasks {
            let Some(wait) = &task.waits_for else {
                continue;
            };
            let since = self.clock.timestamp(task.since.unwrap_or(now));
            let metadata = self.metadata(&wait.what, &mut changes);
            let thing = thing(task, wait);
            if let Some(known) = things_before.remove(&thing) {
                self.things.insert(thing.clone(), known);
            }
            let resource = match self.things.get(&thing) {
                Some((resource, _)) => *resource,
                None => self.add_thing(metadata, wait, &thing, since, &mut changes),
            };
            let pending = (task.id, thing, wait.op.clone());
            if let Some(known) = pending_before.remove(&pending) {
                self.pending.insert(pending, known);
            } else {
                let operation = self.next_id();
                let stats = operation_stats(metadata, task, wait, since);
                let source = format!("{}::{}", wait.what, wait.op.as_deref().unwrap_or("wait"));
                changes.operations.new_async_ops.push(AsyncOp {
                    id: Some(Id { id: operation }),
                    metadata: Some(MetaId { id: metadata }),
                    source,
                    parent_async_op_id: None,
                    resource_id: Some(Id { id: resource }),
                });
                let sent = &mut changes.operations.stats_update;
                sent.insert(operation, stats.clone());
                self.pending.insert(pending, (operation, stats));
            }
        }
        let dropped_at = Some(self.clock.timestamp(now));
        for (id, mut stats) in things_before.into_values() {
            stats.dropped_at = dropped_at;
            changes.resources.stats_update.insert(id, stats);
        }
        for (id, mut stats) in pending_before.into_values() {
            stats.dropped_at = dropped_at;
            changes.operations.stats_update.insert(id, stats);
        }
        changes
    }

    fn add_thing(
        &mut self,
        metadata: u64,
        wait: &Wait,
        thing: &Thing,
        since: Timestamp,
        changes: &mut Changes,
    ) -> u64 {
        let id = self.next_id();
        let kind = if wait.what == "timer" {
            resource::kind::Kind::Known(resource::kind::Known::Timer.into())
        } else {
            resource::kind::Kind::Other(wait.what.clone())
        };
        // The rest of a timer would stay as it was at first.
        let detail = wait.detail.as_ref().filter(|_| wait.what != "timer");
        let attributes = [("address", wait.object.as_ref()), ("detail", detail)];
        let attributes = attributes.into_iter().filter_map(|(name, value)| {
            let field = message::text_field(metadata, name, value?);
            Some(Attribute {
                field: Some(field),
                unit: None,
            })
        });
        let stats = ResourceStats {
            created_at: Some(since),
            dropped_at: None,
            attributes: attributes.collect(),
        };
        changes.resources.new_resources.push(Resource {
            id: Some(Id { id }),
            metadata: Some(MetaId { id: metadata }),
            concrete_type: wait.what.clone(),
            kind: Some(resource::Kind { kind: Some(kind) }),
            location: None,
            parent_resource_id: None,
            is_internal: false,
        });
        let sent = &mut changes.resources.stats_update;
        sent.insert(id, stats.clone());
        self.things.insert(thing.clone(), (id, stats));
        id
    }

    fn metadata(&mut self, what: &str, changes: &mut Changes) -> u64 {
        if let Some(id) = self.metadata.get(what) {
            return *id;
        }
        let id = FIRST_METADATA + self.metadata.len() as u64;
        self.metadata.insert(what.to_string(), id);
        changes.metadata.push(NewMetadata {
            id: Some(MetaId { id }),
            metadata: Some(message::span("runtime.resource", &format!("zokio::{what}"))),
        });
        id
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

fn thing(task: &Task, wait: &Wait) -> Thing {
    let which = wait.object.clone().ok_or(task.id);
    (wait.what.clone(), which)
}

fn operation_stats(metadata: u64, task: &Task, wait: &Wait, since: Timestamp) -> AsyncOpStats {
    let holder = wait.holder.map(|holder| match &wait.holder_name {
        Some(name) => format!("{holder} ({name})"),
        None => holder.to_string(),
    });
    let attributes = holder.map(|holder| Attribute {
        field: Some(message::text_field(metadata, "held by task", &holder)),
        unit: None,
    });
    let poll_stats: PollStats = message::polls(1, 0, since);
    AsyncOpStats {
        created_at: Some(since),
        dropped_at: None,
        task_id: Some(Id { id: task.id }),
        poll_stats: Some(poll_stats),
        attributes: attributes.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock, Resources, Task, Wait};
    use crate::protocol::Hello;

    fn waiting(id: u64, object: &str) -> Task {
        Task {
            id,
            waits_for: Some(Wait {
                what: "mutex".into(),
                op: Some("lock".into()),
                object: Some(object.into()),
                ..Wait::default()
            }),
            ..Task::default()
        }
    }

    #[test]
    fn two_tasks_at_one_mutex_are_one_resource_and_two_operations() {
        let mut resources = Resources::new(Clock::new(&Hello::default()));
        let first = resources.update(10, &[waiting(1, "0x1"), waiting(2, "0x1")]);
        assert_eq!(first.metadata.len(), 1);
        assert_eq!(first.resources.new_resources.len(), 1);
        assert_eq!(first.operations.new_async_ops.len(), 2);
        let second = resources.update(20, &[waiting(2, "0x1")]);
        assert!(second.operations.new_async_ops.is_empty());
        assert_eq!(second.operations.stats_update.len(), 1);
        assert!(second.resources.stats_update.is_empty());
        let third = resources.update(30, &[]);
        let dropped = third.resources.stats_update.values().next().unwrap();
        assert_eq!(dropped.dropped_at.unwrap().nanos, 30);
    }
}
