//! The status of a node, as held by another node.

/// What is held of a node. The order is that of P-1: at equal heartbeats the later one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
#[repr(u8)]
pub enum NodeStatus {
    /// Nothing is known; the old status of a node seen for the first time.
    #[default]
    Unknown = 0,
    /// Met or told of, not heard from yet.
    Joining = 1,
    /// Alive.
    Online = 2,
    /// A probe of it failed and the suspicion runs (SWIM 4.2).
    Suspect = 3,
    /// The suspicion ran out.
    Failed = 4,
    /// It said that it leaves. C structs and JSON show this as failed.
    Left = 5,
}

impl NodeStatus {
    /// Reads the number that the C ABI and the wire use; `None` beyond [`NodeStatus::Left`].
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        Some(match raw {
            0 => Self::Unknown,
            1 => Self::Joining,
            2 => Self::Online,
            3 => Self::Suspect,
            4 => Self::Failed,
            5 => Self::Left,
            _ => return None,
        })
    }

    /// The number for C structs and JSON, where left is written failed (P-1).
    #[must_use]
    pub const fn to_v1(self) -> u8 {
        match self {
            Self::Left => Self::Failed as u8,
            other => other as u8,
        }
    }

    /// Whether this is failed or left: the member is a tombstone (P-5).
    #[must_use]
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Failed | Self::Left)
    }

    /// The name in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Joining => "joining",
            Self::Online => "online",
            Self::Suspect => "suspect",
            Self::Failed => "failed",
            Self::Left => "left",
        }
    }
}
