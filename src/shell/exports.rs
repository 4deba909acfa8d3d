//! The block of exports for a shell, and how to recognise later what it exported.

use crate::env::Env;
use crate::error::{Error, Result};
use crate::shell::Shell;
use crate::shell::quote::quote;

/// Names, separated by commas, what a block of ours exported into this environment.
pub const MARKER: &str = "GOOSE_SETUP_EXPORTS";

/// How a user who has goose-setup on `PATH` calls it.
pub const PROGRAM: &str = "goose-setup";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub name: String,
    pub value: ExportValue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExportValue {
    /// No secret; already in the form that goose reads (see `goose::env_value`).
    Literal(String),
    /// Asked from the store when the shell evaluates the block.
    Stored {
        /// goose's id of the provider.
        provider: String,
        /// The name under which the secret is stored.
        variable: String,
    },
    /// Exported by an earlier block of ours and wrong by now.
    Removed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// What `env` prints: the whole set for one provider.
    Full,
    /// The file that the rc line loads: keys only, so that config.yaml decides the rest.
    Keys,
}

/// The text that makes `shell` export these.
///
/// `program` is goose-setup as this shell can call it: the bare name where `PATH` finds it, else an absolute path.
pub fn render_exports(
    shell: Shell,
    exports: &[Export],
    purpose: Purpose,
    program: &str,
) -> Result<String> {
    let lines = exports
        .iter()
        .map(|export| line(shell, export))
        .collect::<Result<Vec<_>>>()?
        .join("\n");
    let (title, refresh, remove) = match purpose {
        Purpose::Full => (
            "goose-setup: what goose needs from this shell's environment.",
            refresh_line(shell, program)?,
            "close this shell; nothing was written anywhere",
        ),
        Purpose::Keys => (
            "goose-setup: the keys that goose reads from its environment. Written by goose-setup, do not edit.",
            "open a new shell".into(),
            "goose-setup env --remove",
        ),
    };
    let deliver = match purpose {
        Purpose::Full => "to json --raw",
        Purpose::Keys => "load-env",
    };
    Ok(fill(
        template(shell),
        &[
            ("title", title),
            ("refresh", &refresh),
            ("remove", remove),
            ("program", &quote(shell, program)?),
            ("exports", &lines),
            ("deliver", deliver),
        ],
    ))
}

/// What to type into an open shell so that it exports the current set.
///
/// nushell cannot evaluate text, so a second one runs the block and hands its result over as data.
pub fn refresh_line(shell: Shell, program: &str) -> Result<String> {
    let word = if program == PROGRAM {
        program.to_owned()
    } else {
        quote(shell, program)?
    };
    Ok(match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => {
            format!(r#"eval "$({word} env --shell {})""#, shell.name())
        }
        Shell::Fish => format!("{word} env --shell fish | source"),
        Shell::PowerShell => {
            format!("& {word} env --shell powershell | Out-String | Invoke-Expression")
        }
        Shell::Nushell => {
            format!("^$nu.current-exe -n -c (^{word} env --shell nushell) | from json | load-env")
        }
    })
}

/// Those of the variables in this environment that a block of ours exported.
pub fn our_exports(env: &Env) -> Vec<&str> {
    env.filled(MARKER)
        .unwrap_or_default()
        .split(',')
        .filter(|name| is_variable(name) && env.is_set(name))
        .collect()
}

/// A block of ours with this text exports it.
pub fn has(text: &[u8], shell: Shell, export: &Export) -> bool {
    line(shell, export).is_ok_and(|wanted| {
        String::from_utf8_lossy(text)
            .lines()
            .any(|line| line == wanted)
    })
}

fn line(shell: Shell, export: &Export) -> Result<String> {
    let name = variable(&export.name)?;
    Ok(match &export.value {
        ExportValue::Literal(value) => {
            let value = quote(shell, value)?;
            match shell {
                Shell::Bash | Shell::Zsh | Shell::Sh | Shell::Fish => {
                    format!("__goose_setup_set {name} {value}")
                }
                Shell::PowerShell => format!("    Set-Export '{name}' {value}"),
                Shell::Nushell => format!("    | plain {name} {value}"),
            }
        }
        ExportValue::Stored {
            provider,
            variable: stored,
        } => {
            let stored = variable(stored)?;
            let provider = quote(shell, provider_id(provider)?)?;
            match shell {
                Shell::Bash | Shell::Zsh | Shell::Sh | Shell::Fish => {
                    format!("__goose_setup_key {name} {stored} {provider}")
                }
                Shell::PowerShell => format!("    Set-Key '{name}' '{stored}' {provider}"),
                Shell::Nushell => format!("    | stored {name} {stored} {provider}"),
            }
        }
        ExportValue::Removed => match shell {
            Shell::Bash | Shell::Zsh | Shell::Sh => format!("unset {name}"),
            Shell::Fish => format!("set -e -g {name}"),
            Shell::PowerShell => format!("    Remove-Item -LiteralPath 'Env:{name}'"),
            // An environment variable that is null is not handed to a child.
            Shell::Nushell => format!("    | upsert {name} null"),
        },
    })
}

fn template(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash | Shell::Zsh | Shell::Sh => include_str!("../../templates/env.sh"),
        Shell::Fish => include_str!("../../templates/env.fish"),
        Shell::PowerShell => include_str!("../../templates/env.ps1"),
        Shell::Nushell => include_str!("../../templates/env.nu"),
    }
}

/// Replaces each `{{name}}` once, left to right, so that nothing inside a value is taken for a place to fill.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) = rest
        .split_once("{{")
        .and_then(|(before, tail)| Some((before, tail.split_once("}}")?)))
    {
        text.push_str(before);
        let value = values.iter().find(|(known, _)| *known == name);
        text.push_str(value.map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

fn variable(name: &str) -> Result<&str> {
    if is_variable(name) {
        Ok(name)
    } else {
        Err(Error::usage(
            format!("{name:?} cannot name an environment variable"),
            "use letters, digits and _, and no digit first",
        ))
    }
}

/// Every shell can export a variable of this name.
pub fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// An id that starts with a dash would be taken for an option.
fn provider_id(id: &str) -> Result<&str> {
    if id.is_empty() || id.starts_with('-') {
        return Err(Error::usage(
            format!("{id:?} cannot be a provider's id"),
            "run `goose-setup providers` to see the ids",
        ));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn literal(name: &str, value: &str) -> Export {
        Export {
            name: name.into(),
            value: ExportValue::Literal(value.into()),
        }
    }

    #[test]
    fn every_place_in_every_template_is_filled() {
        for shell in Shell::ALL {
            for purpose in [Purpose::Full, Purpose::Keys] {
                let exports = [literal("GOOSE_MODEL", "m")];
                let text = render_exports(shell, &exports, purpose, PROGRAM).unwrap();
                assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
                assert!(
                    text.contains("GOOSE_MODEL") && text.contains("'m'"),
                    "{text}"
                );
                assert!(text.contains(MARKER), "{text}");
            }
        }
    }

    #[test]
    fn a_value_that_looks_like_a_place_to_fill_is_kept() {
        let exports = [literal("GOOSE_MODEL", "{{program}}")];
        let text = render_exports(Shell::Sh, &exports, Purpose::Full, PROGRAM).unwrap();
        assert!(text.contains("'{{program}}'"), "{text}");
    }

    #[test]
    fn the_header_says_how_to_refresh_and_how_to_remove() {
        for shell in Shell::ALL {
            let full = render_exports(shell, &[], Purpose::Full, PROGRAM).unwrap();
            assert!(
                full.contains(&refresh_line(shell, PROGRAM).unwrap()),
                "{full}"
            );
            let keys = render_exports(shell, &[], Purpose::Keys, PROGRAM).unwrap();
            assert!(keys.contains("goose-setup env --remove"), "{keys}");
        }
    }

    #[test]
    fn what_would_not_be_one_word_is_refused() {
        for export in [
            literal("A B", "x"),
            literal("", "x"),
            literal("1A", "x"),
            literal("A", "x\ny"),
            Export {
                name: "A".into(),
                value: ExportValue::Stored {
                    provider: "--env".into(),
                    variable: "A".into(),
                },
            },
        ] {
            for shell in Shell::ALL {
                let exports = [export.clone()];
                let error = render_exports(shell, &exports, Purpose::Full, PROGRAM).unwrap_err();
                assert_eq!(error.exit(), crate::error::Exit::Usage);
            }
        }
    }

    #[test]
    fn our_exports_are_those_that_are_marked_and_still_set() {
        let env = Env::of([
            (MARKER, "GOOSE_MODEL,GONE,,a b,OPENAI_API_KEY"),
            ("GOOSE_MODEL", "m"),
            ("OPENAI_API_KEY", "k"),
            ("GROQ_API_KEY", "not ours"),
        ]);
        assert_eq!(our_exports(&env), ["GOOSE_MODEL", "OPENAI_API_KEY"]);
        assert!(our_exports(&Env::of([("GOOSE_MODEL", "m")])).is_empty());
    }
}
