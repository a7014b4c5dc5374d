//! What the recounts of the parts have in common.
//!
//! An audit recounts from scratch what the code keeps in step with every change. It runs in debug
//! builds and in the simulator; the invariants are those at the head of docs/PROTOCOL.md.

/// Whether a recount agrees; the error says what does not.
pub(crate) type Audit = Result<(), &'static str>;

/// One invariant.
pub(crate) const fn ensure(holds: bool, otherwise: &'static str) -> Audit {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// A way to break an invariant, and what the audit says then.
#[cfg(test)]
pub(crate) type Case<F> = (F, &'static str);
