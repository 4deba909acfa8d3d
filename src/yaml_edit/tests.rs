#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use proptest::prelude::*;

use super::*;

fn path() -> &'static Path {
    Path::new("config.yaml")
}

fn edit(text: &str, edits: &[Edit]) -> Edited {
    apply(path(), text.as_bytes(), edits).unwrap()
}

#[track_caller]
fn check(before: &str, edits: &[Edit], after: &str) {
    let edited = edit(before, edits);
    assert_eq!(String::from_utf8(edited.text).unwrap(), after);
    assert!(!edited.comments_lost);
}

#[track_caller]
fn broken(text: &[u8]) -> (Option<usize>, Option<usize>, String) {
    match apply(path(), text, &[Edit::set(["a"], "b")]).unwrap_err() {
        Error::BrokenFile {
            line,
            column,
            reason,
            ..
        } => (line, column, reason),
        other => unreachable!("{other}"),
    }
}

#[test]
fn comments_order_and_quoting_stay_around_an_edit() {
    check(
        "# mine\na: 'one' # first\n\nb:   \"two\"\n# end\n",
        &[Edit::set(["b"], "three")],
        "# mine\na: 'one' # first\n\nb:   three\n# end\n",
    );
}

#[test]
fn a_trailing_comment_outlives_the_value_before_it() {
    check(
        "model: old # why\nx: 1\n",
        &[Edit::set(["model"], "new")],
        "model: new # why\nx: 1\n",
    );
}

#[test]
fn new_keys_come_last() {
    check(
        "b: 1\na: 2\n",
        &[Edit::set(["c"], "x"), Edit::set(["0"], "y")],
        "b: 1\na: 2\nc: x\n'0': y\n",
    );
}

#[test]
fn nested_keys_are_added_in_block_and_flow() {
    check(
        "p:\n    a: {enabled: true, model: m} # keep\nz: 1\n",
        &[
            Edit::set(["p", "a", "model"], "n"),
            Edit::set(["p", "a", "configured"], true),
            Edit::set(["p", "b"], "c"),
        ],
        "p:\n    a: {enabled: true, model: n, configured: true} # keep\n    b: c\nz: 1\n",
    );
}

#[test]
fn a_map_goes_in_with_the_order_of_its_keys() {
    let entry: Mapping = [
        ("enabled".into(), true.into()),
        ("model".into(), "m".into()),
        ("configured".into(), true.into()),
    ]
    .into_iter()
    .collect();
    check(
        "a: 1 # one\n",
        &[Edit::set(["providers", "x"], entry)],
        "a: 1 # one\nproviders:\n  x:\n    enabled: true\n    model: m\n    configured: true\n",
    );
}

#[test]
fn a_null_parent_becomes_a_map() {
    for before in ["p:\nz: 1\n", "p: ~\nz: 1\n", "p: null\nz: 1\n"] {
        let edited = edit(before, &[Edit::set(["p", "q", "r"], "s")]);
        let text = String::from_utf8(edited.text).unwrap();
        assert_eq!(text, "p:\n  q:\n    r: s\nz: 1\n", "from {before:?}");
        assert!(!edited.comments_lost);
    }
}

#[test]
fn removing_takes_one_line_and_nothing_else() {
    check(
        "# head\na: 1 # one\nb: 2\n# about c\nc: 3\n",
        &[Edit::remove(["b"]), Edit::remove(["no", "such"])],
        "# head\na: 1 # one\n# about c\nc: 3\n",
    );
}

#[test]
fn an_edit_that_changes_nothing_gives_back_the_same_bytes() {
    for text in [
        "",
        "# only\n",
        "~\n",
        "a:   'b'   # c\r\n",
        "a: b",
        "{a: b}",
        "---\na: b\n...\n",
    ] {
        let edited = edit(text, &[Edit::remove(["gone"])]);
        assert_eq!(edited.text, text.as_bytes());
    }
    check("a: 'b'", &[Edit::set(["a"], "b")], "a: 'b'");
}

#[test]
fn files_that_hold_nothing_yet_keep_what_they_hold() {
    let set = &[Edit::set(["a"], "b")];
    check("", set, "a: b\n");
    check("\n", set, "\na: b\n");
    check("# hello\n# you\n", set, "# hello\n# you\na: b\n");
    check("# hello", set, "# hello\na: b\n");
    check("# hello\r\n", set, "# hello\r\na: b\r\n");
    check("~\n", set, "a: b\n");
    check("# x\nnull\n", set, "# x\na: b\n");
    check("---\n", set, "---\na: b\n");
    check("{}\n", set, "{a: b}\n");
}

#[test]
fn line_ends_stay_as_they_are() {
    check(
        "a: 1\r\nb: 2 # two\r\n",
        &[Edit::set(["a"], "x"), Edit::set(["c", "d"], "y")],
        "a: x\r\nb: 2 # two\r\nc:\r\n  d: y\r\n",
    );
}

#[test]
fn a_file_without_a_final_newline_stays_one() {
    check(
        "a: 1 # one\nb: 2",
        &[Edit::set(["a"], "x")],
        "a: x # one\nb: 2",
    );
    check(
        "a: 1\nb: 2 # two",
        &[Edit::set(["c"], "x")],
        "a: 1\nb: 2 # two\nc: x",
    );
    check(
        "# n\na: 1\nb: |\n  text",
        &[Edit::set(["a"], "x")],
        "# n\na: x\nb: |\n  text",
    );
}

#[test]
fn a_byte_order_mark_goes_even_when_nothing_else_changes() {
    for edits in [&[][..], &[Edit::set(["a"], "b")]] {
        let edited = edit("\u{feff}a: b # c\n", edits);
        assert_eq!(edited.text, b"a: b # c\n");
        assert!(edited.bom_removed);
    }
    assert!(!edit("a: b\n", &[]).bom_removed);
}

#[test]
fn a_file_goose_cannot_read_is_refused_with_its_place() {
    for (text, line, column, words) in [
        ("a: 1\n\tb: 2\n", 2, 1, "tab character"),
        ("a: 1\nb: [1\nc: 2\n", 3, 2, "did not find expected"),
        ("a: 1\nb: 2\n\na: 3\n", 4, 1, "duplicate entry"),
        ("p:\n  a: 1\n  'a' : 2\n", 3, 3, "duplicate entry"),
        ("p:\n- a: 1\n  b: 2\n  a: 3\n", 4, 3, "duplicate entry"),
        ("p: {a: 1, a: 2}\n", 1, 4, "duplicate entry"),
        ("- a\n", 1, 1, "not a map"),
        ("sk-or-v1-abc\n", 1, 1, "not a map"),
        ("a: *b\n", 1, 4, "unknown anchor"),
        ("MY_ID: 123456789012345678901234567890\n", 1, 8, "in quotes"),
        ("a: [-99999999999999999999]\n", 1, 5, "larger than goose"),
    ] {
        for mark in ["", "\u{feff}"] {
            let (got_line, got_column, reason) = broken(format!("{mark}{text}").as_bytes());
            assert_eq!(
                (got_line, got_column),
                (Some(line), Some(column)),
                "{text:?}: {reason}"
            );
            assert!(reason.contains(words), "{reason}");
            assert!(!reason.contains(" at line 1 column 1"), "{reason}");
            assert!(!reason.contains("sk-or"), "{reason}");
            assert!(!reason.contains("999"), "{reason}");
        }
    }
    assert!(
        broken(b"a: 1\n---\nb: 2\n")
            .2
            .contains("more than one document")
    );
    let (line, column, reason) = broken(b"\xef\xbb\xbfa: 1\nb: \xc3\xa4\xff\n");
    assert_eq!((line, column), (Some(2), Some(5)));
    assert!(reason.contains("UTF-8"));
}

#[test]
fn a_string_is_read_back_as_the_same_string() {
    for value in [
        "yes",
        "no",
        "on",
        "1.0",
        "12345",
        "0x1F",
        "null",
        "~",
        "#x",
        "a #b",
        "a: b",
        "",
        " ",
        " x ",
        "'",
        "\"",
        "it's \"so\"",
        "- a",
        "{a}",
        "[a]",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "a\nb\n",
        "\n",
        "a\r\nb",
        "\ttab",
        "ünï😀",
        "\\n",
        "true",
        "1e5",
        ".inf",
        "2001-01-01",
        "=",
        "<<",
        "---",
        "anthropic/claude-sonnet-4.5:free",
        "\u{7f}",
        "\u{85}",
        "\u{feff}",
    ] {
        for before in [
            "a: 1\n",
            "a: 'q' # c\nb: 2\n",
            "# c\n",
            "{a: 1, b: 2}\n",
            "a: |\n  x\n  y\n",
        ] {
            let edited = edit(
                before,
                &[Edit::set(["a"], value), Edit::set(["n", "v"], value)],
            );
            let map = parse(path(), &edited.text).unwrap();
            assert_eq!(map["a"], Value::from(value), "{before:?}");
            assert_eq!(map["n"]["v"], Value::from(value), "{before:?}");
            if before.contains('#') {
                assert!(!edited.comments_lost, "{before:?} {value:?}");
            }
        }
    }
}

#[test]
fn anchors_keep_their_meaning_even_at_the_cost_of_comments() {
    check(
        "base: &b {x: 1} # base\nuse: *b\nz: 1\n",
        &[Edit::set(["z"], "2")],
        "base: &b {x: 1} # base\nuse: *b\nz: '2'\n",
    );
    let edited = edit("m: &m one\nother: *m\n", &[Edit::set(["m"], "two")]);
    assert!(edited.comments_lost);
    assert_eq!(edited.text, b"m: two\nother: one\n");
    let edited = edit("m: &m one\nother: *m\n", &[Edit::remove(["m"])]);
    assert_eq!(edited.text, b"other: &m one\n");
    check(
        "base: &b {x: 1}\nuse: *b # alias\n",
        &[Edit::set(["use", "y"], "z")],
        "base: &b {x: 1}\nuse: # alias\n  x: 1\n  y: z\n",
    );
}

#[test]
fn what_is_no_map_gives_way_to_a_path_through_it() {
    check(
        "p: 7\nq: 1\n",
        &[Edit::set(["p", "a"], "b")],
        "p:\n  a: b\nq: 1\n",
    );
    check("p: [1]\n", &[Edit::remove(["p", "a"])], "p: [1]\n");
}

#[test]
fn the_last_key_can_go() {
    let edited = edit("# c\na: 1\n", &[Edit::remove(["a"])]);
    assert!(parse(path(), &edited.text).unwrap().is_empty());
    assert!(String::from_utf8(edited.text).unwrap().contains("# c"));
}

#[test]
fn ten_thousand_lines_are_edited_in_reasonable_time() {
    let text: String = (0..10_000)
        .map(|i| format!("key{i}: value # {i}\n"))
        .collect();
    let started = std::time::Instant::now();
    let edited = edit(
        &text,
        &[Edit::set(["key5000"], "x"), Edit::set(["new", "a"], "b")],
    );
    assert!(!edited.comments_lost);
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
    let text = text.replace("key5000: value", "key5000: x") + "new:\n  a: b\n";
    assert_eq!(String::from_utf8(edited.text).unwrap(), text);
}

#[test]
fn hostile_files_are_refused_quickly() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let aliases = vec![format!("*a{}", i - 1); 9].join(", ");
        bomb += &format!("a{i}: &a{i} [{aliases}]\n");
    }
    let deep = format!("a: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    let deep_block: String = (0..500).map(|i| format!("{}k:\n", " ".repeat(i))).collect();
    let started = std::time::Instant::now();
    for text in [bomb, deep, deep_block] {
        broken(text.as_bytes());
    }
    assert!(started.elapsed() < std::time::Duration::from_secs(5));
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,4}",
        Just("yes".to_owned()),
        Just("1.0".to_owned()),
        Just("it's #1: \"x\"".to_owned()),
        Just(String::new()),
    ]
}

/// One line of a document, whole in itself: its key is unlike every other line's.
fn line(index: usize) -> impl Strategy<Value = String> {
    let key = format!("k{index}");
    (0..8, word(), any::<bool>()).prop_map(move |(kind, word, comment)| {
        let quoted = word.replace('\'', "''");
        let tail = if comment { " # note" } else { "" };
        match kind {
            0 => format!("{key}: '{quoted}'{tail}\n"),
            1 => format!("{key}: {{a: '{quoted}', b: 2}}{tail}\n"),
            2 => format!("{key}:{tail}\n  a: '{quoted}' # inner\n  b: {{c: d}}\n"),
            3 => format!("# about {key}\n\n{key}: 12{tail}\n"),
            4 => format!("{key}: ~{tail}\n"),
            5 => format!("{key}:{tail}\n  - one\n  - '{quoted}'\n"),
            6 => format!("{key}: |\n  some\n  text\n"),
            _ => format!("\"{key}\": \"x\"{tail}\n"),
        }
    })
}

fn document() -> impl Strategy<Value = (Vec<String>, bool, bool)> {
    (
        (line(0), line(1), line(2), line(3), line(4), 0..=5_usize)
            .prop_map(|(a, b, c, d, e, n)| [a, b, c, d, e].into_iter().take(n).collect()),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.2),
    )
}

fn edit_of() -> impl Strategy<Value = Edit> {
    let key = (0..7_usize).prop_map(|i| format!("k{i}"));
    let inner = prop_oneof![Just("a"), Just("b"), Just("new")].prop_map(str::to_owned);
    let path = prop_oneof![
        key.clone().prop_map(|key| vec![key]),
        (key, inner).prop_map(|(key, inner)| vec![key, inner]),
    ];
    (path, word(), any::<bool>()).prop_map(|(path, word, set)| {
        if set {
            Edit::Set {
                path,
                value: word.into(),
            }
        } else {
            Edit::Remove { path }
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_means_what_it_says_and_touches_nothing_else(
        (blocks, crlf, cut) in document(),
        edits in proptest::collection::vec(edit_of(), 1..4),
    ) {
        let mut text = blocks.concat();
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        if cut {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        let mut wanted = parse(path(), text.as_bytes()).unwrap();
        for edit in &edits {
            edit.make(&mut wanted);
        }
        let edited = apply(path(), text.as_bytes(), &edits).unwrap();
        let reading = parse(path(), &edited.text).unwrap();
        prop_assert!(same(&reading, &wanted), "{text:?} became {:?}", String::from_utf8_lossy(&edited.text));

        let again = apply(path(), &edited.text, &edits).unwrap();
        let last_word = edits.iter().enumerate().all(|(i, edit)| {
            edits[i + 1..].iter().all(|later| later.path()[0] != edit.path()[0])
        });
        if last_word {
            prop_assert_eq!(&again.text, &edited.text);
        }

        if !edited.comments_lost {
            let after = String::from_utf8(edited.text).unwrap();
            for (index, block) in blocks.iter().enumerate() {
                let block = if crlf { block.replace('\n', "\r\n") } else { block.clone() };
                let block = block.trim_end_matches(['\r', '\n']);
                let key = format!("k{index}");
                if edits.iter().all(|edit| edit.path()[0] != key) {
                    prop_assert!(after.contains(block), "{block:?} is not in {after:?}");
                }
            }
        }
    }
}

#[test]
fn fuzz_any_text_is_refused_or_says_exactly_what_it_shall() {
    let entry: Mapping = [
        ("enabled".into(), true.into()),
        ("model".into(), "m".into()),
    ]
    .into_iter()
    .collect();
    let edits = [
        Edit::set(["active_provider"], "x"),
        Edit::set(["providers", "x"], entry),
        Edit::set(["providers", "x", "model"], "it's: #1"),
        Edit::remove(["GOOSE_PROVIDER"]),
        Edit::set(["OPENROUTER_PARAMETERS", "models"], vec!["a", "b"]),
    ];
    crate::fuzz::fuzz("yaml", |text| {
        let Ok(mut wanted) = parse(path(), text) else {
            assert!(apply(path(), text, &edits).is_err());
            return;
        };
        for edit in &edits {
            edit.make(&mut wanted);
        }
        let edited = apply(path(), text, &edits).unwrap();
        assert!(same(&parse(path(), &edited.text).unwrap(), &wanted));
        // What was proven is what goose reads, too.
        assert_eq!(seen_by_goose(&edited.text), Some(wanted));
        let untouched = apply(path(), text, &[Edit::remove(["no such key"])]).unwrap();
        let mark = BOM.to_string();
        assert_eq!(
            untouched.text,
            text.strip_prefix(mark.as_bytes()).unwrap_or(text)
        );
    });
}
