# Steps that several runbooks take. Private to the module. Each is safe to do twice.

function Test-StingBucket([string] $Place) { $Place -match '^(s3|glacier)://' }

# Whether a folder is there and holds anything.
function Test-StingFolderUsed([string] $Path) {
    if (-not [System.IO.Directory]::Exists($Path)) { return $false }
    foreach ($entry in [System.IO.Directory]::EnumerateFileSystemEntries($Path)) { if ([System.IO.Path]::GetFileName($entry) -ne 'lost+found') { return $true } }
    $false
}

# Whether this host has keys of its own in the repository, and so can write.
function Test-StingEnrolled([hashtable] $c) {
    $config = $c.Config
    $null -ne (Get-StingBackupStatus @config -WarningAction SilentlyContinue).Writer
}

# The newest restore point, by time; nothing where there is none.
function Get-StingNewestPoint([hashtable] $c) {
    $config = $c.Config
    $newest = $null
    foreach ($point in Get-StingRestorePoint @config -WarningAction SilentlyContinue) { if ($null -eq $newest -or $point.Time -gt $newest.Time) { $newest = $point } }
    $newest
}

# What this host backed up since the runbook began, as a text; nothing where it did not.
function Find-StingOwnPoint([hashtable] $c) {
    $config = $c.Config
    $writer = (Get-StingBackupStatus @config -WarningAction SilentlyContinue).Writer
    foreach ($point in Get-StingRestorePoint @config -WarningAction SilentlyContinue) { if ($point.Writer -eq $writer -and $point.CompletedTime -gt $c.Begun) { return "$($point.BackupId) is newer than this run" } }
}

# Runs a program of the system; its words are the detail. Nothing is asked.
function Invoke-StingProgram([string] $Program, [string[]] $Arguments) {
    $output = & $Program @Arguments 2>&1
    if ($LASTEXITCODE -ne 0) { throw [StingBackup.Runbooks.RunbookErrors]::CommandFailed("$Program $Arguments", $LASTEXITCODE) }
    [string]::Join(' ', @($output))
}

# Whether a unit of systemd is installed here.
function Test-StingUnit([string] $Name) {
    [System.IO.Directory]::Exists('/run/systemd/system') -and ([System.IO.File]::Exists("/etc/systemd/system/$Name") -or [System.IO.File]::Exists("/usr/lib/systemd/system/$Name"))
}

function New-StingCheckOfKeys([hashtable] $c) {
    $folder = $c.Setting['keys.directory']
    $here = [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'reserve.pub'))
    New-StingRunbookCheck 'The key directory is here' $here $(if ($here) { $folder } else { "There is none in $folder. Bring the keys back with Import-StingKeyEscrow, or copy the folder." })
}

# The other host must not write while this one takes over. That it is silent is a sign and no proof.
function New-StingCheckOfSilence([hashtable] $c, [bool] $Fenced, [string] $Who) {
    if ($Fenced) { return New-StingRunbookCheck "$Who cannot write" $true 'You say so (-Fenced).' }
    $config = $c.Config
    try { $status = Get-StingBackupStatus @config -WarningAction SilentlyContinue }
    catch { return New-StingRunbookCheck "$Who cannot write" $false "It cannot be seen here ($($_.Exception.Message.TrimEnd('.'))). Make sure that it is off, and say so with -Fenced." }
    $last = $status.LastRun
    if ($null -eq $last -or $last.Writer -eq $status.Writer) { return New-StingRunbookCheck "$Who cannot write" $true 'No other host has a run in the repository that is newer than ours.' }
    $age = $status.Time - $last.StartedTime
    New-StingRunbookCheck "$Who cannot write" ($age.TotalMinutes -ge 60) "Its last run is $([StingBackup.Display]::Duration($age)) old. Where that is less than an hour, or you know more: make sure that it is off, and say so with -Fenced."
}

# A local tier that is gone comes back from the remote one, as far as that has it.
function New-StingStepLocalTier {
    New-StingRunbookStep 'Bring the local tier back from the remote one' 'sting-backup sync --tier=local' -Skip {
        param($c)
        if (Test-StingBucket $c.Setting['repository.backup_root']) { 'the first tier is a bucket' }
        elseif (-not $c.Setting['remote.location']) { 'there is no remote tier' }
        elseif (Test-StingFolderUsed $c.Setting['repository.backup_root']) {
            # One that a stopped run has half brought back is gone on with: its points come last.
            if (Test-StingFolderUsed ([System.IO.Path]::Combine($c.Setting['repository.backup_root'], 'points'))) { 'the local tier is there' }
        }
    } -Do {
        param($c)
        $null = [System.IO.Directory]::CreateDirectory($c.Setting['repository.backup_root'])
        $config = $c.Config
        $result = Sync-StingTier -Tier Local @config -Confirm:$false
        "$($result.Points) restore points and $($result.Packs.Packs) packs came back"
        if ($result.State -ne 'Completed') { New-StingProblem 'not all of it came back: Sync-StingTier -Tier Local says what' }
    }
}

function New-StingStepEnrol {
    New-StingRunbookStep 'Enrol this host, so that it can write' 'sting-backup repair' -Done {
        param($c)
        if (Test-StingEnrolled $c) { 'it is enrolled' }
    } -Do {
        param($c)
        $key = $c.Key
        $result = Repair-StingRepository @key -Confirm:$false
        if (-not (Test-StingEnrolled $c)) { throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Enrol this host', 'the repair did not enrol it.', 'Run Repair-StingRepository by hand and see what it says.') }
        'this host is enrolled'
        if ($result.Faults.Count -gt 0) { New-StingProblem "the repair left $($result.Faults.Count) faults: Test-StingBackupIntegrity names them" }
    }
}

# Everything, as of the newest restore point or the moment that was named.
function New-StingStepRestore {
    New-StingRunbookStep 'Restore the reserve' 'sting-restore full' -Skip {
        param($c)
        if ($c.Given['OnlyWhereEmpty'] -and -not $c.Facts['Restoring'] -and (Test-StingFolderUsed $c.Setting['reserve.path'])) { "$($c.Setting['reserve.path']) has content: it is there" }
    } -Do {
        param($c)
        # From here on the folder fills: a run that goes on must not take that for content that was there.
        if (-not $c.Facts['Restoring']) { Set-StingRunbookFact $c 'Restoring' 'yes' }
        $what = $c.Key.Clone()
        if ($c.Given['Destination']) { $what.Destination = $c.Given['Destination'] } else { $null = [System.IO.Directory]::CreateDirectory($c.Setting['reserve.path']) }
        if ($c.Given['Date']) { $what.Date = $c.Given['Date'] }
        if ($c.Given['BackupId']) { $what.BackupId = $c.Given['BackupId'] }
        # The state that is replaced may be the better one: databases are kept under another name.
        if ($c.Given['MovesAside'] -and -not $c.Given['Destination']) { $what.MoveDatabasesAside = $true }
        $config = $c.Config
        if (@(foreach ($point in Get-StingRestorePoint -DataClass Secrets -Latest @config -WarningAction SilentlyContinue) { if ($point.Items -gt 0) { $point } }).Count -gt 0) { Add-StingRunbookNext $c 'Keys and tokens (class Secrets) come back with an approval only: Restore-StingReserve -DataClass Secrets.' }
        $result = Restore-StingReserve @what -AllowPartial -Confirm:$false -ErrorVariable failures
        Assert-StingRestored $c $failures
        Set-StingRunbookLoss $c @($result.BackupIds)
        "$($result.ItemsRestored) items restored, $($result.ItemsUnchanged) stood there, from $([string]::Join(', ', @($result.BackupIds)))"
        if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be restored: the log of the run names them" }
    }
}

# A database or a Vault that took nothing at all is no item that failed: the step is done again when that is mended. Databases that stand are left where only what is empty is to be filled.
function Assert-StingRestored([hashtable] $c, [object[]] $Failures) {
    foreach ($failure in $Failures) {
        $own = Find-StingCause $failure.Exception
        if (-not $own) { continue }
        $cause = $own
        while ($cause.InnerException) { $cause = $cause.InnerException }
        if ($c.Given['MovesAside'] -and $cause -is [StingBackup.StingException] -and $cause.ErrorId -eq 'SubjectKeyMissing') {
            throw [StingBackup.Runbooks.RunbookErrors]::Lacks('Restore the reserve', "the key store of this site has no key of somebody who came while the DR site was the primary one ($($own.Message.TrimEnd('.'))).",
                'Name one key store replica that both sites see in keys.replicas, on the DR site first, and run Repair-StingRepository there; then go on here.')
        }
        if ($own.ErrorId -eq 'PostgresDatabaseNotEmpty' -and $c.Given['OnlyWhereEmpty']) {
            Add-StingRunbookNext $c 'The databases were there and were left as they are. Where they are an old state: stop STING, then Restore-StingReserve -DataClass Metadata, AuditLogs, Reports, Settings -MoveDatabasesAside.'
            continue
        }
        if ($own.ErrorId -like 'Postgres*' -and $own.ErrorId -ne 'PostgresCaptureNotWhole' -or $own.ErrorId -in 'VaultUnreachable', 'VaultLoginFailed', 'VaultDenied', 'VaultSealed') { throw $own }
    }
}

# How old the newest of these restore points was when the runbook began: what is lost at most.
function Set-StingRunbookLoss([hashtable] $c, [string[]] $BackupIds) {
    $config = $c.Config
    $newest = $null
    foreach ($point in Get-StingRestorePoint @config -WarningAction SilentlyContinue) { if ($point.BackupId -in $BackupIds -and ($null -eq $newest -or $point.Time -gt $newest)) { $newest = $point.Time } }
    if ($newest) { Set-StingRunbookFact $c 'LossSeconds' ([System.Math]::Max(0, [long] ($c.Begun - $newest).TotalSeconds).ToString([cultureinfo]::InvariantCulture)) }
}

function New-StingStepCapture {
    New-StingRunbookStep "Move the capture of the database's log here" 'systemctl enable --now sting-backup-capture' -Skip {
        param($c)
        if (-not $c.Setting['capture.enabled']) { 'capture.enabled is not set' }
    } -Done {
        param($c)
        $config = $c.Config
        $state = try { Get-StingMetadataCapture @config } catch { $null }
        if ($null -ne $state -and $state.State -in 'Disconnected', 'Streaming') { 'it runs' }
    } -Do {
        param($c)
        if (Test-StingUnit 'sting-backup-capture.service') { Invoke-StingProgram systemctl enable, --now, sting-backup-capture.service; 'the service is started' }
        else {
            Add-StingRunbookNext $c ('Start the capture here: packaging/systemd/sting-backup-capture.service, or sting-backup capture. Until then commits are not received in real time.')
            New-StingProblem 'no unit sting-backup-capture.service is installed here: start it by hand'
        }
    }
}

function New-StingStepSchedule {
    New-StingRunbookStep 'Move the schedules here' 'sting-backup schedule --confirm' -Do {
        param($c)
        $where = $c.Config.Clone()
        if ($c.Given['ScheduleKind']) { $where.Kind = $c.Given['ScheduleKind'] }
        if ($c.Given['ScheduleDirectory']) { $where.Directory = $c.Given['ScheduleDirectory'] }
        $tasks = @(foreach ($schedule in Register-StingBackupSchedule @where -Confirm:$false) { $schedule.Task })
        "registered: $([string]::Join(', ', $tasks))"
    }
}

function New-StingStepBackup([string] $Name = 'The first backup of this host') {
    New-StingRunbookStep $Name 'sting-backup incremental' -Done { param($c) Find-StingOwnPoint $c } -Do {
        param($c)
        $config = $c.Config
        $result = Invoke-StingBackup @config -Confirm:$false
        $result.BackupId
        if ($result.State -ne 'Completed') { New-StingProblem "$($result.Errors) items could not be read: sting-backup log names them" }
    }
}

function New-StingStepSync {
    New-StingRunbookStep 'Bring further tiers up to date' 'sting-backup sync' -Skip {
        param($c)
        if (-not $c.Setting['remote.location'] -and -not $c.Setting['archive.location']) { 'there is no further tier' }
    } -Do {
        param($c)
        $config = $c.Config
        foreach ($result in Sync-StingTier @config -Confirm:$false) {
            "$($result.Tier): $($result.Points) restore points"
            if ($result.State -ne 'Completed') { New-StingProblem "$($result.Tier): something waits, Get-StingTier says what" }
        }
    }
}

function New-StingStepVerify([string] $Name = 'Verify the structure of the repository') {
    New-StingRunbookStep $Name 'sting-backup verify' -Do {
        param($c)
        $config = $c.Config
        $result = Test-StingBackupIntegrity @config -ErrorAction SilentlyContinue
        if (-not $result.Passed) { New-StingProblem "$($result.Faults.Count) faults: Test-StingBackupIntegrity names them" }
        else { "$($result.Points) restore points are whole" }
    }
}

# A host that is gone for good. Its approval is waited for.
function New-StingStepRevokeHost {
    New-StingRunbookStep 'Revoke the lost host' 'sting-backup unregister-host --host-name=LOST' -Skip {
        param($c)
        if (-not $c.Given['LostHost']) { 'no -LostHost was named' }
    } -Done {
        param($c)
        $config = $c.Config
        $all = @(foreach ($key in Get-StingKey -Kind HostSigning @config -WarningAction SilentlyContinue) { if ($key.Location -like 'writers/*' -and ($key.Name -eq $c.Given['LostHost'] -or $key.Location -eq "writers/$($c.Given['LostHost'])")) { $key } })
        if ($all.Count -gt 0 -and @(foreach ($key in $all) { if ($key.State -ne 'Revoked') { $key } }).Count -eq 0) { 'it is revoked' }
    } -Do {
        param($c)
        $key = $c.Key
        $result = Unregister-StingHost $c.Given['LostHost'] @key -Confirm:$false
        "revoked: writer $($result.WriterId), whose runs count up to number $($result.LastGoodSequence)"
    }
}
