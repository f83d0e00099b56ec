#requires -Version 7.4
# Runs the scenarios in this folder. The last line is "N passed, N failed, N skipped"; exit code 77 when Pester is not there.
$ErrorActionPreference = 'Stop'
$pester = Get-Module -ListAvailable -Name Pester | Where-Object Version -GE '5.5.0' | Sort-Object Version -Descending | Select-Object -First 1
if (-not $pester) {
    'Pester 5.5 or later is not installed'
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
