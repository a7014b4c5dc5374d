/// The constants of the protocol.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Config {}
