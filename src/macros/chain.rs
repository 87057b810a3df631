//! Several futures in one place, which are pinned together.
//!
//! `select!` cannot keep its futures in a tuple, because nothing safe turns a pinned tuple into
//! pinned parts. A chain is a tuple written out: one node per future, the first one innermost.
#![forbid(unsafe_code)]
#![allow(missing_docs)]

use std::pin::Pin;

use pin_project_lite::pin_project;

/// Some futures that are pinned together.
pub trait Chain {
    /// A pinned reference to each future, nested as the chain is.
    type Pins<'a>
    where
        Self: 'a;

    fn pins(self: Pin<&mut Self>) -> Self::Pins<'_>;
}

/// No future.
#[derive(Debug)]
pub struct End;

pin_project! {
    /// The futures of another chain, and one more.
    #[derive(Debug)]
    pub struct Node<R, F> {
        #[pin]
        pub rest: R,
        #[pin]
        pub future: F,
    }
}

impl Chain for End {
    type Pins<'a> = ();

    #[inline]
    fn pins(self: Pin<&mut Self>) -> Self::Pins<'_> {}
}

impl<R: Chain, F> Chain for Node<R, F> {
    type Pins<'a>
        = (R::Pins<'a>, Pin<&'a mut F>)
    where
        Self: 'a;

    #[inline]
    fn pins(self: Pin<&mut Self>) -> Self::Pins<'_> {
        let this = self.project();
        (this.rest.pins(), this.future)
    }
}
