//! [`Stack`]: the frames between a leaf and its root.
#![forbid(unsafe_code)]

use std::fmt;

use backtrace::{Backtrace, BacktraceFrame};

use super::TraceMeta;

/// The calls that led to a leaf, the innermost first, as addresses: names are looked up later.
#[derive(Clone)]
pub(crate) struct Stack(Vec<BacktraceFrame>);

impl Stack {
    /// Walks up the stack from the leaf to its root; to the end, if there is none.
    pub(crate) fn capture(meta: &TraceMeta) -> Stack {
        let mut frames = Vec::new();
        backtrace::trace(|frame| {
            let function = frame.symbol_address().cast_const();
            if function == meta.trace_leaf_addr {
                // What came before is what the leaf has called to get here.
                frames.clear();
            } else if meta.root_addr != Some(function) {
                frames.push(BacktraceFrame::from(frame.clone()));
            }
            meta.root_addr != Some(function)
        });
        Stack(frames)
    }

    /// Looks up the names, which reads the debug information of the program.
    pub(crate) fn resolve(&self) -> Vec<BacktraceFrame> {
        let mut backtrace = Backtrace::from(self.0.clone());
        backtrace.resolve();
        backtrace.into()
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses = self.0.iter().map(BacktraceFrame::ip);
        f.debug_list().entries(addresses).finish()
    }
}
