# Completion of sting-backup and sting-restore in bash: the program says what may follow, ids, jars and users too.
_sting_backup() {
    local cur words cword line value split
    _get_comp_words_by_ref -n =: cur words cword
    # Readline takes = and : for ends of words, and puts in what follows the last of them.
    split=${cur%"${cur##*[=:]}"}
    COMPREPLY=()
    while IFS= read -r line; do
        value=${line%%$'\t'*}
        COMPREPLY+=("$(printf %q "${value#"$split"}")")
    done < <("${words[0]}" complete "${words[@]:1:cword}" 2>/dev/null)
}
complete -o bashdefault -o default -F _sting_backup sting-backup sting-restore
