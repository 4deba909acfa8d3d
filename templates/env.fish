# {{title}}
# Load or refresh it: {{refresh}}
# Take it away: {{remove}}
# A key is asked from the store when this runs. One that cannot be read leaves its variable as it was.

function __goose_setup_set
    set -l names (string split -n , -- "$GOOSE_SETUP_EXPORTS")
    contains -- $argv[1] $names
    or set -a names $argv[1]
    set -gx GOOSE_SETUP_EXPORTS (string join , -- $names)
    set -gx $argv[1] $argv[2]
end

# Arguments: the variable, the name in the store, the provider. Tracing is off while a key is in hand.
function __goose_setup_key
    set -l fish_trace
    set -l key
    if command -q {{program}}
        set key (command {{program}} key print $argv[3] --env $argv[2] </dev/null 2>/dev/null)
        or set key
    end
    if test (count $key) -eq 1; and test -n "$key"
        __goose_setup_set $argv[1] $key
    else
        echo "goose-setup: the $argv[3] key cannot be read, so $argv[1] is left as it was; run: goose-setup check $argv[3]" >&2
    end
end

{{exports}}
functions -e __goose_setup_set __goose_setup_key
