//! What a cluster goes through, and what must come of it.

pub mod crash;
pub mod join;
pub mod leave;
pub mod loss;
pub mod partition;
pub mod random;
pub mod stall;

use crate::runner::Scenario;

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    let files = [
        join::SCENARIOS,
        crash::SCENARIOS,
        loss::SCENARIOS,
        stall::SCENARIOS,
        partition::SCENARIOS,
        leave::SCENARIOS,
        random::SCENARIOS,
    ];
    files.into_iter().flatten()
}

/// Scenarios by name, each with the number of seeds that its test runs, and their tests.
macro_rules! scenarios {
    ($($(#[doc = $doc:literal])* $name:ident: $quick:literal, $run:expr;)*) => {
        /// The scenarios of this file.
        pub const SCENARIOS: &[$crate::runner::Scenario] = &[
            $($crate::runner::Scenario { name: stringify!($name), quick: $quick, run: $run }),*
        ];

        #[cfg(test)]
        mod run {
            $(
                $(#[doc = $doc])*
                #[test]
                fn $name() {
                    let all = super::SCENARIOS;
                    let own = all.iter().find(|scenario| scenario.name == stringify!($name));
                    $crate::runner::run_test(own.expect("it is listed"));
                }
            )*
        }
    };
}
pub(crate) use scenarios;
