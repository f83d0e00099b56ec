# Tries what would be needed: sources, tiers, a restore that really reads, and whether each disaster's runbook could begin here.

<#
.EXTERNALHELP StingBackup.Cmdlets.dll-Help.xml
#>
function Invoke-StingDrTest {
    [CmdletBinding(SupportsShouldProcess, PositionalBinding = $false)]
    [OutputType([StingBackup.RunbookReport], [StingBackup.RunbookPlan])]
    param(
        [Parameter(HelpMessage = 'Try a restore of the whole installation too')]
        [switch] $Full,

        [Parameter(HelpMessage = 'The passphrase of the key file; without it you are asked where one is needed')]
        [securestring] $Passphrase,

        [Parameter(HelpMessage = 'The configuration file; without it STING_BACKUP_CONFIG, then the usual places')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigPath,

        [Parameter(HelpMessage = 'Go on with the run that was stopped or waits')]
        [switch] $Resume,

        [Parameter(HelpMessage = 'A name for the run, by which a retry goes on with it, or gets its report where it is over')]
        [ValidatePattern('^[A-Za-z0-9_.-]{1,64}$')]
        [string] $RunId
    )
    Set-StrictMode -Version 3
    try {
        $c = New-StingRunbookContext $ConfigPath $Passphrase
        $c.Given.Full = [bool] $Full
        $book = New-StingRunbook -Runbook 'DrTest' -Title 'A test of disaster recovery' -Context $c -Bound $PSBoundParameters -Checks { param($c) New-StingCheckOfKeys $c } -Steps @(
            New-StingRunbookStep 'Try sources, repository, keys, clock and room' 'sting-backup doctor' -Do {
                param($c)
                $config = $c.Config
                $errors = 0
                foreach ($finding in Test-StingBackupConfig -Online @config) { if ($finding.Severity -eq 'Error') { $errors++; New-StingProblem $finding.Problem } }
                if ($errors -eq 0) { 'nothing keeps a run from working' }
            }
            New-StingRunbookStep 'Verify every tier' 'sting-backup verify --tier=…' -Do {
                param($c)
                $config = $c.Config
                foreach ($tier in Get-StingTier @config) {
                    if (-not $tier.IsReachable) { New-StingProblem "$($tier.Tier): $($tier.Problem)"; continue }
                    $result = Test-StingBackupIntegrity -Tier $tier.Tier @config -ErrorAction SilentlyContinue
                    if ($result.Passed) { "$($tier.Tier): $($result.Points) restore points are whole" } else { New-StingProblem "$($tier.Tier): $($result.Faults.Count) faults" }
                }
            }
            New-StingRunbookStep 'Restore, for real' 'sting-backup test-restore' -Do {
                param($c)
                $key = $c.Key
                foreach ($type in @('File', 'User', 'HoneyJar') + @(if ($c.Given.Full) { 'Full' })) {
                    try {
                        foreach ($result in Test-StingRecovery -Type $type @key -Confirm:$false -ErrorAction SilentlyContinue) {
                            if ($result.Passed) { "${type}: passed in $([StingBackup.Display]::Duration($result.ReachedTime))" } else { New-StingProblem "${type}: $($result.Verdict): $($result.Reasons -join '; ')" }
                        }
                    }
                    catch {
                        $own = Find-StingCause $_.Exception
                        if (-not $own) { throw }
                        New-StingProblem "${type}: $($own.Message)"
                    }
                }
            }
            New-StingRunbookStep 'See whether each runbook could begin' 'sting-backup recover --scenario=… --dry-run' -Do {
                param($c)
                $key = $c.Key
                foreach ($scenario in [System.Enum]::GetNames([StingBackup.DisasterScenario])) {
                    $how = if ($scenario -eq 'Ransomware') { @{ Destination = [System.IO.Path]::Combine($c.Setting['cache_directory'], 'dr-test') } } else { @{} }
                    try { $plan = Invoke-StingDisasterRecovery $scenario @key @how -Fenced -WhatIf }
                    catch { New-StingProblem "${scenario}: $($_.Exception.Message)"; continue }
                    $failed = @(foreach ($check in $plan.Checks) { if (-not $check.Passed -and -not $check.IsAdvice) { $check.Name } })
                    if ($failed.Count -eq 0) { "${scenario}: could begin here" }
                    # The standby's runbook begins on the standby alone: elsewhere that is no fault.
                    elseif ($scenario -eq 'HardwareFailure' -and $c.Setting['disaster.standby_host'] -and $failed[0] -eq 'This is the standby') { "${scenario}: begins on $($c.Setting['disaster.standby_host'])" }
                    else { New-StingProblem "${scenario}: $([string]::Join('; ', $failed))" }
                }
            }
        )
        Invoke-StingRunbook $PSCmdlet $book
    }
    catch { Stop-StingRunbook $PSCmdlet $_ }
}
