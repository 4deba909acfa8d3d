//! Lines that give a variable a value: `.env` files, and the start-up files of shells.

use std::borrow::Cow;

/// The name and the value of one line, in any of the shells' ways of saying it.
pub(super) fn of(line: &str) -> Option<(&str, Cow<'_, str>)> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let found = match line.strip_prefix("SETUVAR ") {
        Some(rest) => fish_universal(rest),
        None => fish(line)
            .or_else(|| nushell(line))
            .or_else(|| posix(line))
            .map(|(name, value)| (name, Cow::Borrowed(value))),
    };
    found.filter(|(name, value)| is_name(name) && !value.is_empty())
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

/// `--export NAME:value` of fish's own variables file, where all but letters, digits, `_` and `/` is written as its code.
fn fish_universal(line: &str) -> Option<(&str, Cow<'_, str>)> {
    let (left, value) = line.split_once(':')?;
    let (flags, name) = left.rsplit_once(' ')?;
    let is_exported = flags.split(' ').any(|flag| flag == "--export");
    let value = unescaped(value)?;
    // Several values in one variable are no key.
    (is_exported && !value.contains('\x1e')).then_some((name, Cow::Owned(value)))
}

/// Without the `\xHH`, `\uHHHH` and `\UHHHHHHHH` of fish.
fn unescaped(value: &str) -> Option<String> {
    let mut parts = value.split('\\');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let digits = match part.chars().next()? {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let code = u32::from_str_radix(part.get(1..=digits)?, 16).ok()?;
        text.push(char::from_u32(code)?);
        text.push_str(&part[digits + 1..]);
    }
    Some(text)
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
            "SETUVAR --export --path KEY:value",
            "$env.KEY = \"value\"",
        ] {
            assert_eq!(of(line), Some(("KEY", "value".into())), "{line}");
        }
    }

    #[test]
    fn fish_writes_signs_as_their_codes() {
        let line = r"SETUVAR --export KEY:sk\x2dor\x2ev1_a/b\x2bc\x3d\u00e9\U0001f511";
        let value = Cow::Borrowed("sk-or.v1_a/b+c=é🔑");
        assert_eq!(of(line), Some(("KEY", value)));
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
            "SETUVAR KEY:value",
            "SETUVAR --export KEY:",
            "SETUVAR --export K-Y:value",
            r"SETUVAR --export KEY:one\x1etwo",
            r"SETUVAR --export KEY:not\q",
            r"SETUVAR --export KEY:cut\u00",
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
                    assert!(!value.is_empty(), "{line:?}");
                    let is_as_written = line.contains(&*value);
                    assert!(is_as_written || line.contains('\\'), "{value:?}");
                }
            }
        });
    }
}
