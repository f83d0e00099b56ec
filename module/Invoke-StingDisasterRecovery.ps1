# What to do when the host, the site, the trust or the content is lost. One runbook a scenario; docs/recovery.md has a page for each.

<#
.EXTERNALHELP StingBackup.Cmdlets.dll-Help.xml
#>
function Invoke-StingDisasterRecovery {
    [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High', PositionalBinding = $false)]
    [OutputType([StingBackup.RunbookReport], [StingBackup.RunbookPlan])]
    param(
        [Parameter(Mandatory, Position = 0, HelpMessage = 'What is lost: HardwareFailure, DataCenterLoss, Ransomware or DataCorruption')]
        [StingBackup.DisasterScenario] $Scenario,

        [Parameter(HelpMessage = 'You have made sure that the lost host or site cannot write any more')]
        [switch] $Fenced,

        [Parameter(HelpMessage = 'The lost host, by its name or writer id: it is revoked at the end, which needs an approval')]
        [ValidateNotNullOrEmpty()]
        [string] $LostHost,

        [Parameter(HelpMessage = 'With DataCenterLoss, on the first site: the way back')]
        [switch] $Failback,

        [Parameter(HelpMessage = 'A day (its last state) or a moment from which on content is not trusted: what was before it is restored')]
        [ValidateNotNullOrEmpty()]
        [string] $Date,

        [Parameter(HelpMessage = 'The run to restore, such as backup_20240115_020000, in the place of a date')]
        [ArgumentCompleter({ param($command, $parameter, $word) $line = "Restore-StingReserve -BackupId $word"; [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches })]
        [ValidateNotNullOrEmpty()]
        [string] $BackupId,

        [Parameter(HelpMessage = 'With DataCorruption: the file or folder whose content is wrong, by name, path or pattern')]
        [ValidateNotNullOrEmpty()]
        [string] $Path,

        [Parameter(HelpMessage = 'With DataCorruption: only what belongs to this person, by e-mail address or id')]
        [ArgumentCompleter({ param($command, $parameter, $word) $line = "Restore-StingUser -User $word"; [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches })]
        [ValidateNotNullOrEmpty()]
        [string] $User,

        [Parameter(HelpMessage = 'With DataCorruption: only this honey jar, by its id')]
        [ArgumentCompleter({ param($command, $parameter, $word) $line = "Restore-StingHoneyJar -Id $word"; [System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches })]
        [ValidateNotNullOrEmpty()]
        [string] $HoneyJar,

        [Parameter(HelpMessage = 'A folder to restore into; with Ransomware it is needed, and holds what is looked at before it is trusted')]
        [ValidateNotNullOrEmpty()]
        [string] $Destination,

        [Parameter(HelpMessage = 'What runs the schedules: Systemd, Cron or TaskScheduler')]
        [StingBackup.ScheduleKind] $ScheduleKind,

        [Parameter(HelpMessage = 'A folder of your own for the files of the schedules; nothing is enabled then')]
        [ValidateNotNullOrEmpty()]
        [string] $ScheduleDirectory,

        [Parameter(HelpMessage = 'The passphrase of the key file; without it you are asked where one is needed')]
        [securestring] $Passphrase,

        [Parameter(HelpMessage = 'The configuration file; without it STING_BACKUP_CONFIG, then the usual places')]
        [ValidateNotNullOrEmpty()]
        [string] $ConfigPath,

        [Parameter(HelpMessage = 'Go on with the run that was stopped or waits')]
        [switch] $Resume,

        [Parameter(HelpMessage = 'A name for the run, by which a retry goes on with it, or gets its report where it is over')]
        [ValidatePattern('^[A-Za-z0-9_.-]{1,64}$')]
        [string] $RunId,

        [Parameter(HelpMessage = 'Numbers of steps that wait for a person: what they ask is so')]
        [int[]] $Acknowledge
    )
    Set-StrictMode -Version 3
    try {
        $c = New-StingRunbookContext $ConfigPath $Passphrase
        foreach ($name in 'Date', 'BackupId', 'Path', 'User', 'HoneyJar', 'LostHost', 'Destination', 'ScheduleKind', 'ScheduleDirectory') { if ($PSBoundParameters.ContainsKey($name)) { $c.Given[$name] = $PSBoundParameters[$name] } }
        foreach ($name in 'Destination', 'ScheduleDirectory') { if ($c.Given[$name]) { $c.Given[$name] = $PSCmdlet.GetUnresolvedProviderPathFromPSPath($c.Given[$name]) } }
        $c.Given.Fenced = [bool] $Fenced
        $book = switch ($Scenario) {
            'HardwareFailure' { New-StingBookOfHardwareFailure $c $PSBoundParameters }
            'DataCenterLoss' { if ($Failback) { New-StingBookOfFailback $c $PSBoundParameters } else { New-StingBookOfDataCenterLoss $c $PSBoundParameters } }
            'Ransomware' { New-StingBookOfRansomware $c $PSBoundParameters }
            'DataCorruption' { New-StingBookOfDataCorruption $c $PSBoundParameters }
        }
        Invoke-StingRunbook $PSCmdlet $book
    }
    catch { Stop-StingRunbook $PSCmdlet $_ }
}

# The host is lost, its disks with it or not. Run on the standby. Within 2 hours.
function New-StingBookOfHardwareFailure([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    $c.Given.OnlyWhereEmpty = $true
    New-StingRunbook -Runbook 'HardwareFailure' -Title 'Hardware failure: the standby takes over' -Target ([timespan]::FromHours(2)) -Context $c -Bound $Bound -Checks {
        param($c)
        $standby = $c.Setting['disaster.standby_host']
        $is = $standby -eq [System.Environment]::MachineName
        New-StingRunbookCheck 'This is the standby' $is $(if ($is) { $standby } elseif ($standby) { "disaster.standby_host is $standby, and this is $([System.Environment]::MachineName). Run it there, or correct the setting." } else { "disaster.standby_host is not set. Set it to $([System.Environment]::MachineName) where that is meant." })
        New-StingCheckOfKeys $c
        New-StingCheckOfSilence $c $c.Given.Fenced 'The lost host'
    } -Steps @(
        New-StingStepLocalTier
        New-StingStepEnrol
        New-StingStepRestore
        New-StingStepCapture
        New-StingStepSchedule
        New-StingStepBackup
        New-StingStepRevokeHost
        New-StingStepVerify
        New-StingStepSync   # last, so that the records of the steps before are elsewhere too
    ) -Next {
        param($c)
        if (-not $c.Given['LostHost']) { 'Revoke the lost host where it is gone for good: Unregister-StingHost NAME, with an approval. Else keep it off, or without its timers.' }
        'Put a new standby in place, and name it in disaster.standby_host.'
    }
}

# The site is lost. Run on the host of the DR site. Within 8 hours.
function New-StingBookOfDataCenterLoss([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    $c.Given.OnlyWhereEmpty = $true
    $c.Given.DrFile = [System.IO.Path]::ChangeExtension($c.File, '.dr.yaml')
    New-StingRunbook -Runbook 'DataCenterLoss' -Title 'Data center loss: the DR site becomes the primary one' -Target ([timespan]::FromHours(8)) -Context $c -Bound $Bound -Checks {
        param($c)
        $bucket = $c.Setting['disaster.bucket']
        if (-not $bucket) { $bucket = $c.Setting['remote.location'] }
        New-StingRunbookCheck 'The DR site has a repository' ([bool] $bucket) $(if ($bucket) { $bucket } else { 'Neither disaster.bucket nor remote.location is set: there is no copy of the repository elsewhere that the configuration knows.' })
        New-StingRunbookCheck 'The DR site has a database' ([bool] ($c.Setting['disaster.database'] -or -not $c.Setting['postgresql.host'])) 'disaster.database is where rows are restored to; without it they go to postgresql.host.' -IsAdvice
        New-StingRunbookCheck 'The DR site has a Vault' ([bool] ($c.Setting['disaster.vault'] -or -not $c.Setting['vault.address'])) 'disaster.vault is where uploads are restored to; without it they go to vault.address.' -IsAdvice
        New-StingCheckOfKeys $c
        New-StingCheckOfSilence $c $c.Given.Fenced 'The lost site'
    } -Begin {
        param($c)
        # Where the configuration of the DR site is written already, a run that goes on works by it.
        if ($c.Facts['DrFile']) { Switch-StingConfig $c $c.Facts['DrFile'] }
    } -Steps @(
        New-StingRunbookStep 'Write the configuration of the DR site' 'sting-backup config-file --output-path=sting-backup.dr.yaml --setting=…' -Do {
            param($c)
            if (-not [System.IO.File]::Exists($c.Given.DrFile)) {
                Export-StingDrConfig $c $c.Given.DrFile @(Get-StingDrSetting $c)
            }
            Set-StingRunbookFact $c 'DrFile' $c.Given.DrFile
            Switch-StingConfig $c $c.Given.DrFile
            $c.Given.DrFile
        }
        New-StingStepLocalTier
        New-StingStepEnrol
        New-StingStepRestore
        New-StingStepCapture
        New-StingStepSchedule
        New-StingStepBackup 'The first backup of the DR site'
        New-StingStepVerify
        New-StingStepSync
    ) -Next {
        param($c)
        "The configuration of this site is $($c.Facts['DrFile']): its commands take -ConfigPath (--config), or set STING_BACKUP_CONFIG."
        'Point people to this site: names, load balancers, certificates. No command here does that.'
        'The way back: on the first site, when it stands again and its timers are off, Invoke-StingDisasterRecovery DataCenterLoss -Failback. Then Unregister-StingBackupSchedule here.'
    }
}

# The first site stands again: it takes what the DR site has, and goes on. Run on the first site.
function New-StingBookOfFailback([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    $c.Given.MovesAside = $true
    $c.Given.BackFile = [System.IO.Path]::ChangeExtension($c.File, '.failback.yaml')
    $c.Given.OwnFile = $c.File
    New-StingRunbook -Runbook 'DataCenterLossFailback' -Title 'The way back: the first site takes over from the DR site' -Target ([timespan]::FromHours(8)) -Context $c -Bound $Bound -Checks {
        param($c)
        New-StingCheckOfKeys $c
        New-StingRunbookCheck 'The DR site cannot write' $c.Given.Fenced 'Stop its timers and its STING (Disable-StingBackupSchedule there), let it sync once more, and say so with -Fenced.'
    } -Steps @(
        New-StingRunbookStep 'Write a configuration that reads the DR site' 'sting-backup config-file --output-path=sting-backup.failback.yaml --setting=…' -Do {
            param($c)
            if (-not [System.IO.File]::Exists($c.Given.BackFile)) {
                Export-StingDrConfig $c $c.Given.BackFile @(Get-StingDrSetting $c -OnlyBucket)
            }
            $c.Given.BackFile
        }
        New-StingRunbookStep 'Bring over what the DR site has backed up' 'sting-backup sync --tier=local --config=sting-backup.failback.yaml' -Skip {
            param($c)
            if (Test-StingBucket $c.Setting['repository.backup_root']) { 'the first tier is a bucket' }
        } -Do {
            param($c)
            $null = [System.IO.Directory]::CreateDirectory($c.Setting['repository.backup_root'])
            $result = Sync-StingTier -Tier Local -ConfigPath $c.Given.BackFile -Confirm:$false
            "$($result.Points) restore points came over"
            # The DR site stands: there is no reason to go back to less than it has.
            if ($result.State -ne 'Completed') { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Bring over what the DR site has backed up', 'not all of it came over.', "See what by Sync-StingTier -Tier Local -ConfigPath $($c.Given.BackFile), mend it at the DR site (Test-StingBackupIntegrity there), and go on.") }
        }
        New-StingStepEnrol
        New-StingStepRestore
        New-StingStepCapture
        New-StingStepSchedule
        New-StingStepBackup 'The first backup of the first site'
        New-StingStepVerify
        New-StingStepSync
    ) -Next {
        param($c)
        'On the DR site: Unregister-StingBackupSchedule, and remove its sting-backup.dr.yaml, so that no timer of it runs again.'
        "Remove $($c.Given.BackFile), which nothing needs any more. Point people back to this site."
    }
}

# Settings of the DR site, as key=value.
function Get-StingDrSetting([hashtable] $c, [switch] $OnlyBucket) {
    $pairs = [ordered] @{ 'disaster.bucket' = 'remote.location'; 'disaster.endpoint' = 'remote.endpoint'; 'disaster.region' = 'remote.region' }
    if (-not $OnlyBucket) { $pairs += [ordered] @{ 'disaster.backup_root' = 'repository.backup_root'; 'disaster.database' = 'postgresql.host'; 'disaster.vault' = 'vault.address'; 'disaster.chroma' = 'chroma.address' } }
    foreach ($name in $pairs.Keys) { if ($c.Setting[$name]) { "$($pairs[$name])=$($c.Setting[$name])" } }
}

function Export-StingDrConfig([hashtable] $c, [string] $File, [string[]] $Setting) {
    $how = $c.Config.Clone()
    if ($Setting.Count -gt 0) { $how.Setting = $Setting }
    $null = Export-StingBackupConfig $File @how -Confirm:$false
}

# From here on every step works by another configuration file.
function Switch-StingConfig([hashtable] $c, [string] $File) {
    $c.Config = @{ ConfigPath = $File }
    Set-StingRunbookConfig $c
}
