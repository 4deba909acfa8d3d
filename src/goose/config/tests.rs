#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use crate::error::Error;
use crate::fsio::Privacy;

use super::*;

pub(crate) fn write(path: &Path, text: &str) {
    fsio::replace(
        &fsio::read(path).unwrap(),
        text.as_bytes(),
        Privacy::Ordinary,
    )
    .unwrap();
}

/// goose's paths below a folder, with two files between the system's and the user's.
pub(crate) fn paths(root: &Path) -> Paths {
    let mut paths = Paths::of(&Env::of([("GOOSE_PATH_ROOT", root.to_str().unwrap())])).unwrap();
    paths.system_config = root.join("etc.yaml");
    paths.additional = vec![root.join("one.yaml"), root.join("two.yaml")];
    paths
}

fn layered(system: &str, one: &str, two: &str, user: &str) -> Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    write(&paths.system_config, system);
    write(&paths.additional[0], one);
    write(&paths.additional[1], two);
    write(&paths.config, user);
    Config::read(&paths)
}

pub(crate) fn config(user: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let paths = paths(folder.path());
    write(&paths.config, user);
    Config::read(&paths).unwrap()
}

fn answer(config: &Config, env: &Env) -> (Option<String>, Option<String>) {
    let active = config.active(env);
    (
        active.provider.map(|it| it.value),
        active.model.map(|it| it.value),
    )
}

const STRUCTURED: &str = "active_provider: groq\nproviders:\n  groq: {enabled: true, model: gm, configured: true}\n  openai: {enabled: true, model: om, configured: true}\n";
const FLAT: &str = "GOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n";

/// The answers are those of the real goose 1.52.0 and 1.37.0.
#[test]
fn the_environment_is_read_as_goose_reads_it() {
    for (text, name, value, provider, model) in [
        (STRUCTURED, "X", "", Some("groq"), Some("gm")),
        (FLAT, "X", "", Some("groq"), Some("fm")),
        (STRUCTURED, "GOOSE_PROVIDER", "", Some(""), None),
        (STRUCTURED, "GOOSE_MODEL", "", Some("groq"), Some("")),
        (STRUCTURED, "ACTIVE_PROVIDER", "", Some(""), None),
        (FLAT, "GOOSE_PROVIDER", "", Some(""), Some("fm")),
        (FLAT, "GOOSE_MODEL", "", Some("groq"), Some("")),
        (
            STRUCTURED,
            "GOOSE_PROVIDER",
            "openai",
            Some("openai"),
            Some("om"),
        ),
        (STRUCTURED, "GOOSE_PROVIDER", "xai", Some("xai"), None),
        (
            STRUCTURED,
            "ACTIVE_PROVIDER",
            "openai",
            Some("openai"),
            Some("om"),
        ),
        (
            STRUCTURED,
            "ACTIVE_PROVIDER",
            "\"openai\"",
            Some("openai"),
            Some("om"),
        ),
        (STRUCTURED, "ACTIVE_PROVIDER", "12", None, None),
        (STRUCTURED, "ACTIVE_PROVIDER", "+5", None, None),
        (STRUCTURED, "ACTIVE_PROVIDER", "nan", Some("nan"), None),
        (
            STRUCTURED,
            "GOOSE_PROVIDER",
            "\"openai\"",
            Some("\"openai\""),
            None,
        ),
        (STRUCTURED, "GOOSE_PROVIDER", "123", Some("123"), None),
        (STRUCTURED, "GOOSE_MODEL", "123", Some("groq"), Some("123")),
        (
            STRUCTURED,
            "GOOSE_MODEL",
            "\"123\"",
            Some("groq"),
            Some("\"123\""),
        ),
        (
            STRUCTURED,
            "goose_provider",
            "openai",
            Some("groq"),
            Some("gm"),
        ),
        (
            STRUCTURED,
            "PROVIDERS",
            "{\"groq\":{\"model\":\"envm\"}}",
            Some("groq"),
            Some("envm"),
        ),
        (STRUCTURED, "PROVIDERS", "", Some("groq"), None),
    ] {
        assert_eq!(
            answer(&config(text), &Env::of([(name, value)])),
            (provider.map(str::to_owned), model.map(str::to_owned)),
            "{name}={value}"
        );
    }
}

/// The answers are those of the real goose 1.52.0 and 1.37.0.
#[test]
fn odd_files_are_read_as_goose_reads_them() {
    for (text, provider, model) in [
        (
            "active_provider: ''\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
            Some(""),
            Some("fm"),
        ),
        (
            "active_provider: ~\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: 7\nGOOSE_PROVIDER: groq\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: 123}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: ''}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: gm}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("gm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: gm, configured: no}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: gm, enabled: ~}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nproviders: {groq: {model: gm}, bad: 7}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("gm"),
        ),
        (
            "active_provider: groq\nproviders: 7\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: groq\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "providers: {groq: {model: gm}}\nGOOSE_PROVIDER: openai\nGOOSE_MODEL: fm\n",
            Some("openai"),
            Some("fm"),
        ),
        ("providers: {groq: {model: gm}}\n", None, None),
        (
            "GOOSE_PROVIDER: groq\nGOOSE_MODEL: 123\n",
            Some("groq"),
            None,
        ),
        ("GOOSE_PROVIDER: 5\nGOOSE_MODEL: m\n", None, Some("m")),
        (
            "active_provider: groq\nproviders: {groq: {enabled: false, model: gm, configured: false}}\n",
            Some("groq"),
            Some("gm"),
        ),
        (
            "b: &b {model: gm}\nactive_provider: groq\nproviders: {groq: {<<: *b}}\nGOOSE_MODEL: fm\n",
            Some("groq"),
            Some("fm"),
        ),
        (
            "active_provider: '123'\nproviders: {'123': {model: '456'}}\n",
            Some("123"),
            Some("456"),
        ),
    ] {
        assert_eq!(
            answer(&config(text), &Env::of([])),
            (provider.map(str::to_owned), model.map(str::to_owned)),
            "{text}"
        );
    }
}

/// The answers are those of the real goose 1.52.0.
#[test]
fn layers_are_merged_as_goose_merges_them() {
    let lower = "active_provider: groq\nproviders: {groq: {model: x}}\n";
    for (one, two, user, provider, model) in [
        (
            lower,
            "",
            "providers: {groq: {enabled: true}}\n",
            Some("groq"),
            Some("x"),
        ),
        (lower, "", "providers: ~\n", Some("groq"), None),
        (lower, "", "providers: 7\n", Some("groq"), None),
        (lower, "", "providers: {groq: ~}\n", Some("groq"), None),
        (
            lower,
            "",
            "providers: {groq: {enabled: 'bad'}}\n",
            Some("groq"),
            None,
        ),
        (
            lower,
            "",
            "GOOSE_PROVIDER: openai\nGOOSE_MODEL: y\n",
            Some("groq"),
            Some("x"),
        ),
        (
            "active_provider: groq\nproviders: 7\n",
            "",
            "providers: {groq: {model: y}}\n",
            Some("groq"),
            Some("y"),
        ),
        (
            "active_provider: groq\n",
            "",
            "active_provider: ~\nGOOSE_PROVIDER: openai\n",
            Some("openai"),
            None,
        ),
        (
            "GOOSE_MODEL: a\n",
            "active_provider: xai\n",
            "a: b\n",
            Some("xai"),
            Some("a"),
        ),
    ] {
        assert_eq!(
            answer(&layered("", one, two, user).unwrap(), &Env::of([])),
            (provider.map(str::to_owned), model.map(str::to_owned)),
            "{user}"
        );
    }
}

#[test]
fn every_answer_says_where_it_comes_from() {
    let config = layered(
        "GOOSE_MODE: auto\nproviders: {groq: {model: x}}\n",
        "GOOSE_MODE: chat\n",
        "",
        "active_provider: groq\nA: 7\nB: {c: [1]}\nC: ~\n",
    )
    .unwrap();
    let env = Env::of([("A", "9"), ("D", "\"quoted\"")]);
    let active = config.active(&env);
    assert_eq!(active.provider.unwrap().source, Source::Config);
    let model = active.model.unwrap();
    assert!(matches!(&model.source, Source::System(path) if path.ends_with("etc.yaml")));
    assert_eq!(model.source.word(), "system");
    let mode = config.setting(&env, "GOOSE_MODE").unwrap();
    assert_eq!(mode.value, "chat");
    assert!(matches!(&mode.source, Source::System(path) if path.ends_with("one.yaml")));
    let a = config.setting(&env, "a").unwrap();
    assert_eq!((a.value.as_str(), a.source), ("9", Source::Env("A".into())));
    assert_eq!(config.user_setting("A").unwrap(), "7");
    assert_eq!(config.setting(&env, "B").unwrap().value, "{\"c\":[1]}");
    assert_eq!(config.setting(&env, "C"), None);
    assert_eq!(config.setting(&env, "D").unwrap().value, "quoted");
    assert_eq!(config.setting(&env, "E"), None);
}

#[test]
fn a_lower_file_that_does_not_parse_is_passed_over_and_named() {
    let config = layered("a: [\n", "\u{feff}b: 1\nc: 2\n", "- a\n", "d: e\n").unwrap();
    let names: Vec<_> = config
        .skipped
        .iter()
        .map(|path| path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["etc.yaml", "one.yaml", "two.yaml"]);
    assert_eq!(config.user_setting("d").unwrap(), "e");
}

#[test]
fn a_users_file_that_does_not_parse_is_an_error() {
    assert!(matches!(
        layered("", "", "", "a: [\n"),
        Err(Error::BrokenFile { line: Some(2), .. })
    ));
}

#[test]
fn what_a_byte_order_mark_hides_from_goose_is_kept_but_not_believed() {
    let config = config(&format!("\u{feff}{STRUCTURED}"));
    assert_eq!(answer(&config, &Env::of([])), (None, None));
    assert_eq!(config.layout(), Layout::Structured);
    assert_eq!(config.user_setting("active_provider").unwrap(), "groq");
}

#[test]
fn the_keychain_is_off_when_goose_says_so() {
    for value in ["1", "0", "false", ""] {
        assert_eq!(
            config("").keyring_off(&Env::of([(NO_KEYRING, value)])),
            Some(Source::Env(NO_KEYRING.into()))
        );
    }
    for (value, off) in [
        ("true", true),
        ("'true'", true),
        ("'1'", true),
        ("1", false),
        ("'True'", false),
        ("yes", false),
        ("false", false),
        ("'false'", false),
        ("''", false),
        ("~", false),
    ] {
        let config = config(&format!("{NO_KEYRING}: {value}\n"));
        assert_eq!(config.keyring_off(&Env::of([])).is_some(), off, "{value}");
    }
    let config = layered("GOOSE_DISABLE_KEYRING: true\n", "", "", "a: b\n").unwrap();
    assert!(matches!(
        config.keyring_off(&Env::of([])),
        Some(Source::System(_))
    ));
}

#[test]
fn the_layout_is_told_apart() {
    for (text, layout) in [
        ("", Layout::None),
        ("a: b\n", Layout::None),
        (FLAT, Layout::Flat),
        ("groq_configured: true\n", Layout::Flat),
        (STRUCTURED, Layout::Structured),
        (
            "active_provider: groq\nGOOSE_PROVIDER: xai\n",
            Layout::Structured,
        ),
    ] {
        assert_eq!(config(text).layout(), layout, "{text}");
    }
}

#[test]
fn every_configured_provider_is_listed_once_with_its_model() {
    let config = config(
        "providers: {groq: {model: gm}, bad: 7, openai: {enabled: true}}\nGOOSE_PROVIDER: xai\nGOOSE_MODEL: fm\ngroq_configured: true\nollama_configured: true\nmistral_configured: false\n",
    );
    let all: Vec<_> = config
        .configured()
        .into_iter()
        .map(|it| (it.id, it.model))
        .collect();
    assert_eq!(
        all,
        [
            ("groq".into(), Some("gm".into())),
            ("openai".into(), None),
            ("ollama".into(), None),
            ("xai".to_owned(), Some("fm".to_owned())),
        ]
    );
    assert_eq!(config.model_of("groq").unwrap(), "gm");
    assert_eq!(config.model_of("none"), None);
}
