//! What the flight recorder of a process holds, as a trace that Chrome and Perfetto show.
#![forbid(unsafe_code)]

mod chrome;
mod event;
mod record;

pub use self::chrome::export;
pub use self::event::{Event, Kind};
pub use self::record::{Record, record};
