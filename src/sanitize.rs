//! Text that came from outside, made fit for a terminal.

use std::borrow::Cow;
use std::cmp::Reverse;

use crate::secret::Secret;

/// Enough for any message worth reading.
const LIMIT: usize = 240;

/// One line, nothing that steers a terminal or reorders text, none of the keys, of bounded length.
pub fn line<'a>(text: &str, keys: impl IntoIterator<Item = &'a Secret>) -> String {
    let mut keys: Vec<&Secret> = keys.into_iter().collect();
    // One key may begin like another.
    keys.sort_by_key(|key| Reverse(key.expose().len()));
    // Before the cut, which could leave half a key; after the cleaning, which could join two halves.
    let text = keys.iter().fold(plain(text), |text, key| key.redact(&text));
    if text.chars().count() <= LIMIT {
        return text;
    }
    let mut short: String = text.chars().take(LIMIT).collect();
    short.push('…');
    short
}

/// The text, if it is one plain word to begin with: an id that had to be mended would name nothing.
pub fn word(text: &str) -> Option<&str> {
    let is_plain = !text.is_empty()
        && text.len() <= LIMIT
        && !text.chars().any(|c| c.is_whitespace() || is_hidden(c));
    is_plain.then_some(text)
}

/// One line of any length, with nothing in it that steers a terminal or reorders text.
pub fn plain(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !is_hidden(*c))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whole text of ours with words of others in it, on its way to a terminal: lines and colours stay, and nothing else that
/// steers.
pub fn calm(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c != '\n' && is_hidden(c)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = colour(rest).unwrap_or_else(|| c.len_utf8());
        let (part, after) = rest.split_at(length);
        if part.len() > c.len_utf8() || matches!(c, '\n' | '\t') || !is_hidden(c) {
            out.push_str(part);
        }
        rest = after;
    }
    out.into()
}

/// The length of a colour sequence, if the text begins with one.
fn colour(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    rest[end..].starts_with('m').then_some(2 + end + 1)
}

/// JSON that means the same and that a terminal may be shown.
pub fn escaped(json: &str) -> Cow<'_, str> {
    let is_loud = |c: char| c != '\n' && is_hidden(c);
    if !json.chars().any(is_loud) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_loud(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// Control characters, and those that have no width or turn the direction of what follows.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn nothing_that_steers_a_terminal_is_left() {
        for (text, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "[31mred[0m"),
            ("\u{1b}]0;title\u{7}hello", "]0;titlehello"),
            ("\u{9b}2Jgone", "2Jgone"),
            ("one\r\ntwo\tthree", "one two three"),
            ("safe\u{202e}txt.exe\u{202c}", "safetxt.exe"),
            ("in\u{200b}vis\u{feff}ible", "invisible"),
            ("wörter 日本 🦆", "wörter 日本 🦆"),
        ] {
            assert_eq!(line(text, None), shown);
        }
    }

    #[test]
    fn lines_and_colours_of_our_own_stay() {
        for (text, shown) in [
            ("plain\ntext\n", "plain\ntext\n"),
            ("\u{1b}[31mred\u{1b}[0m\n", "\u{1b}[31mred\u{1b}[0m\n"),
            ("\u{1b}[1;32mok\u{1b}[m", "\u{1b}[1;32mok\u{1b}[m"),
            ("\u{1b}[2Jgone\u{1b}", "[2Jgone"),
            ("\u{1b}]52;c;eA==\u{7}x\ty\r", "]52;c;eA==x\ty"),
            ("a\u{202e}b\u{9b}31m", "ab31m"),
        ] {
            assert_eq!(calm(text), shown);
        }
    }

    #[test]
    fn json_stays_what_it_means() {
        let text = "a\u{202e}b\u{9b}c\u{e0041}d\ne";
        let json = serde_json::to_string(text).unwrap();
        let shown = escaped(&json);
        assert!(!shown.chars().any(is_hidden), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let cut = line(&"é".repeat(10_000), None);
        assert_eq!(cut.chars().count(), LIMIT + 1);
        assert!(cut.ends_with('…'));
    }

    #[test]
    fn no_piece_of_the_key_survives() {
        let key = Secret::parse("sk-or-v1-abc").unwrap();
        for text in [
            "bad key sk-or-v1-abc".to_owned(),
            "bad key sk-or\u{200b}-v1-abc".to_owned(),
            format!("{}sk-or-v1-abc", "x".repeat(LIMIT - 5)),
        ] {
            assert!(!line(&text, Some(&key)).contains("sk-or"), "{text}");
        }
    }

    #[test]
    fn of_several_keys_no_piece_survives_the_cut() {
        let keys = ["sk-or-v1", "sk-or-v1-abc", "gsk_0123456789"].map(Secret::stored);
        let filling = "x".repeat(LIMIT - 6);
        for key in &keys {
            let shown = line(&format!("{filling}{} end", key.expose()), &keys);
            assert_eq!(shown, format!("{filling}[key] …"));
        }
    }

    #[test]
    fn an_id_is_one_plain_word() {
        assert_eq!(word("meta/llama-4:free"), Some("meta/llama-4:free"));
        for text in ["", "two words", "a\u{1b}[31m", "a\u{202e}b", "a\n"] {
            assert_eq!(word(text), None, "{text:?}");
        }
    }
}
