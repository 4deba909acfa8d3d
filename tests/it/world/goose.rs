//! The real goose, in the versions that matter.

use super::home::Home;
use super::run::{Outcome, Setup};
use super::tools;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) const NEWEST: &str = "1.52.0";
/// The first that merges `OPENROUTER_PARAMETERS`.
pub(crate) const MIDDLE: &str = "1.50.0";
/// The oldest that the program supports.
pub(crate) const OLDEST: &str = "1.37.0";

pub(crate) struct Goose {
    path: PathBuf,
}

impl Goose {
    /// `None` (said on stderr) where this version is not installed.
    pub(crate) fn version(version: &str) -> Option<Self> {
        let path = tools::folder().join(format!("goose-{version}/goose"));
        if path.is_file() {
            return Some(Self { path });
        }
        tools::skip(&format!("goose {version}"));
        None
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A change of its config by goose itself, which rewrites the whole file; what goose answered.
    pub(crate) fn writes_config(&self, home: &Home) -> Outcome {
        let call = |id: u32, method: &str, params: Value| {
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
                + "\n"
        };
        let start = json!({"protocolVersion": 1, "clientCapabilities": {}});
        let upsert = json!({"key": "GOOSE_MODE", "value": "approve"});
        let input =
            call(1, "initialize", start) + &call(2, "_goose/unstable/config/upsert", upsert);
        Setup::program(home, &self.path)
            .args(["acp"])
            .stdin(input)
            .run()
    }

    /// `goose run -t hi` in this home: what a person does after setting it up.
    pub(crate) fn hi(&self, home: &Home) -> Outcome {
        self.start(home).run()
    }

    /// The same, to be given more environment before it runs.
    pub(crate) fn start<'a>(&self, home: &'a Home) -> Setup<'a> {
        Setup::program(home, &self.path)
            .args(["run", "-t", "hi", "--no-session"])
            .within(Duration::from_secs(60))
    }
}
