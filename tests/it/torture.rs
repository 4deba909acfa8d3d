//! The torture box: config files of every kind, and every command that changes them.
//!
//! Most of it runs through the library, which is what the program is made of; a sample goes through the program itself.

use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::stage::Stage;
use crate::world::tools::announce;
use goose_setup::env::Env;
use goose_setup::error::Error;
use goose_setup::fallback::Chain;
use goose_setup::fallback::parameters::{self, SETTING};
use goose_setup::fsio;
use goose_setup::goose::activate::Change;
use goose_setup::goose::config::Config;
use goose_setup::goose::paths::Paths;
use goose_setup::history::{Entry, FileRecord, Text};
use goose_setup::plan::Plan;
use goose_setup::undo;
use serde_yaml::{Mapping, Value};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Names that a change of the provider may touch.
const OURS: [&str; 6] = [
    "active_provider",
    "providers",
    "GOOSE_PROVIDER",
    "GOOSE_MODEL",
    "OPENROUTER_PARAMETERS",
    "GOOSE_DISABLE_KEYRING",
];

/// What people have in their files beside the provider. Each stands for itself at the top of a file.
const PARTS: [&str; 20] = [
    "GOOSE_MODE: auto # as I like it\n",
    "# a comment of its own\n\n",
    "GOOSE_TELEMETRY_ENABLED: false\n",
    "list:\n- one   # a list\n-   two\n",
    "deep:\n    er:\n        and: {deeper: [1, 2.50, '3']}\n",
    "text: |\n  many\n    lines # no comment\n\nfolded: >-\n  a\n  b\n",
    "base: &base {a: 1, b: '2'}\nmore: *base\n",
    "\"quoted key\": 'it''s'\n",
    "nothing:\ntilde: ~\nempty: ''\n",
    "yes_no: [yes, no, on, off, y, n]\n",
    "number: 0x1F\noctal: 0o17\nfloat: 1e3\nplus: +5\n",
    "date: 2026-01-01\ntime: 12:30:45\n",
    "extensions:\n  developer:\n    enabled: true\n    type: builtin\n    timeout: 300   # seconds\n",
    "mcp:\n  env: {TOKEN: \"a b\"}\n  args: [\"-c\", 'x: y']\n",
    "long: \"a line that is \\\n  folded \\u00e9\"\n",
    "emoji: 🪿 # an honest bird\n",
    "? complex\n: value\n",
    "tagged: !mine {a: b}\n",
    "OPENAI_HOST: https://api.openai.com # not used\n",
    "colon: a:b\nhash: a#b\nurl: http://x/#y\n",
];

/// How the provider stands there before.
const CORES: [&str; 10] = [
    "",
    "active_provider: anthropic\nproviders:\n  anthropic: {enabled: true, model: m, configured: true}\n",
    "active_provider: anthropic # for now\nproviders: # mine\n  anthropic:\n    enabled: true\n    model: \"m\" # quoted\n    configured: true\n    note: kept\n  openrouter:\n    enabled: true\n    model: old/model\n    configured: true\n",
    "GOOSE_PROVIDER: anthropic\nGOOSE_MODEL: m\n",
    "GOOSE_PROVIDER: anthropic # flat\nGOOSE_MODEL: 'm'\nanthropic_configured: true\n",
    "providers:\n    openrouter: {model: a}\n    groq: {}\n    odd: 7\n",
    "active_provider: openrouter\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: m\n",
    "providers: {}\nactive_provider: ''\n",
    "active_provider: openrouter\nproviders:\n  openrouter: {enabled: true, model: m, configured: true}\nOPENROUTER_PARAMETERS: {provider: {sort: price}} # cheap\n",
    "active_provider: openrouter\nproviders:\n  openrouter: {enabled: true, model: m, configured: true}\nOPENROUTER_PARAMETERS: # mine\n  models: [old/one, old/two]\n  provider:\n    sort: price\n",
];

const BROKEN: [&str; 16] = [
    "a: [",
    "a: {b",
    "a: 'b",
    "a: \"b",
    "- a\n- b\n",
    "just text",
    "7",
    "a: b: c",
    "a: 1\na: 2\n",
    "\ta: b\n",
    "a: *nowhere\n",
    "a: 1\n b: 2\n",
    "a: b\n---\nc: d\n",
    "a: @b\n",
    "[a, b]",
    "a: &x [*x]\n---\n",
];

/// The same file as it comes from other editors and systems.
fn manners(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("plain", text.to_owned()),
        ("CRLF", text.replace('\n', "\r\n")),
        ("no newline at the end", text.trim_end().to_owned()),
        ("a document mark", format!("---\n{text}")),
    ]
}

fn good_files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for (number, core) in CORES.iter().enumerate() {
        for start in 0..7 {
            // Seven different selections, before and after the core.
            let part = |step: usize| PARTS[(number * 7 + start * 3 + step) % PARTS.len()];
            let text = format!("# top\n{}{}{core}{}# end\n", part(0), part(5), part(11));
            for (manner, text) in manners(&text) {
                files.push((format!("core {number}, selection {start}, {manner}"), text));
            }
        }
    }
    files
}

fn parsed(text: &[u8]) -> Mapping {
    serde_yaml::from_slice::<Option<Mapping>>(text)
        .unwrap()
        .unwrap_or_default()
}

/// What a file says beside the provider.
fn rest(text: &[u8]) -> Mapping {
    let mut map = parsed(text);
    map.retain(|name, _| {
        name.as_str()
            .is_none_or(|name| !OURS.contains(&name) && name != "anthropic_configured")
    });
    map
}

/// Entries of other providers, and unknown fields.
fn others(text: &[u8]) -> Vec<(Value, Value)> {
    parsed(text)
        .get("providers")
        .and_then(Value::as_mapping)
        .into_iter()
        .flatten()
        .filter(|(id, _)| *id != "openrouter" && *id != "anthropic")
        .map(|(id, entry)| (id.clone(), entry.clone()))
        .collect()
}

/// Lines that have nothing to do with the provider.
fn foreign_lines(text: &str) -> Vec<&str> {
    let ours = |line: &str| {
        let line = line.trim();
        OURS.iter().any(|name| line.starts_with(name))
            || [
                "anthropic",
                "openrouter",
                "enabled",
                "model",
                "configured",
                "groq",
                "odd",
                "note",
                "models",
                "provider",
                "sort",
            ]
            .iter()
            .any(|name| line.starts_with(name))
            || line.is_empty()
            || line == "---"
    };
    text.split_inclusive('\n')
        .map(|line| line.trim_end_matches(['\r', '\n']))
        .filter(|line| !ours(line))
        .collect()
}

fn paths(root: &Path) -> Paths {
    Paths::of(&Env::of([("GOOSE_PATH_ROOT", root.to_str().unwrap())])).unwrap()
}

fn change(settings: &[(&str, Option<&str>)], keyring_off: Option<bool>) -> Change {
    Change {
        activate: true,
        provider: OPENROUTER.id.into(),
        model: Some(OPENROUTER.model.into()),
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect(),
        keyring_off,
    }
}

/// What a command does to the config.
enum Command {
    Change(&'static str, Change),
    Fallback(Chain),
}

fn commands() -> Vec<Command> {
    let host = [("OPENROUTER_HOST", Some("https://example.com"))];
    let models = ["a/x", "b/y:free"].map(str::to_owned);
    vec![
        Command::Change("setup", change(&host, Some(true))),
        Command::Change("switch", change(&[], None)),
        Command::Fallback(Chain::parse(&models).unwrap()),
    ]
}

impl Command {
    fn name(&self) -> &'static str {
        match self {
            Self::Change(name, _) => name,
            Self::Fallback(_) => "fallback",
        }
    }

    fn plan(&self, config: &Config) -> Result<Plan, Error> {
        let mut plan = Plan::titled(self.name());
        match self {
            Self::Change(_, change) => plan.change_config(config, change)?,
            Self::Fallback(chain) => parameters::write(&mut plan, config, Some(chain))?,
        }
        Ok(plan)
    }

    /// Other settings that are there afterwards.
    fn settings(&self) -> &[(String, Option<String>)] {
        match self {
            Self::Change(_, change) => &change.settings,
            Self::Fallback(_) => &[],
        }
    }

    #[track_caller]
    fn assert_done(&self, before: &Mapping, after: &Mapping, told: &str) {
        match self {
            Self::Change(..) => {
                assert_eq!(after["active_provider"], OPENROUTER.id, "{told}");
                assert_eq!(
                    after["providers"]["openrouter"]["model"], OPENROUTER.model,
                    "{told}"
                );
                assert_eq!(before.get(SETTING), after.get(SETTING), "{told}");
            }
            Self::Fallback(chain) => {
                let models = &after[SETTING]["models"];
                let expected = serde_yaml::to_value(chain.models()).unwrap();
                assert_eq!(*models, expected, "{told}");
                let others = |map: &Mapping| {
                    let mut map = map.clone();
                    let own = map.shift_remove(SETTING).unwrap_or_default();
                    (map, own.get("provider").cloned())
                };
                assert_eq!(others(before), others(after), "{told}");
            }
        }
    }
}

/// The journal of that change.
fn made(before: &str, path: &Path, after: &str) -> Entry {
    Entry {
        id: "1".into(),
        made: Duration::ZERO,
        title: "torture".into(),
        former_provider: None,
        undoes: None,
        secrets: None,
        later: None,
        files: vec![FileRecord {
            path: path.into(),
            before: Some(Text::of(before.as_bytes())),
            after: Some(Text::of(after.as_bytes())),
            private: false,
        }],
        commit_point: Some(0),
    }
}

#[test]
fn whatever_the_file_looks_like_it_is_changed_with_care_and_back_again() {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    fs::create_dir_all(&paths.config_dir).unwrap();
    let files = good_files();
    let (mut good, mut all) = (0, 0);
    for (name, before) in &files {
        fs::write(&paths.config, before).unwrap();
        let config =
            Config::read(&paths).unwrap_or_else(|error| panic!("{name}: {error}\n{before}"));
        for command in commands() {
            all += 1;
            let told = format!("{} on {name}", command.name());
            let plan = command
                .plan(&config)
                .unwrap_or_else(|error| panic!("{told}: {error}\n{before}"));
            let Some(file) = plan.files.first() else {
                panic!("{told}: nothing to change\n{before}");
            };
            let after = file.after.clone().unwrap();
            let text = String::from_utf8(after.clone()).unwrap();
            let mut expected = rest(before.as_bytes());
            for (name, value) in command.settings() {
                expected.insert(
                    name.as_str().into(),
                    value.as_deref().unwrap_or_default().into(),
                );
            }
            assert_eq!(expected, rest(&after), "{told}\n{before}\n→\n{text}");
            for entry in others(before.as_bytes()) {
                assert!(others(&after).contains(&entry), "{told}: {entry:?}\n{text}");
            }
            let lines = foreign_lines(&text);
            for line in foreign_lines(before) {
                assert!(
                    lines.contains(&line),
                    "{told}: the line {line:?} is gone\n{before}\n→\n{text}"
                );
            }
            // A comment behind a flat key goes with the key.
            let comments = |text: &str| -> usize {
                let flat = |line: &&str| {
                    !line.starts_with("GOOSE_PROVIDER:") && !line.starts_with("GOOSE_MODEL:")
                };
                text.lines()
                    .filter(flat)
                    .map(|line| line.matches('#').count())
                    .sum()
            };
            assert_eq!(
                comments(before),
                comments(&text),
                "{told}: comments\n{text}"
            );
            if before.contains("\r\n") {
                assert!(
                    !text.replace("\r\n", "").contains('\n'),
                    "{told}: line ends\n{text:?}"
                );
            }
            command.assert_done(&parsed(before.as_bytes()), &parsed(&after), &told);
            // A second time there is nothing to do.
            fs::write(&paths.config, &after).unwrap();
            let again = command.plan(&Config::read(&paths).unwrap()).unwrap();
            assert!(
                again.is_empty(),
                "{told}: a second run changes it again\n{text}"
            );
            // Taken back it is the same to the byte; after a foreign write, in meaning.
            let entry = made(before, &paths.config, &text);
            let back = undo::plan(&entry, &[fsio::read(&paths.config).unwrap()], None).unwrap();
            assert_eq!(
                back.files[0].after.as_deref(),
                Some(before.as_bytes()),
                "{told}: undo"
            );
            let foreign = format!(
                "{}{}foreign: 1\n",
                text,
                if text.ends_with('\n') { "" } else { "\n" }
            );
            if serde_yaml::from_str::<Mapping>(&foreign).is_ok() {
                fs::write(&paths.config, &foreign).unwrap();
                let back = undo::plan(&entry, &[fsio::read(&paths.config).unwrap()], None).unwrap();
                let undone = back.files[0].after.clone().unwrap();
                let mut expected = parsed(before.as_bytes());
                expected.insert("foreign".into(), 1.into());
                assert_eq!(
                    expected,
                    parsed(&undone),
                    "{told}: undo after a foreign write"
                );
            }
            fs::write(&paths.config, before).unwrap();
            good += 1;
        }
    }
    announce(&format!(
        "{good} of {all} changes (setup, switch, fallback) of {} files, each taken back",
        files.len()
    ));
    assert!(files.len() >= 200);
}

#[test]
fn a_broken_file_is_left_alone_whatever_is_asked() {
    let stage = Stage::on_a_server();
    stage.has(ANTHROPIC);
    let key = stage.has(OPENROUTER);
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    fs::create_dir_all(&paths.config_dir).unwrap();
    let mut texts: Vec<Vec<u8>> = BROKEN.iter().map(|text| text.as_bytes().to_vec()).collect();
    for (_, text) in good_files().iter().step_by(9) {
        texts.push(format!("{text}\nbroken: [\n").into_bytes());
        texts.push([text.as_bytes(), b"\nbyte: \xff\n"].concat());
    }
    for text in &texts {
        fs::write(&paths.config, text).unwrap();
        let shown = String::from_utf8_lossy(text).into_owned();
        assert!(
            matches!(Config::read(&paths), Err(Error::BrokenFile { .. })),
            "{shown}"
        );
    }
    let mut count = 0;
    for text in texts.iter().step_by(6) {
        stage.home.write_config(text);
        let before = stage.home.tree();
        let shown = String::from_utf8_lossy(text).into_owned();
        for args in [
            vec!["switch", "anthropic"],
            vec!["status"],
            vec!["env", "--install", "--yes"],
            vec!["fallback", "--clear", "--yes"],
            vec!["undo", "--yes"],
        ] {
            let told = stage.runs(&args).code(6).run();
            assert!(told.stderr.contains("config.yaml"), "{shown}: {told}");
        }
        stage
            .sets_up(OPENROUTER, &key)
            .args(["--model", "m"])
            .code(6)
            .run();
        before.assert_same(&stage.home.tree());
        count += 1;
    }
    announce(&format!(
        "{0} of {0} broken files, {count} of them through the program",
        texts.len()
    ));
}

#[test]
fn a_sample_of_them_goes_through_the_program() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    let mut count = 0;
    for (name, before) in good_files().iter().step_by(29) {
        let text = format!("{before}\nGOOSE_DISABLE_KEYRING: true\n");
        if serde_yaml::from_str::<Mapping>(&text).is_err() {
            continue;
        }
        stage.home.write_config(&text);
        stage
            .runs(["switch", "openrouter", "--model", OPENROUTER.model])
            .code(0)
            .run();
        let after = stage.home.config();
        assert_eq!(rest(text.as_bytes()), rest(after.as_bytes()), "{name}");
        stage.runs(["undo", "--yes"]).code(0).run();
        assert_eq!(stage.home.config(), text, "{name}");
        stage
            .runs(["fallback", OPENROUTER.other_model, "--yes"])
            .code(0)
            .run();
        let after = stage.home.config();
        assert_eq!(rest(text.as_bytes()), rest(after.as_bytes()), "{name}");
        stage.runs(["undo", "--yes"]).code(0).run();
        assert_eq!(stage.home.config(), text, "{name}");
        count += 1;
    }
    announce(&format!("{count} of {count} through the program"));
    assert!(count >= 5);
}
