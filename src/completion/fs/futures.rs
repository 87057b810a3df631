//! The futures of reads and writes.
#![forbid(unsafe_code)]

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::opened::OpenFile;
use super::transfer::{Extent, Transfer};
use crate::completion::operation::sealed::{Cancel, Cause};
use crate::completion::raw::{Drain, DrainAll, Fill, FillAll};
use crate::completion::{BufResult, IoBuf, IoBufMut, IoVectoredBuf, IoVectoredBufMut};
use crate::driver::completion::batch::Batch;
use crate::driver::completion::op::Synced;

/// Makes the future of a transfer, which owns the file and the buffer.
macro_rules! transfer {
    ($method:literal, $name:ident<$bound:ident>, $lend:ident, $extent:ident, $output:ty, $map:expr) => {
        #[doc = concat!("The future returned by [`File::", $method, "`](super::File::", $method, ").")]
        #[must_use = "futures do nothing unless you `.await` or poll them"]
        pub struct $name<B: $bound>(Transfer<$lend<B>>);

        impl<B: $bound> $name<B> {
            pub(super) fn new(file: &Arc<OpenFile>, buffer: B, offset: u64) -> Self {
                $name(Transfer::new(file, $lend(buffer), offset, Extent::$extent))
            }

            fn advance(
                &mut self,
                cx: &mut Context<'_>,
                batch: Option<&mut Batch>,
            ) -> Poll<BufResult<$output, B>> {
                self.0
                    .poll(cx, batch)
                    .map(|(count, buffer)| (count.map($map), buffer))
            }
        }

        // A buffer is never pinned.
        impl<B: $bound> Unpin for $name<B> {}

        impl<B: $bound> Future for $name<B> {
            type Output = BufResult<$output, B>;

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                self.advance(cx, None)
            }
        }

        impl<B: $bound> Cancel for $name<B> {
            fn cancel(mut self: Pin<&mut Self>, cause: Cause) {
                self.0.cancel(cause);
            }

            #[allow(private_interfaces, reason = "it is sealed")]
            fn advance_with(
                mut self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                batch: &mut Batch,
            ) -> Poll<BufResult<$output, B>> {
                self.advance(cx, Some(batch))
            }
        }

        impl<B: $bound> fmt::Debug for $name<B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

transfer!("read_at", ReadAt<IoBufMut>, Fill, Some, usize, |count| {
    count
});
transfer!("read_exact_at", ReadExactAt<IoBufMut>, Fill, All, (), drop);
transfer!(
    "readv_at",
    ReadVectoredAt<IoVectoredBufMut>,
    FillAll,
    Some,
    usize,
    |count| count
);
transfer!("write_at", WriteAt<IoBuf>, Drain, Some, usize, |count| {
    count
});
transfer!("write_all_at", WriteAllAt<IoBuf>, Drain, All, (), drop);
transfer!(
    "writev_at",
    WriteVectoredAt<IoVectoredBuf>,
    DrainAll,
    Some,
    usize,
    |count| count
);

/// Links a write to a sync of what it has written.
macro_rules! synced {
    ($method:literal, $name:ident<$bound:ident>, $buffer:literal) => {
        impl<B: $bound> $name<B> {
            /// Links the write to a sync: what was written is on disk when the operation has
            /// completed, with the attributes that are needed to read it.
            ///
            /// One thread makes both, by one call where the kernel offers it (`RWF_DSYNC`;
            /// pwritev2(2)). Only the bytes of this write are synced, not those of others, unlike by
            /// [`sync_data`](super::File::sync_data). A short write has synced the bytes that it
            /// counts. With an error, or if the operation is cancelled after it has begun, nothing
            /// is known of the disk.
            ///
            /// # Panics
            ///
            /// Panics if the operation has begun.
            ///
            /// # Examples
            ///
            /// ```
            /// use zokio::completion::fs::File;
            ///
            /// #[zokio::main]
            /// async fn main() -> std::io::Result<()> {
            ///     let journal = File::from(tempfile::tempfile()?);
            #[doc = concat!("    let (written, _) = journal.", $method, "(", $buffer, ", 0).and_sync_data().await;")]
            ///     written?;
            ///     Ok(())
            /// }
            /// ```
            #[track_caller]
            pub fn and_sync_data(mut self) -> Self {
                self.0.sync(Synced::Data);
                self
            }

            /// Links the write to a sync of the bytes and of all attributes of the file, in
            /// everything else like [`and_sync_data`](Self::and_sync_data) (`RWF_SYNC`).
            ///
            /// # Panics
            ///
            /// Panics if the operation has begun.
            ///
            /// # Examples
            ///
            /// ```
            /// use zokio::completion::fs::File;
            ///
            /// #[zokio::main]
            /// async fn main() -> std::io::Result<()> {
            ///     let journal = File::from(tempfile::tempfile()?);
            #[doc = concat!("    let (written, _) = journal.", $method, "(", $buffer, ", 0).and_sync_all().await;")]
            ///     written?;
            ///     Ok(())
            /// }
            /// ```
            #[track_caller]
            pub fn and_sync_all(mut self) -> Self {
                self.0.sync(Synced::All);
                self
            }
        }
    };
}

synced!("write_at", WriteAt<IoBuf>, "\"entry\"");
synced!("write_all_at", WriteAllAt<IoBuf>, "\"entry\"");
synced!(
    "writev_at",
    WriteVectoredAt<IoVectoredBuf>,
    "[\"head\", \"body\"]"
);
