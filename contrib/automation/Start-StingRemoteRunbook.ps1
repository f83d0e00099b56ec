#Requires -Version 7.6
<#
.SYNOPSIS
    A runbook of StingBackup in an automation account whose sandbox drives a remote host.
.DESCRIPTION
    Sends Start-StingRunbook.ps1, which lies beside this script, through a session of PowerShell remoting and outputs what it says. The runbook runs on the host, and its journal lies there: a sandbox that is killed,
    or a connection that breaks, loses nothing. A retry with the same -RunId goes on, or gets the report. While the host still works on that run it answers RunbookRunning, which is waited for.
.PARAMETER Session
    A session to the host (New-PSSession -HostName, by SSH with a key; or a constrained endpoint).
.PARAMETER RunId
    The name of the run: the job's id.
.PARAMETER Command
    Which runbook.
.PARAMETER Parameter
    Further parameters of the command.
.PARAMETER ConfigPath
    The configuration file, on the host.
.PARAMETER PassphraseFile
    A file on the host whose first line is the passphrase.
.PARAMETER ModulePath
    The module on the host.
.PARAMETER Attempts
    How often a run that the host still works on is asked for.
.PARAMETER PauseSecond
    Seconds between.
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Mandatory)] [System.Management.Automation.Runspaces.PSSession] $Session,
    [Parameter(Mandatory)] [string] $RunId,
    [Parameter(Mandatory)] [string] $Command,
    [hashtable] $Parameter = @{},
    [string] $ConfigPath,
    [string] $PassphraseFile,
    [string] $ModulePath = 'StingBackup',
    [ValidateRange(1, 1000)] [int] $Attempts = 60,
    [ValidateRange(0, 3600)] [int] $PauseSecond = 60
)
Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$how = @{ Command = $Command; RunId = $RunId; Parameter = $Parameter; ModulePath = $ModulePath; PassThru = $true }
if ($ConfigPath) { $how.ConfigPath = $ConfigPath }
if ($PassphraseFile) { $how.PassphraseFile = $PassphraseFile }
$script = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($PSScriptRoot, 'Start-StingRunbook.ps1'))
for ($attempt = 1; ; $attempt++) {
    $result = Invoke-Command -Session $Session -ScriptBlock { param($script, $how) & ([scriptblock]::Create($script)) @how } -ArgumentList $script, $how
    if ($result.errorId -ne 'RunbookRunning' -or $attempt -ge $Attempts) { break }
    [System.Threading.Thread]::Sleep(1000 * $PauseSecond)
}
$result
