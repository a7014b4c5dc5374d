//! Threads that take no signal of the program.
#![allow(unsafe_code, reason = "no safe interface to the signal mask of a thread")]

/// Runs `body` with every signal blocked in this thread. A thread that it makes keeps them blocked
/// for its whole life, from its first instruction on.
///
/// The mask of this thread is as before when this returns, also by a panic.
pub fn with_signals_blocked<T>(body: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    let _restored = unix::Blocked::all();
    body()
}

#[cfg(unix)]
mod unix {
    use core::mem::MaybeUninit;

    /// All signals are blocked in the thread that made this, until it is dropped there.
    pub(super) struct Blocked {
        before: libc::sigset_t,
    }

    impl Blocked {
        pub(super) fn all() -> Self {
            let mut all = MaybeUninit::<libc::sigset_t>::uninit();
            let mut before = MaybeUninit::<libc::sigset_t>::uninit();
            // SAFETY: sigfillset writes the whole set it is given; pthread_sigmask reads that one
            // and writes the old mask to the other. With a known first argument and valid
            // pointers neither can fail, so both sets are initialised afterwards.
            unsafe {
                libc::sigfillset(all.as_mut_ptr());
                libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
                Self { before: before.assume_init() }
            }
        }
    }

    impl Drop for Blocked {
        fn drop(&mut self) {
            // SAFETY: `before` is a mask that the system gave, and NULL asks for no old mask.
            unsafe {
                libc::pthread_sigmask(
                    libc::SIG_SETMASK,
                    &raw const self.before,
                    core::ptr::null_mut(),
                );
            }
        }
    }

    #[cfg(all(test, target_os = "linux"))]
    mod tests {
        use crate::os::with_signals_blocked;

        fn blocked() -> u64 {
            let status = std::fs::read_to_string("/proc/thread-self/status").expect("Linux");
            let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            u64::from_str_radix(line.expect("a mask").trim(), 16).expect("hex")
        }

        #[test]
        fn a_thread_made_inside_takes_no_signal_and_its_maker_does_as_before() {
            let before = blocked();
            let thread = with_signals_blocked(|| std::thread::spawn(blocked));
            let inside = thread.join().expect("no panic");
            assert_eq!(blocked(), before);
            let (term, pipe, user) = (1 << 14, 1 << 12, 1 << 9);
            assert_eq!(inside & (term | pipe | user), term | pipe | user);
        }
    }
}
