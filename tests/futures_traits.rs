//! The traits of the crate `futures-io` on `Adapter` of `zokio::completion`.
#![cfg(feature = "futures-io")]

#[path = "support/owned.rs"]
mod owned;
#[path = "support/sockets.rs"]
mod support;

use std::io::IoSlice;

use futures::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use zokio::completion::{Adapter, BufferRing};

use self::owned::pattern;
use self::support::{everywhere, tcp_pair, unix_pair};

#[test]
fn the_utilities_of_futures_run_on_an_adapter() {
    everywhere(|| async {
        let ring = BufferRing::new(4, 4096);
        let (near, far) = tcp_pair().await?;
        let mut near = Adapter::new(near);
        let mut far = Adapter::with_ring(far, &ring);
        near.write_all(b"a line\nand another\n").await?;
        let mut line = String::new();
        far.read_line(&mut line).await?;
        assert_eq!(
            (&line[..], far.buffer()),
            ("a line\n", &b"and another\n"[..])
        );
        let mut rest = [0; 12];
        far.read_exact(&mut rest).await?;
        assert_eq!(&rest, b"and another\n");

        let parts = [IoSlice::new(b"two "), IoSlice::new(b"parts")];
        assert_eq!(near.write_vectored(&parts).await?, 9);
        near.flush().await?;
        near.close().await?;
        let mut text = String::new();
        far.read_to_string(&mut text).await?;
        assert_eq!(text, "two parts");
        assert_eq!(ring.available(), 4);

        // In bulk, with the copy of `futures`.
        let (near, far) = unix_pair().await?;
        let (sent, mut near) = (pattern(1 << 20), Adapter::new(near));
        let text = sent.clone();
        let writing = zokio::spawn(async move {
            futures::io::copy(&text[..], &mut near).await?;
            near.close().await
        });
        let mut received = Vec::new();
        let mut far = Adapter::with_ring(far, &ring);
        far.read_to_end(&mut received).await?;
        assert!(received == sent);
        writing.await.unwrap()?;
        Ok(())
    });
}
