//! Finds the return addresses on a copied stack.
//!
//! Each step goes by the unwind information of the code, which the x86-64 and aarch64 ABIs ask every
//! compiler for. Code in assembly may lack it, as musl's system calls do. The step is made by looking
//! upwards for the next word that is a return address then: one behind a call instruction.
#![forbid(unsafe_code)]

use std::sync::Arc;

use anyhow::Result;
use framehop::aarch64::{CacheAarch64, PtrAuthMask, UnwindRegsAarch64, UnwinderAarch64};
use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, FrameAddress, MayAllocateDuringUnwind, Unwinder};

use super::answer::{Answer, Architecture};
use super::image::Section;
use super::modules::Modules;

/// An address of code on the stack.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) address: u64,
    /// Whether a function returns there, which means that the call is before it.
    pub(super) returns: bool,
    /// Whether it was found without unwind information.
    pub(super) guessed: bool,
}

type Bytes = Arc<[u8]>;
type Module = framehop::Module<Bytes>;

/// The most frames that are found.
const DEEPEST: usize = 512;

/// How far the next return address is looked for, in words.
const FARTHEST: u64 = 512;

/// Returns the addresses on the stack, the innermost first.
pub(super) fn unwind(answer: &Answer, modules: &mut Modules) -> Result<Vec<Found>> {
    let walk = Walk { answer, modules };
    Ok(match answer.architecture {
        Architecture::X86_64 => walk.run(
            UnwinderX86_64::<Bytes, MayAllocateDuringUnwind>::new(),
            CacheX86_64::new(),
            UnwindRegsX86_64::new(answer.ip, answer.sp, answer.fp),
        ),
        Architecture::Aarch64 => {
            // A return address may be signed in the bits that no address of code has.
            let highest = answer.code.iter().map(|mapping| mapping.range.end).max();
            let mask = PtrAuthMask::from_max_known_address(highest.unwrap_or(u64::MAX));
            walk.run(
                UnwinderAarch64::<Bytes, MayAllocateDuringUnwind>::new(),
                CacheAarch64::new(),
                UnwindRegsAarch64::new_with_ptr_auth_mask(mask, answer.lr, answer.sp, answer.fp),
            )
        }
    })
}

/// The registers of an architecture, as far as a step without unwind information needs them.
trait Registers {
    fn sp(&self) -> u64;

    /// Returns where the function returns to, if a register holds that.
    fn link(&self) -> Option<u64>;

    /// Takes over what a function returns to whose return address lies below `sp`.
    fn return_to(&mut self, address: u64, sp: u64);
}

impl Registers for UnwindRegsX86_64 {
    fn sp(&self) -> u64 {
        self.sp()
    }

    fn link(&self) -> Option<u64> {
        None
    }

    fn return_to(&mut self, address: u64, sp: u64) {
        self.set_ip(address);
        self.set_sp(sp);
    }
}

impl Registers for UnwindRegsAarch64 {
    fn sp(&self) -> u64 {
        self.sp()
    }

    fn link(&self) -> Option<u64> {
        Some(self.lr())
    }

    fn return_to(&mut self, address: u64, sp: u64) {
        self.set_lr(address);
        self.set_sp(sp);
    }
}

struct Walk<'a> {
    answer: &'a Answer,
    modules: &'a mut Modules,
}

impl Walk<'_> {
    fn run<U>(
        mut self,
        mut unwinder: U,
        mut cache: U::Cache,
        mut registers: U::UnwindRegs,
    ) -> Vec<Found>
    where
        U: Unwinder<Module = Module>,
        U::UnwindRegs: Registers,
    {
        let answer = self.answer;
        let mut read = |address| answer.word(address).ok_or(());
        let mut found = vec![Found {
            address: answer.ip,
            returns: false,
            guessed: false,
        }];
        let mut at = FrameAddress::InstructionPointer(answer.ip);
        while found.len() < DEEPEST {
            self.load(&mut unwinder, at.address_for_lookup());
            let sp = registers.sp();
            let first = found.len() == 1;
            let next = if self.modules.may_unwind(at.address_for_lookup()) {
                let step = unwinder.unwind_frame(at, &mut registers, &mut cache, &mut read);
                match step {
                    // The outermost function returns to nothing.
                    Ok(None) => break,
                    Ok(Some(address)) if self.is_plausible(address, sp, registers.sp(), first) => {
                        Some((address, false))
                    }
                    _ => self.look_for(&mut registers, sp, false),
                }
            } else {
                self.look_for(&mut registers, sp, first)
            };
            let Some((address, guessed)) = next else {
                break;
            };
            let Some(returned) = FrameAddress::from_return_address(address) else {
                break;
            };
            at = returned;
            found.push(Found {
                address,
                returns: true,
                guessed,
            });
        }
        found
    }

    /// Makes the module of an address known to the unwinder.
    fn load<U: Unwinder<Module = Module>>(&mut self, unwinder: &mut U, address: u64) {
        let Some(place) = self.modules.place(address) else {
            return;
        };
        self.modules.load(place);
        let module = self.modules.at(place);
        let Some(image) = module.image() else { return };
        let range = |section: &Option<Section>| section.as_ref().map(|found| found.range.clone());
        let bytes = |section: &Option<Section>| section.as_ref().map(|found| found.bytes.clone());
        // Removed first: it may be known already, since return addresses load modules as well.
        unwinder.remove_module(module.mapping.range.start);
        unwinder.add_module(Module::new(
            module.mapping.path.clone(),
            module.mapping.range.clone(),
            image.bias,
            ExplicitModuleSectionInfo {
                base_svma: 0,
                text_svma: range(&image.text),
                text: bytes(&image.text),
                eh_frame_svma: range(&image.eh_frame),
                eh_frame: bytes(&image.eh_frame),
                eh_frame_hdr_svma: range(&image.eh_frame_hdr),
                eh_frame_hdr: bytes(&image.eh_frame_hdr),
                ..ExplicitModuleSectionInfo::default()
            },
        ));
    }

    /// Whether a step led to code and upwards on the stack. The innermost function may not have
    /// moved the stack pointer on an architecture with a link register.
    fn is_plausible(&self, address: u64, before: u64, after: u64, first: bool) -> bool {
        let moved = after > before || (first && after == before);
        moved && self.modules.place(address.wrapping_sub(1)).is_some()
    }

    /// Looks for the next return address from `sp` upwards. The innermost function's may be in the
    /// link register.
    fn look_for(
        &mut self,
        registers: &mut impl Registers,
        sp: u64,
        first: bool,
    ) -> Option<(u64, bool)> {
        let link = registers.link().filter(|_| first);
        if let Some(link) = link.filter(|link| self.modules.is_return_address(*link)) {
            return Some((link, true));
        }
        for at in (0..FARTHEST).map(|words| sp + 8 * words) {
            let word = self.answer.word(at)?;
            if self.modules.is_return_address(word) {
                registers.return_to(word, at + 8);
                return Some((word, true));
            }
        }
        None
    }
}
