//! goose's setup for another LiteLLM, which the gateway stands in for as long as it is there.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use crate::gateway::{BASE_PATH, HOST, PROVIDER};
use crate::goose::config::Config;
use crate::yaml_edit::Edit;

/// What the user's own file said of LiteLLM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    #[serde(default)]
    settings: BTreeMap<String, String>,
    entry: Option<Value>,
}

impl Former {
    pub fn of(config: &Config) -> Self {
        Self {
            settings: [HOST, BASE_PATH]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), config.user_setting(name)?)))
                .collect(),
            entry: config.user_entry(PROVIDER),
        }
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What gives it back in a file that has the gateway. A field at a time, so that what stands beside it stays.
    pub fn edits(&self, now: &Mapping) -> Vec<Edit> {
        let mut edits: Vec<Edit> = [HOST, BASE_PATH]
            .into_iter()
            .map(|name| match self.settings.get(name) {
                Some(value) => Edit::set([name], value.as_str()),
                None => Edit::remove([name]),
            })
            .collect();
        let entry = now
            .get("providers")
            .and_then(|all| all.get(PROVIDER))
            .and_then(Value::as_mapping);
        match (&self.entry, entry) {
            (Some(Value::Mapping(fields)), Some(entry)) => {
                let names = |map: &Mapping| -> Vec<String> {
                    let names = map.keys().filter_map(Value::as_str);
                    names.map(str::to_owned).collect()
                };
                for name in names(entry) {
                    if !fields.contains_key(name.as_str()) {
                        edits.push(Edit::remove(["providers", PROVIDER, &name]));
                    }
                }
                for name in names(fields) {
                    if let Some(value) = fields.get(name.as_str()) {
                        let path = ["providers", PROVIDER, &name];
                        edits.push(Edit::set(path, value.clone()));
                    }
                }
            }
            (Some(entry), _) => edits.push(Edit::set(["providers", PROVIDER], entry.clone())),
            (None, _) => edits.push(Edit::remove(["providers", PROVIDER])),
        }
        edits
    }
}
