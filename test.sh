#!/usr/bin/env bash
# Builds and runs every suite of tests. See --help.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

usage() {
    cat <<'TEXT'
./test.sh [--no-install] [--soak] [--strict]
  --no-install   installs nothing, and names what is skipped for want of it
  --soak         the soak tests in full length (an hour) instead of a few rounds of each
  --strict       a test that fails beside others gets no second run by itself

Needs the .NET 10 SDK. As root on a system with apt it installs what else is missing, and says so first.
What fails while other tests keep the machine busy is run once more by itself. If it passes then, it counts as passed, its first failure is
printed, and it is named as unsteady before the last line: a fault of the test or of the program that is to be mended, not a success.
The last line is "N passed, N failed, N skipped", over all suites; the exit code is 0 when nothing failed and something ran.
TEXT
}

install=1 soak_rounds=3 second=1 pester_process=
# What failed beside others and passed by itself. More than a few at once are no chance.
unsteady=() most_unsteady=5
for argument in "$@"; do
    case $argument in
        --no-install) install= ;;
        --soak) soak_rounds= ;;
        --strict) second= ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; echo "test.sh: '$argument' is no option." >&2; exit 2 ;;
    esac
done

passed=0 failed=0 skipped=0
results=out/test-results
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 DOTNET_CLI_UI_LANGUAGE=en MSBUILDDISABLENODEREUSE=1

finish() {
    # How much work the program did for what it was asked, counted by the engine's tests: docs/benchmarks.md.
    [[ ! -s $results/counted-work.md ]] || cat "$results/counted-work.md"
    local name
    for name in "${unsteady[@]}"; do echo "unsteady: $name failed beside others and passed by itself; its failure is printed above"; done
    echo "$passed passed, $failed failed, $skipped skipped"
    ((failed == 0 && passed > 0))
    exit
}

suite_line() { printf '%-34s %s\n' "$1" "$2"; }

# count SUITE PASSED FAILED SKIPPED SECONDS
count() {
    passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
    suite_line "$1" "$2 passed, $3 failed, $4 skipped ($5 s)"
}

# skip SUITE TESTS REASON
skip() {
    skipped=$((skipped + $2))
    suite_line "$1" "$2 skipped: $3"
}

# A user without a home of his own, as containers have, gets one for as long as this runs.
own_home() {
    if [[ ! -d ${HOME:-} || ! -w ${HOME:-} ]]; then
        HOME=$(mktemp -d) && export HOME
        trap 'rm -rf "$HOME"' EXIT
    fi
}

# What suites use beside the SDK: a program or a file, the package that has it, and what for.
install_missing() {
    [[ $(uname) == Linux ]] || return
    local missing=() without=()
    [[ $(type -P strace) ]] || { missing+=(strace) without+=("that let single system calls fail (strace)"); }
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || { missing+=(postgresql) without+=("of databases (postgresql)"); }
    [[ -d /usr/lib/python3/dist-packages/cryptography ]] || { missing+=(python3-cryptography) without+=("of formats with a reader in Python (python3-cryptography)"); }
    [[ -x /usr/bin/zstd || -d /usr/lib/python3/dist-packages/zstandard ]] || { missing+=(zstd) without+=("of packs with that reader (zstd)"); }
    [[ -d /usr/lib/python3/dist-packages/hvac ]] || { missing+=(python3-hvac) without+=("of Vault with a client that others wrote (python3-hvac)"); }
    [[ $(type -P promtool) ]] || { missing+=(prometheus) without+=("of metrics and rules with Prometheus' own checker (prometheus)"); }
    [[ $(type -P radosgw) && $(type -P ceph-osd) && $(type -P ceph-mon) && $(type -P ceph-mgr) ]] || { missing+=(ceph-mon ceph-mgr ceph-osd radosgw) without+=("of buckets (a real S3 server: ceph-mon, ceph-mgr, ceph-osd, radosgw)"); }
    [[ $(type -P cron) && $(type -P faketime) ]] || { missing+=(cron faketime) without+=("of the strategy's crontab (cron, faketime)"); }
    [[ -x /usr/bin/chromium || -x /usr/bin/chromium-browser || -x /usr/bin/google-chrome ]] || { missing+=(chromium) without+=("of the portal in a real browser (chromium)"); }
    local skipped_tests
    skipped_tests="the tests $(printf '%s, ' "${without[@]}" | sed 's/, $//') are skipped"
    if ((${#missing[@]} == 0)); then
        echo "Installs nothing: strace (lets single system calls fail), postgresql (private clusters), python3-cryptography and zstd (another reader of the formats), python3-hvac (another client of Vault), prometheus (its checker), cron and faketime (the strategy's crontab), chromium (the portal's pages) and Ceph (a real S3 server) are there."
    elif [[ ! $install ]]; then
        echo "Installs nothing, as told: $skipped_tests."
    elif [[ $(id -u) != 0 || ! $(type -P apt-get) ]]; then
        echo "Installs nothing, which needs root and apt: $skipped_tests."
    else
        echo "Installs by apt-get: ${missing[*]}; without them $skipped_tests."
        # Debian's package would make and start a cluster of its own. Tests make theirs, and this host gets no server that it did not have.
        if [[ " ${missing[*]} " == *' postgresql '* && ! -e /etc/postgresql-common/createcluster.conf ]]; then
            mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
        fi
        if [[ " ${missing[*]} " == *' prometheus '* && -d /run/systemd/system && ! -e /etc/systemd/system/prometheus.service ]]; then
            ln -s /dev/null /etc/systemd/system/prometheus.service   # its checker is used, no server
        fi
        if [[ " ${missing[*]} " == *' cron '* && ! $(type -P cron) && -d /run/systemd/system && ! -e /etc/systemd/system/cron.service ]]; then
            ln -s /dev/null /etc/systemd/system/cron.service   # a test runs it for a moment; this host gets no server that it did not have
        fi
        export DEBIAN_FRONTEND=noninteractive
        local apt=(apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}")
        "${apt[@]}" >/dev/null 2>&1 </dev/null || { apt-get update -qq && "${apt[@]}"; } >/dev/null 2>&1 </dev/null ||
            echo "apt-get could not install ${missing[*]}: $skipped_tests."
    fi
}

# A real Chroma server comes by npm alone.
install_chroma() {
    [[ $(uname -sm) == "Linux x86_64" && ! -d tests/fixtures/chroma/node_modules ]] || return
    if [[ $install && $(type -P npm) ]]; then
        echo "Installs by npm, in tests/fixtures/chroma: a Chroma server; without it the tests with a real Chroma are skipped."
        (cd tests/fixtures/chroma && npm install --no-audit --no-fund --no-package-lock >/dev/null 2>&1 </dev/null) || echo "npm could not install it: the tests with a real Chroma are skipped."
    else
        echo "No Chroma server is there (npm install in tests/fixtures/chroma): the tests with a real Chroma are skipped."
    fi
}

require_sdk() {
    if [[ ! $(type -P dotnet) ]]; then
        echo "The .NET 10 SDK is not on the path, and nothing can be built without it: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
        finish
    fi
    local version
    if ! version=$(dotnet --version 2>&1); then
        echo "$version" >&2
        echo "The .NET 10 SDK (global.json) is not among those installed: https://dotnet.microsoft.com/download/dotnet/10.0" >&2
        finish
    fi
}

# One compiler serves all projects: each by itself would compile the analyzers anew. It has a name of its own, and goes when the build is done: tests need its memory.
end_compiler() {
    local server
    server=$(dotnet --info | sed -n 's/^ *Base Path: *//p')Roslyn/bincore/VBCSCompiler
    [[ ! -x $server ]] || "$server" -shutdown "-pipename:$1" >/dev/null 2>&1 </dev/null
}

build() {
    local start=$SECONDS log=$results/build.log code=0 compiler=sting-tests-$$
    dotnet build StingBackup.sln -c Release -tl:off -v minimal -p:UseSharedCompilation=true -p:SharedCompilationId=$compiler >"$log" 2>&1 </dev/null || code=$?
    end_compiler $compiler
    if ((code == 0)); then
        suite_line build "done ($((SECONDS - start)) s)"
    else
        grep -E '(error|warning) [A-Z]+[0-9]+' "$log" | sort -u | head -40
        [[ $(grep -cE 'error [A-Z]+[0-9]+' "$log") != 0 ]] || tail -40 "$log"
        count build 0 1 0 $((SECONDS - start))
        finish
    fi
}

# The sum of an attribute of the Counters elements of result files.
counter() {
    local name=$1
    shift
    grep -ho '<Counters [^>]*>' "$@" 2>/dev/null | sed -n "s/.* $name=\"\([0-9]*\)\".*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# run_dotnet PROJECT FOLDER LOG [OPTIONS]: leaves result files in FOLDER.
run_dotnet() {
    local project=$1 folder=$2 log=$3
    shift 3
    dotnet test "$project" -c Release --no-build --logger trx --logger "console;verbosity=minimal" --results-directory "$folder" \
        --blame-hang-timeout 5m --blame-hang-dump-type none "$@" >"$log" 2>&1 </dev/null
}

# methods OUTCOME FILE...: the methods that ended so, each once; cases of one are one.
methods() { grep -h "outcome=\"$1\"" "${@:2}" | sed -n 's/.* testName="\([^"(]*\).*/\1/p' | sort -u; }

# A few that failed beside others, once more by themselves; nothing where a method failed again, or was not run.
pass_by_themselves() {
    local project=$1 folder=$2
    shift 2
    local filter
    printf -v filter '|FullyQualifiedName=%s' "$@"
    run_dotnet "$project" "$folder-again" "$folder-again.log" --filter "${filter#|}" &&
        [[ $(methods Passed "$folder-again"/*.trx) == "$(printf '%s\n' "$@")" ]]
}

dotnet_suite() {
    local project=$1 name start=$SECONDS code=0 total executed good bad failed_ones
    name=$(basename "$project" .csproj)
    local folder=$results/$name log=$results/$name.log
    run_dotnet "$project" "$folder" "$log" || code=$?
    total=$(counter total "$folder"/*.trx) executed=$(counter executed "$folder"/*.trx) good=$(counter passed "$folder"/*.trx)
    bad=$((executed - good))
    if ((code != 0 && bad == 0)); then
        # It broke off: what it did not get to run is nobody's success.
        bad=1
        tail -40 "$log"
    elif ((bad > 0)); then
        grep -v -e '^$' -e '\[SKIP\]' -e '^Test run for' -e '^A total of' "$log" | head -200
        mapfile -t failed_ones < <(methods Failed "$folder"/*.trx)
        if [[ $second ]] && ((bad <= most_unsteady && ${#failed_ones[@]} > 0)) && ! grep -qi 'test run.* aborted' "$log" && pass_by_themselves "$project" "$folder" "${failed_ones[@]}"; then
            unsteady+=("${failed_ones[@]}")
            good=$executed bad=0
        fi
    fi
    count "$name" "$good" "$bad" $((total - executed)) $((SECONDS - start))
}

run_pester() { pwsh -NoProfile -NonInteractive -File tests/pester/run.ps1; }

# Pester's scenarios and the soak tests' few rounds keep less than one core busy each (they wait for disks and servers), and so run three for two cores; soak tests in full length have the machine to themselves.
at_once=$((($(nproc 2>/dev/null || echo 2) * 3 + 1) / 2))
((at_once < 6)) || at_once=6
begin_pester() {
    [[ $(type -P pwsh) ]] || return
    pester_start=$SECONDS
    (
        run_pester >"$results/pester.log" 2>&1 </dev/null
        code=$?
        echo $((SECONDS - pester_start)) >"$results/pester.seconds"
        exit "$code"
    ) &
    pester_process=$!
    [[ $soak_rounds ]] || wait_for_pester
}

wait_for_pester() {
    pester_code=0
    wait "$pester_process" || pester_code=$?
    pester_process=
}

pester_suite() {
    local tests
    tests=$(cat tests/pester/*.Tests.ps1 | grep -cE '^[[:space:]]*It[[:space:]]')
    if [[ ! $(type -P pwsh) ]]; then
        skip pester "$tests" "pwsh is not on the path (dotnet tool install --global PowerShell); the module tests parse these files all the same"
        return
    fi
    [[ ! $pester_process ]] || wait_for_pester
    if ((pester_code == 77)); then
        skip pester "$tests" "$(tail -1 "$results/pester.log")"
        return
    fi
    ((pester_code == 0)) || ! passes_by_itself pester "$results/pester.log" run_pester || pester_code=0
    script_result pester "$pester_code" "$results/pester.log" "$(<"$results/pester.seconds")"
}

# passes_by_itself SUITE LOG COMMAND: runs once more what failed beside others; where it passes, its log is that of the second run.
passes_by_itself() {
    local suite=$1 log=$2
    shift 2
    [[ $second && $soak_rounds ]] && "$@" >"$log.again" 2>&1 </dev/null || return
    tail -60 "$log"
    mv "$log.again" "$log"
    unsteady+=("$suite")
}

# script_result SUITE CODE LOG SECONDS: takes "N passed, N failed, N skipped" from a log's last line.
script_result() {
    local line
    line=$(tail -1 "$3")
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]] && (($2 == 0 || BASH_REMATCH[2] > 0)); then
        local good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]} left=${BASH_REMATCH[3]}
        ((bad == 0)) || tail -60 "$3"
        count "$1" "$good" "$bad" "$left" "$4"
    else
        tail -40 "$3"
        count "$1" 0 1 0 "$4"
    fi
}

# Leaves its code and seconds beside its log.
run_soak() {
    local start=$SECONDS code=0 log
    log=$results/$(basename "$1" .sh).log
    "$1" ${soak_rounds:+--rounds "$soak_rounds"} >"$log" 2>&1 </dev/null || code=$?
    echo "$code $((SECONDS - start))" >"${log%.log}.end"
}

tell_soak() {
    local name log code seconds
    name=$(basename "$1" .sh)
    log=$results/$name.log
    read -r code seconds <"$results/$name.end"
    if ((code == 77)); then
        skip "soak/$name" 1 "$(tail -1 "$log")"
    elif ((code == 78)); then
        suite_line "soak/$name" "$(tail -1 "$log")"
    else
        ((code == 0)) || ! passes_by_itself "soak/$name" "$log" "$1" --rounds "$soak_rounds" || code=0
        script_result "soak/$name" "$code" "$log" "$seconds"
    fi
}

soak_suites() {
    local script soaks=()
    for script in tests/soak/[0-9]*.sh; do
        if [[ $(uname) != Linux ]]; then
            skip "soak/$(basename "$script" .sh)" 1 "needs Linux"
        elif [[ $soak_rounds ]]; then
            while (($(jobs -rp | wc -l) >= at_once)); do sleep 0.2; done
            run_soak "$script" &
            soaks+=($!)
        else
            run_soak "$script"
            tell_soak "$script"
        fi
    done
    ((${#soaks[@]})) || return
    wait "${soaks[@]}"
    [[ ! $pester_process ]] || wait_for_pester
    for script in tests/soak/[0-9]*.sh; do tell_soak "$script"; done
}

rm -rf "$results" && mkdir -p "$results" || exit 1
own_home
install_missing
install_chroma
require_sdk
build
export STING_COUNTED_WORK=$PWD/$results/counted-work.md
for project in tests/*/*.Tests.csproj; do dotnet_suite "$project"; done
begin_pester
soak_suites
pester_suite
finish
