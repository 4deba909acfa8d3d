//! One value as one literal word, in each shell's own way of quoting.

use crate::error::{Error, Result};
use crate::shell::Shell;

/// `value` as a word that the shell takes for exactly these characters.
///
/// A line break is refused: no provider's value has one, and not every shell can hold one on a single line.
pub fn quote(shell: Shell, value: &str) -> Result<String> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(Error::usage(
            "a value with a line break or a NUL in it cannot be written for a shell",
            "give a value of one line",
        ));
    }
    Ok(match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => posix(value),
        Shell::Fish => fish(value),
        Shell::PowerShell => power_shell(value),
        Shell::Nushell => nushell(value),
    })
}

/// Nothing is special between single quotes, so only the quote itself steps outside of them.
fn posix(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// As in a POSIX shell, but a backslash escapes a quote or a backslash.
fn fish(value: &str) -> String {
    format!("'{}'", value.replace('\\', r"\\").replace('\'', r"\'"))
}

/// PowerShell also ends a string at the typographic quotes; each one is doubled.
fn power_shell(value: &str) -> String {
    let mut word = String::from("'");
    for c in value.chars() {
        word.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            word.push(c);
        }
    }
    word.push('\'');
    word
}

/// A single-quoted string has no escapes at all, so one with a quote in it becomes a raw string with enough hashes.
fn nushell(value: &str) -> String {
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let mut hashes = String::from("#");
    while value.contains(&format!("'{hashes}")) {
        hashes.push('#');
    }
    format!("r{hashes}'{value}'{hashes}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    #[test]
    fn each_shell_quotes_a_quote_its_own_way() {
        let value = r"it's \ $x";
        assert_eq!(quote(Shell::Sh, value).unwrap(), r"'it'\''s \ $x'");
        assert_eq!(quote(Shell::Fish, value).unwrap(), r"'it\'s \\ $x'");
        assert_eq!(quote(Shell::PowerShell, value).unwrap(), r"'it''s \ $x'");
        assert_eq!(quote(Shell::Nushell, value).unwrap(), r"r#'it's \ $x'#");
    }

    #[test]
    fn typographic_quotes_do_not_end_a_power_shell_string() {
        assert_eq!(
            quote(Shell::PowerShell, "a\u{2019}b\u{201b}").unwrap(),
            "'a\u{2019}\u{2019}b\u{201b}\u{201b}'"
        );
    }

    #[test]
    fn a_nushell_raw_string_has_more_hashes_than_the_value() {
        assert_eq!(quote(Shell::Nushell, "plain").unwrap(), "'plain'");
        assert_eq!(quote(Shell::Nushell, "a'##b").unwrap(), "r###'a'##b'###");
    }

    #[test]
    fn a_value_of_several_lines_is_refused_in_every_shell() {
        for shell in Shell::ALL {
            for value in ["a\nb", "a\rb", "a\0b"] {
                assert!(quote(shell, value).is_err(), "{shell:?} {value:?}");
            }
        }
    }
}
