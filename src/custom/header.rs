//! Headers that goose sends along with every request to an endpoint. goose fills in no variable there and asks no store,
//! so they stand in plain text in the endpoint's file, and a secret is not taken.

use crate::catalog;
use crate::error::{Error, Result};
use crate::goose::custom::Headers;
use crate::secret::{Secret, is_name_of_secret};

/// Set by whoever sends a request.
const NOT_OURS: [&str; 6] = [
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
];

/// `before` with what was typed; a header without a value is taken away.
pub fn merged(before: Headers, typed: &[String]) -> Result<Headers> {
    let mut headers = before;
    for text in typed {
        let (name, value) = parsed(text)?;
        // Names differ by more than their case only.
        headers.retain(|known, _| !known.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            headers.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(headers)
}

/// Those that may go to another address than the one they were made for.
pub fn without_secrets(headers: Headers) -> Headers {
    headers
        .into_iter()
        .filter(|(name, value)| !is_secret(name, value))
        .collect()
}

/// `NAME=VALUE`, or `NAME: VALUE` as other tools write it. What was typed is not repeated: it may be a secret.
fn parsed(text: &str) -> Result<(&str, &str)> {
    let (name, value) = text.split_once(['=', ':']).ok_or_else(malformed)?;
    let (name, value) = (name.trim(), value.trim());
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(is_token) {
        return Err(malformed());
    }
    if is_secret(name, value) {
        return Err(Error::usage(
            "a header with a secret would stand in your shell's history and in plain text in goose's file",
            "give the key of the endpoint with --key-stdin, --key-env VAR or --key-command CMD",
        ));
    }
    if NOT_OURS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(Error::usage(
            format!("goose sets the header {name} itself"),
            "leave it out",
        ));
    }
    if !value.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return Err(Error::usage(
            format!("the value of the header {name} has a character that cannot be sent"),
            "use letters, digits and signs of ASCII",
        ));
    }
    Ok((name, value))
}

fn malformed() -> Error {
    Error::usage(
        "--header takes a name and a value",
        "write it such as --header X-Team=blue, or --header X-Team= to take one away",
    )
}

fn is_secret(name: &str, value: &str) -> bool {
    let is_key = |word: &str| catalog::owner_of_key(&Secret::stored(word)).is_some();
    !value.is_empty() && (is_name_of_secret(name) || value.split([' ', ',', ';', '=']).any(is_key))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;
    use crate::error::Exit;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    fn typed(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_header_is_added_replaced_and_taken_away() {
        let before = headers(&[("X-Team", "blue"), ("X-Floor", "3")]);
        let texts = typed(&["x-team: red", "X-Floor=", "X-Query=a=b"]);
        assert_eq!(
            merged(before, &texts).unwrap(),
            headers(&[("X-Query", "a=b"), ("x-team", "red")])
        );
    }

    #[test]
    fn a_secret_is_refused_and_no_refusal_repeats_it() {
        for text in [
            "Authorization=Bearer hunter2",
            "authorization: hunter2",
            "X-Api-Key=hunter2",
            "CF-Access-Client-Secret=hunter2",
            "Cookie=a=hunter2",
            "X-Forwarded=sk-or-v1-hunter2",
            "X-Forwarded=token sk-ant-api03-hunter2",
            "hunter2",
            "hunter 2=x",
            "=hunter2",
            "Host=hunter2",
            "X-Team=hunter2\u{e9}",
            "X-Team=hunter2\nX-Other: y",
        ] {
            let error = merged(Headers::new(), &typed(&[text])).unwrap_err();
            assert_eq!(error.exit(), Exit::Usage, "{text}");
            let said = format!("{error} {}", error.action());
            assert!(!said.contains("hunter"), "{said}");
        }
    }

    #[test]
    fn no_secret_goes_along_to_another_address() {
        let before = headers(&[("X-Team", "blue"), ("X-Access-Token", "hunter2")]);
        assert_eq!(without_secrets(before), headers(&[("X-Team", "blue")]));
    }
}
