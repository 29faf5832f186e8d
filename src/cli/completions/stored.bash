
# What only the database knows: hosts, groups, paths and values. It comes quoted as the line needs it:
# bash puts COMPREPLY on the line as it is.
_domcaps_stored() {
    local found
    found="$("$1" complete --raw --breaks "$COMP_WORDBREAKS" --line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)"
    if [[ -n "$found" ]]; then
        mapfile -t COMPREPLY <<<"$found"
    else
        _domcaps "$@"
    fi
}

if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
    complete -F _domcaps_stored -o bashdefault -o default domcaps
fi
