//! What every face of a socket has alike: its descriptor, its `Debug`, and the conversions.
#![forbid(unsafe_code)]

/// Implements these for a face, a struct with an `owner`. The arguments are the face, what it is,
/// the type of the same name in `net`, and the one of `std`.
macro_rules! forward {
    ($face:ident, $kind:expr, $net:ty, $std:ty) => {
        impl $crate::completion::net::accept::sealed::FromOwner for $face {
            #[allow(private_interfaces, reason = "it is sealed")]
            const KIND: $crate::completion::net::socket::SocketKind = $kind;

            #[allow(private_interfaces, reason = "it is sealed")]
            fn from_owner(owner: $crate::completion::net::socket::Owner) -> $face {
                $face { owner }
            }
        }

        impl std::os::fd::AsFd for $face {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.owner.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $face {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                self.owner.as_raw_fd()
            }
        }

        impl std::fmt::Debug for $face {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($face)).field(&self.owner).finish()
            }
        }

        /// The socket stays registered with the same runtime.
        impl From<$net> for $face {
            fn from(socket: $net) -> $face {
                let io = $crate::watched::Watched::<$std>::from(socket);
                $face {
                    owner: $crate::completion::net::socket::Owner::new(io, $kind),
                }
            }
        }

        /// The socket stays registered with the same runtime. It is returned as an error if an
        /// operation on it has not completed.
        impl TryFrom<$face> for $net {
            type Error = $face;

            fn try_from(socket: $face) -> Result<$net, $face> {
                let io = socket.owner.into_watched::<$std>();
                io.map(<$net>::from).map_err(|owner| $face { owner })
            }
        }

        /// Registers the socket with the current runtime, and puts it into non-blocking mode.
        /// Panics outside a runtime, and in one that was built without I/O.
        impl TryFrom<$std> for $face {
            type Error = std::io::Error;

            #[track_caller]
            fn try_from(socket: $std) -> std::io::Result<$face> {
                let owner = $crate::completion::net::socket::Owner::of(socket, $kind)?;
                Ok($face { owner })
            }
        }

        /// As for the type of `std`. The descriptor has to be that of such a socket.
        impl TryFrom<std::os::fd::OwnedFd> for $face {
            type Error = std::io::Error;

            #[track_caller]
            fn try_from(fd: std::os::fd::OwnedFd) -> std::io::Result<$face> {
                <$face>::try_from(<$std>::from(fd))
            }
        }

        /// The socket stays in non-blocking mode. It is returned as an error if an operation on it
        /// has not completed, or if there is something that a dropped read has received, which the
        /// next read returns.
        impl TryFrom<$face> for $std {
            type Error = $face;

            fn try_from(socket: $face) -> Result<$std, $face> {
                let source = socket.owner.into_source::<$std>();
                source.map_err(|owner| $face { owner })
            }
        }

        /// As for the type of `std`.
        impl TryFrom<$face> for std::os::fd::OwnedFd {
            type Error = $face;

            fn try_from(socket: $face) -> Result<std::os::fd::OwnedFd, $face> {
                <$std>::try_from(socket).map(Self::from)
            }
        }
    };
}

pub(super) use forward;
