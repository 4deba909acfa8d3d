//! The catalogue against goose itself: what the installed goose lists over its protocol is what the rows say. When goose
//! moves on, this names the row that has to follow.

use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use goose_setup::catalog::{self, Provider};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    provider_id: String,
    default_model: Option<String>,
    deprecated: bool,
    config_keys: Vec<ConfigKey>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigKey {
    name: String,
    required: bool,
    secret: bool,
    default: Option<String>,
    oauth_flow: bool,
}

/// goose's own list, over JSON-RPC on its standard streams.
fn listed_by(goose: &Goose) -> Vec<Entry> {
    let home = Home::new();
    let mut child = Command::new(goose.path())
        .arg("acp")
        .env_clear()
        .envs(home.environment().iter().map(|(name, value)| (name, value)))
        .env("GOOSE_DISABLE_KEYRING", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut call = |id: u64, method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(input, "{request}").unwrap();
        loop {
            let line = lines.next().expect("goose closed its output").unwrap();
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == json!(id) {
                return message["result"].clone();
            }
        }
    };
    call(
        1,
        "initialize",
        json!({"protocolVersion": 1, "clientCapabilities": {}}),
    );
    let list = call(2, "_goose/unstable/providers/list", json!({}));
    child.kill().unwrap();
    child.wait().unwrap();
    serde_json::from_value(list["entries"].clone()).unwrap()
}

/// Where the row differs from what goose says of it.
fn differences(row: &Provider, goose: &Entry) -> Vec<String> {
    let mut found = Vec::new();
    let mut differ = |what: String| found.push(format!("{}: {what}", row.id));
    let default_model = goose.default_model.as_deref().filter(|it| !it.is_empty());
    if row.default_model != default_model {
        differ(format!(
            "default model {:?}, goose says {default_model:?}",
            row.default_model
        ));
    }
    if row.replaced_by.is_some() != goose.deprecated {
        differ(format!("goose calls it deprecated: {}", goose.deprecated));
    }
    let key = row.key.as_ref().map(|key| key.variable);
    let host = row.host.as_ref().map(|host| host.setting);
    let settings = row.settings.iter().map(|setting| setting.name);
    let ours: BTreeSet<&str> = settings.chain(key).chain(host).collect();
    let theirs: BTreeSet<&str> = goose
        .config_keys
        .iter()
        // The token of a sign-in is nothing that anybody but goose could set.
        .filter(|key| !key.oauth_flow || ours.contains(key.name.as_str()))
        .map(|key| key.name.as_str())
        .collect();
    for name in ours.difference(&theirs) {
        differ(format!("goose has no setting {name}"));
    }
    for name in theirs.difference(&ours) {
        differ(format!("the row lacks {name}"));
    }
    for theirs in &goose.config_keys {
        let name = theirs.name.as_str();
        let (secret, required) = if Some(name) == key {
            let optional = row.key.as_ref().is_some_and(|key| key.optional);
            // goose lets its OpenAI provider go without a key, for compatible servers; those have ways of their own here.
            (true, !optional && row.id != "openai")
        } else if Some(name) == host {
            let host = row.host.as_ref().unwrap();
            let default = theirs.default.as_deref();
            if row.base_url(default) != row.base_url(None) {
                differ(format!("the default of {name} is {default:?} in goose"));
            }
            (false, host.default.is_none() || host.required)
        } else if let Some(setting) = row.settings.iter().find(|setting| setting.name == name) {
            // An empty default is none.
            let default = theirs.default.as_deref().filter(|text| !text.is_empty());
            if setting.default != default {
                differ(format!("the default of {name} is {default:?} in goose"));
            }
            (setting.secret, setting.required)
        } else {
            continue;
        };
        if secret != theirs.secret {
            differ(format!("{name} is a secret in goose: {}", theirs.secret));
        }
        // What goose has a default for, it does not insist on.
        if theirs.required
            && theirs.default.is_none()
            && !required
            && row.id != "openai"
            && !theirs.oauth_flow
        {
            differ(format!("goose insists on {name}"));
        }
        if required && !theirs.required && theirs.default.is_none() {
            differ(format!("goose does not insist on {name}"));
        }
    }
    found
}

#[test]
fn every_row_says_what_the_installed_goose_says_of_it() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let entries = listed_by(&goose);
    let mut found = Vec::new();
    for entry in &entries {
        match catalog::by_id(&entry.provider_id) {
            Some(row) => found.extend(differences(row, entry)),
            None => found.push(format!("{}: there is no row", entry.provider_id)),
        }
    }
    for row in catalog::all() {
        if entries.iter().all(|entry| entry.provider_id != row.id) {
            found.push(format!("{}: goose has no such provider", row.id));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert_eq!(entries.len(), catalog::all().len());
}
