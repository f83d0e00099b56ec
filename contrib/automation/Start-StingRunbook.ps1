#Requires -Version 7.6
<#
.SYNOPSIS
    A runbook of StingBackup in an automation account, on a hybrid worker that is the host itself.
.DESCRIPTION
    Asks nothing, prints one object as JSON, and ends with the exit code of the programs. A sandbox that is killed may be retried: give the job's own id as -RunId, and a retry goes on with the run where it was
    stopped, or prints its report where it is over; nothing is done twice. What a run waits for (an approval, a person, the name of a restore point) ends it with 4, and the object says what.

    Uses the commands of Microsoft.PowerShell.Core and of StingBackup alone. HOME may be empty.
.PARAMETER Command
    Which runbook.
.PARAMETER RunId
    The name of the run: the job's id.
.PARAMETER Parameter
    Further parameters of the command, such as @{ Scenario = 'HardwareFailure'; Fenced = $true }.
.PARAMETER ConfigPath
    The configuration file.
.PARAMETER PassphraseFile
    A file whose first line is the passphrase of the key file, readable by this account alone. Without it none is given.
.PARAMETER ModulePath
    The module, where it is not on PSModulePath.
.PARAMETER PassThru
    Output the object, and leave the exit code alone: for a caller in the same session.
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Mandatory)] [ValidateSet('Invoke-StingDisasterRecovery', 'Invoke-StingDrTest', 'Invoke-StingRetentionCleanup', 'Invoke-StingKeyCeremony', 'Restore-StingInstallation')] [string] $Command,
    [Parameter(Mandatory)] [ValidatePattern('^[A-Za-z0-9_.-]{1,64}$')] [string] $RunId,
    [hashtable] $Parameter = @{},
    [string] $ConfigPath,
    [string] $PassphraseFile,
    [string] $ModulePath = 'StingBackup',
    [switch] $PassThru
)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$InformationPreference = 'SilentlyContinue'
$ProgressPreference = 'SilentlyContinue'
Import-Module $ModulePath

$how = $Parameter.Clone()
$how.RunId = $RunId
$how.Confirm = $false
if ($ConfigPath) { $how.ConfigPath = $ConfigPath }
if ($PassphraseFile) {
    $secret = [securestring]::new()
    foreach ($line in [System.IO.File]::ReadLines($PassphraseFile)) { foreach ($letter in $line.ToCharArray()) { $secret.AppendChar($letter) }; break }
    $secret.MakeReadOnly()
    $how.Passphrase = $secret
}
$result = [ordered] @{ runId = $RunId; command = $Command; state = $null; exitCode = 0; errorId = $null; message = $null; remedy = $null; steps = @(); next = @(); durationSeconds = 0; withinTarget = $null }
$fault = $null
try {
    $report = & $Command @how -WarningAction SilentlyContinue -ErrorAction Continue -ErrorVariable fault
    $result.state = "$($report.State)"
    $result.steps = @(foreach ($step in $report.Steps) { "$step" })
    $result.next = @($report.Next)
    $result.durationSeconds = [System.Math]::Round($report.Duration.TotalSeconds)
    $result.withinTarget = $report.IsWithinTarget
    $result.exitCode = if ($report.State -eq 'Completed') { 0 } else { 3 }
}
catch {
    $result.errorId = $_.FullyQualifiedErrorId.Split(',')[0]
    $result.message = $_.Exception.Message
    $result.remedy = if ($_.ErrorDetails) { $_.ErrorDetails.RecommendedAction }
    # What waits is no failure: the job is run again, by the same name, when it is there.
    $waits = $result.errorId -in 'ApprovalRequired', 'RunbookWaits', 'RunbookLacks'
    $result.state = if ($waits) { 'Waiting' } else { 'Failed' }
    $result.exitCode = switch ($_.CategoryInfo.Category) { { $_ -in 'SecurityError', 'AuthenticationError' } { 4 } { $_ -in 'InvalidArgument', 'ParserError' } { 2 } 'InvalidData' { 5 } default { 1 } }
}
if ($PassThru) { return [pscustomobject] $result }
[System.Text.Json.JsonSerializer]::Serialize($result, [System.Collections.Specialized.OrderedDictionary])
exit $result.exitCode
