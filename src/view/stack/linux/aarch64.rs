//! The general registers of 64-bit ARM in a signal's context.
#![forbid(unsafe_code)]

/// The name of the architecture.
pub(super) const ARCHITECTURE: &str = "aarch64";

/// Names in a `Captured`: the instruction and stack pointers, x29 and x30, and x0 to x28.
const NAMES: [&str; 33] = [
    "ip", "sp", "fp", "lr", "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10",
    "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23",
    "x24", "x25", "x26", "x27", "x28",
];

/// The general registers of a thread at one instruction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registers([u64; NAMES.len()]);

impl Default for Registers {
    fn default() -> Registers {
        Registers([0; NAMES.len()])
    }
}

impl Registers {
    /// Copies the registers of the interrupted code.
    pub(super) fn of(context: &libc::ucontext_t) -> Registers {
        let saved = &context.uc_mcontext;
        let mut values = [0; NAMES.len()];
        values[..4].copy_from_slice(&[saved.pc, saved.sp, saved.regs[29], saved.regs[30]]);
        values[4..].copy_from_slice(&saved.regs[..29]);
        Registers(values)
    }

    /// Returns the stack pointer.
    pub(crate) fn sp(&self) -> usize {
        self.0[1] as usize
    }

    /// Returns each register with its name: `ip`, `sp`, `fp` and `lr` first.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        NAMES.into_iter().zip(self.0)
    }
}
