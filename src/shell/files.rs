//! The files of one shell, as they are.

use crate::fsio::Snapshot;
use crate::shell::Shell;
use crate::shell::exports::{self, Export};

/// The files of one shell that loading keys into it concerns.
pub struct ShellFiles {
    pub shell: Shell,
    pub rc: Snapshot,
    pub env_file: Snapshot,
    /// Another shell loads the env file too.
    pub is_shared: bool,
}

impl ShellFiles {
    /// The env file as it is exports this.
    pub fn exports(&self, export: &Export) -> bool {
        let text = self.env_file.bytes.as_deref().unwrap_or_default();
        exports::has(text, self.shell, export)
    }
}
