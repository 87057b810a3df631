//! The processor's counter, where the kernel uses it as its clock, too.

use std::arch::x86_64::{__cpuid, _rdtsc};
use std::fs;

/// Bit 8 of EDX of leaf `0x8000_0007`: the counter has the same rate in all states of the processor
/// (Intel SDM volume 3, 18.17.1; AMD APM volume 3, appendix E.4.6).
const INVARIANT: u32 = 1 << 8;

/// Where Linux tells its clock.
const CLOCK_SOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";

/// Returns whether the counter is a clock: it has one rate, and the kernel has found the counters of
/// all processors to be equal, for it takes its time from them.
pub(super) fn is_clock() -> bool {
    is_invariant()
        && fs::read_to_string(CLOCK_SOURCE)
            .is_ok_and(|name| matches!(name.trim(), "tsc" | "kvm-clock"))
}

// The function is safe as of Rust 1.94, but not of 1.85.
#[allow(unused_unsafe)]
fn is_invariant() -> bool {
    // SAFETY: every processor of x86-64 has the instruction.
    let leaves = unsafe { __cpuid(0x8000_0000) }.eax;
    // SAFETY: as above, and there is such a leaf.
    leaves >= 0x8000_0007 && unsafe { __cpuid(0x8000_0007) }.edx & INVARIANT != 0
}

/// Returns the counter's value.
#[inline]
pub(super) fn read() -> u64 {
    // SAFETY: every processor of x86-64 has the instruction.
    unsafe { _rdtsc() }
}
