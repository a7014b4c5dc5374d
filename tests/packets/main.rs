//! What only packets carry: claims alone, configurations and metadata that are asked for, forms.
#![allow(unreachable_pub, reason = "a test program has no public surface")]

mod forms;
mod hostile;
mod metadata;
mod net;
mod steady;
