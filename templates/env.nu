# {{title}}
# Load or refresh it: {{refresh}}
# Take it away: {{remove}}
# A key is asked from the store when this runs. One that cannot be read leaves its variable as it was.

do {
    def plain [name: string, value: string] {
        upsert $name $value
    }

    def stored [name: string, variable: string, provider: string] {
        let exports = $in
        let answer = try {
            "" | ^{{program}} key print $provider --env $variable | complete
        } catch {
            {exit_code: 127, stdout: ""}
        }
        let lines = try { $answer.stdout | lines } catch { [] }
        if $answer.exit_code == 0 and ($lines | length) == 1 and $lines.0 != "" {
            $exports | upsert $name $lines.0
        } else {
            print --stderr $"goose-setup: the ($provider) key cannot be read, so ($name) is left as it was; run: goose-setup check ($provider)"
            $exports
        }
    }

    def marked [] {
        let exports = $in
        let before = $env.GOOSE_SETUP_EXPORTS? | default "" | split row ","
        let names = $before | append ($exports | columns) | where {|name| $name != ""} | uniq
        if ($names | is-empty) { $exports } else { $exports | upsert GOOSE_SETUP_EXPORTS ($names | str join ",") }
    }

    (
    {}
{{exports}}
    | marked
    )
} | {{deliver}}
