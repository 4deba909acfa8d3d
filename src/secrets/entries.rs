//! The names and values of a store, as one JSON object: the form in which goose keeps them.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::secret::Secret;

/// What is stored, in its order. Values that are no strings are kept as they are; goose cannot use them as a key.
#[derive(Clone, Default, PartialEq)]
pub struct Entries(Map<String, Value>);

/// What a store has under one name.
#[derive(Clone, Debug)]
pub enum Held {
    Missing,
    /// A number, a boolean or the like: goose refuses it or drops it.
    Unusable,
    Key(Secret),
}

impl Held {
    pub fn key(self) -> Option<Secret> {
        match self {
            Self::Key(secret) => Some(secret),
            Self::Missing | Self::Unusable => None,
        }
    }
}

/// How one name differs between two stores, or between before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    Create,
    Update,
    Remove,
}

impl Entries {
    /// The reason names a place in the text, never the text.
    pub(super) fn from_json(text: &str) -> Result<Self, String> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) => Ok(Self(map)),
            Ok(mut other) => {
                wipe(&mut other);
                Err("it is JSON, but not an object of names and values".into())
            }
            Err(error) => Err(format!(
                "it is not JSON (line {}, column {})",
                error.line(),
                error.column()
            )),
        }
    }

    pub(super) fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::default()),
            Value::Object(map) => Some(Self(map)),
            _ => None,
        }
    }

    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }

    pub(super) fn to_json(&self) -> Zeroizing<String> {
        // The alternate form would add blanks that goose does not write.
        let text = self
            .0
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect::<Vec<_>>();
        let text = Zeroizing::new(text);
        Zeroizing::new(format!("{{{}}}", text.join(",")))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// goose compares names exactly, case included.
    pub fn held(&self, name: &str) -> Held {
        match self.0.get(name) {
            None => Held::Missing,
            Some(Value::String(text)) => Held::Key(Secret::stored(text)),
            Some(_) => Held::Unusable,
        }
    }

    /// What leads from here to `after`: the names that go or change in our order, then the new ones in theirs.
    pub fn touched_by(&self, after: &Self) -> Vec<(String, Touch)> {
        let kept = self.0.iter().filter_map(|(name, value)| {
            let touch = match after.0.get(name) {
                None => Touch::Remove,
                Some(other) if other != value => Touch::Update,
                Some(_) => return None,
            };
            Some((name.clone(), touch))
        });
        let new = after
            .names()
            .filter(|name| !self.0.contains_key(*name))
            .map(|name| (name.to_owned(), Touch::Create));
        kept.chain(new).collect()
    }

    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Puts a value under a name, or takes the name away.
    pub(super) fn put(&mut self, name: &str, value: Option<Value>) {
        let former = match value {
            Some(value) => self.0.insert(name.to_owned(), value),
            None => self.0.shift_remove(name),
        };
        if let Some(mut former) = former {
            wipe(&mut former);
        }
    }

    pub(super) fn set(&mut self, name: &str, secret: &Secret) {
        self.put(name, Some(Value::from(secret.expose())));
    }

    /// Everything in `others` on top of what is here, but for the names in `kept`.
    pub(super) fn take_over(&mut self, others: &Self, kept: &[String]) {
        for (name, value) in &others.0 {
            if !kept.contains(name) {
                self.put(name, Some(value.clone()));
            }
        }
    }

    /// Only these names.
    pub(super) fn only(&self, names: &[String]) -> Self {
        Self(
            names
                .iter()
                .filter_map(|name| Some((name.clone(), self.0.get(name)?.clone())))
                .collect(),
        )
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Names only.
impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

    use super::*;

    fn entries(json: &str) -> Entries {
        Entries::from_json(json).unwrap()
    }

    #[test]
    fn foreign_values_of_every_kind_come_out_as_they_went_in() {
        let json = r#"{"Z":"z","A":12345,"m":{"x":[1.5,null,true]},"q\"":"a\\b\nc"}"#;
        assert_eq!(entries(json).to_json().as_str(), json);
        assert_eq!(entries("{ }").to_json().as_str(), "{}");
    }

    #[test]
    fn only_a_string_under_the_exact_name_is_a_key() {
        let stored = entries(r#"{"A":"sk","B":12345,"C":true,"D":null,"E":""}"#);
        assert_eq!(stored.held("A").key().unwrap().expose(), "sk");
        assert!(matches!(stored.held("a"), Held::Missing));
        for name in ["B", "C", "D"] {
            assert!(matches!(stored.held(name), Held::Unusable), "{name}");
        }
        assert_eq!(stored.held("E").key().unwrap().expose(), "");
    }

    #[test]
    fn what_is_no_object_is_refused_without_repeating_it() {
        for text in [
            "sk-canary",
            "[\"sk-canary\"]",
            "\"sk-canary\"",
            "{\"sk-canary\"",
            "",
        ] {
            assert!(!Entries::from_json(text).unwrap_err().contains("canary"));
        }
    }

    #[test]
    fn debug_output_has_the_names_and_no_value() {
        let shown = format!("{:?}", entries(r#"{"A_KEY":"sk-canary"}"#));
        assert_eq!(shown, r#"{"A_KEY"}"#);
    }

    #[test]
    fn the_difference_names_what_is_new_changed_and_gone() {
        let before = entries(r#"{"A":"1","B":"2","C":"3"}"#);
        let after = entries(r#"{"D":"4","A":"1","B":2}"#);
        assert_eq!(
            before.touched_by(&after),
            [
                ("B".to_owned(), Touch::Update),
                ("C".to_owned(), Touch::Remove),
                ("D".to_owned(), Touch::Create),
            ]
        );
    }
}
