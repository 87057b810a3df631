//! What runs tasks: the task cell, and the schedulers on top of it.

pub(crate) mod task;
