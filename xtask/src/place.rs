//! The folders that the commands work in.

use std::path::{Path, PathBuf};

use crate::shell;

/// Where things are.
pub struct Place {
    /// The source tree.
    pub root: PathBuf,
    /// Everything that the commands make, below cargo's output folder.
    pub work: PathBuf,
    /// cargo's output folder.
    pub target: PathBuf,
}

impl Place {
    /// Finds the folders from the place of this program's source.
    ///
    /// # Errors
    /// When the output folder cannot be made.
    pub fn find() -> Result<Self, String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("xtask lies in no folder")?
            .to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let work = target.join("xtask");
        std::fs::create_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
        Ok(Self { root, work, target })
    }

    /// The version of the library, from Cargo.toml.
    ///
    /// # Errors
    /// When the file cannot be read or has no version.
    pub fn version(&self) -> Result<String, String> {
        shell::read(&self.root.join("Cargo.toml"))?
            .lines()
            .find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"').map(String::from))
            .ok_or_else(|| "Cargo.toml has no version".to_owned())
    }
}
