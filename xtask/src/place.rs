//! The folders that the commands work in.

use std::path::{Path, PathBuf};

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
    /// A number that follows from the commit that is checked out; `None` outside of a repository.
    pub fn revision(&self) -> Option<u64> {
        let mut git = crate::shell::command("git", &self.root);
        let hash = crate::shell::capture(git.args(["rev-parse", "--short=8", "HEAD"])).ok()?;
        u64::from_str_radix(hash.trim().get(..8)?, 16).ok()
    }
}
