
# What only the database knows: hosts, groups, paths and values.
complete -c domcaps -f -n 'test -n "$(domcaps complete --line (commandline -cp | string collect) 2>/dev/null)"' -a '(domcaps complete --line (commandline -cp | string collect) 2>/dev/null)'
