# shellcheck shell=bash
# What is done on each corpus.

corpus_of() {   # NAME KIND SCALE OPTIONS: builds it once
    local name=$1 kind=$2 scale=$3
    shift 3
    [[ -d $work/$name$suffix ]] && return
    rm -rf "$work/.building"
    bench corpus "$kind" "$work/.building" --scale "$scale" "$@"
    mv "$work/.building" "$work/$name$suffix"
}

measure_restore() {   # CORPUS ROUND TOOL
    if wants restore && can restore "$3"; then
        mkdir "$DEST"
        measure "$1" "$2" "$3" restore "$STATE/$3/repository" "$DEST" "$bytes" || true
        set_aside "$DEST"
    fi
    if wants verify && can verify "$3"; then
        measure "$1" "$2" "$3" verify "$STATE/$3/repository" "$STATE" "$bytes" || true
    fi
}

measure_first() {   # CORPUS ROUND TOOL
    prepare "$3"
    measure "$1" "$2" "$3" first "$TREE" "$STATE" "$bytes" || return
    [[ $3 == primitives ]] || record "$1" "$2" "$3" size 0 0 0 "$(repository_size "$3")" ok
    if [[ $3 == sting ]]; then
        record "$1" "$2" sting chunks 0 0 0 "$(bench chunks "$STING_CONFIG")" ok
        record "$1" "$2" sting files 0 0 0 "$(file_count "$TREE")" ok
    fi
}

# Each round on a copy of the corpus: first, unchanged, one file; then 5 % changes; then that, restore, verification.
run_corpus() {
    local corpus=$1 round tool alive bytes
    for ((round = 1; round <= runs; round++)); do
        alive=()
        cp -a --reflink=auto "$work/$corpus$suffix" "$tree"
        places "$run/state" "$tree"
        tree_hash=$(bench tree-hash "$tree")
        bytes=$(tree_size "$tree")
        ! names onefile || list_files
        for tool in $(in_turn "$round"); do
            measure_first "$corpus" "$round" "$tool" || continue
            if [[ $tool == tar ]]; then   # has no memory: each of its backups is a first one
                measure_restore "$corpus" "$round" tar
            elif can unchanged "$tool"; then
                ! wants unchanged || measure "$corpus" "$round" "$tool" unchanged "$tree" "$STATE" "$bytes" || continue
                ! names onefile || measure_one "$corpus" "$round" "$tool"
                alive+=("$tool")
            fi
        done
        if wants changed; then
            bench change "$corpus" "$tree" "$round"
            tree_hash=$(bench tree-hash "$tree")
            bytes=$(tree_size "$tree")
        fi
        for tool in "${alive[@]}"; do
            ! wants changed || measure "$corpus" "$round" "$tool" changed "$tree" "$STATE" "$bytes" || continue
            measure_restore "$corpus" "$round" "$tool"
        done
        set_aside "$STATE"
        set_aside "$tree"
    done
}

# The size that sharing content between people has no part in: the same reserve without what two people hold alike.
run_apart() {
    local tool
    cp -a --reflink=auto "$work/fixture-apart$suffix" "$tree"
    places "$run/state" "$tree"
    for tool in "${tools[@]}"; do
        [[ $tool != primitives ]] || continue
        prepare "$tool"
        # In a shell of its own: some of them change the folder.
        if ("first_$tool") >"$log" 2>&1; then
            record fixture 1 "$tool" apart 0 0 0 "$(repository_size "$tool")" ok
        else
            record fixture 1 "$tool" apart 0 0 0 0 failed
            tail -15 "$log" >&2
        fi
    done
    set_aside "$STATE"
    set_aside "$tree"
}

# A million files are backed up where they lie, since nothing changes them, and the repositories stay for the next call: to make them takes the peers minutes.
run_million() {
    local round tool bytes
    places "$work/million-state$suffix" "$work/million$suffix"
    mkdir -p "$STATE"
    bytes=$(tree_size "$TREE")
    ! wants onefile || list_files
    for ((round = 1; round <= runs; round++)); do
        for tool in $(in_turn "$round"); do
            can unchanged "$tool" || continue
            if wants first || [[ ! -e $STATE/$tool/complete ]]; then
                [[ ! -e $STATE/$tool ]] || set_aside "$STATE/$tool"
                measure_first million "$round" "$tool" || continue
                touch "$STATE/$tool/complete"
            fi
            ! wants unchanged || measure million "$round" "$tool" unchanged "$TREE" "$STATE" "$bytes" || continue
            ! wants onefile || measure_one million "$round" "$tool"
        done
    done
}
