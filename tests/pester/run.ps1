# Runs the scenarios in this folder, on the module that the build left in out/module. The last line is "N passed, N failed, N skipped"; exit code 77 when PowerShell 7.6 or Pester is not there.
$ErrorActionPreference = 'Stop'
if ($PSVersionTable.PSVersion -lt [version] '7.6') {
    "pwsh is $($PSVersionTable.PSVersion), and the module needs 7.6 (dotnet tool update --global PowerShell)"
    exit 77
}
$pester = Get-Module -ListAvailable -Name Pester | Where-Object Version -GE '5.5.0' | Sort-Object Version -Descending | Select-Object -First 1
if (-not $pester) {
    'Pester 5.5 or later is not installed (Install-Module Pester -MinimumVersion 5.5 -Scope CurrentUser)'
    exit 77
}
Import-Module $pester.Path
$configuration = New-PesterConfiguration
$configuration.Run.Path = $PSScriptRoot
$configuration.Run.PassThru = $true
$configuration.Output.Verbosity = 'Normal'
$result = Invoke-Pester -Configuration $configuration
# A file that does not even load counts as a failure, not as nothing.
$failed = $result.FailedCount + $result.FailedContainersCount + $result.FailedBlocksCount
"$($result.PassedCount) passed, $failed failed, $($result.SkippedCount + $result.NotRunCount) skipped"
exit ($failed -gt 0 ? 1 : 0)
