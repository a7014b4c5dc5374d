//! Tells a forked child from its parent without a handler that would outlive an unloaded library.
#![allow(unsafe_code, reason = "asks the kernel to clear one page in a forked child")]

#[cfg(unix)]
pub use unix::process_mark;

/// A number that is the same for the life of a process and differs in a forked child.
///
/// There is no fork on this system.
#[cfg(not(unix))]
#[must_use]
pub fn process_mark() -> u64 {
    1
}

#[cfg(unix)]
mod unix {
    use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    const PAGE_BYTES: usize = 4096;

    /// One whole page of zero-initialised memory, so that the kernel can clear it and nothing else.
    #[repr(C, align(4096))]
    struct Page {
        mark: AtomicU64,
        rest: [u8; PAGE_BYTES - 8],
    }

    static PAGE: Page = Page { mark: AtomicU64::new(0), rest: [0; PAGE_BYTES - 8] };
    /// The last mark given out. Copied by a fork, not cleared, so a child's mark is a new one.
    static LAST: AtomicU64 = AtomicU64::new(0);
    static METHOD: AtomicU8 = AtomicU8::new(METHOD_UNKNOWN);

    const METHOD_UNKNOWN: u8 = 0;
    const METHOD_PAGE: u8 = 1;
    const METHOD_PID: u8 = 2;

    /// A number that is the same for the life of a process and differs in a forked child.
    ///
    /// Costs one load where the kernel clears a page in the child (Linux 4.14 and later), else a
    /// system call. Takes no lock, so it may be asked in a child of a process with threads.
    #[must_use]
    pub fn process_mark() -> u64 {
        match METHOD.load(Ordering::Acquire) {
            METHOD_PAGE => page_mark(),
            METHOD_PID => pid_mark(),
            _ => {
                let method = if clear_page_in_children() { METHOD_PAGE } else { METHOD_PID };
                METHOD.store(method, Ordering::Release);
                process_mark()
            }
        }
    }

    fn page_mark() -> u64 {
        match PAGE.mark.load(Ordering::Acquire) {
            0 => {
                let mark = LAST.fetch_add(1, Ordering::AcqRel) + 1;
                match PAGE.mark.compare_exchange(0, mark, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => mark,
                    Err(first) => first,
                }
            }
            mark => mark,
        }
    }

    fn pid_mark() -> u64 {
        // SAFETY: getpid has no preconditions.
        u64::from(unsafe { libc::getpid() }.unsigned_abs())
    }

    #[cfg(target_os = "linux")]
    fn clear_page_in_children() -> bool {
        // SAFETY: sysconf has no preconditions.
        let page_bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        if usize::try_from(page_bytes) != Ok(PAGE_BYTES) {
            return false;
        }
        let page = (&raw const PAGE).cast_mut().cast();
        // SAFETY: the range is exactly one page that belongs to PAGE. The advice does not touch it
        // in this process; in a child it clears a number that is atomic and valid as zero.
        unsafe { libc::madvise(page, PAGE_BYTES, libc::MADV_WIPEONFORK) == 0 }
    }

    #[cfg(not(target_os = "linux"))]
    fn clear_page_in_children() -> bool {
        false
    }

    #[cfg(test)]
    mod tests {
        use super::{PAGE, process_mark};

        #[test]
        fn a_forked_child_has_another_mark() {
            let mark = process_mark();
            assert_eq!(mark, process_mark());
            assert!(PAGE.rest.iter().all(|&byte| byte == 0));
            // SAFETY: the child calls nothing that another thread could have locked, then ends.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let other = process_mark();
                let code = i32::from(other == mark || other != process_mark());
                // SAFETY: ends the child without running the parent's exit handlers.
                unsafe { libc::_exit(code) };
            }
            let mut status = 0;
            // SAFETY: waits for the child just made, into a local.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(status, 0);
            assert_eq!(mark, process_mark());
        }
    }
}
