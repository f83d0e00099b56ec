# shellcheck shell=bash
# Times a step, and keeps what it found.

record() { local IFS=$'\t'; echo "$*" >>"$results"; }   # corpus round tool step seconds cpu peak_kib bytes outcome

names() { [[ ,$rows, == *,$1,* ]]; }   # asked for by its name
wants() { names all || names "$1"; }
can() { declare -F "$1_$2" >/dev/null; }   # STEP TOOL

repository_size() { du --summarize --apparent-size --block-size=1 "$STATE/$1/repository" | cut -f1; }
tree_size() { find "$1" -type f -printf '%s\n' | awk '{ n += $1 } END { printf "%.0f\n", n }'; }
file_count() { find "$1" -type f -printf x | wc -c; }

# What a step reads is read once before it: contents, or where a step only looks at them names and metadata.
warm() { find "$1" -type f -print0 | xargs -0 -r cat >/dev/null; }
warm_names() { find "$1" -newermt 2100-01-01 -printf ''; }

# measure CORPUS ROUND TOOL STEP READS WRITES BYTES: times one step, the sync of what it wrote included.
measure() {
    local corpus=$1 round=$2 tool=$3 step=$4 reads=$5 writes=$6 bytes=$7 start end outcome=ok user system peak
    sync -f "$writes"
    if [[ $corpus == million && $step == unchanged ]]; then warm_names "$reads"; else warm "$reads"; fi
    start=$EPOCHREALTIME
    # shellcheck disable=SC2016  # the inner shell expands these
    /usr/bin/time -q -o "$run/time" -f '%U %S %M' bash -c '"$1" && sync -f "$2"' _ "${step}_$tool" "$writes" >"$log" 2>&1 || outcome=failed
    end=$EPOCHREALTIME
    read -r user system peak < <(tail -1 "$run/time")
    if [[ $outcome == ok ]]; then
        case $step in
            onefile) same_file || outcome=void ;;
            *restore) same_tree || outcome=void ;;
        esac
    fi
    record "$corpus" "$round" "$tool" "$step" "$(awk "BEGIN { print $end - $start }")" "$(awk "BEGIN { print $user + $system }")" "$peak" "$bytes" "$outcome"
    printf '%-8s run %d  %-10s %-10s %8.2f s  %s\n' "$corpus" "$round" "$tool" "$step" "$(awk "BEGIN { print $end - $start }")" "$outcome"
    [[ $tool != primitives ]] || sed 's/^/    /' "$log"
    if [[ $outcome == failed ]]; then
        echo "    ${step}_$tool failed; its last words:" >&2
        tail -15 "$log" | sed 's/^/    /' >&2
        return 1
    fi
}

# Compares what was restored with the tree as it is now. A program may put the tree below a folder of its own.
same_tree() {
    local root=$DEST entries
    while [[ ! -e $root/users ]]; do
        mapfile -t entries < <(find "$root" -mindepth 1 -maxdepth 1)
        [[ ${#entries[@]} == 1 && -d ${entries[0]} ]] || break
        root=${entries[0]}
    done
    [[ $(bench tree-hash "$root") == "$tree_hash" ]] && return
    echo "    what was restored differs; the first lines:" >&2
    diff <(bench tree-hash "$tree" --list) <(bench tree-hash "$root" --list) | head -6 | sed 's/^/    /' >&2 || true
    return 1
}

# The one file that was asked for, wherever a program puts it, and no other.
same_file() {
    local found
    mapfile -t found < <(find "$DEST" -type f)
    [[ ${#found[@]} == 1 ]] && cmp -s "${found[0]}" "$TREE/$ONE" && return
    echo "    ${#found[@]} files were restored in the place of '$ONE', or its bytes differ" >&2
    return 1
}

# ext4 gives out no inode again within a minute of its removal, and whoever makes files meanwhile pays for passing over each (recently_deleted() in
# fs/ext4/ialloc.c): a restore after the removal of 100,000 files took four times as long. So files are only emptied, which gives their room back,
# and removed where nothing is measured for a while.
set_aside() {
    mkdir -p "$run/aside"
    mv "$1" "$(mktemp -d "$run/aside/XXXXXX")"
    find "$run/aside" -type f -size +0 -print0 | xargs -0 -r truncate --size 0
}
clear_aside() {
    rm -rf "$run/aside"
    sync -f "$run"
}

prepare() {   # TOOL: an empty repository
    mkdir -p "$STATE/$1"
    "init_$1" >"$log" 2>&1 || { cat "$log" >&2; fail "$1 could not make its repository."; }
}

# The tools, another one first each time; calls of one run each begin with another one too.
in_turn() {   # ROUND
    local i
    for ((i = 0; i < ${#tools[@]}; i++)); do echo "${tools[(i + $1 + began - 1) % ${#tools[@]}]}"; done
}

# measure_one CORPUS ROUND TOOL: one file, another one each round, the same for all tools.
measure_one() {
    can onefile "$3" || return 0
    export ONE
    ONE=$(sed -n "$((1 + $2 * 7919 % $(wc -l <"$run/files")))p" "$run/files")
    mkdir "$DEST"
    measure "$1" "$2" "$3" onefile "$STATE/$3/repository" "$DEST" "$(stat -c %s "$TREE/$ONE")" || true
    set_aside "$DEST"
}
list_files() { (cd "$TREE" && find . -type f -printf '%P\n' | LC_ALL=C sort) >"$run/files"; }
