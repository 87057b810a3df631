//! Windows: what `mod.rs` lists, as far as the features that are there need it.
#![forbid(unsafe_code)]

/// Errors that may be over the next time; winerror.h and winsock2.h.
pub(crate) const TRANSIENT: [i32; 18] = [
    4,     // ERROR_TOO_MANY_OPEN_FILES
    8,     // ERROR_NOT_ENOUGH_MEMORY
    14,    // ERROR_OUTOFMEMORY
    39,    // ERROR_HANDLE_DISK_FULL
    112,   // ERROR_DISK_FULL
    121,   // ERROR_SEM_TIMEOUT
    170,   // ERROR_BUSY
    231,   // ERROR_PIPE_BUSY
    1450,  // ERROR_NO_SYSTEM_RESOURCES
    10004, // WSAEINTR
    10024, // WSAEMFILE
    10035, // WSAEWOULDBLOCK
    10051, // WSAENETUNREACH
    10054, // WSAECONNRESET
    10055, // WSAENOBUFS
    10060, // WSAETIMEDOUT
    10061, // WSAECONNREFUSED
    10065, // WSAEHOSTUNREACH
];

/// Those of them that tell that handles or sockets have run out.
pub(crate) const TOO_MANY_OPEN: [i32; 2] = [4, 10024];

/// Returns 0: it matters to calls that were made inline alone, and there is none.
pub(crate) fn voluntary_switches() -> i64 {
    0
}
