//! Keeps the library in memory for a thread that the system does not give back.
#![allow(unsafe_code, reason = "no safe interface to the dynamic loader")]

/// Makes a later `dlclose` leave this library mapped, for the life of the process.
///
/// For a thread of ours inside a system call that nobody can cut short, such as the look-up of a
/// name: it returns into the library's code, whenever that is. In a program that is linked with the
/// library there is nothing to keep, and nothing happens.
pub fn stay_loaded() {
    #[cfg(unix)]
    unix::pin();
}

#[cfg(unix)]
mod unix {
    use core::mem::MaybeUninit;
    use core::ptr;

    /// Something of this library, to find it by.
    static HERE: u8 = 0;

    pub(super) fn pin() {
        let mut info = MaybeUninit::<libc::Dl_info>::uninit();
        // SAFETY: the address is one of this program, and the system writes the whole struct
        // whenever it does not return 0.
        let found = unsafe { libc::dladdr(ptr::from_ref(&HERE).cast(), info.as_mut_ptr()) };
        if found == 0 {
            return;
        }
        // SAFETY: written, see above.
        let path = unsafe { info.assume_init() }.dli_fname;
        if !path.is_null() {
            let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            // SAFETY: the path is a text of the loader, and nothing is loaded by these flags: what
            // is loaded already is marked to stay. The handle is not given back, which keeps it too.
            unsafe { libc::dlopen(path, flags) };
        }
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn does_nothing_to_a_program_that_is_linked_with_the_library() {
            super::pin();
        }
    }
}
