
# What only the database knows: hosts, groups, paths and values.
_domcaps_stored() {
    local -a found
    found=(${(f)"$($words[1] complete --line "${(j: :)words[1,CURRENT]}" 2>/dev/null)"})
    if (( $#found )); then
        compadd -- $found
    else
        _domcaps "$@"
    fi
}

compdef _domcaps_stored domcaps
