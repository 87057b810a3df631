//! The modules of a process, each loaded when an address in it is met first.
#![forbid(unsafe_code)]

use super::answer::{Answer, Architecture, Mapping};
use super::image::Image;

/// The code of a process.
#[derive(Debug)]
pub(super) struct Modules {
    pid: Option<u64>,
    architecture: Architecture,
    modules: Vec<Module>,
}

/// A mapping of code.
#[derive(Debug)]
pub(super) struct Module {
    pub(super) mapping: Mapping,
    /// `None` until it is tried, and then the image if there is one.
    image: Option<Option<Image>>,
}

/// The longest call instruction of x86-64: `call [base + index * scale + displacement]` with prefix.
const LONGEST_CALL: usize = 8;

impl Modules {
    pub(super) fn new(answer: &Answer) -> Modules {
        let modules = answer.code.iter().map(|mapping| Module {
            mapping: mapping.clone(),
            image: None,
        });
        Modules {
            pid: answer.pid,
            architecture: answer.architecture,
            modules: modules.collect(),
        }
    }

    /// Returns the place of the module that has code at an address.
    pub(super) fn place(&self, address: u64) -> Option<usize> {
        let covers = |module: &Module| module.mapping.range.contains(&address);
        self.modules.iter().position(covers)
    }

    /// Returns the module at a place.
    pub(super) fn at(&self, place: usize) -> &Module {
        &self.modules[place]
    }

    /// Loads the file of a module, unless that was tried before. Returns whether it is new.
    pub(super) fn load(&mut self, place: usize) -> bool {
        let pid = self.pid;
        let module = &mut self.modules[place];
        if module.image.is_some() {
            return false;
        }
        module.image = Some(Image::load(&module.mapping, pid));
        true
    }

    /// Whether there is unwind information for an address, or nothing is known of its code.
    pub(super) fn may_unwind(&self, address: u64) -> bool {
        let Some(place) = self.place(address) else {
            return false;
        };
        let image = self.modules[place].image();
        image.is_none_or(|image| image.is_unwindable(address.wrapping_sub(image.bias)))
    }

    /// Whether a call instruction comes before an address, so that it may be one to which a function
    /// returns. Loads the module.
    pub(super) fn is_return_address(&mut self, address: u64) -> bool {
        let Some(place) = self.place(address) else {
            return false;
        };
        self.load(place);
        let Some(image) = self.modules[place].image() else {
            return false;
        };
        let code = image.code_before(address.wrapping_sub(image.bias), LONGEST_CALL);
        match self.architecture {
            Architecture::X86_64 => ends_with_call_x86_64(code),
            Architecture::Aarch64 => ends_with_call_aarch64(code),
        }
    }
}

impl Module {
    /// Returns the file, if it was loaded.
    pub(super) fn image(&self) -> Option<&Image> {
        self.image.as_ref()?.as_ref()
    }
}

/// `call rel32` is `e8` and four bytes; an indirect one is `ff /2` with a register or memory operand,
/// two to seven bytes long.
fn ends_with_call_x86_64(code: &[u8]) -> bool {
    let from_end = |count: usize| code.len().checked_sub(count).map(|at| &code[at..]);
    if from_end(5).is_some_and(|call| call[0] == 0xe8) {
        return true;
    }
    (2..=7).any(|length| {
        from_end(length).is_some_and(|call| {
            let operand = call[1];
            call[0] == 0xff && (operand >> 3) & 7 == 2 && length == indirect_length(operand, call)
        })
    })
}

/// The length of `ff` with this operand byte: opcode, operand, index byte and displacement.
fn indirect_length(operand: u8, call: &[u8]) -> usize {
    let (mode, register) = (operand >> 6, operand & 7);
    let index = usize::from(mode != 3 && register == 4);
    let based_on_nothing = index == 1 && call.get(2).is_some_and(|index| index & 7 == 5);
    let displacement = match mode {
        0 if register == 5 || based_on_nothing => 4,
        1 => 1,
        2 => 4,
        _ => 0,
    };
    2 + index + displacement
}

/// `bl` has 100101 in its upper bits; `blr` and its authenticated forms begin with 1101011.
fn ends_with_call_aarch64(code: &[u8]) -> bool {
    let Some(&call) = code.last_chunk::<4>() else {
        return false;
    };
    let call = u32::from_le_bytes(call);
    call >> 26 == 0b10_0101 || call & 0xfeff_f000 == 0xd63f_0000
}

#[cfg(test)]
mod tests {
    use super::{ends_with_call_aarch64, ends_with_call_x86_64};

    #[test]
    fn calls_of_x86_64_are_told_from_other_code() {
        let calls: [&[u8]; 7] = [
            &[0xe8, 1, 2, 3, 4],
            &[0xff, 0xd0],                      // call rax
            &[0x41, 0xff, 0xd4],                // call r12
            &[0xff, 0x15, 1, 2, 3, 4],          // call [rip + ...]
            &[0xff, 0x50, 0x18],                // call [rax + 24]
            &[0xff, 0x94, 0x24, 0x10, 1, 0, 0], // call [rsp + 272]
            &[0xff, 0x14, 0xc5, 0x10, 1, 0, 0], // call [rax * 8 + 272]
        ];
        for call in calls {
            assert!(ends_with_call_x86_64(call), "{call:x?}");
        }
        let others: [&[u8]; 4] = [
            &[],
            &[0xc3],
            &[0xff, 0xe0],                         // jmp rax
            &[0x48, 0x89, 0xc7, 0x90, 0x90, 0x90], // mov rdi, rax
        ];
        for other in others {
            assert!(!ends_with_call_x86_64(other), "{other:x?}");
        }
    }

    #[test]
    fn calls_of_aarch64_are_told_from_other_code() {
        assert!(ends_with_call_aarch64(&0x9400_0010_u32.to_le_bytes())); // bl
        assert!(ends_with_call_aarch64(&0xd63f_0100_u32.to_le_bytes())); // blr x8
        assert!(!ends_with_call_aarch64(&0x1400_0010_u32.to_le_bytes())); // b
        assert!(!ends_with_call_aarch64(&0xd65f_03c0_u32.to_le_bytes())); // ret
        assert!(!ends_with_call_aarch64(&[]));
    }
}
