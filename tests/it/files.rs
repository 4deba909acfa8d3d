//! Files that people wrote: kept as they are but for what is to change, and left alone where they are broken.

use crate::world::goose::{Goose, NEWEST};
use crate::world::provider::{ANTHROPIC, OPENROUTER};
use crate::world::run::Setup;
use crate::world::stage::Stage;
use crate::world::tools;
use crate::world::tree::Tree;
use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

/// goose's own folder. Beside it we may leave a lock file of our own even where nothing comes of a change.
fn goose_folder(stage: &Stage) -> Tree {
    Tree::of(&stage.home.path().join(".config"))
}

/// Two providers are set up and OpenRouter is to become the active one.
const COMMENTED: &str = "\
# my goose
GOOSE_MODE: auto # as I like it

active_provider: anthropic # for now
providers: # the ones I pay for
  anthropic:
    enabled: true
    model: \"claude-opus-4-5\"   # double quotes
    configured: true
    note: 'an unknown field' # kept
  openrouter: {enabled: true, model: 'openai/gpt-4o', configured: true} # flow
my_tool_configured: true
GOOSE_DISABLE_KEYRING: true
list:
- one   # a list
-   two
text: |
  many
    lines # no comment
# the end
";

/// Texts that parse, and that hold no `active_provider` but the one of a mapping at the top.
fn good_files() -> Vec<(&'static str, String)> {
    let plain = "active_provider: anthropic\nproviders:\n  anthropic: {enabled: true, model: m, configured: true}\n";
    let off = "GOOSE_DISABLE_KEYRING: true\n";
    vec![
        ("comments everywhere", COMMENTED.to_owned()),
        ("CRLF", COMMENTED.replace('\n', "\r\n")),
        ("no newline at the end", COMMENTED.trim_end().to_owned()),
        ("an empty file", String::new()),
        ("only comments", "# one\n\n# two\n".to_owned()),
        ("only blank lines", "\n\n".to_owned()),
        ("a document mark", format!("---\n{plain}{off}")),
        ("a document end", format!("{plain}{off}...\n")),
        (
            "anchors",
            format!("base: &base {{a: 1, b: '2'}}\nmore: *base\nmerged:\n  <<: *base\n  c: 3\n{plain}{off}"),
        ),
        (
            "a flow map",
            "{active_provider: anthropic, providers: {anthropic: {enabled: true, model: m, configured: true}}, GOOSE_MODE: auto}\n".to_owned(),
        ),
        (
            "a flow map of providers",
            format!("active_provider: anthropic\nproviders: {{anthropic: {{enabled: true, model: m, configured: true}}}}\n{off}"),
        ),
        ("tabs where they are allowed", format!("GOOSE_MODE:\tauto\t# tab\n{plain}{off}")),
        ("quoted keys", format!("\"GOOSE_MODE\": 'auto'\n'active_provider': \"anthropic\"\n{off}")),
        ("deep indentation", format!("active_provider: anthropic\nproviders:\n        anthropic:\n                model: m\n{off}")),
        ("a flat file", format!("# flat\nGOOSE_PROVIDER: anthropic\nGOOSE_MODEL: m\n{off}anthropic_configured: true\nmine_configured: {{a: 1}}\n")),
    ]
}

/// What a file says beside the parts that setup is about.
fn the_rest(text: &str) -> serde_yaml::Mapping {
    let mut map = serde_yaml::from_str::<Option<serde_yaml::Mapping>>(text)
        .unwrap()
        .unwrap_or_default();
    for name in [
        "active_provider",
        "providers",
        "GOOSE_DISABLE_KEYRING",
        "GOOSE_PROVIDER",
        "GOOSE_MODEL",
        "anthropic_configured",
    ] {
        map.remove(name);
    }
    map
}

#[test]
fn every_form_of_file_is_changed_so_that_goose_agrees_and_the_rest_is_kept() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for (name, before) in good_files() {
        let stage = Stage::on_a_server();
        stage.home.write_config(&before);
        let key = stage.has(OPENROUTER);
        let after = stage.home.config();
        assert_eq!(the_rest(&before), the_rest(&after), "{name}\n{after}");
        let comments = |text: &str| text.matches('#').count();
        assert_eq!(
            comments(&before),
            comments(&after),
            "{name}: comments\n{after}"
        );
        assert_eq!(
            before.contains("\r\n"),
            after.contains("\r\n"),
            "{name}: line ends\n{after:?}"
        );
        if before.contains("\r\n") {
            assert!(
                !after.replace("\r\n", "").contains('\n'),
                "{name}: mixed\n{after:?}"
            );
        }
        stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
    }
}

#[test]
fn only_the_lines_that_say_something_else_are_touched() {
    let stage = Stage::on_a_server();
    stage.home.write_config(COMMENTED);
    stage.home.write_secrets(&format!(
        "OPENROUTER_API_KEY: '{}'\n",
        OPENROUTER.key("stored")
    ));
    stage.runs(["switch", "openrouter"]).code(0).run();
    assert_eq!(
        stage.home.config(),
        COMMENTED.replace("active_provider: anthropic", "active_provider: openrouter")
    );
}

#[test]
fn a_byte_order_mark_goes_with_a_note() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    let stage = Stage::on_a_server();
    stage.home.write_config(format!("\u{feff}{COMMENTED}"));
    let key = stage.good_key(OPENROUTER, "new");
    let done = stage
        .sets_up(OPENROUTER, &key)
        .args(["--model", OPENROUTER.model, "--json"])
        .code(0)
        .run()
        .json();
    assert!(
        done["notes"]
            .to_string()
            .to_lowercase()
            .contains("byte order mark"),
        "{done}"
    );
    let after = stage.home.config();
    assert!(
        !after.contains('\u{feff}') && after.contains("# my goose"),
        "{after}"
    );
    stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
}

#[test]
fn a_broken_config_is_named_with_line_and_column_and_left_alone() {
    for (name, text, place) in [
        (
            "duplicate keys",
            "a: 1\nactive_provider: x\nb: 2\nactive_provider: y\n",
            "config.yaml:4:1",
        ),
        ("a tab as indentation", "a:\n\tb: 1\n", "config.yaml:2:"),
        ("an open bracket", "a: [1, 2\nb: 3\n", "config.yaml:"),
        ("an open quote", "a: 'x\nb: 3\n", "config.yaml:"),
        ("an unknown alias", "a: 1\nb: *nowhere\n", "config.yaml:2:"),
        ("no mapping at all", "- a\n- list\n", "config.yaml"),
        ("text", "hello\n", "config.yaml"),
    ] {
        let stage = Stage::on_a_server();
        stage.home.write_config(text);
        let key = stage.good_key(OPENROUTER, "new");
        let before = stage.home.tree();
        let failure = stage
            .sets_up(OPENROUTER, &key)
            .args(["--json"])
            .code(6)
            .run()
            .json();
        assert_eq!(failure["error"]["kind"], "broken-file", "{name}: {failure}");
        let message = failure["error"]["message"].as_str().unwrap();
        assert!(message.contains(place), "{name}: {message}");
        before.assert_same(&stage.home.tree());
        let switch = stage.runs(["switch", "openrouter"]).code(6).run();
        assert!(switch.stderr.contains(place), "{name}: {switch}");
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn a_file_that_is_not_utf8_is_left_alone() {
    let stage = Stage::on_a_server();
    stage.home.write_config(b"GOOSE_MODE: \xff\xfe\n");
    let key = stage.good_key(OPENROUTER, "new");
    let before = stage.home.tree();
    stage.sets_up(OPENROUTER, &key).code(6).run();
    before.assert_same(&stage.home.tree());
}

#[test]
fn broken_secrets_are_left_alone() {
    for text in ["A: [1\n", "A: 1\nA: 2\n", "- a list\n", "hello\n"] {
        let stage = Stage::on_a_server();
        stage.home.write_secrets(text);
        let key = stage.good_key(OPENROUTER, "new");
        let before = stage.home.tree();
        let failure = stage
            .sets_up(OPENROUTER, &key)
            .args(["--json"])
            .code(6)
            .run()
            .json();
        let message = failure["error"]["message"].as_str().unwrap();
        assert!(message.contains("secrets.yaml"), "{text:?}: {message}");
        before.assert_same(&stage.home.tree());
    }
}

#[test]
fn ten_thousand_lines_are_no_reason_to_wait() {
    let stage = Stage::on_a_server();
    let mut text = String::from(COMMENTED);
    for number in 0..10_000 {
        text.push_str(&format!("key_{number}: 'value {number}' # {number}\n"));
    }
    stage.home.write_config(&text);
    stage.home.write_secrets(&format!(
        "OPENROUTER_API_KEY: '{}'\n",
        OPENROUTER.key("stored")
    ));
    // A second of debug build on an idle machine; the bound is there for work that grows with the square of the lines.
    let switched = stage.runs(["switch", "openrouter"]).code(0).run();
    assert!(
        switched.took < Duration::from_secs(20),
        "{:?}",
        switched.took
    );
    assert_eq!(
        stage.home.config(),
        text.replace("active_provider: anthropic", "active_provider: openrouter")
    );
}

#[test]
fn links_are_followed_and_kept_over_any_number_of_hops() {
    let stage = Stage::on_a_server();
    let home = stage.home.path();
    for (name, text) in [("config.yaml", COMMENTED), ("secrets.yaml", "OTHER: 'x'\n")] {
        stage.home.write(&format!("dotfiles/real-{name}"), text);
        stage.home.write(".config/goose/.keep", "");
        let (hop, link) = (
            home.join(format!("hop-{name}")),
            home.join(".config/goose").join(name),
        );
        symlink(format!("dotfiles/real-{name}"), &hop).unwrap();
        symlink(&hop, &link).unwrap();
    }
    stage
        .home
        .set_mode(&home.join("dotfiles/real-secrets.yaml"), 0o600);
    let key = stage.has(OPENROUTER);
    for name in ["config.yaml", "secrets.yaml"] {
        let link = home.join(".config/goose").join(name);
        assert_eq!(
            fs::read_link(&link).unwrap(),
            home.join(format!("hop-{name}"))
        );
        assert!(home.join(format!("hop-{name}")).is_symlink());
        assert!(!home.join(format!("dotfiles/real-{name}")).is_symlink());
    }
    assert!(
        stage
            .home
            .read("dotfiles/real-config.yaml")
            .contains("active_provider: openrouter")
    );
    assert!(stage.home.read("dotfiles/real-secrets.yaml").contains(&key));
    // Not goose: it cannot write over two hops, but it reads them.
    if let Some(goose) = Goose::version(NEWEST) {
        stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
    }
}

#[test]
fn the_modes_of_files_are_kept() {
    let stage = Stage::on_a_server();
    stage.home.write_config(COMMENTED);
    stage.home.set_mode(&stage.home.config_file(), 0o600);
    stage.has(OPENROUTER);
    assert_eq!(stage.home.mode(&stage.home.config_file()), 0o600);
    stage.home.set_mode(&stage.home.config_file(), 0o640);
    stage.has(ANTHROPIC);
    assert_eq!(stage.home.mode(&stage.home.config_file()), 0o640);
}

#[test]
fn secrets_are_for_their_owner_alone() {
    let stage = Stage::on_a_server();
    stage.has(OPENROUTER);
    assert_eq!(stage.home.mode(&stage.home.secrets_file()), 0o600);
    stage.home.set_mode(&stage.home.secrets_file(), 0o644);
    stage.has(ANTHROPIC);
    assert_eq!(
        stage.home.mode(&stage.home.secrets_file()),
        0o600,
        "tightened"
    );
}

/// There is no moment at which somebody else could open them.
#[test]
fn secrets_are_for_their_owner_alone_from_their_first_moment() {
    let Some(strace) = tools::program("strace") else {
        return;
    };
    let stage = Stage::on_a_server();
    let key = stage.good_key(OPENROUTER, "new");
    let trace = stage.home.path().join("trace");
    Setup::program(&stage.home, strace)
        .args(["-f", "-e", "trace=open,openat,creat", "-o"])
        .args([&trace])
        .args([
            env!("CARGO_BIN_EXE_goose-setup"),
            "openrouter",
            "--key-stdin",
            "--yes",
            "--store",
            "file",
        ])
        .stdin(key)
        .code(0)
        .run();
    let trace = fs::read_to_string(trace).unwrap();
    let created: Vec<_> = trace
        .lines()
        .filter(|line| line.contains("O_CREAT") && line.contains("goose") && !line.contains("= -1"))
        .filter(|line| !line.contains("secrets.yaml.lock") && !line.contains("config.yaml"))
        .filter(|line| line.contains("/.config/goose/"))
        .collect();
    assert!(created.iter().any(|line| line.contains("0600")), "{trace}");
    // A file for config.yaml may be readable to all; every other one in goose's folder holds secrets on its way.
    let open = created.iter().filter(|line| !line.contains("0600")).count();
    assert!(open <= 1, "{created:#?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_nothing_is_half_done() {
    let Some(setpriv) = tools::program("setpriv") else {
        return;
    };
    let stage = Stage::on_a_server();
    stage.home.write_config(COMMENTED);
    stage.home.write_secrets("OTHER: 'x'\n");
    let key = stage.good_key(OPENROUTER, "new");
    let folder = stage.home.path().join(".config/goose");
    stage.home.set_mode(&folder, 0o555);
    let before = goose_folder(&stage);
    // Root may write everywhere, so it gives that right away first.
    let rights = [
        "--bounding-set=-dac_override,-dac_read_search",
        "--inh-caps=-dac_override,-dac_read_search",
    ];
    let outcome = Setup::program(&stage.home, setpriv)
        .args(rights)
        .args([
            env!("CARGO_BIN_EXE_goose-setup"),
            "openrouter",
            "--key-stdin",
            "--yes",
            "--store",
            "file",
        ])
        .stdin(key)
        .run();
    assert!([1, 5, 7].contains(&outcome.code), "{outcome}");
    assert!(
        outcome.stderr.contains(".config/goose"),
        "the place is named: {outcome}"
    );
    before.assert_same(&goose_folder(&stage));
    stage.home.set_mode(&folder, 0o755);
}

#[test]
fn the_lock_of_another_goose_is_respected_and_not_waited_for_without_end() {
    let stage = Stage::on_a_server();
    stage.home.write_secrets("OTHER: 'x'\n");
    stage.home.write(".config/goose/secrets.yaml.lock", "");
    let lock = fs::File::open(stage.home.path().join(".config/goose/secrets.yaml.lock")).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let key = stage.good_key(OPENROUTER, "new");
    let before = goose_folder(&stage);
    let failure = stage
        .sets_up(OPENROUTER, &key)
        .args(["--json"])
        .within(Duration::from_secs(15))
        .code(5)
        .run()
        .json();
    assert_eq!(failure["error"]["kind"], "store-timed-out", "{failure}");
    before.assert_same(&goose_folder(&stage));
    drop(lock);
    stage.sets_up(OPENROUTER, &key).code(0).run();
}

/// Where goose looks is where we write.
#[test]
fn other_places_of_the_config_are_followed_as_goose_follows_them() {
    let Some(goose) = Goose::version(NEWEST) else {
        return;
    };
    for (variable, folder) in [
        ("GOOSE_PATH_ROOT", "root/config"),
        ("XDG_CONFIG_HOME", "xdg/goose"),
    ] {
        let mut stage = Stage::on_a_server();
        let root = stage.home.path().join(folder.split('/').next().unwrap());
        stage.home.set(variable, &root.display().to_string());
        let key = stage.has(OPENROUTER);
        for name in ["config.yaml", "secrets.yaml"] {
            assert!(
                stage.home.path().join(folder).join(name).is_file(),
                "{variable}: {name}"
            );
        }
        assert!(
            !stage.home.path().join(".config/goose").exists(),
            "{variable}"
        );
        stage.assert_goose_uses(&goose, OPENROUTER, &key, OPENROUTER.model);
    }
}
