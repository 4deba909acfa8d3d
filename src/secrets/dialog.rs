//! What a system asks of a person before it lets a program at an item, said before it asks.

use super::StoreKind;

/// macOS lets the program that made an item use it, and asks about every other one.
pub fn of(system: &str, store: StoreKind, is_new: bool) -> Option<&'static str> {
    match (system, store, is_new) {
        ("macos", StoreKind::Keychain, true) => Some(
            "when goose starts, macOS will ask whether `goose` may use \"goose\" in your keychain: press Always Allow, or it asks each time",
        ),
        ("macos", StoreKind::Keychain, false) => Some(
            "macOS may ask whether `goose-setup` may use \"goose\" in your keychain: press Always Allow, or it asks each time",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_macos_the_dialog_is_announced_with_its_program_and_the_answer() {
        let of = |is_new| of("macos", StoreKind::Keychain, is_new).unwrap_or_default();
        assert!(
            of(true).contains("`goose` may"),
            "an item of ours is new to goose"
        );
        assert!(
            of(false).contains("`goose-setup` may"),
            "an item of goose is new to us"
        );
        for words in [of(true), of(false)] {
            assert!(words.contains("Always Allow"));
        }
    }

    #[test]
    fn where_no_dialog_comes_none_is_announced() {
        assert_eq!(of("macos", StoreKind::File, true), None);
        assert_eq!(of("linux", StoreKind::Keychain, true), None);
        assert_eq!(of("windows", StoreKind::Keychain, false), None);
    }
}
