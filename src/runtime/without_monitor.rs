//! What takes the place of the live view in a build without it (`--cfg zokio_no_monitor`, or
//! Windows): a warning in the log of a process that is asked for it.
#![forbid(unsafe_code)]

use std::env;
use std::sync::Once;

use crate::scheduler::Handle;
use crate::util::warning::warn;

/// The environment variables that ask for the live view.
const ASKS: [&str; 2] = ["ZOKIO_MONITOR", "ZOKIO_MONITOR_STUCK_MS"];

/// The options of a builder: there are none.
#[derive(Default)]
pub(super) struct ViewOptions {}

/// What a runtime asks for: no runtime does.
#[derive(Clone, Debug)]
pub(super) enum ViewRequest {}

/// The place of a runtime among those that can be shown.
#[derive(Debug)]
pub(super) struct Membership;

impl ViewOptions {
    pub(super) fn request(&self) -> Option<ViewRequest> {
        static WARNS: Once = Once::new();
        let asks = |name: &&&str| env::var_os(name).is_some_and(|value| !value.is_empty());
        if let Some(name) = ASKS.iter().find(asks) {
            // Once, and not for each runtime.
            WARNS.call_once(|| {
                warn(format_args!(
                    "zokio: {name} has no effect: this program was built without the live view \
                     (--cfg zokio_no_monitor, or Windows)"
                ));
            });
        }
        None
    }
}

impl Membership {
    pub(super) fn new(_handle: Handle, _request: Option<ViewRequest>) -> Membership {
        Membership
    }
}
