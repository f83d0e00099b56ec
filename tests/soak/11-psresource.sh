#!/usr/bin/env bash
# The module's package as PowerShell's own client takes it: a folder with the .nupkg is registered, searched and installed from; a backup and a restore run by what was installed, in sessions of their own;
# it is updated to a later version, put back to the earlier one, and uninstalled, with repository, keys and configuration left as they were.
# Needs pwsh 7.6 with its module Microsoft.PowerShell.PSResourceGet (dotnet tool install PowerShell brings both), and builds two packages (--quick).
#   STING_PACKAGES="OLD.nupkg NEW.nupkg"   takes these instead
# Options: --seed N, --work DIR, --keep
default_rounds=1
# shellcheck source=lib/common.bash
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.bash"
if [[ ${1:-} == --rounds && ${2:-} == 3 ]]; then
    echo "it builds packages: by hand, before a release"
    exit 78
fi
[[ $(type -P pwsh) ]] || cannot "needs pwsh"
pwsh -NoProfile -c 'exit [int](-not (Get-Module -ListAvailable Microsoft.PowerShell.PSResourceGet))' || cannot "needs the module Microsoft.PowerShell.PSResourceGet, as PowerShell brings it"
soak_begin "$@"

if [[ ${STING_PACKAGES:-} ]]; then
    read -r old new <<<"$STING_PACKAGES"
else
    version=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' "$root/Directory.Build.props")
    (cd "$root" && ./package.sh --quick --output "$work/old" && ./package.sh --quick --version "${version%.*}.$((${version##*.} + 1))" --output "$work/new") >"$log" 2>&1 || { fail "the packages are not built"; soak_end; }
    old=$(echo "$work"/old/*.nupkg) new=$(echo "$work"/new/*.nupkg)
fi
version_of() { basename "$1" .nupkg | sed 's/^StingBackup\.//'; }
old_version=$(version_of "$old") new_version=$(version_of "$new")
packages=$work/packages modules=$work/home/.local/share/powershell/Modules
mkdir -p "$packages" "$reserve/users/ada" "$work/home"
# The client installs there whatever XDG_DATA_HOME says.
unset XDG_DATA_HOME
export HOME=$work/home NO_COLOR=1
# Bills of materials lie in the same folder.
cp "$old" "$(dirname "$old")"/*.cdx.json "$packages" 2>/dev/null
for i in {1..20}; do head -c $((RANDOM + 1)) /dev/urandom >"$reserve/users/ada/file$i.bin"; done

# Each in a session of its own, as a user has it.
# ps WHAT SCRIPT: it ends without an error. Sets said.
ps() {
    local what=$1
    if said=$(cd "$work" && pwsh -NoProfile -NonInteractive -c "\$ErrorActionPreference = 'Stop'; \$ProgressPreference = 'SilentlyContinue'; $2" 2>&1 </dev/null); then pass; else
        printf '%s\n' "$said" >"$log"
        fail "$what"
    fi
    printf '%s\n' "$said" >"$log"
}
same() { if [[ $2 == "$3" ]]; then pass; else fail "$1: '$2', not '$3'"; fi; }
print_of() { (cd "$work" && find "$@" -type f -exec sha256sum {} + | LC_ALL=C sort | sha256sum); }

echo "registered, found, installed"
ps "Register-PSResourceRepository" "Register-PSResourceRepository -Name local -Uri '$packages' -Trusted; (Get-PSResourceRepository local).Trusted"
same "the folder is no trusted repository" "$said" True
ps "Find-PSResource" "Find-PSResource StingBackup -Repository local | ForEach-Object { '{0} {1} {2} {3} {4}' -f \$_.Name, \$_.Version, \$_.Type, \$_.LicenseUri, (\$_.Tags -contains 'PSEdition_Core') }"
same "Find-PSResource shows something else" "$said" "StingBackup $old_version Module https://www.apache.org/licenses/LICENSE-2.0 True"
ps "Install-PSResource" "Install-PSResource -Name StingBackup -Repository local; (Get-InstalledPSResource StingBackup).Version.ToString()"
same "another version is installed" "$said" "$old_version"
same "it is not where the user's modules are" "$(ls "$modules/StingBackup")" "$old_version"

echo "backs up and restores by what was installed"
sting="Import-Module StingBackup; "
ps "Import-Module" "$sting (Get-Module StingBackup).Version.ToString(); (Get-Command -Module StingBackup).Count -gt 80; (Get-Help Invoke-StingBackup).Synopsis"
same "another module was imported" "$(head -2 <<<"$said" | paste -sd ' ')" "$old_version True"
places="-KeyDirectory '$work/data/keys' -StateDirectory '$work/state' -CacheDirectory '$work/cache' -LogDirectory '$work/data/logs'"
ps "Initialize-StingRepository" "$sting Initialize-StingRepository '$repository' '$reserve' -ConfigPath '$config' $places -NoPassphrase -Confirm:\$false -WarningAction SilentlyContinue"
ps "Invoke-StingBackup" "$sting (Invoke-StingBackup -ConfigPath '$config').State"
same "the run" "$said" Completed
ps "Test-StingBackupIntegrity" "$sting (Test-StingBackupIntegrity -Level Data -ConfigPath '$config').Passed"
same "the verification" "$said" True
ps "Restore-StingReserve" "$sting (Restore-StingReserve -Destination '$work/again' -ConfigPath '$config' -Confirm:\$false).State"
same "the restore" "$said" Completed
if diff -r "$reserve" "$(restored_root "$work/again")" >"$log"; then pass; else fail "what came back is not what was backed up"; fi
before=$(print_of state data/keys repository sting-backup.yaml)

echo "updated, put back, uninstalled"
cp "$new" "$packages"
ps "Update-PSResource" "Update-PSResource StingBackup -Repository local; (Get-InstalledPSResource StingBackup).Version | ForEach-Object ToString | Sort-Object"
same "the later version does not stand beside the earlier one" "$(paste -sd ' ' <<<"$said")" "$old_version $new_version"
ps "a run of the later version" "$sting (Get-Module StingBackup).Version.ToString(); (Invoke-StingBackup -ConfigPath '$config').BytesRead"
same "the later version does not run, or read anew what the cache knows" "$(paste -sd ' ' <<<"$said")" "$new_version 0"
before=$(print_of state data/keys repository sting-backup.yaml)
ps "Uninstall-PSResource -Version" "Uninstall-PSResource StingBackup -Version $new_version"
ps "a look of the earlier version" "$sting (Get-Module StingBackup).Version.ToString(); (Get-StingRestorePoint -ConfigPath '$config' -Latest).Count -gt 0"
same "the earlier version does not run" "$(paste -sd ' ' <<<"$said")" "$old_version True"
ps "Uninstall-PSResource" "Uninstall-PSResource StingBackup; @(Get-InstalledPSResource StingBackup -ErrorAction SilentlyContinue).Count"
same "something is left installed" "$said" 0
same "something is left of the module" "$(ls "$modules/StingBackup" 2>/dev/null)" ''
same "repository, keys, state or configuration were touched" "$(print_of state data/keys repository sting-backup.yaml)" "$before"
ps "Save-PSResource -AsNupkg" "Save-PSResource StingBackup -Version $old_version -Repository local -Path '$work/home' -AsNupkg -SkipDependencyCheck"
if cmp -s "$old" "$work/home/StingBackup.$old_version.nupkg"; then pass; else fail "the saved package is another one"; fi
soak_end
