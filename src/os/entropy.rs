//! The system's random numbers, for seeds.

use core::fmt;
use rand::TryRng;
use rand::rngs::SysRng;

/// The operating system gave no entropy. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntropyError;

impl fmt::Display for EntropyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operating system gives no random numbers")
    }
}

impl core::error::Error for EntropyError {}

/// 64 bits of the operating system's entropy, to seed a generator with.
///
/// # Errors
/// [`EntropyError`] where the system has no source, as in a sandbox that forbids the call.
pub fn entropy() -> Result<u64, EntropyError> {
    SysRng.try_next_u64().map_err(|_| EntropyError)
}

#[cfg(test)]
mod tests {
    use super::entropy;

    #[test]
    fn differs_from_call_to_call() {
        let first = entropy().expect("this system has entropy");
        assert!((0..4).any(|_| entropy().expect("this system has entropy") != first));
    }
}
