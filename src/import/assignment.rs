//! Lines that give a variable a value: `.env` files, and the start-up files of shells.

/// The name and the value of one line, in any of the shells' ways of saying it.
pub(super) fn of(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    fish(line)
        .or_else(|| fish_universal(line))
        .or_else(|| nushell(line))
        .or_else(|| posix(line))
        .filter(|(name, value)| is_name(name) && !value.is_empty())
}

/// `[export] NAME=value`, and `typeset -x NAME=value` of zsh.
fn posix(line: &str) -> Option<(&str, &str)> {
    let rest = ["export ", "typeset -x ", "declare -x ", "set -x "]
        .iter()
        .find_map(|word| line.strip_prefix(word))
        .unwrap_or(line);
    let (name, value) = rest.trim_start().split_once('=')?;
    Some((name.trim_end(), unquoted(value.trim_start())))
}

/// `set -gx NAME value`.
fn fish(line: &str) -> Option<(&str, &str)> {
    let mut rest = line.strip_prefix("set ")?.trim_start();
    let mut is_exported = false;
    while let Some(flag) = rest.strip_prefix('-') {
        let (flag, after) = flag.split_once(char::is_whitespace)?;
        is_exported |= flag == "-export" || (!flag.starts_with('-') && flag.contains('x'));
        rest = after.trim_start();
    }
    let (name, value) = rest.split_once(char::is_whitespace)?;
    (is_exported && !name.contains('=')).then_some((name, unquoted(value.trim_start())))
}

/// `SETUVAR --export NAME:value` of fish's own variables file.
fn fish_universal(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("SETUVAR --export ")?.split_once(':')?;
    Some((name, value))
}

/// `$env.NAME = "value"`.
fn nushell(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix("$env.")?.split_once('=')?;
    Some((name.trim(), unquoted(value.trim())))
}

/// The first word, without its quotes and without what follows it.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or_default();
        }
    }
    value
        .split(|c: char| c.is_whitespace() || c == ';')
        .next()
        .unwrap_or_default()
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_says_it_in_its_own_way() {
        for line in [
            "KEY=value",
            "export KEY=value",
            "  export KEY=\"value\" # mine",
            "export KEY='value'; export OTHER=x",
            "KEY = value",
            "typeset -x KEY=value",
            "set -gx KEY value",
            "set -x -g KEY 'value'",
            "set --export KEY value",
            "SETUVAR --export KEY:value",
            "$env.KEY = \"value\"",
        ] {
            assert_eq!(of(line), Some(("KEY", "value")), "{line}");
        }
    }

    #[test]
    fn what_gives_no_variable_a_value_is_passed_over() {
        for line in [
            "",
            "# export KEY=value",
            "KEY=",
            "set -g KEY value",
            "set -gx KEY",
            "alias x='KEY=value'",
            "if [ \"$A\" = b ]; then",
            "echo KEY value",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn fuzz_any_line_gives_a_name_and_a_value_or_nothing() {
        crate::fuzz::fuzz("assignment", |text| {
            for line in String::from_utf8_lossy(text).lines() {
                if let Some((name, value)) = of(line) {
                    assert!(is_name(name), "{name:?}");
                    assert!(!value.is_empty() && line.contains(value), "{value:?}");
                }
            }
        });
    }
}
