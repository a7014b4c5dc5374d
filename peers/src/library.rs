//! Which libraries are measured.

/// One library in one of its settings.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Library {
    /// Our self-running node, default profile.
    Lan,
    /// Our self-running node, the profile of two packets a second.
    Quiet,
    /// al8n's memberlist with its preset for a LAN.
    Memberlist,
    /// Quickwit's chitchat, which gossips each second, with its default failure detector.
    Chitchat,
}

impl Library {
    /// All, ours first.
    pub const ALL: [Self; 4] = [Self::Lan, Self::Quiet, Self::Memberlist, Self::Chitchat];
    /// What the others are compared with.
    pub const OURS: [Self; 2] = [Self::Lan, Self::Quiet];
    /// What is compared.
    pub const PEERS: [Self; 2] = [Self::Memberlist, Self::Chitchat];

    /// The name on the command line and in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lan => "lan",
            Self::Quiet => "quiet",
            Self::Memberlist => "memberlist",
            Self::Chitchat => "chitchat",
        }
    }

    /// The library of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|library| library.name() == name)
    }
}

/// The version of a crate that this program was built with.
pub fn version(name: &str) -> &'static str {
    let lock = include_str!("../Cargo.lock");
    let after = |text: &'static str, key: &str| -> Option<&'static str> {
        text.split_once(key).map(|(_, rest)| rest)
    };
    after(lock, &format!("name = \"{name}\"\nversion = \""))
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for library in Library::ALL {
            assert_eq!(Library::named(library.name()), Some(library));
        }
        assert_eq!(Library::named("serf"), None);
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(version("memberlist").starts_with("0.8."));
        assert!(version("chitchat").starts_with("0."));
        assert_eq!(version("no-such-crate"), "?");
    }
}
