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
        New-StingStepSync
        New-StingStepRevokeHost
        New-StingStepVerify
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
        New-StingStepSync
        New-StingStepVerify
    ) -Next {
        param($c)
        "The configuration of this site is $($c.Facts['DrFile']): its commands take -ConfigPath (--config), or set STING_BACKUP_CONFIG."
        'Point people to this site: names, load balancers, certificates. No command here does that.'
        'The way back: on the first site, when it stands again and its timers are off, Invoke-StingDisasterRecovery DataCenterLoss -Failback. Then Unregister-StingBackupSchedule here.'
    }
}

# The first site stands again: it takes what the DR site has, and goes on. Run on the first site.
function New-StingBookOfFailback([hashtable] $c, [System.Collections.IDictionary] $Bound) {
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
            if ($result.State -ne 'Completed') { New-StingProblem 'not all of it came over: Sync-StingTier -Tier Local says what' }
        }
        New-StingStepEnrol
        New-StingStepRestore
        New-StingStepCapture
        New-StingStepSchedule
        New-StingStepBackup 'The first backup of the first site'
        New-StingStepSync
        New-StingStepVerify
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

# Somebody encrypts or deletes. Run on the host that is hit, or on a clean one with its configuration. Within 48 hours.
function New-StingBookOfRansomware([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    $unavailable = @(foreach ($name in 'Find-StingCleanRestorePoint', 'Test-StingRecovery') { if (-not (Test-StingCommand $name)) { $name } })
    New-StingRunbook -Runbook 'Ransomware' -Title 'Ransomware: isolate, find what is clean, go on from there' -Target ([timespan]::FromHours(48)) -Context $c -Bound $Bound -Unavailable $unavailable -Checks {
        param($c)
        New-StingRunbookCheck 'There is a folder to look at what comes back' ([bool] $c.Given['Destination']) $(if ($c.Given['Destination']) { $c.Given['Destination'] } else { 'Name one with -Destination, on a machine or disk that the attacker never had.' })
        $locks = $c.Setting['remote.object_lock']
        New-StingRunbookCheck 'A tier locks its objects' ([bool] ($locks -and $locks -ne 'none')) 'Without remote.object_lock whoever has this host''s credentials can delete the remote tier: end them first.' -IsAdvice
    } -Steps @(
        New-StingRunbookStep 'Stop schedules and syncs' 'sting-backup schedule-off --confirm' -Do {
            param($c)
            $where = @{}
            if ($c.Given['ScheduleKind']) { $where.Kind = $c.Given['ScheduleKind'] }
            if ($c.Given['ScheduleDirectory']) { $where.Directory = $c.Given['ScheduleDirectory'] }
            $on = @(foreach ($schedule in Get-StingBackupSchedule @where) { if ($schedule.IsEnabled) { $schedule.Task } })
            if ($on.Count -gt 0) {
                # Noted before: who goes on later must know what ran.
                Set-StingRunbookFact $c 'Schedules' ([string]::Join(',', $on))
                $null = Disable-StingBackupSchedule $on @where -Confirm:$false
                "off: $([string]::Join(', ', $on))"
            }
            elseif ($c.Facts['Schedules']) { "off: $($c.Facts['Schedules'])" }
            else { 'none was on' }
            if (Test-StingUnit 'sting-backup-daemon.service') { Invoke-StingProgram systemctl stop, sting-backup-daemon.service; 'the daemon is stopped' }
        }
        New-StingRunbookStep 'Lock the tiers' 'sting-backup tiers-lock --reason=…' -Do {
            param($c)
            $config = $c.Config
            $locked = Lock-StingTier 'Ransomware: the runbook isolates this host' @config -Confirm:$false
            'no backup, sync, retention or sweep of this host until it is unlocked'
            if (@($locked.WithoutObjectLock).Count -gt 0) { "without Object Lock: $([string]::Join(', ', @($locked.WithoutObjectLock)))" }
        }
        New-StingRunbookStep 'Verify what lies on the tiers' 'sting-backup verify; sting-backup verify --tier=remote' -Do {
            param($c)
            $config = $c.Config
            foreach ($tier in @('Local') + @(if ($c.Setting['remote.location']) { 'Remote' })) {
                $result = try { Test-StingBackupIntegrity -Tier $tier @config -ErrorAction SilentlyContinue } catch { $null }
                if ($null -eq $result) { New-StingProblem "$tier cannot be read" }
                elseif (-not $result.Passed) { New-StingProblem "${tier}: $($result.Faults.Count) faults" }
                else { "${tier}: $($result.Points) restore points are whole" }
            }
        }
        New-StingRunbookStep 'End this host''s access to Vaults and buckets' 'sting-backup revoke-access --confirm' -Do {
            param($c)
            $config = $c.Config
            foreach ($access in Revoke-StingAccess @config -Confirm:$false) {
                if ($access.IsRevoked) { "$($access.Kind) at $($access.Place): ended" }
                else {
                    Add-StingRunbookNext $c ("End by hand, from a clean machine: $($access.Command)")
                    New-StingProblem "$($access.Kind) at $($access.Place): by hand, $($access.Command)"
                }
            }
        }
        New-StingRunbookStep 'Isolate the host' 'off the network; the commands of the step before' -Gate 'Is the host that was hit off the network, are the commands of the step before run from a clean machine, and has this host new credentials of its own where it is to read a bucket again?'
        New-StingRunbookStep 'Find the last clean restore point' 'Find-StingCleanRestorePoint -All' -Do {
            param($c)
            $config = $c.Config
            if ($c.Given['Date']) { Set-StingRunbookFact $c 'Date' $c.Given['Date']; "named by a person: $($c.Given['Date'])" }
            elseif ($c.Given['BackupId']) { Set-StingRunbookFact $c 'BackupId' $c.Given['BackupId']; "named by a person: $($c.Given['BackupId'])" }
            elseif (Test-StingCommand 'Find-StingCleanRestorePoint') {
                # Each subject has its own; what is restored here is the state in which all of them were clean.
                $oldest = $null
                $subjects = 0
                foreach ($found in Find-StingCleanRestorePoint -All @config) {
                    $subjects++
                    if ($null -eq $oldest -or $found.Time -lt $oldest.Time) { $oldest = $found }
                }
                if ($null -eq $oldest) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Find the last clean restore point', 'none was found.', 'Look at Get-StingRestorePoint, and name one with -BackupId or -Date.') }
                Set-StingRunbookFact $c 'BackupId' $oldest.BackupId
                "$($oldest.BackupId): the newest in which all of $subjects subjects are clean"
            }
            else {
                $newest = Get-StingNewestPoint $c
                throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Find the last clean restore point', "Find-StingCleanRestorePoint is not in this version, so a person must name it. The newest is $($newest.BackupId).", 'Compare-StingRestorePoint and Find-StingItem show what changed when; name the last good one with -BackupId or -Date.')
            }
        }
        New-StingRunbookStep 'Restore it into a folder apart' 'sting-restore full --date=CLEAN --destination=FOLDER' -Do {
            param($c)
            $what = $c.Key.Clone()
            if ($c.Facts['BackupId']) { $what.BackupId = $c.Facts['BackupId'] } else { $what.Date = $c.Facts['Date'] }
            $result = Restore-StingReserve @what -Destination $c.Given['Destination'] -AllowPartial -ConflictAction Overwrite -Confirm:$false
            Set-StingRunbookLoss $c @($result.BackupIds)
            "$($result.ItemsRestored) items restored, $($result.ItemsUnchanged) stood there"
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be restored: the log of the run names them" }
        }
        New-StingRunbookStep 'Look at what came back' 'scanners; people who know the data' -Gate 'Is what lies in the folder clean, are the hosts built anew, and may this host write again?'
        New-StingRunbookStep 'Renew the keys that the host held' 'sting-backup rotate-key --kind=writer; --kind=epoch' -Do {
            param($c)
            $key = $c.Key
            foreach ($kind in 'Epoch', 'Writer') {
                if (Test-StingKeyRenewed $c $kind) { "${kind}: renewed already" }
                else {
                    $result = Update-StingKey $kind @key -Confirm:$false
                    "${kind}: $($result.State)"
                }
            }
        }
        New-StingRunbookStep 'Unlock the tiers' 'sting-backup tiers-unlock' -Do {
            param($c)
            $config = $c.Config
            try { $null = Unlock-StingTier @config -Confirm:$false; 'unlocked' }
            catch {
                $own = Find-StingCause $_.Exception
                if (-not $own -or $own.ErrorId -ne 'TiersNotLocked') { throw }
                'they are unlocked'
            }
        }
        New-StingRunbookStep 'A full backup of the clean state' 'sting-backup full' -Do {
            param($c)
            $config = $c.Config
            $result = Invoke-StingBackup -Type Full @config -Confirm:$false
            $result.BackupId
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be read" }
        }
        New-StingRunbookStep 'Schedules on again' 'sting-backup schedule-set --confirm' -Skip {
            param($c)
            if (-not $c.Facts['Schedules']) { 'none was on before' }
        } -Do {
            param($c)
            $where = @{}
            if ($c.Given['ScheduleKind']) { $where.Kind = $c.Given['ScheduleKind'] }
            if ($c.Given['ScheduleDirectory']) { $where.Directory = $c.Given['ScheduleDirectory'] }
            $null = Set-StingBackupSchedule ([StingBackup.ScheduledTask[]] ($c.Facts['Schedules'] -split ',')) @where -Confirm:$false
            "on: $($c.Facts['Schedules'])"
        }
    ) -Next {
        param($c)
        $from = if ($c.Facts['BackupId']) { "-BackupId $($c.Facts['BackupId'])" } else { "-Date '$($c.Facts['Date'])'" }
        "Bring the clean state back to its place, where that has not been done: Restore-StingReserve $from -ConflictAction Overwrite."
        'Renew writer secrets and the key that wraps all others: Update-StingKey Subject -NewWriterSecret; Update-StingKey KeyEncryptionKey, with an approval. Then a new escrow.'
        'Read the audit log of the days before: Get-StingAuditEvent; Test-StingAuditLog.'
    }
}

# Whether keys of a kind were renewed since the runbook began, by the audit chain.
function Test-StingKeyRenewed([hashtable] $c, [string] $Kind) {
    $config = $c.Config
    foreach ($record in Get-StingAuditEvent @config -WarningAction SilentlyContinue) {
        if ($record.Command -eq 'Update-StingKey' -and $record.Time -gt $c.Begun -and $record.Outcome -match "^$Kind \S+ Completed") { return $true }
    }
    $false
}

# Something wrote what is wrong: a bug, a slip, a bad disk. Run on the host with the key directory. Within 4 hours.
function New-StingBookOfDataCorruption([hashtable] $c, [System.Collections.IDictionary] $Bound) {
    $unavailable = @(if (-not (Test-StingCommand 'Find-StingCorruption')) { 'Find-StingCorruption' })
    New-StingRunbook -Runbook 'DataCorruption' -Title 'Data corruption: narrow the window, restore the state before it' -Target ([timespan]::FromHours(4)) -Context $c -Bound $Bound -Unavailable $unavailable -Checks {
        param($c)
        $scopes = @(foreach ($name in 'User', 'HoneyJar') { if ($c.Given[$name]) { $name } })
        New-StingRunbookCheck 'One scope is named' ($scopes.Count -le 1) 'Name a person or a jar, not both; with -Path the files of the person.'
        New-StingCheckOfKeys $c
    } -Steps @(
        New-StingRunbookStep 'Look at the versions' 'sting-backup find --name=PATH' -Skip {
            param($c)
            if (-not $c.Given['Path']) { 'no -Path was named' }
        } -Do {
            param($c)
            $key = $c.Key
            $whose = if ($c.Given['User']) { @{ Subject = $c.Given['User'] } } else { @{} }
            $versions = @(Find-StingItem $c.Given['Path'] @whose @key)
            if ($versions.Count -eq 0) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Look at the versions', "there is no '$($c.Given['Path'])' in any restore point.", 'Give another -Path in a new run.') }
            "$($versions.Count) versions, the newest seen first at $([StingBackup.Display]::Time($versions[-1].FirstSeen))"
        }
        New-StingRunbookStep 'Narrow the window' 'Find-StingCorruption -Path PATH' -Do {
            param($c)
            $key = $c.Key
            if ($c.Given['Date']) { Set-StingRunbookFact $c 'Date' $c.Given['Date']; "named by a person: $($c.Given['Date'])" }
            elseif ($c.Given['BackupId']) { Set-StingRunbookFact $c 'BackupId' $c.Given['BackupId']; "named by a person: $($c.Given['BackupId'])" }
            elseif ((Test-StingCommand 'Find-StingCorruption') -and ($c.Given['Path'] -or $c.Given['User'])) {
                $what = if ($c.Given['Path']) { @{ Path = $c.Given['Path'] } } else { @{ User = $c.Given['User'] } }
                $good = $null
                foreach ($found in Find-StingCorruption @what @key) { if ($found.LastGoodBackupId) { $good = $found } }
                if ($null -eq $good) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Narrow the window', 'no version was found good.', 'Name the last good state with -Date or -BackupId.') }
                Set-StingRunbookFact $c 'BackupId' $good.LastGoodBackupId
                "the last good state is that of $($good.LastGoodBackupId)"
            }
            else {
                throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Narrow the window', 'which state is the last good one must be named here: Find-StingCorruption is not in this version, or nothing was named that it could look at.', 'Look at the versions with Find-StingItem and Compare-StingRestorePoint; name the state with -Date or -BackupId.')
            }
        }
        New-StingStepBackup 'Keep the state of now, wrong as it is'
        New-StingRunbookStep 'Restore the state before it' 'sting-restore file|user|honey-jar|full --date=GOOD' -Do {
            param($c)
            $what = $c.Key.Clone()
            if ($c.Facts['BackupId']) { $what.BackupId = $c.Facts['BackupId'] } else { $what.Date = $c.Facts['Date'] }
            if ($c.Given['Destination']) { $what.Destination = $c.Given['Destination'] }
            # What it replaces is in the restore point of the step before.
            $what.ConflictAction = 'Overwrite'
            $result = if ($c.Given['Path']) {
                if ($c.Given['User']) { $what.User = $c.Given['User'] }
                Restore-StingFile -File $c.Given['Path'] @what -Confirm:$false
            }
            elseif ($c.Given['User']) { Restore-StingUser $c.Given['User'] @what -Confirm:$false }
            elseif ($c.Given['HoneyJar']) { Restore-StingHoneyJar $c.Given['HoneyJar'] @what -Confirm:$false }
            else { Restore-StingReserve @what -Confirm:$false }
            Set-StingRunbookLoss $c @($result.BackupIds)
            "$($result.ItemsRestored) items restored, $($result.ItemsUnchanged) stood there, from $([string]::Join(', ', @($result.BackupIds)))"
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be restored: the log of the run names them" }
        }
        New-StingStepVerify
    ) -Next {
        param($c)
        'Have somebody look at it who knows the data. The state that was replaced is in the restore point that this runbook made: sting-backup list --latest.'
        'Find what wrote it, or it comes again.'
    }
}
