//! A command line that is not understood is answered in the name of the command that was meant.

use crate::world::home::Home;
use crate::world::run::Setup;

#[test]
fn a_usage_error_names_the_command_that_was_typed() {
    let home = Home::new();
    for (line, schema) in [
        ("switch --nonsense --json", "goose-setup/switch/1"),
        ("--json --timeout 5 key set", "goose-setup/key/1"),
        ("check --all openrouter --json", "goose-setup/check/1"),
        ("openrouter --nonsense --json", "goose-setup/setup/1"),
    ] {
        let said = Setup::new(&home).args(line.split(' ')).code(2).run().json();
        assert_eq!(said["schema"], schema, "{line}");
        assert_eq!(said["error"]["kind"], "usage", "{line}");
    }
}
