#!/usr/bin/env bash
# Packages are reproducible: two checkouts of the commit at hand, in folders whose paths are not equally long, give the same packages byte by byte. Builds two of each (--quick, without native code; --whole for what is handed out).
# Options: --whole (first), --work DIR, --keep
whole=--quick
if [[ ${1:-} == --whole ]]; then whole=''; shift; fi
default_rounds=1
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "it builds packages twice: by hand, before a release"
    exit 78
fi
soak_begin "$@"
trap 'stop_child; rm -rf "$work"' EXIT

places=("$work/a" "$work/another-checkout-in-a-folder-with-a-longer-name")
for place in "${places[@]}"; do
    git clone -q --shared "$root" "$place" >"$log" 2>&1 || { fail "no checkout"; soak_end; }
    echo "packages in ${place#"$work/"}"
    # shellcheck disable=SC2086 # nothing or one word
    if (cd "$place" && run ./package.sh $whole --output "$place/packages"); then pass; else fail "./package.sh ended with $?"; soak_end; fi
done
diff -rq "${places[0]}/packages" "${places[1]}/packages" >"$log" 2>&1
if [[ -s $log ]]; then fail "packages differ"; else pass; fi
# What differs is told by file.
diff -rq "${places[0]}/out/package-build/out" "${places[1]}/out/package-build/out" >"$log" 2>&1
diff -rq "${places[0]}/out/package-build/portal" "${places[1]}/out/package-build/portal" >>"$log" 2>&1
if [[ -s $log ]]; then fail "files of packages differ"; else pass; fi
git -C "$root" log -1 --format='commit %h'
cat "${places[0]}/packages/SHA256SUMS"
soak_end
