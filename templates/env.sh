# {{title}}
# Load or refresh it: {{refresh}}
# Take it away: {{remove}}
# A key is asked from the store when this runs. One that cannot be read leaves its variable as it was.

__goose_setup_mark() {
  case ",${GOOSE_SETUP_EXPORTS-}," in
    *",$1,"*) ;;
    *) export GOOSE_SETUP_EXPORTS="${GOOSE_SETUP_EXPORTS:+$GOOSE_SETUP_EXPORTS,}$1" ;;
  esac
}

__goose_setup_set() {
  export "$1=$2"
  __goose_setup_mark "$1"
}

# Arguments: the variable, the name in the store, the provider. Tracing is off while a key is in hand, and a key is one line: the line break marks a failure.
__goose_setup_key() {
  case "$-" in
    *x*)
      { set +x; } 2>/dev/null
      __goose_setup_key "$@"
      set -x
      return 0
      ;;
  esac
  set -- "$1" "$3" "$({{program}} key print "$3" --env "$2" </dev/null 2>/dev/null || printf '\n.')"
  case "$3" in
    '' | *'
'*)
      printf '%s\n' "goose-setup: the $2 key cannot be read, so $1 is left as it was; run: goose-setup check $2" >&2
      ;;
    *) __goose_setup_set "$1" "$3" ;;
  esac
}

{{exports}}
unset -f __goose_setup_mark __goose_setup_set __goose_setup_key
