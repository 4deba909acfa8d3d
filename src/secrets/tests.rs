#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests set up and look at files themselves"
)]

use std::fs;
use std::path::Path;

use super::change::{Change, Filing, Former};
use super::trouble::Trouble;
use super::*;
use crate::error::{Error, StoreTrouble};
use crate::fsio;
use crate::patience::Patience;
use crate::secret::Secret;
use std::time::Duration;

const SECOND: Patience = Patience::of(Duration::from_secs(1));
const LONGER: Patience = Patience::of(Duration::from_secs(5));

struct Home {
    folder: tempfile::TempDir,
    places: Places,
}

/// Nobody wants to know of these changes.
const UNFILED: Filing<'static> = Filing {
    id: "test",
    announce: &|_| Ok(()),
};

fn home(secrets: Option<&str>) -> Home {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("goose/secrets.yaml");
    if let Some(text) = secrets {
        fs::create_dir(folder.path().join("goose")).unwrap();
        fs::write(&file, text).unwrap();
    }
    let places = Places {
        lock: file.with_extension("yaml.lock"),
        former: folder.path().join("former-secrets.json"),
        file,
        keyring_off: true,
    };
    Home { folder, places }
}

impl Home {
    fn text(&self) -> String {
        fs::read_to_string(&self.places.file).unwrap()
    }

    fn look(&self) -> Seen {
        self.places.look(SECOND).unwrap()
    }

    fn with(&self, keychain: KeychainState) -> Seen {
        Seen {
            keychain: Some(keychain),
            file: self.look().file,
        }
    }

    fn write(&self, change: &Change) -> Former {
        self.places.write(change, &UNFILED, SECOND).unwrap()
    }
}

fn set(name: &str, value: &str) -> Change {
    let set = vec![(name.into(), Secret::stored(value))];
    Change::of(StoreKind::File, set, vec![])
}

fn remove(name: &str) -> Change {
    Change::of(StoreKind::File, vec![], vec![name.into()])
}

fn item(json: &str) -> KeychainState {
    KeychainState::Item(Entries::from_json(json).unwrap())
}

fn absent() -> KeychainState {
    KeychainState::Trouble(Trouble::new(StoreTrouble::Absent, "none here", "start one"))
}

const EMPTY: KeychainState = KeychainState::Empty { locked: false };

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    0o600
}

#[test]
fn the_first_key_makes_a_file_that_only_its_owner_reads() {
    let home = home(None);
    home.write(&set("A_KEY", "sk-1"));
    assert_eq!(home.text(), "A_KEY: sk-1\n");
    assert_eq!(mode(&home.places.file), 0o600);
    assert!(home.folder.path().join("goose/secrets.yaml.lock").exists());
}

#[test]
fn a_hand_kept_file_keeps_its_comments_order_and_other_values() {
    let home = home(Some("# mine\nZ: 'z' # last\nN: 12\r\nA_KEY: old\n"));
    home.write(&set("A_KEY", "new"));
    assert_eq!(home.text(), "# mine\nZ: 'z' # last\nN: 12\r\nA_KEY: new\n");
}

#[test]
fn a_key_that_looks_like_something_else_is_read_back_as_text() {
    let home = home(None);
    for value in [
        "12345",
        "1e5",
        "0x12",
        "true",
        "null",
        "~",
        "yes",
        "",
        ".nan",
        "'",
        "\"",
        "#",
        "a: b",
        "a #b",
        "- a",
        "{a",
        "[a",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "|",
        ">",
        "\\",
        "a\\nb",
        "é",
        "2001-01-01",
        "a:",
        "?",
        "-",
        "=",
        "<<",
    ] {
        home.write(&set("K", value));
        let held = home.look().secret("K");
        assert_eq!(held.unwrap().expose(), value, "{}", home.text());
    }
}

#[test]
fn a_file_open_to_others_is_closed_when_it_is_written() {
    let home = home(Some("B: b\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&home.places.file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    home.write(&set("A_KEY", "sk-1"));
    assert_eq!(mode(&home.places.file), 0o600);
}

#[test]
fn the_last_key_to_go_leaves_an_empty_map() {
    let home = home(Some("A_KEY: a\n"));
    home.write(&remove("A_KEY"));
    assert_eq!(home.text(), "{}\n");
    assert!(home.look().names().is_empty());
    home.write(&set("A_KEY", "b"));
    assert_eq!(home.look().names(), ["A_KEY"]);
}

#[test]
fn what_is_there_already_is_not_written_again() {
    let home = home(Some("A_KEY: a\n"));
    let written = || fs::metadata(&home.places.file).unwrap().modified().unwrap();
    let before = written();
    let former = home.write(&set("A_KEY", "a"));
    assert!(former.touched().is_empty());
    home.write(&remove("B_KEY"));
    assert_eq!(written(), before);
    home.places.restore(&former).unwrap();
    assert_eq!(home.text(), "A_KEY: a\n");
}

#[test]
fn a_broken_file_is_named_with_its_place_and_never_written() {
    for (text, place) in [
        ("A: a\n\tB: b\n", Some(2)),
        ("A: a\nA: b\n", None),
        ("- sk-canary\n", None),
        ("sk-canary\n", None),
        ("A: a\n---\nB: b\n", None),
        ("\u{feff}A: a\nB: b\n", Some(1)),
    ] {
        let home = home(Some(text));
        let seen = home.look();
        assert!(seen.names().is_empty());
        for error in [
            seen.used().unwrap_err(),
            home.places
                .write(&set("A", "x"), &UNFILED, SECOND)
                .unwrap_err(),
        ] {
            let Error::BrokenFile { line, .. } = &error else {
                panic!("{error}")
            };
            assert!(place.is_none() || *line == place, "{text:?}: {error}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert_eq!(home.text(), text);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_the_file_stays_a_link() {
    let home = home(None);
    let at = |name: &str| home.folder.path().join(name);
    fs::create_dir(at("goose")).unwrap();
    fs::create_dir(at("dotfiles")).unwrap();
    fs::write(at("dotfiles/mine.yaml"), "B: b\n").unwrap();
    std::os::unix::fs::symlink("../dotfiles/mine.yaml", at("goose/secrets.yaml")).unwrap();
    let former = home.write(&set("A_KEY", "a"));
    assert!(at("goose/secrets.yaml").is_symlink());
    assert_eq!(home.text(), "B: b\nA_KEY: a\n");
    home.places.restore(&former).unwrap();
    assert_eq!(home.text(), "B: b\n");
    assert!(at("goose/secrets.yaml").is_symlink());
}

#[test]
fn a_held_lock_is_waited_for_and_then_named() {
    let home = home(Some("A_KEY: a\n"));
    let lock = home.folder.path().join("goose/secrets.yaml.lock");
    let held = fsio::lock(&lock, SECOND).unwrap();
    let short = Patience::of(Duration::from_millis(30));
    let error = home
        .places
        .write(&set("A_KEY", "b"), &UNFILED, short)
        .unwrap_err();
    assert!(error.to_string().contains("secrets.yaml.lock"));
    assert_eq!(home.text(), "A_KEY: a\n");
    drop(held);
    home.write(&set("A_KEY", "b"));
}

#[test]
fn a_change_is_taken_back_byte_for_byte() {
    for text in [
        None,
        Some(""),
        Some("{}"),
        Some("# x\nB:   b\nA_KEY: 'old' # k\n"),
    ] {
        let home = home(text);
        let former = home.write(&set("A_KEY", "new"));
        home.places.restore(&former).unwrap();
        assert_eq!(fs::read_to_string(&home.places.file).ok().as_deref(), text);
    }
}

/// The record of a change, as the journal has it.
fn filed(home: &Home, change: &Change) -> (Former, SecretRecord) {
    let record = std::cell::RefCell::new(None);
    let filing = Filing {
        id: "1",
        announce: &|told| {
            *record.borrow_mut() = Some(told);
            Ok(())
        },
    };
    let former = home.places.write(change, &filing, SECOND).unwrap();
    (former, record.into_inner().unwrap())
}

#[test]
fn a_file_that_was_made_by_a_change_goes_with_it_and_comes_back_if_that_fails() {
    let home = home(None);
    home.write(&set("A_KEY", "a"));
    let unmake = Change {
        unmakes: true,
        ..remove("A_KEY")
    };
    let (former, record) = filed(&home, &unmake);
    assert!(!home.places.file.exists());
    assert!(home.places.stand(&record, SECOND).unwrap());
    home.places.restore(&former).unwrap();
    assert_eq!(home.text(), "A_KEY: a\n");
    assert_eq!(mode(&home.places.file), 0o600);

    // Another process takes it back from its record and what is kept.
    let (_, record) = filed(&home, &unmake);
    assert!(!home.places.file.exists());
    home.places.take_back("1", &record, SECOND).unwrap();
    assert_eq!(home.text(), "A_KEY: a\n");

    home.write(&set("B_KEY", "b"));
    home.write(&unmake);
    assert_eq!(home.text(), "B_KEY: b\n");
}

#[test]
fn taking_back_leaves_what_others_wrote_since() {
    let home = home(Some("A_KEY: old\nB_KEY: old\n"));
    let change = Change {
        set: vec![
            ("A_KEY".into(), Secret::stored("ours")),
            ("B_KEY".into(), Secret::stored("ours")),
            ("C_KEY".into(), Secret::stored("ours")),
        ],
        ..remove("X")
    };
    let former = home.write(&change);
    home.write(&set("B_KEY", "theirs"));
    home.write(&set("D_KEY", "theirs"));
    home.places.restore(&former).unwrap();
    assert_eq!(home.text(), "A_KEY: old\nB_KEY: theirs\nD_KEY: theirs\n");
}

#[test]
fn the_store_in_use_is_the_one_goose_reads_and_will_go_on_to_read() {
    let bare = home(None);
    let filled = home(Some("A_KEY: file\n"));
    let used = |home: &Home, state| home.with(state).used().map_err(|error| error.kind());
    assert_eq!(bare.look().used().unwrap(), StoreKind::File);
    assert_eq!(used(&filled, item("{}")), Ok(StoreKind::Keychain));
    assert_eq!(used(&filled, EMPTY), Ok(StoreKind::Keychain));
    assert_eq!(used(&filled, absent()), Ok(StoreKind::File));
    assert_eq!(used(&bare, absent()), Err("store-absent"));
    let locked = || KeychainState::Trouble(Trouble::locked());
    assert_eq!(used(&filled, locked()), Err("store-locked"));
    let locked = KeychainState::Empty { locked: true };
    assert_eq!(used(&filled, locked), Err("store-locked"));
    let hung = KeychainState::Trouble(Trouble::no_answer_after(SECOND));
    assert_eq!(used(&filled, hung), Err("store-timed-out"));
    let broken = || KeychainState::Trouble(Trouble::unreadable("it is not JSON"));
    assert_eq!(used(&filled, broken()), Err("store-broken"));
    let torn = home(Some("A: a\nA: b\n"));
    assert_eq!(used(&torn, item("{}")), Ok(StoreKind::Keychain));
    assert_eq!(used(&torn, EMPTY), Err("broken-file"));
    assert_eq!(used(&torn, absent()), Err("broken-file"));
}

#[test]
fn a_secret_is_found_where_goose_finds_it() {
    let home = home(Some("A_KEY: file\nN_KEY: 12345\n"));
    let key = |state, name: &str| {
        let held = home.with(state).secret(name);
        held.map(|secret| secret.expose().to_owned())
    };
    assert_eq!(key(EMPTY, "A_KEY").as_deref(), Some("file"));
    assert_eq!(key(absent(), "A_KEY").as_deref(), Some("file"));
    let twins = KeychainState::Trouble(Trouble::twins());
    assert_eq!(key(twins, "A_KEY").as_deref(), Some("file"));
    assert_eq!(
        key(item(r#"{"A_KEY":"item"}"#), "A_KEY").as_deref(),
        Some("item")
    );
    assert_eq!(key(item("{}"), "A_KEY"), None);
    let broken = KeychainState::Trouble(Trouble::unreadable("it is not JSON"));
    assert_eq!(key(broken, "A_KEY"), None);
    assert!(matches!(home.look().held("N_KEY"), Held::Unusable));
}

#[test]
fn what_would_be_carried_over_is_named_beforehand() {
    let home = home(Some("A_KEY: file\nB_KEY: same\n"));
    let carried = |state, store| home.with(state).carried(store);
    assert_eq!(carried(EMPTY, StoreKind::Keychain), ["A_KEY", "B_KEY"]);
    assert!(carried(item("{}"), StoreKind::Keychain).is_empty());
    let both = || item(r#"{"C_KEY":"item","B_KEY":"same","A_KEY":"item"}"#);
    assert_eq!(carried(both(), StoreKind::File), ["C_KEY", "A_KEY"]);
    assert!(carried(absent(), StoreKind::File).is_empty());
}

#[test]
fn the_file_store_needs_no_keychain_unless_there_is_an_item_to_take_along() {
    let home = home(None);
    let carries = |state, store| {
        home.with(state)
            .change(store, vec![], vec![], vec![])
            .carry_over
    };
    assert!(carries(item("{}"), StoreKind::File));
    for state in [
        EMPTY,
        absent(),
        KeychainState::Trouble(Trouble::locked()),
        KeychainState::Trouble(Trouble::unreadable("it is not JSON")),
    ] {
        assert!(!carries(state, StoreKind::File));
    }
    assert!(carries(EMPTY, StoreKind::Keychain));
}

#[test]
fn every_trouble_names_the_way_out_and_the_other_store() {
    let home = home(None);
    for trouble in [
        Trouble::locked(),
        Trouble::twins(),
        Trouble::not_kept(),
        Trouble::no_answer_after(SECOND),
        Trouble::unreadable("it is not JSON"),
        Trouble::too_long(3000, 2560),
    ] {
        let error = trouble.error(&home.places.file);
        assert_eq!(error.exit(), crate::error::Exit::Store);
        assert!(error.action().contains("`--store file`"));
        assert!(error.action().contains("secrets.yaml"));
        assert!(!error.to_string().ends_with('.'));
    }
}

#[test]
fn debug_output_of_everything_here_has_no_value_in_it() {
    let home = home(Some("A_KEY: sk-canary\n"));
    let change = set("B_KEY", "sk-canary");
    let seen = home.with(item(r#"{"C_KEY":"sk-canary"}"#));
    let former = home.write(&change);
    let shown = format!("{seen:?} {change:?} {former:?}");
    assert!(shown.contains("A_KEY") && shown.contains("B_KEY") && shown.contains("C_KEY"));
    assert!(!shown.contains("canary"), "{shown}");
}

/// Runs the rest on the real keychain of this session, which must be a throw-away one. Says so where there is none.
#[test]
fn the_real_keychain_keeps_every_promise() {
    let env = crate::env::Env::from_process();
    if !env.is_set("GOOSE_SETUP_TEST_KEYCHAIN") {
        #[expect(clippy::print_stderr, reason = "a skipped test must be heard")]
        {
            eprintln!(
                "SKIPPED the_real_keychain_keeps_every_promise: needs a throw-away Secret Service and GOOSE_SETUP_TEST_KEYCHAIN=1"
            );
        }
        return;
    }
    let mut home = home(Some("A_KEY: a\nN: 12\nC: {x: [1.5]}\n"));
    home.places.keyring_off = false;
    let look = || home.places.look(LONGER).unwrap();
    let write = |change: Change| home.places.write(&change, &UNFILED, LONGER).unwrap();
    let key = |name: &str, value: &str| Change {
        store: StoreKind::Keychain,
        carry_over: true,
        ..set(name, value)
    };
    let held = |name: &str| look().secret(name).map(|key| key.expose().to_owned());

    // The first item takes the file over, and taking it back takes the item away.
    assert_eq!(look().used().unwrap(), StoreKind::Keychain);
    assert_eq!(look().carried(StoreKind::Keychain), ["A_KEY", "N", "C"]);
    let first = write(key("B_KEY", "b"));
    assert_eq!(look().names(), ["A_KEY", "N", "C", "B_KEY"]);
    assert_eq!(look().read_from(), Some(StoreKind::Keychain));
    home.places.restore(&first).unwrap();
    assert!(matches!(look().keychain, Some(KeychainState::Empty { .. })));

    // An item that was made goes again where the file says the same, and comes back if that fails.
    write(key("B_KEY", "b"));
    let unmake = Change {
        store: StoreKind::Keychain,
        unmakes: true,
        ..remove("B_KEY")
    };
    let gone = write(unmake);
    assert!(matches!(look().keychain, Some(KeychainState::Empty { .. })));
    home.places.restore(&gone).unwrap();
    assert_eq!(look().names(), ["A_KEY", "N", "C", "B_KEY"]);
    keychain::delete(keychain::Item::Goose, LONGER).unwrap();

    // An item that others have added to stays, with what the file held.
    let first = write(key("A_KEY", "ours"));
    write(key("B_KEY", "theirs"));
    home.places.restore(&first).unwrap();
    assert_eq!(held("A_KEY").as_deref(), Some("a"));
    assert_eq!(held("B_KEY").as_deref(), Some("theirs"));

    // A replaced key goes back to its former value; foreign values stay what they are.
    let former = write(key("B_KEY", "new"));
    assert_eq!(former.touched(), [("B_KEY".to_owned(), Touch::Update)]);
    assert_eq!(held("B_KEY").as_deref(), Some("new"));
    home.places.restore(&former).unwrap();
    assert_eq!(held("B_KEY").as_deref(), Some("theirs"));
    assert!(matches!(look().held("N"), Held::Unusable));
    assert!(write(key("B_KEY", "theirs")).touched().is_empty());

    // The file takes the item over when it is to be used instead; the item stays.
    assert_eq!(look().carried(StoreKind::File), ["B_KEY"]);
    write(Change {
        carry_over: true,
        ..set("D_KEY", "d")
    });
    assert_eq!(
        home.text(),
        "A_KEY: a\nN: 12\nC: {x: [1.5]}\nB_KEY: theirs\nD_KEY: d\n"
    );
    assert_eq!(look().names(), ["A_KEY", "N", "C", "B_KEY"]);
}
