//! The start-up script of crush: Bash, in which providers are added by a command. Read, never run.

use crate::import::{Name, assignment};

pub(super) fn read(text: &str, hand_on: &mut dyn FnMut(Name<'_>, &str)) {
    for line in joined(text) {
        if let Some((name, value)) = assignment::of(&line) {
            hand_on(Name::Variable(name), &value);
            continue;
        }
        let words = words(&line);
        let [command, verb, id, flags @ ..] = words.as_slice() else {
            continue;
        };
        if (command.as_str(), verb.as_str()) == ("provider", "add")
            && let Some(key) = flag(flags, "--api-key")
        {
            hand_on(Name::Provider(id, flag(flags, "--base-url")), key);
        }
    }
}

/// Lines as Bash sees them: a backslash at the end goes on in the next one.
fn joined(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for line in text.lines() {
        let (part, goes_on) = match line.strip_suffix('\\') {
            Some(part) => (part, true),
            None => (line, false),
        };
        if let Some(last) = lines.last_mut() {
            last.push_str(part);
        }
        if !goes_on {
            lines.push(String::new());
        }
    }
    lines
}

/// The words of a simple command, without their quotes, up to whatever ends it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(end) if c == end => quote = None,
            Some(_) => word.get_or_insert_with(String::new).push(c),
            None => match c {
                '"' | '\'' => {
                    quote = Some(c);
                    word.get_or_insert_with(String::new);
                }
                ';' | '&' | '|' => break,
                '#' if word.is_none() => break,
                c if c.is_whitespace() => words.extend(word.take()),
                c => word.get_or_insert_with(String::new).push(c),
            },
        }
    }
    words.extend(word);
    words
}

/// The value of `--name value` or `--name=value`.
fn flag<'w>(words: &'w [String], name: &str) -> Option<&'w str> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.strip_prefix(name) {
            Some("") => return words.next().map(String::as_str),
            Some(rest) if rest.starts_with('=') => return Some(&rest[1..]),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        read(text, &mut |name, value| {
            let name = match name {
                Name::Variable(name) => name.to_owned(),
                Name::Provider(name, None) => format!("@{name}"),
                Name::Provider(name, Some(address)) => format!("@{name} {address}"),
            };
            found.push((name, value.to_owned()));
        });
        found
    }

    #[test]
    fn keys_are_seen_in_assignments_and_in_providers_that_are_added() {
        let text = r#"
# provider add openai --api-key commented-out
export GROQ_API_KEY=one
XAI_API_KEY='two'
provider add deepseek \
  --type openai-compat \
  --base-url "https://api.deepseek.com/v1" \
  --api-key "three"
provider add anthropic --api-key=four; model large anthropic/claude
provider add ollama --type ollama --base-url "http://localhost:11434/v1"
mcp add github --type http --header Authorization "Bearer five"
echo provider add --api-key six
"#;
        let seen = found(text);
        let seen: Vec<_> = seen.iter().map(|(name, key)| (&**name, &**key)).collect();
        assert_eq!(
            seen,
            [
                ("GROQ_API_KEY", "one"),
                ("XAI_API_KEY", "two"),
                ("@deepseek https://api.deepseek.com/v1", "three"),
                ("@anthropic", "four"),
            ]
        );
    }

    #[test]
    fn what_bash_would_look_up_is_handed_on_as_it_stands() {
        let seen = found("provider add a --api-key \"$(op read x)\"\nprovider add\nprovider\n");
        assert_eq!(seen, [("@a".to_owned(), "$(op read x)".to_owned())]);
    }
}
