//! Moving the position.
#![forbid(unsafe_code)]

use std::io::{self, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::File;
use super::state::FileState;
use crate::fs::run;
use crate::io::AsyncSeek;
use crate::trace::Way;
use crate::util::budget::poll_proceed;

impl File {
    /// Moves the position, inline where that does not wait.
    pub(super) fn seek_to(&mut self, position: SeekFrom) {
        let state = match self.seek_inline(position) {
            Some(sought) => FileState::Sought(sought),
            None => {
                let std = self.std.clone();
                FileState::Seeking(run::start_blocking(move || (&*std).seek(position)))
            }
        };
        self.inner.get_mut().state = state;
    }

    fn poll_seeking(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let coop = ready!(poll_proceed(cx));
        let inner = self.inner.get_mut();
        let result = match inner.state {
            FileState::Seeking(_) | FileState::Sought(_) => ready!(inner.poll_seek(cx)),
            FileState::Idle
            | FileState::Reading(..)
            | FileState::Writing(_)
            | FileState::Other(_) => {
                ready!(inner.poll_idle(cx));
                Ok(inner.position)
            }
        };
        coop.made_progress();
        Poll::Ready(result)
    }

    fn seek_inline(&self, position: SeekFrom) -> Option<io::Result<u64>> {
        let about = self.about().filter(|about| about.facts.is_regular())?;
        // The end of a file on a network file system is where its server reports it.
        if self.is_shared() || !about.is_local() && matches!(position, SeekFrom::End(_)) {
            return None;
        }
        let seek = || Ok((&*self.std).seek(position));
        about.stopwatch.time(seek).ok()
    }
}

impl AsyncSeek for File {
    fn start_seek(self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let me = self.get_mut();
        let inner = me.inner.get_mut();
        if !matches!(inner.state, FileState::Idle) {
            return Err(io::Error::other(
                "other file operation is pending, call poll_complete before start_seek",
            ));
        }
        run::check()?;
        let position = inner.correct(position);
        me.seek_to(position);
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let me = self.get_mut();
        let op = me.trace.polling(Way::Seek);
        op.poll(|| me.poll_seeking(cx))
    }
}
