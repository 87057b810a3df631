//! Without the feature, what reports takes no room in the types that have it.

use std::mem::size_of;

use crate::trace::{
    AcquireTrace, IoTrace, LazyOp, Op, Operation, Resource, SemaphoreTrace, Served, TaskFuture,
    TaskSpanId,
};

#[test]
fn nothing_is_kept_without_the_feature() {
    assert_eq!(size_of::<(Resource, Op, Operation, Served)>(), 0);
    assert_eq!(size_of::<(IoTrace, LazyOp)>(), 0);
    assert_eq!(size_of::<(SemaphoreTrace, AcquireTrace)>(), 0);
    assert_eq!(size_of::<(TaskSpanId, TaskFuture<()>)>(), 0);
}
