//! The roll call: every provider that takes a key is set up by script, and then the real goose answers with that key, at
//! that provider's own host. The facts are told here once more, apart from those the program is built with.

use crate::world::chat::MARKER;
use crate::world::goose::{Goose, NEWEST};
use crate::world::home::Home;
use crate::world::internet::Internet;
use crate::world::personality::Personality;
use crate::world::provider::Provider;
use crate::world::run::Setup;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

const ROWS: &str = include_str!("roll_call.json");
/// How many run beside each other.
const BESIDE: usize = 2;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: String,
    #[serde(default)]
    host: String,
    /// It runs on this machine; `{URL}` in `args` is its address.
    #[serde(default)]
    local: bool,
    key_variable: String,
    #[serde(default)]
    key_start: String,
    #[serde(default = "usual_length")]
    key_length: usize,
    model: String,
    models: Option<String>,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    pages: Vec<(String, u16, Value)>,
    elsewhere: Option<Elsewhere>,
    /// Nothing free proves a key here, so a script has to say that it is sure.
    #[serde(default)]
    unproven: bool,
}

/// A second host, which only knows whether a key is right.
#[derive(Clone, Debug, Deserialize)]
struct Elsewhere {
    host: String,
    path: String,
    body: Value,
}

fn usual_length() -> usize {
    49
}

impl Row {
    /// Made at run time, so that no key stands in the source.
    fn key(&self) -> String {
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let rest: String = (0..)
            .flat_map(|round: u32| Sha256::digest(format!("{}/{round}", self.id)))
            .map(|byte| char::from(letters[usize::from(byte) % letters.len()]))
            .take(self.key_length)
            .collect();
        format!("{}{rest}", self.key_start)
    }

    fn personality(&self, key: &str) -> Personality {
        Personality {
            key: Some(key.to_owned()),
            model: self.model.clone(),
            models: self.models.clone(),
            is_open: self.open,
            pages: self.pages.clone(),
        }
    }

    /// Panics where it does not answer to the roll call.
    fn answers(&self, goose: &Goose) {
        let internet = Internet::new();
        let known = Provider::at(&self.host);
        let key = known.map_or_else(|| self.key(), |provider| provider.key("roll call"));
        let (mut host, mut url) = (self.host.clone(), String::new());
        match known {
            Some(provider) => internet.knows(provider, &key),
            None if self.local => {
                url = internet.plays_here(self.personality(&key));
                host = url.trim_start_matches("http://").to_owned();
            }
            None => internet.plays(&self.host, self.personality(&key)),
        }
        if let Some(other) = &self.elsewhere {
            let pages = vec![(other.path.clone(), 200, other.body.clone())];
            let only_checks = Personality {
                models: None,
                pages,
                ..self.personality(&key)
            };
            internet.plays(&other.host, only_checks);
        }
        let home = Home::new().online(&internet);
        home.keeps_secret(&key);
        let mut args = vec![self.id.clone()];
        args.extend(["--key-stdin", "--store", "file", "--yes", "--json"].map(str::to_owned));
        args.extend(self.args.iter().map(|arg| arg.replace("{URL}", &url)));
        let setup = |args: &[String]| Setup::new(&home).args(args).stdin(key.as_str());
        if self.unproven {
            setup(&args).code(4).run();
            args.push("--no-check".into());
        }
        let report = setup(&args).code(0).run().json();
        assert_eq!(report["goose_agrees"], true, "{report}");
        assert_eq!(report["model"], self.model.as_str());
        if !self.unproven {
            assert_eq!(report["verdict"], "valid", "{report}");
        }
        assert_eq!(
            home.secrets_yaml()[self.key_variable.as_str()].as_str(),
            Some(key.as_str())
        );
        assert_eq!(internet.chats().len(), 0, "setup spent tokens");
        let asked = internet.requests();
        assert!(asked.len() <= 3, "{asked:#?}");
        assert!(
            asked.iter().all(|seen| !seen.target.contains(&key)),
            "a key in an address"
        );
        let checked = Setup::new(&home)
            .args(["check", self.id.as_str(), "--json"])
            .run()
            .json();
        let result = &checked["results"][0];
        let verdict = if self.unproven { "unproven" } else { "valid" };
        assert_eq!(result["verdict"], verdict, "{checked}");
        assert!(result["requests"].as_u64() <= Some(2), "{checked}");
        let said = goose.hi(&home);
        assert!(
            said.stdout.contains(MARKER),
            "{said}\n{:#?}\n{:?}\n{}",
            internet.requests(),
            internet.strays(),
            home.config()
        );
        internet.assert_conversation(&host, Some(&key), &self.model);
    }
}

#[test]
fn every_provider_with_a_key_answers_through_goose_after_a_scripted_setup() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let rows: Vec<Row> = serde_json::from_str(ROWS).unwrap();
    let only = std::env::var("ROLL_CALL_ONLY").ok();
    let due: Vec<&Row> = rows
        .iter()
        .filter(|row| only.as_ref().is_none_or(|only| *only == row.id))
        .collect();
    let next = Mutex::new(due.iter());
    let missing = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..BESIDE {
            scope.spawn(|| {
                loop {
                    let Some(row) = next.lock().unwrap().next() else {
                        return;
                    };
                    if let Err(reason) = catch_unwind(AssertUnwindSafe(|| row.answers(&goose))) {
                        let reason = reason
                            .downcast_ref::<String>()
                            .cloned()
                            .unwrap_or_else(|| "it failed".into());
                        missing.lock().unwrap().push((row.id.clone(), reason));
                    }
                }
            });
        }
    });
    let missing = missing.into_inner().unwrap();
    let public =
        |row: &&&Row| !row.local && row.args.iter().all(|arg| arg != "--host" && arg != "--set");
    let answered = |row: &&&Row| missing.iter().all(|(id, _)| *id != row.id);
    // Written past the test harness, which would keep it to itself for a test that passes.
    let told = writeln!(
        std::io::stderr(),
        "roll call: {} of {} at a public host, {} of {} in all",
        due.iter().filter(public).filter(answered).count(),
        due.iter().filter(public).count(),
        due.iter().filter(answered).count(),
        due.len(),
    );
    told.unwrap();
    assert!(missing.is_empty(), "{missing:#?}");
    if only.is_none() {
        assert_eq!(due.iter().filter(public).count(), 52);
        assert_eq!(due.len(), 64);
    }
}
