//! Text that came from outside, made fit for a terminal.

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
