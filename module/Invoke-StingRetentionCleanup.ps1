# What goes, goes only from a repository that is whole and that further tiers have.

<#
.EXTERNALHELP StingBackup.Cmdlets.dll-Help.xml
#>
function Invoke-StingRetentionCleanup {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High', PositionalBinding = $false)]
    [OutputType([StingBackup.RunbookReport], [StingBackup.RunbookPlan])]
    param(
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
        $c = New-StingRunbookContext $ConfigPath $null
        $book = New-StingRunbook -Runbook 'RetentionCleanup' -Title 'Retention: let go what is over, give back its room' -Context $c -Bound $PSBoundParameters -Steps @(
            New-StingRunbookStep 'Verify the structure first' 'sting-backup verify' -Do {
                param($c)
                $config = $c.Config
                $result = Test-StingBackupIntegrity @config -ErrorAction SilentlyContinue
                # While something is damaged nothing is let go: what is to go may be what is still whole.
                if (-not $result.Passed) { throw [StingBackup.Runbooks.RunbookErrors]::Damaged('Verify the structure first', "$($result.Faults.Count) faults, so nothing is let go.") }
                "$($result.Points) restore points are whole"
            }
            New-StingStepSync
            New-StingRunbookStep 'Let restore points go whose time is over' 'sting-backup retention --confirm' -Do {
                param($c)
                $config = $c.Config
                $result = Invoke-StingRetention @config -Confirm:$false
                if ($null -eq $result) { 'none is over' } else { "$($result.Dropped) went" }
            }
            New-StingRunbookStep 'Give back room on the local tier' 'sting-backup prune' -Do {
                param($c)
                $config = $c.Config
                $result = Optimize-StingRepository @config -Confirm:$false
                if ($null -eq $result) { 'there is none to give back yet' } else { "$([StingBackup.Display]::Length($result.Deleted.Length)) given back" }
            }
            New-StingRunbookStep 'Give back room on the remote tier' 'sting-backup prune --tier=remote' -Skip {
                param($c)
                if (-not $c.Setting['remote.location']) { 'there is no remote tier' }
            } -Do {
                param($c)
                $config = $c.Config
                $null = Sync-StingTier -Tier Remote @config -Confirm:$false
                $result = Optimize-StingRepository -Tier Remote @config -Confirm:$false
                if ($null -eq $result) { 'there is none to give back yet' } else { "$([StingBackup.Display]::Length($result.Deleted.Length)) given back" }
            }
        )
        Invoke-StingRunbook $PSCmdlet $book
    }
    catch { Stop-StingRunbook $PSCmdlet $_ }
}
