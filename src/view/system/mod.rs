//! What the file of the view's socket needs of a system.

#[cfg_attr(not(target_os = "linux"), path = "elsewhere.rs")]
mod linux;

pub(super) use linux::{bind, has_ended, rename};

/// How [`rename`] treats a file that has the new name already.
#[derive(Clone, Copy, Debug)]
pub(super) enum Existing {
    /// It is an error.
    Refuse,
    /// The two files exchange their names.
    Exchange,
}
