//! The general registers of x86-64 in a signal's context.
#![forbid(unsafe_code)]

/// The name of the architecture.
pub(super) const ARCHITECTURE: &str = "x86_64";

/// Names in a `Captured`, and where the kernel saves the register.
const REGISTERS: [(&str, libc::c_int); 17] = [
    ("ip", libc::REG_RIP),
    ("sp", libc::REG_RSP),
    ("fp", libc::REG_RBP),
    ("rax", libc::REG_RAX),
    ("rbx", libc::REG_RBX),
    ("rcx", libc::REG_RCX),
    ("rdx", libc::REG_RDX),
    ("rsi", libc::REG_RSI),
    ("rdi", libc::REG_RDI),
    ("r8", libc::REG_R8),
    ("r9", libc::REG_R9),
    ("r10", libc::REG_R10),
    ("r11", libc::REG_R11),
    ("r12", libc::REG_R12),
    ("r13", libc::REG_R13),
    ("r14", libc::REG_R14),
    ("r15", libc::REG_R15),
];

/// The general registers of a thread at one instruction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Registers([u64; REGISTERS.len()]);

impl Registers {
    /// Copies the registers of the interrupted code.
    pub(super) fn of(context: &libc::ucontext_t) -> Registers {
        let saved = &context.uc_mcontext.gregs;
        Registers(REGISTERS.map(|(_, at)| saved[at as usize] as u64))
    }

    /// Returns the stack pointer.
    pub(crate) fn sp(&self) -> usize {
        self.0[1] as usize
    }

    /// Returns each register with its name: `ip`, `sp` and `fp` first.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        REGISTERS.iter().map(|(name, _)| *name).zip(self.0)
    }
}
