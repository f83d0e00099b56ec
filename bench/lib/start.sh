# shellcheck shell=bash
# What the module and its first command add to the start of PowerShell's engine: a small program that hosts it, and pwsh where it is there.

bare_start() { "$START" bare; }
module_start() { "$START" module "$MODULE" "$STING_CONFIG"; }
bare_pwsh() { pwsh -NoProfile -NonInteractive -Command '$null = 1'; }
# shellcheck disable=SC2016  # PowerShell expands these
module_pwsh() { pwsh -NoProfile -NonInteractive -Command 'Import-Module $env:MODULE -ErrorAction Stop; if (-not @(Get-StingRestorePoint -ConfigPath $env:STING_CONFIG -ErrorAction Stop)) { exit 1 }'; }

run_start() {
    local round lane begin end outcome project=$here/bench/start lanes=(bare:bare_start module:module_start)
    local -i rounds=runs
    ((rounds >= 10 || ${#quick} > 0)) || rounds=10   # short enough
    build_bench "$project"
    export START=$project/bin/Release/net10.0/StingBackup.Start MODULE=$here/out/module/StingBackup
    [[ ! $(type -P pwsh) ]] || lanes+=(pwsh:bare_pwsh pwsh-module:module_pwsh)
    bench corpus fixture "$tree" --scale 0.01 >/dev/null
    places "$run/state" "$tree"
    prepare sting
    first_sting >"$log" 2>&1 || { cat "$log" >&2; fail "the first backup failed."; }
    for ((round = 0; round <= rounds; round++)); do
        for lane in "${lanes[@]}"; do
            outcome=ok
            begin=$EPOCHREALTIME
            "${lane#*:}" >"$log" 2>&1 || outcome=failed
            end=$EPOCHREALTIME
            [[ $outcome == ok ]] || tail -5 "$log" >&2
            # The first round only reads everything from the disk.
            ((round == 0)) || record start "$round" "${lane%%:*}" start "$(awk "BEGIN { print $end - $begin }")" 0 0 0 "$outcome"
        done
    done
    awk -F'\t' '$1 == "start" { n[$3]++; s[$3] += $5 } END { for (lane in n) printf "start    %d runs  %-12s mean %.0f ms\n", n[lane], lane, 1000 * s[lane] / n[lane] }' "$results"
    set_aside "$STATE"
    set_aside "$tree"
}
